//! The Lambda function `unban-account`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    guildhall_functions::start(&guildhall_functions::accounts::UNBAN_ACCOUNT).await
}
