//! The Lambda function `finalize-game-session`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    guildhall_functions::start(&guildhall_functions::sessions::FINALIZE_GAME_SESSION).await
}
