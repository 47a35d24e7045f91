//! What a room keeps for the combat log until it is handed out: the log is stored by the chunk, because writes are paid by
//! the kilobyte. A value: time is an argument, and nothing waits for what becomes of a chunk.

use crate::limits::LOG_INTERVAL_MS;
use crate::world::{Audience, Effect, WorldEvent};
use guildhall_domain::CharacterId;
use guildhall_domain::combat_log::{ChunkWriter, Deed};

/// A chunk that is ready to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogChunk {
    /// Number of its first entry, within the placement.
    pub first: u32,
    /// In the form of [`guildhall_domain::combat_log`].
    pub bytes: Vec<u8>,
}

/// The log of one placement of a session, as far as it has not been handed out.
#[derive(Debug, Default)]
pub struct CombatLog {
    writer: Option<ChunkWriter>,
    /// The buffer of the chunk before.
    spare: Vec<u8>,
    /// Number of the first entry in `writer`.
    first: u32,
    ready: Vec<LogChunk>,
}

impl CombatLog {
    /// Takes in what a step of the world had to say, if it belongs into the log.
    ///
    /// `character_of` gives the character of a player by the number in the world. What was told to one player of whom it is
    /// not known is nobody's to read.
    pub fn note_effect(&mut self, now_ms: u64, effect: &Effect, character_of: impl Fn(u16) -> Option<CharacterId>) {
        match effect {
            Effect::Deed(deed) => self.note(now_ms, None, deed),
            Effect::Event(audience, event) => {
                let Some((number, deed)) = deed(*audience, event) else { return };
                let character_id = number.and_then(character_of);
                if number.is_none() || character_id.is_some() {
                    self.note(now_ms, character_id, &deed);
                }
            }
            Effect::Vain { .. } | Effect::Changed { .. } | Effect::HandedOver { .. } => {}
        }
    }

    /// Takes an entry in; if one player alone was told of it, that of `character_id`.
    pub fn note(&mut self, now_ms: u64, character_id: Option<CharacterId>, deed: &Deed) {
        if self.writer.as_mut().is_some_and(|writer| !writer.push(now_ms, character_id, deed)) {
            self.close();
        }
        if self.writer.is_none() {
            // One that does not even fit an empty chunk is none that a game knows.
            self.writer = ChunkWriter::begin_in(std::mem::take(&mut self.spare), now_ms).and_then(|mut writer| {
                let fits = writer.push(now_ms, character_id, deed);
                fits.then_some(writer)
            });
        }
    }

    /// The chunks that are due: full, or old enough.
    pub fn poll(&mut self, now_ms: u64) -> Vec<LogChunk> {
        let is_due = |writer: &ChunkWriter| now_ms.saturating_sub(writer.began_ms()) >= LOG_INTERVAL_MS;
        if self.writer.as_ref().is_some_and(is_due) {
            self.close();
        }
        std::mem::take(&mut self.ready)
    }

    /// All that is left.
    pub fn finish(&mut self) -> Vec<LogChunk> {
        self.close();
        std::mem::take(&mut self.ready)
    }

    fn close(&mut self) {
        let Some(writer) = self.writer.take() else { return };
        let first = self.first;
        self.first = first.saturating_add(writer.entries());
        self.ready.push(LogChunk { first, bytes: writer.bytes().to_vec() });
        self.spare = writer.into_bytes();
    }
}

/// What the log says of something that players were told, and to whom alone. What only a player's own bookkeeping needs is
/// not in it.
fn deed(audience: Audience, event: &WorldEvent) -> Option<(Option<u16>, Deed)> {
    let seat = match audience {
        Audience::All | Audience::Witnesses(_) => None,
        Audience::Seat(seat) => Some(seat),
    };
    let deed = match *event {
        WorldEvent::PlayerDied { seat } => Deed::PlayerDied { seat },
        WorldEvent::PlayerRespawned { seat } => Deed::PlayerRespawned { seat },
        WorldEvent::EnemyDied { entity, by_seat } => Deed::EnemyDied { target: entity, by_seat },
        WorldEvent::LootDropped { entity, item, quantity } => Deed::LootDropped { loot: entity, item, quantity },
        WorldEvent::LootTaken { entity, by_seat, item, quantity } => {
            Deed::LootTaken { loot: entity, by_seat, item, quantity }
        }
        WorldEvent::DoorOpened { entity } => Deed::DoorOpened { door: entity },
        WorldEvent::ChamberCleared { chamber } => Deed::ChamberCleared { chamber },
        WorldEvent::BossPhase { entity, phase } => Deed::BossPhase { boss: entity, phase },
        WorldEvent::LevelUp { level } => Deed::LevelUp { seat: seat?, level },
        WorldEvent::DungeonCleared => Deed::DungeonCleared,
        WorldEvent::AbilityUsed { entity, ability } => Deed::AbilityUsed { by: entity, ability },
        WorldEvent::PlayerJoined { .. }
        | WorldEvent::PlayerLeft { .. }
        | WorldEvent::PickUpRefused { .. }
        | WorldEvent::XpGained { .. }
        | WorldEvent::GoldGained { .. }
        | WorldEvent::ItemGained { .. }
        | WorldEvent::SkillUp { .. }
        | WorldEvent::Inventory(_) => return None,
    };
    Some((seat, deed))
}

/// The players whom it is about, by their numbers in the world; among them may be numbers that are no player's.
pub fn about(effect: &Effect) -> impl Iterator<Item = u16> {
    let (one, other) = match effect {
        Effect::Deed(
            Deed::Struck { by, target, .. } | Deed::Missed { by, target } | Deed::Healed { by, target, .. },
        ) => (Some(*by), Some(*target)),
        Effect::Deed(Deed::Suffered { target, .. }) => (Some(*target), None),
        Effect::Event(Audience::Seat(seat), _) => (Some(*seat), None),
        Effect::Event(_, WorldEvent::EnemyDied { by_seat, .. } | WorldEvent::LootTaken { by_seat, .. }) => {
            (Some(*by_seat), None)
        }
        // The dead and the risen, and whoever uses an ability, are their own first witnesses.
        Effect::Event(Audience::Witnesses(entity), _) => (Some(*entity), None),
        _ => (None, None),
    };
    one.into_iter().chain(other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use guildhall_domain::combat_log::Chunk;

    const START_MS: u64 = 1_700_000_000_000;
    const ADA: CharacterId = CharacterId::from_bits(7);

    fn numbers(chunks: &[LogChunk]) -> Vec<(u32, usize)> {
        chunks.iter().map(|chunk| (chunk.first, Chunk::decode(&chunk.bytes).unwrap().entries.len())).collect()
    }

    #[test]
    fn a_quiet_room_hands_out_nothing_and_a_slow_one_now_and_then() {
        let mut log = CombatLog::default();
        assert!(log.poll(START_MS).is_empty() && log.finish().is_empty());
        log.note(START_MS, None, &Deed::DungeonCleared);
        log.note(START_MS + 5_000, Some(ADA), &Deed::LevelUp { seat: 2, level: 3 });
        assert!(log.poll(START_MS + LOG_INTERVAL_MS - 1).is_empty());
        let chunks = log.poll(START_MS + LOG_INTERVAL_MS);
        assert_eq!(numbers(&chunks), [(0, 2)]);
        let chunk = Chunk::decode(&chunks[0].bytes).unwrap();
        assert_eq!((chunk.at_ms(&chunk.entries[1]), chunk.entries[1].character_id), (START_MS + 5_000, Some(ADA)));
        log.note(START_MS + 90_000, None, &Deed::DungeonCleared);
        assert_eq!(numbers(&log.finish()), [(2, 1)]);
        assert!(log.finish().is_empty());
    }

    #[test]
    fn a_busy_room_hands_out_full_chunks_and_loses_no_entry() {
        let mut log = CombatLog::default();
        let struck = Deed::Struck { by: 1, target: 300, damage: 200, kind: None, critical: true };
        (0..2_000).for_each(|tick| log.note(START_MS + tick, None, &struck));
        let mut chunks = log.poll(START_MS + 2_000);
        assert!(chunks.len() >= 3, "{}", chunks.len());
        chunks.extend(log.finish());
        let mut next = 0;
        for (first, entries) in numbers(&chunks) {
            assert_eq!(first, next);
            next += u32::try_from(entries).unwrap();
        }
        assert_eq!(next, 2_000);
    }
}
