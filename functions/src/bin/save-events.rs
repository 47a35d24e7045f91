//! The Lambda function `save-events`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    guildhall_functions::start(&guildhall_functions::sessions::SAVE_EVENTS).await
}
