//! The Lambda function `equip-weapon`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    guildhall_functions::start(&guildhall_functions::characters::EQUIP_WEAPON).await
}
