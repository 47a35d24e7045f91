//! The Lambda function `admit-player`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    guildhall_functions::start(&guildhall_functions::sessions::ADMIT_PLAYER).await
}
