//! What happened in game sessions, for game sims that tell it and for those who ask.

use crate::combat_log::{Deed, ViolationKind};
use crate::limits::{EVENTS_PER_PAGE_DEFAULT, EVENTS_PER_PAGE_MAX};
use crate::{AccountId, CharacterId, SessionId, Timestamp};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

/// A game sim hands in a chunk of a session's combat log. A repetition is harmless.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SaveEventsRequest {
    /// Path parameter.
    pub session_id: SessionId,
    /// Epoch (boot) of the game sim.
    pub gamesim_epoch: u64,
    /// Epoch of the session.
    pub session_epoch: u32,
    /// Number of the chunk's first entry, within the placement.
    pub first_number: u32,
    /// The chunk, base64 of at most 3,584 bytes in the form of `guildhall_domain::combat_log`.
    pub chunk: String,
}

/// The answer to a game sim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EventsSaved {
    /// How many entries the chunk has.
    pub events: u32,
}

/// Which events of a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ListEventsRequest {
    /// Path parameter.
    pub session_id: SessionId,
    /// Those after this cursor, the `next_cursor` of an earlier answer; without one, from the beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// At most so many.
    #[serde(default)]
    pub limit: PageLimit,
}

/// Which violations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ListViolationsRequest {
    /// The day, `YYYY-MM-DD` in UTC; without one, today.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<String>,
    /// Those after this cursor, the `next_cursor` of an earlier answer; without one, from the beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// At most so many.
    #[serde(default)]
    pub limit: PageLimit,
}

/// How much of a list to show, from 1 to 500; 100 unless said otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct PageLimit(#[cfg_attr(feature = "schema", schemars(range(min = 1, max = 500)))] u32);

impl<'de> Deserialize<'de> for PageLimit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::try_from(Number::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// A number as it is in JSON, or as it is in a query.
#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
    Number(u32),
    Text(String),
}

/// No limit that a list can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("limit: expected 1 to 500")]
pub struct PageLimitError;

impl PageLimit {
    /// As a number of entries.
    pub const fn entries(self) -> u32 {
        self.0
    }
}

impl Default for PageLimit {
    fn default() -> Self {
        Self(EVENTS_PER_PAGE_DEFAULT)
    }
}

impl TryFrom<u32> for PageLimit {
    type Error = PageLimitError;

    fn try_from(entries: u32) -> Result<Self, PageLimitError> {
        (1..=EVENTS_PER_PAGE_MAX).contains(&entries).then_some(Self(entries)).ok_or(PageLimitError)
    }
}

impl TryFrom<Number> for PageLimit {
    type Error = PageLimitError;

    fn try_from(number: Number) -> Result<Self, PageLimitError> {
        match number {
            Number::Number(entries) => Self::try_from(entries),
            Number::Text(digits) => Self::try_from(digits.parse::<u32>().map_err(|_| PageLimitError)?),
        }
    }
}

/// Events of a session, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GameSessionEvents {
    /// What happened.
    pub events: Vec<GameSessionEvent>,
    /// Where to go on; what happens later is there, wherever the session runs by then.
    pub next_cursor: String,
    /// Whether there is more already.
    pub has_more: bool,
}

/// Something that happened in a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GameSessionEvent {
    /// The placement of the session in which it happened. What a later one went on from may lack the end of it.
    pub session_epoch: u32,
    /// Its number within the placement.
    pub number: u32,
    /// When.
    pub at: Timestamp,
    /// The character whose player alone was told of it; null if everybody was.
    pub character_id: Option<CharacterId>,
    /// What.
    pub deed: Deed,
}

/// Violations of a day, in order of time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Violations {
    /// What was noticed.
    pub violations: Vec<Violation>,
    /// Where to go on; null where there is nothing yet to go on from.
    pub next_cursor: Option<String>,
    /// Whether there is more already.
    pub has_more: bool,
}

/// A client that did what a fair one does not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Violation {
    /// When it was noticed.
    pub at: Timestamp,
    /// The session.
    pub session_id: SessionId,
    /// The placement of the session.
    pub session_epoch: u32,
    /// Number of the entry in the session's events.
    pub number: u32,
    /// The seat.
    pub seat: u16,
    /// Whose client it was.
    pub account_id: AccountId,
    /// Who sat there.
    pub character_id: CharacterId,
    /// What it was.
    pub kind: ViolationKind,
    /// How often, within a few seconds.
    pub count: u32,
}
