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
    /// Number of the write; rises strictly within one session epoch. Its upper half names the checkpoint that covers it.
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

/// The number of a write within one session epoch, which also says what covers it: the upper half is the number of a
/// checkpoint that is stored and includes the write, the lower half counts the session's writes. Later writes have greater
/// numbers. A session can go on from a checkpoint only if no write names a later one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct WriteSeq(u64);

impl WriteSeq {
    /// Stands for the checkpoint of a write that no checkpoint includes. A session that has made such a write does not go
    /// on from any.
    pub const UNCOVERED: u32 = u32::MAX;

    /// The number of the next write, if this is the last one's. What covers it never goes back: a write after an uncovered
    /// one is uncovered.
    #[must_use]
    pub fn next(self, checkpoint: u32) -> Self {
        let counter = (self.0 & u64::from(u32::MAX)).saturating_add(1).min(u64::from(u32::MAX));
        Self(u64::from(checkpoint.max(self.checkpoint())) << 32 | counter)
    }

    /// The checkpoint that covers the write.
    pub const fn checkpoint(self) -> u32 {
        (self.0 >> 32) as u32
    }
}

impl From<u64> for WriteSeq {
    fn from(number: u64) -> Self {
        Self(number)
    }
}

impl From<WriteSeq> for u64 {
    fn from(seq: WriteSeq) -> Self {
        seq.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_rise_strictly_and_what_covers_them_never_goes_back() {
        let mut last = WriteSeq::default();
        let checkpoints = [0, 0, 1, 1, 7, 3, WriteSeq::UNCOVERED, 8, WriteSeq::UNCOVERED];
        let covered = checkpoints.map(|checkpoint| {
            let next = last.next(checkpoint);
            assert!(next > last, "{next:?} after {last:?}");
            assert_eq!(WriteSeq::from(u64::from(next)), next);
            last = next;
            next.checkpoint()
        });
        assert_eq!(covered, [0, 0, 1, 1, 7, 7, u32::MAX, u32::MAX, u32::MAX]);
    }
}
