//! What a room goes on from on another game sim: its dungeon and who sits in its seats, as bytes, and whether they may be
//! used once the stored characters are known.
//!
//! A checkpoint is usable if nothing that the session has written lies beyond it: then going on from it gives nobody
//! anything twice. [`Checkpoint::is_usable`] judges that by the names of the writes, because no change is written before a
//! checkpoint that includes it is stored (`journal`). `object` is how the checkpoints of one shard travel together.

use crate::limits::CHECKPOINT_BYTES_MAX;
use guildhall_domain::api::{HeldCharacter, WriteName};
use guildhall_domain::progress::WriteSeq;
use guildhall_domain::{AccountId, CharacterId, HotState};
use serde::{Deserialize, Serialize};

pub(crate) mod object;
#[cfg(test)]
mod tests;

pub use object::StoredCheckpoint;

/// The first byte. Another layout is another format: old ones are refused.
const FORMAT: u8 = 1;

/// A room at the end of a tick.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Checkpoint {
    pub(crate) content_version: u64,
    pub(crate) dungeon_id: String,
    /// How long the session has been running, in milliseconds.
    pub(crate) age_ms: u64,
    /// As [`crate::world::Dungeon::save`] gives it.
    pub(crate) dungeon: Vec<u8>,
    pub(crate) occupants: Vec<SavedOccupant>,
}

/// Who sat in a seat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SavedOccupant {
    pub(crate) seat: u8,
    account_id: [u8; 16],
    character_id: [u8; 16],
    pub(crate) name: String,
    /// The character's version in the store, as far as was known.
    pub(crate) version: u64,
    /// The count of its changes that the store was known to hold.
    pub(crate) durable_seq: u64,
    /// What still had to be written, if the character was leaving; its state is in the dungeon otherwise.
    pub(crate) leaving: Option<SavedLeaving>,
}

/// The end of a character's stay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SavedLeaving {
    /// Number of the first checkpoint that shows it leaving. Its last write names that one or a later one, and no write
    /// before does.
    pub(crate) since: u32,
    pub(crate) hot: HotState,
    pub(crate) progress_seq: u64,
}

/// What has become of somebody whom a checkpoint shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stay {
    /// In the dungeon, as the checkpoint has it.
    Plays,
    /// On the way out: the last write has not been made.
    Leaves,
    /// Gone: the last write has been made. If the session holds the character all the same, it came anew.
    Over,
}

impl Checkpoint {
    /// The checkpoint as bytes; `None` only if they cannot be made or would be more than [`CHECKPOINT_BYTES_MAX`].
    pub(crate) fn encode(&self) -> Option<Vec<u8>> {
        let bytes = postcard::to_extend(self, vec![FORMAT]).ok()?;
        (bytes.len() <= CHECKPOINT_BYTES_MAX).then_some(bytes)
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let (_, record) = bytes.split_first().filter(|(format, _)| **format == FORMAT)?;
        if bytes.len() > CHECKPOINT_BYTES_MAX {
            return None;
        }
        let (checkpoint, rest) = postcard::take_from_bytes::<Self>(record).ok()?;
        rest.is_empty().then_some(checkpoint)
    }

    /// Whether this checkpoint, number `number` of the session epoch `epoch`, includes everything that the session has
    /// written for the characters that it holds, and for those who have left.
    pub(crate) fn is_usable(
        &self,
        (epoch, number): (u32, u32),
        held: &[HeldCharacter],
        left: Option<WriteName>,
    ) -> bool {
        let has = |write: Option<WriteName>| {
            write.is_none_or(|last| (last.session_epoch, WriteSeq::from(last.seq).checkpoint()) <= (epoch, number))
        };
        has(left)
            && held.iter().all(|held| {
                let is_covered = has(held.last_write);
                let Some(occupant) = self.occupant(held.character.character_id) else { return is_covered };
                // Whoever plays has not been given back since, or a write would say so: nobody else has changed the row, and
                // the seat is the same.
                let is_same = match occupant.stay(epoch, held) {
                    Stay::Plays => occupant.seat == held.seat && occupant.account_id() == held.character.account_id,
                    Stay::Leaves | Stay::Over => true,
                };
                let is_continuous = held.last_write.is_some()
                    || occupant.leaving.is_some()
                    || held.character.version == occupant.version;
                is_covered && is_same && is_continuous
            })
    }

    pub(crate) fn occupant(&self, character_id: CharacterId) -> Option<&SavedOccupant> {
        self.occupants.iter().find(|occupant| occupant.character_id() == character_id)
    }
}

impl SavedOccupant {
    pub(crate) const fn of(
        seat: u8,
        (account_id, character_id): (AccountId, CharacterId),
        name: String,
        (version, durable_seq): (u64, u64),
        leaving: Option<SavedLeaving>,
    ) -> Self {
        let (account_id, character_id) = (account_id.to_bytes(), character_id.to_bytes());
        Self { seat, account_id, character_id, name, version, durable_seq, leaving }
    }

    pub(crate) const fn account_id(&self) -> AccountId {
        AccountId::from_bytes(self.account_id)
    }

    pub(crate) const fn character_id(&self) -> CharacterId {
        CharacterId::from_bytes(self.character_id)
    }

    /// What has become of the stay, by what the store holds; `epoch` is the checkpoint's.
    pub(crate) fn stay(&self, epoch: u32, held: &HeldCharacter) -> Stay {
        let Some(leaving) = &self.leaving else { return Stay::Plays };
        let is_written = match held.last_write {
            Some(last) => last.session_epoch == epoch && WriteSeq::from(last.seq).checkpoint() >= leaving.since,
            // Either this session never wrote, or somebody else has since, which takes a stay that is over.
            None => held.character.version != self.version,
        };
        if is_written { Stay::Over } else { Stay::Leaves }
    }
}
