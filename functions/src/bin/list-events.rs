//! The Lambda function `list-events`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    guildhall_functions::start(&guildhall_functions::sessions::LIST_EVENTS).await
}
