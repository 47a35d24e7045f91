//! The Lambda function `refresh-token`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    guildhall_functions::start(&guildhall_functions::accounts::REFRESH_TOKEN).await
}
