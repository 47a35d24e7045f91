//! What the API does to the session and the character. Each function is one transaction.

use super::sims::Status;
use super::{Message, Name, Row, Session, State, Twin, Writing};

impl Writing {
    pub(super) fn create(&self, state: &mut State) -> Option<()> {
        if state.row.lease.is_some() {
            return None;
        }
        let placement = state.session.placement + 1;
        if self.is(Twin::LoadsBeforeLease) && state.glimpse.is_none() {
            // Read for the ticket; the lease is taken by whoever arrives with it.
            state.glimpse = Some(state.row);
            return Some(());
        }
        state.session = Session { number: state.session.number + 1, is_live: true, placement, first: placement };
        state.row.lease = Some(placement);
        Some(())
    }

    pub(super) fn relocate(&self, state: &mut State) {
        let before = state.session.placement;
        state.session.placement += 1;
        if state.row.lease == Some(before) {
            state.row.lease = Some(state.session.placement);
        }
    }

    /// The session is over, and gives the character back if it has it.
    pub(super) fn close(state: &mut State) {
        state.session.is_live = false;
        // Nobody goes on from what is left of it.
        state.bucket = Default::default();
        state.row.lease = state.row.lease.filter(|lease| *lease != state.session.placement);
    }

    /// Of the placement that runs the session alone.
    pub(super) fn finalise(&self, state: &mut State, number: u8) -> Option<()> {
        state.rooms[usize::from(number - 1)] = None;
        if state.session.is_live && state.session.placement == number {
            Self::close(state);
        }
        Some(())
    }

    /// The lease fences, the version orders, the name recognises.
    pub(super) fn deliver(&self, state: &mut State, message: Message, is_answered: bool) {
        let Message { name, base, value, release } = message;
        let row = state.row;
        let is_held = row.lease == Some(name.placement) || self.is(Twin::NoLease) || self.is(Twin::VersionAsFence);
        let is_next = row.version == base || self.is(Twin::LeaseAlone);
        let status = if is_held && is_next {
            state.record.zombie_wrote |= name.placement < state.session.placement;
            state.record.applied_twice |= state.carried_out.contains(&name);
            state.record.applied += 1;
            if !state.carried_out.contains(&name) {
                state.carried_out.push(name);
            }
            let lease = row.lease.filter(|_| !release);
            state.row = Row { version: base + 1, value, lease, last_write: Some(name) };
            Status::Applied
        } else if self.is_own(row.last_write, name) {
            Status::Duplicate
        } else if is_held {
            Status::Conflict
        } else {
            Status::Fenced
        };
        if is_answered {
            self.handle_answer(state, message, status, row);
        }
    }

    /// Whether the character's last write is this one or a later one of the same sender.
    fn is_own(&self, last: Option<Name>, name: Name) -> bool {
        let is_senders = |last: &Name| {
            self.is(Twin::NamesWithoutEpoch) || (last.session, last.placement) == (name.session, name.placement)
        };
        !self.is(Twin::NoRecognition) && last.filter(is_senders).is_some_and(|last| last.seq >= name.seq)
    }

    /// An intent whose player saw the version that it names, on a character that no session has.
    pub(super) fn carry_out(&self, state: &mut State, read: Row) {
        let is_same = state.row.version == read.version || self.is(Twin::BlindIntent);
        let is_free = state.row.lease.is_none() || self.is(Twin::IntentDespiteLease);
        let is_left = read.lease.is_none() || self.is(Twin::IntentDespiteLease);
        if !(is_same && is_free && is_left) {
            return;
        }
        let value = read.value | 1 << state.happened;
        state.happened += 1;
        state.row = Row { version: read.version + 1, value, ..state.row };
        state.record.applied += 1;
        state.record.seen |= value;
    }
}
