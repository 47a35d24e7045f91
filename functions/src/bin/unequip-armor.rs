//! The Lambda function `unequip-armor`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    guildhall_functions::start(&guildhall_functions::characters::UNEQUIP_ARMOR).await
}
