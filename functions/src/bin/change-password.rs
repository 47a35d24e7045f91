//! The Lambda function `change-password`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    guildhall_functions::start(&guildhall_functions::accounts::CHANGE_PASSWORD).await
}
