//! The Lambda function `list-violations`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    guildhall_functions::start(&guildhall_functions::sessions::LIST_VIOLATIONS).await
}
