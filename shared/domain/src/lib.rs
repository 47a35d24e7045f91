//! The rules and types of Guildhall: what an account, a character, a game session and a piece of content are, and which
//! limits they keep. There is no I/O here, no clock and no randomness: time and entropy arrive as arguments.
//!
//! Read `ids`, `character` and `session` first; `api` holds the bodies of every REST route, which the functions, the game
//! sim and the client share.

pub mod ability;
pub mod account;
pub mod api;
pub mod character;
pub mod combat_log;
pub mod content;
pub mod domain_event;
pub mod ids;
pub mod intents;
pub mod limits;
pub mod name;
pub mod progress;
pub mod rules;
pub mod ruleset;
#[cfg(feature = "schema")]
mod schema;
pub mod seating;
pub mod session;
pub mod time;
pub mod trace;

pub use ability::{Ability, AbilityScores};
pub use account::{Email, Password};
pub use character::{Build, Character, Equipment, Gear, HotState, Sheet, Stack};
pub use content::Content;
pub use ids::{AccountId, CharacterId, GamesimId, LoginSessionId, SessionId, TokenId};
pub use name::CharacterName;
pub use session::{Lease, Seat, SeatState, Session, SessionState, Sitter};
pub use time::Timestamp;

/// Why a value was refused at the door: which field, and what would be right, in words for a person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {reason}")]
pub struct Invalid {
    /// The field's public name.
    pub field: &'static str,
    /// What is wrong with it.
    pub reason: String,
}

impl Invalid {
    /// Refuses `field` for `reason`.
    pub fn new(field: &'static str, reason: impl Into<String>) -> Self {
        Self { field, reason: reason.into() }
    }
}
