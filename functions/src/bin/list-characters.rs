//! The Lambda function `list-characters`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    guildhall_functions::start(&guildhall_functions::characters::LIST_CHARACTERS).await
}
