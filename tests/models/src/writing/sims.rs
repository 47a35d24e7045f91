//! What a game sim does with a session: go on from what there is, play, take checkpoints, write behind them.

use super::{Action, Kept, Message, Name, Room, Row, State, Twin, Writing};
use guildhall_domain::progress::WriteSeq;

impl Writing {
    /// What a room may do next.
    pub(super) fn moves_of(&self, state: &State, number: u8, room: &Room, actions: &mut Vec<Action>) {
        actions.push(Action::Kill(number));
        let is_covered = room.cover != WriteSeq::UNCOVERED;
        if !room.is_ending {
            if state.happened < self.events {
                actions.push(Action::Play(number));
            }
            let matters = state.session.is_live && state.session.number == room.session;
            if is_covered && matters && room.number < u32::from(self.writes) {
                actions.extend([true, false].map(|is_confirmed| Action::Checkpoint(number, is_confirmed)));
            }
            actions.extend(is_covered.then_some(Action::Uncover(number)));
            actions.push(Action::End(number));
        }
        if room.flight.is_none() && room.waits.is_some() && room.last_seq & 0xffff_ffff < u64::from(self.writes) {
            actions.push(Action::Send(number));
        }
        if room.is_ending && room.flight.is_none() && room.waits.is_none() {
            actions.push(Action::Finalise(number));
        }
    }

    /// `Room::go_on`: from the checkpoint if it has everything, anew if nothing was ever written, else not at all.
    pub(super) fn open(&self, state: &mut State, number: u8) -> Option<()> {
        let index = usize::from(number - 1);
        if state.row.lease != Some(number) {
            return None;
        }
        state.opened |= 1 << number;
        let held = state.glimpse.take().unwrap_or(state.row);
        state.record.loaded_stale |= (held.version, held.value) != (state.row.version, state.row.value);
        let session = state.session;
        let last = held.last_write.filter(|last| last.session == session.number);
        let former = (usize::from(session.first - 1)..index).rev();
        let found = former.filter_map(|former| Some((former as u8 + 1, state.bucket[former]?))).next();
        let value = match found {
            Some((placement, kept)) if self.is_usable((placement, kept.number), last) => kept.value,
            None if last.is_none() => held.value,
            _ => {
                // The room is there only to have its session closed.
                return self.finalise(state, number);
            }
        };
        let waits = (value != held.value && self.is(Twin::WritesFirst)).then_some(value);
        state.rooms[index] = Some(Room {
            session: session.number,
            value,
            number: 0,
            cover: 0,
            waits,
            poured: held.value,
            version: held.version,
            last_seq: 0,
            flight: None,
            is_ending: false,
        });
        Some(())
    }

    /// `Checkpoint::is_usable`.
    fn is_usable(&self, found: (u8, u32), last: Option<Name>) -> bool {
        self.is(Twin::ResumesUnjudged) || last.is_none_or(|last| (last.placement, last.cover()) <= found)
    }

    pub(super) fn play(&self, state: &mut State, number: u8) -> Option<()> {
        let event = 1 << state.happened;
        let room = state.rooms[usize::from(number - 1)].as_mut()?;
        room.value |= event;
        if room.cover == WriteSeq::UNCOVERED || self.is(Twin::WritesFirst) {
            (room.waits, room.poured) = (Some(room.value), room.value);
        }
        state.happened += 1;
        Some(())
    }

    pub(super) fn checkpoint(&self, state: &mut State, number: u8, is_confirmed: bool) -> Option<()> {
        let index = usize::from(number - 1);
        let room = state.rooms[index].as_mut()?;
        room.number += 1;
        state.bucket[index] = Some(Kept { number: room.number, value: room.value });
        if is_confirmed {
            room.cover = room.number;
            if room.poured != room.value {
                (room.waits, room.poured) = (Some(room.value), room.value);
            }
        }
        Some(())
    }

    /// Everything is written at once, whether it has changed or not.
    pub(super) fn uncover(state: &mut State, number: u8) -> Option<()> {
        let room = state.rooms[usize::from(number - 1)].as_mut()?;
        (room.cover, room.waits, room.poured) = (WriteSeq::UNCOVERED, Some(room.value), room.value);
        Some(())
    }

    /// One batch is out at a time; until it is answered it stays as it is.
    pub(super) fn send(&self, state: &mut State, number: u8) -> Option<()> {
        let room = state.rooms[usize::from(number - 1)].as_mut()?;
        let value = room.waits.take()?;
        room.last_seq = WriteSeq::from(room.last_seq).next(room.cover).into();
        let name = Name { session: room.session, placement: number, seq: room.last_seq };
        let message = Message { name, base: room.version, value, release: room.is_ending };
        room.flight = Some(message);
        if self.is(Twin::DurableWhenSent) {
            state.record.seen |= value;
        }
        state.wire.push(message);
        Some(())
    }

    /// `Writer::handle_answer`.
    pub(super) fn handle_answer(&self, state: &mut State, message: Message, status: Status, row: Row) {
        let number = message.name.placement;
        let place = &mut state.rooms[usize::from(number - 1)];
        let Some(room) = place.as_mut().filter(|room| room.flight == Some(message)) else { return };
        room.flight = None;
        match status {
            Status::Applied | Status::Duplicate => {
                room.version = message.base + 1;
                state.record.seen |= message.value;
            }
            Status::Conflict if self.is(Twin::VersionAsFence) => {
                // Reads again, and writes the same on what is there.
                room.version = row.version;
                room.waits = Some(message.value);
            }
            Status::Fenced | Status::Conflict => {
                state.record.owner_fenced |= row.lease == Some(number);
                *place = None;
            }
        }
    }
}

/// What became of a write: `GroupStatus`, without what is only asked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Applied,
    Duplicate,
    Fenced,
    Conflict,
}
