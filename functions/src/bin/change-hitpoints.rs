//! The Lambda function `change-hitpoints`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    guildhall_functions::start(&guildhall_functions::characters::CHANGE_HITPOINTS).await
}
