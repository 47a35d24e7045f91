//! The Lambda function `heartbeat-gamesim`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    guildhall_functions::start(&guildhall_functions::fleet::HEARTBEAT_GAMESIM).await
}
