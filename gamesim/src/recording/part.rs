//! The bytes of one part: the letters `GHR` and the format's number, a header (postcard), then entries, each of which
//! begins with a byte that says what it is. All that is not a byte is little-endian or postcard.
//!
//! | first byte | entry |
//! |---|---|
//! | 0 to 80 | a tick, as `inputs` writes it |
//! | 81 | a tick as a list: count, then a seat and a command each |
//! | 82 | ticks with the very commands of the last one: how many |
//! | 83 | somebody joined: length, then the arguments |
//! | 84 | somebody left: the seat |
//! | 85 | the lower half of the state's hash, 4 bytes, every second |
//! | 86 | the end: the hash of the last state, 8 bytes |
//! | 87 | a tick of a crowd: how many changes, then for each the way to its seat and a command or none |
//! | 88 | a party came into a zone as it was saved: its number, length, the bytes |

use super::inputs::{CODES, Inputs};
use super::{RecordingPart, Subject};
use crate::limits::{CHECKPOINT_BYTES_MAX, RECORDED_JOIN_BYTES_MAX, RECORDING_CHECK_TICKS, RECORDING_HEADER_BYTES_MAX};
use crate::world::{Command, Dungeon};
use guildhall_domain::{Build, HotState, SessionId, Sheet};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The first bytes. Another layout is another format: others are refused.
const MAGIC: [u8; 4] = *b"GHR\x03";
pub(super) const LIST: u8 = CODES;
pub(super) const AGAIN: u8 = 82;
pub(super) const JOIN: u8 = 83;
pub(super) const LEAVE: u8 = 84;
pub(super) const CHECK: u8 = 85;
pub(super) const END: u8 = 86;
pub(super) const CROWD: u8 = 87;
pub(super) const PARTY: u8 = 88;

/// What a part says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartHeader {
    session_id: [u8; 16],
    /// The session's epoch.
    pub session_epoch: u32,
    /// The part's number within the epoch, from 0.
    pub number: u32,
    /// The dungeon's id.
    pub dungeon_id: String,
    /// The content that was played with.
    pub content_version: u64,
    /// The name of the ruleset that was played under.
    pub ruleset: String,
    /// The build that recorded it.
    pub build: String,
    /// When the part began, in milliseconds since 1970.
    pub began_ms: u64,
    /// The state that it begins with.
    pub beginning: Beginning,
    /// The hash of that state.
    pub state_hash: u64,
}

/// Where a part begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Beginning {
    /// With a new dungeon of this seed.
    Seed(u64),
    /// With this dungeon, as [`Dungeon::save`] gives it.
    Saved(Vec<u8>),
    /// Nowhere: the session was played in a zone, whose recording bears the name of another session. There is nothing else
    /// in such a part.
    InZone {
        /// The session that the zone's recording is named after.
        session_id: [u8; 16],
        /// Its epoch.
        session_epoch: u32,
    },
}

/// Somebody who joined: all that the call takes.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Joining {
    pub(super) seat: u16,
    pub(super) name: String,
    pub(super) class: String,
    pub(super) build: Build,
    pub(super) hot: HotState,
}

impl PartHeader {
    /// The session.
    pub const fn session_id(&self) -> SessionId {
        SessionId::from_bytes(self.session_id)
    }

    /// The session and the epoch that a zone's recording is named after, if the session was played in one.
    pub const fn zone(&self) -> Option<(SessionId, u32)> {
        match &self.beginning {
            Beginning::InZone { session_id, session_epoch } => {
                Some((SessionId::from_bytes(*session_id), *session_epoch))
            }
            Beginning::Seed(_) | Beginning::Saved(_) => None,
        }
    }

    /// The header of a part, and a reader of its entries; `None` for bytes that are no part.
    pub(super) fn decode(bytes: &[u8]) -> Option<(Self, Reader<'_>)> {
        let rest = bytes.strip_prefix(&MAGIC)?;
        let (header, entries) = postcard::take_from_bytes::<Self>(rest).ok()?;
        (rest.len() - entries.len() <= RECORDING_HEADER_BYTES_MAX).then_some((header, Reader { rest: entries }))
    }
}

/// A part that is being written.
#[derive(Debug)]
pub(super) struct Writing {
    subject: Subject,
    number: u32,
    bytes: Vec<u8>,
    ticks: u32,
    inputs: Inputs,
    /// Ticks that were like the last one and are not written yet.
    again: u32,
}

impl Writing {
    pub(super) fn start(
        now_ms: u64,
        subject: Subject,
        number: u32,
        beginning: Beginning,
        state_hash: u64,
    ) -> Option<Self> {
        let header = PartHeader {
            session_id: subject.session_id.to_bytes(),
            session_epoch: subject.session_epoch,
            number,
            dungeon_id: subject.dungeon_id.clone(),
            content_version: subject.content_version,
            ruleset: subject.ruleset.to_owned(),
            build: env!("CARGO_PKG_VERSION").to_owned(),
            began_ms: now_ms,
            beginning,
            state_hash,
        };
        let bytes = postcard::to_extend(&header, MAGIC.to_vec()).ok()?;
        Some(Self { subject, number, bytes, ticks: 0, inputs: Inputs::default(), again: 0 })
    }

    pub(super) fn join(&mut self, seat: u16, name: &str, character: Sheet<'_>) -> Option<()> {
        let Sheet { class, build, hot } = character;
        let (name, class) = (name.to_owned(), class.to_owned());
        let joining = Joining { seat, name, class, build: build.clone(), hot: hot.clone() };
        let joining = postcard::to_allocvec(&joining).ok().filter(|bytes| bytes.len() <= RECORDED_JOIN_BYTES_MAX)?;
        self.begin(JOIN)?;
        self.write_number(u32::try_from(joining.len()).ok()?)?;
        self.bytes.extend(joining);
        Some(())
    }

    pub(super) fn leave(&mut self, seat: u16) -> Option<()> {
        self.begin(LEAVE)?;
        self.write_number(seat.into())
    }

    pub(super) fn restore_party(&mut self, party: u16, saved: &[u8]) -> Option<()> {
        let saved = Some(saved).filter(|saved| saved.len() <= CHECKPOINT_BYTES_MAX)?;
        self.begin(PARTY)?;
        self.write_number(party.into())?;
        self.write_number(u32::try_from(saved.len()).ok()?)?;
        self.bytes.extend(saved);
        Some(())
    }

    pub(super) fn step(&mut self, commands: &[(u16, Command)]) -> Option<()> {
        self.ticks += 1;
        if commands == self.inputs.tick() {
            self.again += 1;
            return Some(());
        }
        self.write_again()?;
        self.inputs.encode(commands, &mut self.bytes)
    }

    /// Notes the state's hash once a second.
    pub(super) fn check(&mut self, dungeon: &Dungeon) -> Option<()> {
        if dungeon.tick().is_multiple_of(RECORDING_CHECK_TICKS) {
            self.begin(CHECK)?;
            self.bytes.extend(lower_half(dungeon.state_hash()));
        }
        Some(())
    }

    pub(super) fn end(&mut self, state_hash: u64) {
        if self.begin(END).is_some() {
            self.bytes.extend(state_hash.to_le_bytes());
        }
    }

    pub(super) fn finish(mut self) -> RecordingPart {
        // Nothing waits after an end; without one, what waits is the last that is known.
        let _ = self.write_again();
        let Subject { session_id, session_epoch, .. } = self.subject;
        RecordingPart { session_id, session_epoch, number: self.number, bytes: self.bytes }
    }

    pub(super) const fn subject(&self) -> &Subject {
        &self.subject
    }

    pub(super) const fn number(&self) -> u32 {
        self.number
    }

    pub(super) const fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(super) const fn ticks(&self) -> u32 {
        self.ticks
    }

    fn begin(&mut self, kind: u8) -> Option<()> {
        self.write_again()?;
        self.bytes.push(kind);
        Some(())
    }

    fn write_again(&mut self) -> Option<()> {
        match std::mem::take(&mut self.again) {
            0 => Some(()),
            again => {
                self.bytes.push(AGAIN);
                self.write_number(again)
            }
        }
    }

    fn write_number(&mut self, number: u32) -> Option<()> {
        self.bytes = postcard::to_extend(&number, std::mem::take(&mut self.bytes)).ok()?;
        Some(())
    }
}

/// The half of a hash that is noted every second: it misses a difference once in four thousand million.
pub(super) fn lower_half(state_hash: u64) -> [u8; 4] {
    let [a, b, c, d, ..] = state_hash.to_le_bytes();
    [a, b, c, d]
}

/// Reads entries, from bytes that may be anything.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) const fn left(&self) -> usize {
        self.rest.len()
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    pub(super) fn bytes(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }

    pub(super) fn value<T: DeserializeOwned>(&mut self) -> Option<T> {
        let (value, rest) = postcard::take_from_bytes(self.rest).ok()?;
        self.rest = rest;
        Some(value)
    }
}
