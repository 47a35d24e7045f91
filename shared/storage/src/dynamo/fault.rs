//! Every way in which a call to DynamoDB fails, as one of the port's errors.

use crate::{CommitError, Item, Refusal, StorageError};
use aws_sdk_dynamodb::Error;
use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::{AttributeValue, CancellationReason};
use std::collections::HashMap;
use std::error::Error as StdError;

/// The port's error for a failed call.
pub(super) fn fault<E>(error: SdkError<E, HttpResponse>) -> CommitError
where
    Error: From<E>,
    E: StdError + ProvideErrorMetadata + 'static,
{
    match error {
        SdkError::ServiceError(context) => {
            let status = context.raw().status().as_u16();
            service_fault(&Error::from(context.into_err()), status)
        }
        SdkError::ConstructionFailure(_) => StorageError::Invalid(DisplayErrorContext(&error).to_string()).into(),
        // Connection refused, reset, timed out, or an answer that cannot be read: the write may have happened.
        _ => StorageError::Unavailable(DisplayErrorContext(&error).to_string()).into(),
    }
}

/// The same for reads, which cannot be refused.
pub(super) fn read_fault(error: CommitError) -> StorageError {
    match error {
        CommitError::Storage(error) => error,
        CommitError::Conflict | CommitError::Refused(_) => StorageError::Unavailable(error.to_string()),
    }
}

fn service_fault(error: &Error, status: u16) -> CommitError {
    let code = error.code().unwrap_or("no code");
    let message = error.message().unwrap_or("no message");
    match error {
        Error::ConditionalCheckFailedException(refused) => {
            CommitError::Refused(vec![Refusal { index: 0, current: item(refused.item()) }])
        }
        Error::TransactionCanceledException(cancelled) => cancellation(cancelled.cancellation_reasons()),
        Error::TransactionConflictException(_) | Error::ReplicatedWriteConflictException(_) => CommitError::Conflict,
        Error::ThrottlingException(_)
        | Error::ProvisionedThroughputExceededException(_)
        | Error::RequestLimitExceeded(_) => StorageError::Throttled.into(),
        // An earlier attempt with the same token still runs: its outcome is as unknown as after a timeout.
        Error::TransactionInProgressException(_) | Error::InternalServerError(_) => {
            StorageError::Unavailable(format!("{code}: {message}")).into()
        }
        _ if status >= 500 => StorageError::Unavailable(format!("{code}: {message}")).into(),
        _ => refused_request(code, message),
    }
}

/// One reason per write, in their order; the gravest decides. A refusal is final even next to a conflict, since the caller has
/// to look at the item in any case.
fn cancellation(reasons: &[CancellationReason]) -> CommitError {
    let code = |reason: &CancellationReason| reason.code().unwrap_or("None").to_owned();
    let refusals: Vec<Refusal> = reasons
        .iter()
        .enumerate()
        .filter(|(_, reason)| code(reason) == "ConditionalCheckFailed")
        .map(|(index, reason)| Refusal { index, current: item(reason.item()) })
        .collect();
    if !refusals.is_empty() {
        return CommitError::Refused(refusals);
    }
    let is_passing = |code: &str| {
        matches!(code, "None" | "TransactionConflict" | "ThrottlingError" | "ProvisionedThroughputExceeded")
    };
    if let Some(reason) = reasons.iter().find(|reason| !is_passing(&code(reason))) {
        return refused_request(&code(reason), reason.message().unwrap_or("no message"));
    }
    if reasons.iter().any(|reason| matches!(code(reason).as_str(), "ThrottlingError" | "ProvisionedThroughputExceeded"))
    {
        return StorageError::Throttled.into();
    }
    CommitError::Conflict
}

/// DynamoDB has one exception for all invalid requests; only its text tells that something was too large.
fn refused_request(code: &str, message: &str) -> CommitError {
    let text = format!("{code}: {message}");
    let is_size = code.starts_with("ItemCollectionSizeLimit")
        || message.contains("size has exceeded")
        || message.contains("size to update has exceeded");
    if is_size { StorageError::TooLarge(text).into() } else { StorageError::Invalid(text).into() }
}

fn item(attributes: Option<&HashMap<String, AttributeValue>>) -> Option<Item> {
    attributes.filter(|attributes| !attributes.is_empty()).map(|attributes| Item::from(attributes.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(code: &str) -> CancellationReason {
        CancellationReason::builder().code(code).message("why").build()
    }

    #[test]
    fn the_gravest_reason_of_a_cancelled_transaction_decides() {
        let refused = cancellation(&[reason("None"), reason("TransactionConflict"), reason("ConditionalCheckFailed")]);
        assert_eq!(refused, CommitError::Refused(vec![Refusal { index: 2, current: None }]));
        let invalid = cancellation(&[reason("TransactionConflict"), reason("ValidationError")]);
        assert!(matches!(invalid, CommitError::Storage(StorageError::Invalid(_))), "{invalid:?}");
        let throttled = cancellation(&[reason("TransactionConflict"), reason("ThrottlingError")]);
        assert_eq!(throttled, StorageError::Throttled.into());
        assert_eq!(cancellation(&[reason("None"), reason("TransactionConflict")]), CommitError::Conflict);
    }

    #[test]
    fn items_that_grew_too_large_are_told_apart_by_their_text() {
        let error = refused_request("ValidationError", "Item size to update has exceeded the maximum allowed size");
        assert!(matches!(error, CommitError::Storage(StorageError::TooLarge(_))), "{error:?}");
    }
}
