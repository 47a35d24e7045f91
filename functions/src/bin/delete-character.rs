//! The Lambda function `delete-character`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    guildhall_functions::start(&guildhall_functions::characters::DELETE_CHARACTER).await
}
