//! What must hold, by the names of the invariants, and what must be seen for that to mean something.

use super::{Message, Name, Room, State, Twin, Writing};
use guildhall_domain::progress::WriteSeq;
use stateright::Property;

const STORED: &str = "P1: the store has everything that was shown as durable";
const RECOVERED: &str = "P1: whatever goes on has everything that was shown as durable";
const NO_ZOMBIE: &str = "P2: nobody writes for a session that is elsewhere";
const OWNER_WRITES: &str = "P3: the rightful owner is never turned away";
const ONCE: &str = "P4: no write is carried out twice";
const BY_ONE: &str = "P5: the version rises by one with every write";
const FRESH: &str = "P10: what is loaded is what was written last";

impl Twin {
    /// The property that this twin breaks.
    pub const fn breaks(self) -> &'static str {
        match self {
            Self::VersionAsFence | Self::NoLease => NO_ZOMBIE,
            Self::NoRecognition | Self::IntentDespiteLease => OWNER_WRITES,
            Self::NamesWithoutEpoch | Self::DurableWhenSent => STORED,
            Self::LeaseAlone => ONCE,
            Self::WritesFirst | Self::ResumesUnjudged => RECOVERED,
            Self::LoadsBeforeLease => FRESH,
            Self::BlindIntent => BY_ONE,
        }
    }
}

pub(super) fn all() -> Vec<Property<Writing>> {
    vec![
        Property::always(STORED, |_, state: &State| state.record.seen & !state.row.value == 0),
        Property::always(RECOVERED, |_, state: &State| {
            let current = state.row.lease.and_then(|lease| state.rooms[usize::from(lease - 1)]);
            current.is_none_or(|room| state.record.seen & !room.value == 0)
        }),
        Property::always(NO_ZOMBIE, |_, state: &State| !state.record.zombie_wrote),
        Property::always(OWNER_WRITES, |_, state: &State| !state.record.owner_fenced),
        Property::always(ONCE, |_, state: &State| !state.record.applied_twice),
        Property::always(BY_ONE, |_, state: &State| state.row.version == state.record.applied),
        Property::always(FRESH, |_, state: &State| !state.record.loaded_stale),
        Property::sometimes("a session goes on elsewhere, and what it writes is covered there", |_, state: &State| {
            let is_there = |last: Name| last.placement > 1 && last.session == 1 && last.cover() == 1;
            state.row.last_write.is_some_and(is_there)
        }),
        Property::sometimes("a room goes on from a checkpoint with what was never written", |_, state: &State| {
            let goes_on = |room: &Room| room.session == 1 && room.number == 0 && room.value & !state.row.value != 0;
            state.rooms[1].as_ref().is_some_and(goes_on) && state.bucket[0].is_some()
        }),
        Property::sometimes("a zombie and its successor both play", |_, state: &State| {
            state.rooms.iter().flatten().count() > 1
        }),
        Property::sometimes("a write whose answer was lost is sent again", |_, state: &State| {
            let is_done = |message: &Message| state.carried_out.contains(&message.name);
            state.wire.iter().any(|message| is_done(message) && state.is_awaited(message))
        }),
        Property::sometimes("a zombie's write is on its way", |_, state: &State| {
            state
                .wire
                .iter()
                .any(|message| message.name.placement < state.session.placement && state.is_awaited(message))
        }),
        Property::sometimes("an uncovered write", |_, state: &State| {
            state.row.last_write.is_some_and(|last| last.cover() == WriteSeq::UNCOVERED)
        }),
        Property::sometimes("a second session after an intent", |_, state: &State| {
            state.session.number == 2 && state.record.applied > 1
        }),
    ]
}
