//! The Lambda function `recover-game-session`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    guildhall_functions::start(&guildhall_functions::sessions::RECOVER_GAME_SESSION).await
}
