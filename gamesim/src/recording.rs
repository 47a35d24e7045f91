//! The flight recorder: whatever is done to a session's dungeon, in the order in which it is done, as bytes that lead any
//! build of the same rules through the same states.
//!
//! A recording comes in parts of some minutes. Each begins from the seed or from the whole saved dungeon, so each can be
//! played without the others: what is lost takes nothing else with it, and memory stays bounded. A room holds a
//! [`Recorder`] and calls its dungeon through it alone; of a zone there is one recording, named after the session that opened
//! it, and its other sessions refer to that. An act is on the tape before the world carries it out, so that the
//! tape of a world that panics ends with what made it panic.
//!
//! `part` is the format, `inputs` how a tick's commands become a byte or none, `replay` the way back, `session` all the
//! parts of a session one after the other. Nothing in here does I/O or knows which commands there are.

use crate::limits::{RECORDING_PART_BYTES, RECORDING_PART_TICKS, RECORDING_ZONE_PART_BYTES};
use crate::world::{Command, Dungeon, Effect};
use guildhall_domain::{SessionId, Sheet};
use part::Writing;
use std::hint::black_box;

mod inputs;
mod part;
mod replay;
mod session;
#[cfg(test)]
mod tests;

pub use part::{Beginning, PartHeader};
pub use replay::{End, Played, play};
pub use session::{Finding, PartName, SessionReplay};

/// What is the same in all parts that one placement of a session records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The session.
    pub session_id: SessionId,
    /// Its epoch.
    pub session_epoch: u32,
    /// The dungeon's id.
    pub dungeon_id: String,
    /// The content that it is played with.
    pub content_version: u64,
    /// The name of the ruleset that it is played under.
    pub ruleset: &'static str,
}

/// A finished part of a recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordingPart {
    /// The session.
    pub session_id: SessionId,
    /// Its epoch.
    pub session_epoch: u32,
    /// The part's number within the epoch, from 0.
    pub number: u32,
    /// What [`play`] reads.
    pub bytes: Vec<u8>,
}

/// Writes down what is done to one dungeon, and has it done.
#[derive(Debug, Default)]
pub struct Recorder {
    /// `None` while nothing is recorded.
    writing: Option<Box<Writing>>,
}

/// The version of the content that a part is played with; `None` for bytes that are no part.
pub fn content_version(bytes: &[u8]) -> Option<u64> {
    PartHeader::decode(bytes).map(|(header, _)| header.content_version)
}

/// The session and the epoch that the recording of the zone is named after in which this part's session was played; `None`
/// for parts that are recordings themselves, and for bytes that are no part.
pub fn zone_of(bytes: &[u8]) -> Option<(SessionId, u32)> {
    PartHeader::decode(bytes).and_then(|(header, _)| header.zone())
}

impl Recorder {
    /// Begins a recording of a dungeon as it is, which `beginning` leads to. The time is in milliseconds since 1970.
    pub fn start(now_ms: u64, subject: Subject, beginning: Beginning, dungeon: &Dungeon) -> Self {
        let writing = Writing::start(now_ms, subject, 0, beginning, dungeon.state_hash());
        Self { writing: writing.map(Box::new) }
    }

    /// As [`Dungeon::join`].
    pub fn join(
        &mut self,
        dungeon: &mut Dungeon,
        seat: u16,
        name: &str,
        character: Sheet<'_>,
        effects: &mut Vec<Effect>,
    ) -> bool {
        self.write(|writing| writing.join(seat, name, character));
        dungeon.join(seat, name, character, effects)
    }

    /// As [`Dungeon::leave`].
    pub fn leave(&mut self, dungeon: &mut Dungeon, seat: u16, effects: &mut Vec<Effect>) {
        self.write(|writing| writing.leave(seat));
        dungeon.leave(seat, effects);
    }

    /// As [`Dungeon::restore_party`].
    pub fn restore_party(&mut self, zone: &mut Dungeon, party: u16, saved: &[u8]) -> Option<()> {
        self.write(|writing| writing.restore_party(party, saved));
        zone.restore_party(party, saved)
    }

    /// Reads where it writes. Changes nothing: see `room::prefetch`.
    pub(crate) fn prefetch(&self) {
        black_box(self.writing.as_ref().map(|writing| (writing.len(), writing.ticks())));
    }

    /// As [`Dungeon::step`].
    pub fn step(&mut self, dungeon: &mut Dungeon, commands: &[(u16, Command)], effects: &mut Vec<Effect>) {
        self.write(|writing| writing.step(commands));
        dungeon.step(commands, effects);
        self.write(|writing| writing.check(dungeon));
    }

    /// The part that is complete, if it has become long enough; the next one begins from the dungeon as it is.
    pub fn poll_part(&mut self, now_ms: u64, dungeon: &Dungeon) -> Option<RecordingPart> {
        let bytes = if dungeon.is_zone() { RECORDING_ZONE_PART_BYTES } else { RECORDING_PART_BYTES };
        let is_due = |writing: &mut Box<Writing>| writing.len() >= bytes || writing.ticks() >= RECORDING_PART_TICKS;
        let mut writing = self.writing.take_if(is_due)?;
        writing.end(dungeon.state_hash());
        let next = dungeon.save().and_then(|saved| {
            let (subject, number) = (writing.subject().clone(), writing.number() + 1);
            Writing::start(now_ms, subject, number, Beginning::Saved(saved), dungeon.state_hash())
        });
        self.writing = next.map(Box::new);
        Some(writing.finish())
    }

    /// What is recorded, while something is.
    pub fn subject(&self) -> Option<&Subject> {
        self.writing.as_ref().map(|writing| writing.subject())
    }

    /// The only part of a session that is played in a zone: it names the recording of that.
    pub fn refer(now_ms: u64, subject: Subject, zone: &Subject) -> Option<RecordingPart> {
        let (session_id, session_epoch) = (zone.session_id.to_bytes(), zone.session_epoch);
        let beginning = Beginning::InZone { session_id, session_epoch };
        Writing::start(now_ms, subject, 0, beginning, 0).map(Writing::finish)
    }

    /// The last part. Without a dungeon, because its world has panicked, it lacks the state that it would end with.
    pub fn finish(&mut self, dungeon: Option<&Dungeon>) -> Option<RecordingPart> {
        let mut writing = self.writing.take()?;
        if let Some(dungeon) = dungeon {
            writing.end(dungeon.state_hash());
        }
        Some(writing.finish())
    }

    /// Writes, unless nothing is recorded. What cannot be written ends the recording where it is.
    fn write(&mut self, act: impl FnOnce(&mut Writing) -> Option<()>) {
        if self.writing.as_mut().is_some_and(|writing| act(writing).is_none()) {
            tracing::error!("an act of the game cannot be recorded: the recording ends");
            self.writing = None;
        }
    }
}
