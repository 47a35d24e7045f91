//! The bodies of every REST route, as the functions, the game sim and the client share them. Requests refuse unknown
//! fields; a request's path parameters are fields of its type, so that a handler receives one value.

mod accounts;
mod content;
mod events;
mod fleet;
mod health;
mod players;
mod sessions;

pub use accounts::*;
pub use content::*;
pub use events::*;
pub use fleet::*;
pub use health::*;
pub use players::*;
pub use sessions::*;

use serde::{Deserialize, Serialize};

/// The body of every answer that is not a success.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ErrorBody {
    /// What went wrong.
    pub error: ErrorDetail,
    /// On a version conflict: the latest state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub character: Option<CharacterSheet>,
}

/// What went wrong, for a program and for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ErrorDetail {
    /// Stable; programs may switch on it.
    pub code: String,
    /// One sentence; may change.
    pub message: String,
    /// Names the request in the logs.
    pub request_id: String,
}

/// A request without parameters and without a body.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Nothing {}
