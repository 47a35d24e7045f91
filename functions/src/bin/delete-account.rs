//! The Lambda function `delete-account`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    guildhall_functions::start(&guildhall_functions::accounts::DELETE_ACCOUNT).await
}
