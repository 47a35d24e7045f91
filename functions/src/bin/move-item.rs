//! The Lambda function `move-item`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    guildhall_functions::start(&guildhall_functions::characters::MOVE_ITEM).await
}
