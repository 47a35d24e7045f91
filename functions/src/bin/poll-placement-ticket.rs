//! The Lambda function `poll-placement-ticket`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    guildhall_functions::start(&guildhall_functions::sessions::POLL_PLACEMENT_TICKET).await
}
