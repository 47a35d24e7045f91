//! The Lambda function `get-content-entry`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    guildhall_functions::start(&guildhall_functions::content::GET_CONTENT_ENTRY).await
}
