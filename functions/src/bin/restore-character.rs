//! The Lambda function `restore-character`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    guildhall_functions::start(&guildhall_functions::characters::RESTORE_CHARACTER).await
}
