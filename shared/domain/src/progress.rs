//! Progress that a game sim writes behind: fenced groups of character states, and what became of each.

use crate::{AccountId, CharacterId, HotState};
use serde::{Deserialize, Serialize};

/// One character's state in a group. `(session, epoch, seq)` names the write, so that a retry recognises itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CharacterWrite {
    /// Whose state.
    pub character_id: CharacterId,
    /// The account that owns the character: half of the row's key.
    pub account_id: AccountId,
    /// Number of the character's last change that is included; rises strictly within one session epoch.
    pub seq: u64,
    /// The version that this write was made from; an applied write leaves `base_version + 1`.
    pub base_version: u64,
    /// The state after the change.
    pub hot: HotState,
    /// Whether this is the character's last write here: its lease and its seat are given back with it.
    pub release: bool,
}

/// Writes that belong together: all of them are applied, or none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ProgressGroup {
    /// One to four characters, each at most once.
    pub writes: Vec<CharacterWrite>,
}

/// What became of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum GroupStatus {
    /// Written now; every version rose by one.
    Applied,
    /// Written before, by this very call; nothing changed.
    Duplicate,
    /// The session or a lease belongs to another epoch, or is gone: the sender must stop writing for it.
    Fenced,
    /// A version is not the one that the sender knew.
    Conflict,
    /// The store was too busy and nothing was written: send the same bytes again later.
    Throttled,
}
