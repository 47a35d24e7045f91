//! The Lambda function `raise-ability`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    guildhall_functions::start(&guildhall_functions::characters::RAISE_ABILITY).await
}
