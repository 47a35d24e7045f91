//! The Lambda function `reap-fleet`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    guildhall_functions::start(&guildhall_functions::fleet::REAP_FLEET).await
}
