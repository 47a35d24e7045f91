//! The Lambda function `cancel-placement-ticket`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    guildhall_functions::start(&guildhall_functions::sessions::CANCEL_PLACEMENT_TICKET).await
}
