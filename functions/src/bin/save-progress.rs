//! The Lambda function `save-progress`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    guildhall_functions::start(&guildhall_functions::sessions::SAVE_PROGRESS).await
}
