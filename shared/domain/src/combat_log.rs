//! The combat log of a session: what happened, in the order in which it happened, for those who ask later. A game sim hands it
//! out in chunks, which are stored as they are; what is told of it to whom is decided when it is read.
//!
//! The bytes of a chunk: the format, when it began, then entry after entry to its end, all as postcard has it. The number of
//! its first entry is no part of them: it is the chunk's name.

use crate::limits::LOG_CHUNK_BYTES_MAX;
use crate::{AccountId, CharacterId};
use serde::{Deserialize, Serialize};

/// The first byte. Another layout is another format: others are refused.
const FORMAT: u8 = 1;

/// Something that happened. Entities, items, abilities and kinds of damage are numbers as in the UDP protocol: places of
/// their ids among the ids of the content, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the fields are named after the things that the variants' comments speak of")]
pub enum Deed {
    /// A blow or an ability hurt somebody; `kind` is the kind of damage, if it has one.
    Struck { by: u16, target: u16, damage: u32, kind: Option<u8>, critical: bool },
    /// A blow or an ability missed.
    Missed { by: u16, target: u16 },
    /// A state hurt somebody.
    Suffered { target: u16, damage: u32 },
    /// An ability gave somebody hit points back.
    Healed { by: u16, target: u16, hp: u32 },
    /// Somebody used an ability.
    AbilityUsed { by: u16, ability: u8 },
    /// A player's hit points reached zero.
    PlayerDied { seat: u16 },
    /// A dead player stands again.
    PlayerRespawned { seat: u16 },
    /// An enemy's hit points reached zero.
    EnemyDied { target: u16, by_seat: u16 },
    /// Loot lies on the ground.
    LootDropped { loot: u16, item: u8, quantity: u16 },
    /// Somebody took loot.
    LootTaken { loot: u16, by_seat: u16, item: u8, quantity: u16 },
    /// A door opened.
    DoorOpened { door: u16 },
    /// No enemy of a chamber is alive.
    ChamberCleared { chamber: u8 },
    /// A boss entered another phase.
    BossPhase { boss: u16, phase: u8 },
    /// A player's character reached a level.
    LevelUp { seat: u16, level: u16 },
    /// The dungeon is won.
    DungeonCleared,
    /// A client did what a fair one never does, or not so often: so many times within a few seconds. Operators alone see it.
    Violation { seat: u16, account_id: AccountId, character_id: CharacterId, kind: ViolationKind, count: u32 },
}

/// What a fair client does not do, or not so often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ViolationKind {
    /// Messages that cannot be read.
    MalformedMessages,
    /// More messages in a tick than are read.
    MessagesInExcess,
    /// More inputs than ticks have passed.
    InputsInExcess,
    /// Abilities that have not rested.
    Cooldown,
    /// Abilities that cannot be paid.
    Resources,
    /// Blows and abilities beyond their reach or out of sight.
    Reach,
    /// Blows and abilities at what is not there, is dead, or is not what they are for; abilities that one does not have.
    Target,
}

impl ViolationKind {
    /// Every kind, in the order of their places in lists.
    pub const ALL: [Self; 7] = [
        Self::MalformedMessages,
        Self::MessagesInExcess,
        Self::InputsInExcess,
        Self::Cooldown,
        Self::Resources,
        Self::Reach,
        Self::Target,
    ];

    /// As in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MalformedMessages => "malformed_messages",
            Self::MessagesInExcess => "messages_in_excess",
            Self::InputsInExcess => "inputs_in_excess",
            Self::Cooldown => "cooldown",
            Self::Resources => "resources",
            Self::Reach => "reach",
            Self::Target => "target",
        }
    }
}

/// One entry of a chunk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Milliseconds since the chunk began.
    pub after_ms: u32,
    /// The character whose player alone was told of it; `None` if everybody was.
    pub character_id: Option<CharacterId>,
    /// What happened.
    pub deed: Deed,
}

/// A chunk in the making.
#[derive(Debug, Clone)]
pub struct ChunkWriter {
    began_ms: u64,
    bytes: Vec<u8>,
    entries: u32,
}

impl ChunkWriter {
    /// An empty chunk that begins at this time, in milliseconds since 1970. `None` only if memory cannot be written to.
    pub fn begin(began_ms: u64) -> Option<Self> {
        Self::begin_in(Vec::new(), began_ms)
    }

    /// As [`Self::begin`], in place of whatever is in the buffer.
    pub fn begin_in(mut bytes: Vec<u8>, began_ms: u64) -> Option<Self> {
        bytes.clear();
        bytes.push(FORMAT);
        let bytes = postcard::to_extend(&began_ms, bytes).ok()?;
        Some(Self { began_ms, bytes, entries: 0 })
    }

    /// Adds an entry. Returns whether it fits; if not, the chunk is as it was.
    pub fn push(&mut self, at_ms: u64, character_id: Option<CharacterId>, deed: &Deed) -> bool {
        let after_ms = u32::try_from(at_ms.saturating_sub(self.began_ms)).unwrap_or(u32::MAX);
        let before = self.bytes.len();
        let entry = Entry { after_ms, character_id, deed: deed.clone() };
        let is_written = postcard::to_extend(&entry, Extension(&mut self.bytes)).is_ok();
        let fits = is_written && self.bytes.len() <= LOG_CHUNK_BYTES_MAX;
        if fits {
            self.entries += 1;
        } else {
            self.bytes.truncate(before);
        }
        fits
    }

    /// When it began, in milliseconds since 1970.
    pub const fn began_ms(&self) -> u64 {
        self.began_ms
    }

    /// How many entries it has.
    pub const fn entries(&self) -> u32 {
        self.entries
    }

    /// The chunk.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The chunk, or a buffer for the next one.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

/// What a borrowed buffer needs for postcard to write to its end.
struct Extension<'a>(&'a mut Vec<u8>);

impl Extend<u8> for Extension<'_> {
    fn extend<T: IntoIterator<Item = u8>>(&mut self, bytes: T) {
        self.0.extend(bytes);
    }
}

/// A chunk that can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// When it began, in milliseconds since 1970.
    pub began_ms: u64,
    /// What it holds, in order.
    pub entries: Vec<Entry>,
}

impl Chunk {
    /// Reads bytes that anybody may have made up. `None` for what is no chunk, or holds nothing.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (_, rest) = bytes.split_first().filter(|(format, _)| **format == FORMAT)?;
        if bytes.len() > LOG_CHUNK_BYTES_MAX {
            return None;
        }
        let (began_ms, mut rest) = postcard::take_from_bytes::<u64>(rest).ok()?;
        let mut entries = Vec::new();
        while !rest.is_empty() {
            let (entry, after) = postcard::take_from_bytes::<Entry>(rest).ok()?;
            entries.push(entry);
            rest = after;
        }
        (!entries.is_empty()).then_some(Self { began_ms, entries })
    }

    /// When an entry happened, in milliseconds since 1970.
    pub fn at_ms(&self, entry: &Entry) -> u64 {
        self.began_ms.saturating_add(entry.after_ms.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const STRUCK: Deed = Deed::Struck { by: 0, target: 300, damage: 12, kind: Some(2), critical: false };

    #[test]
    fn a_chunk_is_compact_and_full_at_its_limit() {
        let mut writer = ChunkWriter::begin(1_700_000_000_000).unwrap();
        let mut pushed = 0;
        while writer.push(1_700_000_000_000 + u64::from(pushed) * 50, None, &STRUCK) {
            pushed += 1;
        }
        assert_eq!(writer.entries(), pushed);
        let bytes = writer.into_bytes();
        assert!(
            bytes.len() <= LOG_CHUNK_BYTES_MAX && bytes.len() / pushed as usize <= 12,
            "{} of {pushed}",
            bytes.len()
        );
        let chunk = Chunk::decode(&bytes).unwrap();
        assert_eq!(chunk.entries.len(), pushed as usize);
        assert_eq!(chunk.at_ms(&chunk.entries[3]), 1_700_000_000_150);
    }

    #[test]
    fn the_names_of_violations_are_those_of_json() {
        for kind in ViolationKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
        let deed = serde_json::to_value(Deed::PlayerDied { seat: 3 }).unwrap();
        assert_eq!(deed, serde_json::json!({"player_died": {"seat": 3}}));
    }

    proptest! {
        #[test]
        fn bytes_are_a_chunk_or_none(bytes in prop::collection::vec(any::<u8>(), 0..100), honest in any::<bool>()) {
            let bytes = if honest { [&[FORMAT][..], &bytes].concat() } else { bytes };
            if let Some(chunk) = Chunk::decode(&bytes) {
                prop_assert!(chunk.entries.len() < bytes.len());
            }
        }
    }
}
