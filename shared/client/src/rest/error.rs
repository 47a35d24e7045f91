//! What comes back from the API instead of an answer.

use guildhall_domain::api::{CharacterSheet, ErrorBody};

/// The API said no.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message} (HTTP {status}, request {request_id})")]
pub struct ApiError {
    /// HTTP status.
    pub status: u16,
    /// Stable; programs may switch on it.
    pub code: String,
    /// One sentence for a person.
    pub message: String,
    /// Names the request in the server's logs.
    pub request_id: String,
    /// On a version conflict: the latest state.
    pub character: Option<Box<CharacterSheet>>,
}

impl ApiError {
    pub(super) fn of(status: u16, body: ErrorBody) -> Self {
        let ErrorBody { error, character } = body;
        let character = character.map(Box::new);
        Self { status, code: error.code, message: error.message, request_id: error.request_id, character }
    }
}

/// Why a call gave no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// The API said no; repeating the same call will not help, or has not helped.
    #[error(transparent)]
    Refused(#[from] ApiError),
    /// There was no answer, or none that makes sense; the call may or may not have taken effect.
    #[error("the API is unavailable: {0}")]
    Unavailable(String),
}

impl ClientError {
    /// The API's stable code, if it answered.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused(error) => Some(&error.code),
            Self::Unavailable(_) => None,
        }
    }
    /// After a `version_conflict`: the character as it stands, to decide anew on.
    pub fn latest_character(&self) -> Option<&CharacterSheet> {
        match self {
            Self::Refused(error) => error.character.as_deref(),
            Self::Unavailable(_) => None,
        }
    }
}
