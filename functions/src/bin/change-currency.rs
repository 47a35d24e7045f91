//! The Lambda function `change-currency`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    guildhall_functions::start(&guildhall_functions::characters::CHANGE_CURRENCY).await
}
