//! The one place where failures become HTTP. An error speaks to two audiences: a stable code and a plain sentence for the
//! caller, and a private cause for the log.

use guildhall_domain::Lease;
use guildhall_domain::api::{CharacterSheet, ErrorBody, ErrorDetail};
use guildhall_domain::intents::Illegal;
use guildhall_domain::seating::Refused;
use guildhall_storage::{CommitError, StorageError};
use std::fmt;

/// A request that did not succeed.
#[derive(Debug)]
pub struct ApiError {
    status: u16,
    code: &'static str,
    message: String,
    retry_after_s: Option<u32>,
    character: Option<Box<CharacterSheet>>,
    cause: Option<String>,
}

impl ApiError {
    /// An error with everything that the caller sees.
    pub fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), retry_after_s: None, character: None, cause: None }
    }

    /// 400: the request makes no sense, for the reason given.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "invalid_request", message)
    }

    /// 401: no valid bearer token. The same words whatever is wrong with it.
    pub fn unauthorized() -> Self {
        Self::new(401, "unauthorized", "a valid access token is required")
    }

    /// 401: a refresh token that cannot be traded. The same words whatever is wrong with it.
    pub fn invalid_refresh_token() -> Self {
        Self::new(401, "invalid_refresh_token", "the refresh token is not valid; log in again")
    }

    /// 401: a login that failed. The same words for an unknown address and a wrong password.
    pub fn wrong_credentials() -> Self {
        Self::new(401, "wrong_credentials", "the e-mail address or the password is wrong")
    }

    /// 403: a player's own password was needed once more and was another one. Not 401, as the token is good.
    pub fn wrong_password() -> Self {
        Self::new(403, "wrong_password", "the password is wrong")
    }

    /// 403: an operator has banned the account. Only who knows the password is told.
    pub fn account_banned() -> Self {
        Self::new(403, "account_banned", "this account is banned")
    }

    /// 403: the caller is not of the role that the route is for, or speaks for another.
    pub fn forbidden() -> Self {
        Self::new(403, "forbidden", "the caller may not do this")
    }

    /// 404. A foreign thing and a missing thing look the same.
    pub fn not_found(what: &str) -> Self {
        Self::new(404, "not_found", format!("there is no such {what}"))
    }

    /// 409: the caller's epoch is over; it must stop.
    pub fn fenced() -> Self {
        Self::new(409, "fenced", "the caller's epoch is over")
    }

    /// 409: a living session holds the character.
    pub fn character_in_session(lease: &Lease) -> Self {
        let message = format!("the character is in game session {}", lease.session_id);
        Self::new(409, "character_in_session", message)
    }

    /// 409: a living session holds a companion's character. Which session is no affair of the caller's.
    pub fn companion_in_session() -> Self {
        Self::new(409, "character_in_session", "a companion's character is in another game session")
    }

    /// 400: a companion ticket that was never issued.
    pub fn invalid_companion_ticket() -> Self {
        Self::new(400, "invalid_companion_ticket", "companions: not a companion ticket")
    }

    /// 409: a companion's consent counts no more: its time or its login is over.
    pub fn companion_ticket_expired() -> Self {
        Self::new(409, "companion_ticket_expired", "a companion ticket has expired; ask for another one")
    }

    /// 409: the character is not at the version that the caller saw; this is what it is.
    pub fn version_conflict(latest: CharacterSheet) -> Self {
        let message = format!("the character is at version {}", latest.character.version);
        Self::new(409, "version_conflict", message).with_character(latest)
    }

    /// 413.
    pub fn payload_too_large(bytes_max: usize) -> Self {
        Self::new(413, "payload_too_large", format!("the body may have at most {bytes_max} bytes"))
    }

    /// 415.
    pub fn unsupported_media_type() -> Self {
        Self::new(415, "unsupported_media_type", "the body must be application/json")
    }

    /// 422: an `Idempotency-Key` came again with another request.
    pub fn idempotency_key_reused() -> Self {
        Self::new(422, "idempotency_key_reused", "this Idempotency-Key was used for another request")
    }

    /// 429: too many passwords were tried. The same words whether the account exists or not.
    pub fn too_many_attempts(retry_after_ms: u64) -> Self {
        let seconds = u32::try_from(retry_after_ms.div_ceil(1_000)).unwrap_or(u32::MAX).max(1);
        let message = "too many attempts; try again later";
        Self { retry_after_s: Some(seconds), ..Self::new(429, "too_many_attempts", message) }
    }

    /// 503: try again after a moment.
    pub fn busy(code: &'static str, message: &str, retry_after_s: u32) -> Self {
        Self { retry_after_s: Some(retry_after_s), ..Self::new(503, code, message) }
    }

    /// 500: a fault of ours; the cause is for the log alone.
    pub fn internal(cause: impl Into<String>) -> Self {
        Self { cause: Some(cause.into()), ..Self::new(500, "internal", "something went wrong on our side") }
    }

    /// Adds what the log should know and the caller should not.
    #[must_use]
    pub(crate) fn because(self, cause: impl fmt::Display) -> Self {
        Self { cause: Some(cause.to_string()), ..self }
    }

    /// Adds the latest state of the character that the request was about.
    #[must_use]
    pub fn with_character(mut self, character: CharacterSheet) -> Self {
        self.character = Some(Box::new(character));
        self
    }

    /// HTTP status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Seconds for the `Retry-After` header.
    pub fn retry_after_s(&self) -> Option<u32> {
        self.retry_after_s
    }

    /// The body: `{"error":{"code","message","request_id"}}`.
    pub fn body(&self, request_id: &str) -> String {
        let error =
            ErrorDetail { code: self.code.into(), message: self.message.clone(), request_id: request_id.into() };
        let body = ErrorBody { error, character: self.character.as_deref().cloned() };
        serde_json::to_string(&body).unwrap_or_default()
    }

    /// Logs what the caller is not told, once. Who was not let in is worth a line in any case; the gateway's line of the same
    /// request has the address.
    pub(crate) fn log(&self, route: &str, request_id: &str) {
        let Self { status, code, message, cause, .. } = self;
        match (cause, status) {
            (Some(cause), _) => tracing::error!(route, request_id, status, code, cause),
            (None, 401 | 403 | 429) => tracing::info!(status, code, "a caller was not let in"),
            (None, _) => tracing::debug!(route, request_id, status, code, message),
        }
    }
}

impl From<StorageError> for ApiError {
    fn from(error: StorageError) -> Self {
        let busy =
            |code| Self { cause: Some(error.to_string()), ..Self::busy(code, "the store is busy; try again", 1) };
        match error {
            StorageError::Throttled => busy("throttled"),
            StorageError::Unavailable(_) => busy("unavailable"),
            StorageError::TooLarge(_)
            | StorageError::Invalid(_)
            | StorageError::Denied(..)
            | StorageError::Undecodable(_) => Self::internal(error.to_string()),
        }
    }
}

impl From<CommitError> for ApiError {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Conflict => Self::busy("contention", "too many requests for the same thing; try again", 1),
            CommitError::Storage(error) => error.into(),
            // A refusal that means something is handled where it can occur.
            CommitError::Refused(_) => Self::internal("a condition was refused that cannot be"),
        }
    }
}

impl From<Illegal> for ApiError {
    fn from(illegal: Illegal) -> Self {
        Self::new(422, illegal.code(), illegal.to_string())
    }
}

impl From<Refused> for ApiError {
    fn from(refused: Refused) -> Self {
        let code = match refused {
            Refused::Over => "session_over",
            Refused::Full => "session_full",
            Refused::SeatLost => "seat_lost",
            Refused::SeatsHeld => "seats_held",
        };
        Self::new(409, code, refused.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_went_wrong_inside_is_for_the_log_alone() {
        let secret = "arn:aws:dynamodb:accounts at line 7";
        for error in [
            ApiError::internal(secret),
            StorageError::Undecodable(secret.into()).into(),
            StorageError::Unavailable(secret.into()).into(),
            ApiError::unauthorized().because(secret),
        ] {
            assert!(error.cause.as_ref().is_some_and(|cause| cause.contains(secret)), "{error:?}");
            let body = error.body("r-1");
            assert!(!body.contains("arn:") && !body.contains("line 7"), "{body}");
        }
    }
}
