//! The Lambda function `register-gamesim`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    guildhall_functions::start(&guildhall_functions::fleet::REGISTER_GAMESIM).await
}
