//! The Lambda function `issue-companion-ticket`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    guildhall_functions::start(&guildhall_functions::sessions::ISSUE_COMPANION_TICKET).await
}
