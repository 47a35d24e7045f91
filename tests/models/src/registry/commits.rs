//! What functions write. Everything that one transaction writes changes in one step, under the conditions that the code gives
//! it; a call that is refused looks again where the code does.

use super::calls::{Admit, Afterwards, Call, Close, Closing, Create, Join, Move, Register, Taken};
use super::{
    Boot, CAPACITY, CHARACTERS, LEASE_TICKS, Place, RESERVATION_TICKS, Registry, SEATS, SESSIONS_MAX, Seat, Session,
    State, Twin,
};
use guildhall_domain::{SeatState, SessionState};

impl Registry {
    /// Commits, or is refused; gives back what the call goes on with, if it is not over.
    pub(super) fn commit(&self, state: &mut State, call: Call) -> Option<Call> {
        match call {
            Call::Create(create) => return self.create(state, create),
            Call::Join(join) => drop(self.join(state, join)),
            Call::Admit(admit) => return self.admit(state, admit),
            Call::Close(close) => return self.close(state, close),
            Call::Move(to) => return self.relocate(state, to),
            Call::Register(register) => drop(Self::register(state, register)),
            Call::Remove(place) => drop(self.remove(state, place)),
            Call::Afterwards(Afterwards::Session(create)) => drop(Self::write_session(state, create, create.key)),
            Call::Afterwards(Afterwards::Decrement(place)) => {
                if let Some(boot) = state.boot_mut(place) {
                    let least = if self.is(Twin::ClampedCounter) { 0 } else { i8::MIN };
                    boot.counter = (boot.counter - 1).max(least);
                }
            }
        }
        None
    }

    pub(super) fn has_room(&self, boot: &Boot) -> bool {
        if self.counts() {
            return usize::try_from(boot.counter).is_ok_and(|counter| counter < CAPACITY) || boot.counter < 0;
        }
        boot.listed.iter().filter(|epoch| **epoch != 0).count() < CAPACITY
    }

    /// `gamesims::take_place`.
    fn take_place(&self, state: &mut State, place: Place, (session, epoch): (u8, u8), now: u8) -> Option<()> {
        let has_room = |boot: &Boot| boot.is_alive(now) && self.has_room(boot);
        let boot = state.boot_mut(place).filter(|boot| has_room(boot))?;
        boot.listed[usize::from(session)] = epoch;
        boot.counter += 1;
        Some(())
    }

    /// Whether a character is what was seen, and the session that it leaves behind, too.
    fn may_take(state: &State, character: u8, taken: Taken) -> bool {
        let is_same = |(session, revision)| state.session(session).is_some_and(|it| it.revision == revision);
        state.leases[usize::from(character)] == taken.lease && taken.lapsed.is_none_or(is_same)
    }

    fn create(&self, state: &mut State, create: Create) -> Option<Call> {
        let Create { key, place, taken, now } = create;
        let fresh = (0..self.sessions).find(|id| state.session(*id).is_none());
        let id = if self.is(Twin::FreshNames) { fresh? } else { key };
        if state.session(id).is_some() || !Self::may_take(state, key % CHARACTERS as u8, taken) {
            return None;
        }
        self.take_place(state, place, (id, 1), now)?;
        if self.is(Twin::TwoWrites) {
            return Some(Call::Afterwards(Afterwards::Session(create)));
        }
        Self::write_session(state, create, id);
        None
    }

    fn write_session(state: &mut State, create: Create, id: u8) -> Option<()> {
        let Create { key, place, taken, now } = create;
        let character = key % CHARACTERS as u8;
        let seat = Seat { character, state: SeatState::Reserved, until: now + RESERVATION_TICKS };
        let mut seats = [None; SEATS];
        seats[0] = Some(seat);
        let session = Session { state: SessionState::Reserved, epoch: 1, revision: 1, place, seats };
        state.leases[usize::from(character)] = Some(session.lease(id));
        state.record.lapsed |= taken.lapsed.is_some();
        state.record.made[usize::from(key)] |= 1 << id;
        state.sessions[usize::from(id)] = Some(session);
        Some(())
    }

    fn join(&self, state: &mut State, join: Join) -> Option<()> {
        let Join { session: id, revision, character, taken, now } = join;
        let row = *state.session(id).filter(|row| row.revision == revision && row.is_open())?;
        if !Self::may_take(state, character, taken) {
            return None;
        }
        let mut next = row;
        let place = &mut next.seats[Self::seat_for(&row, character, now)?];
        let was_in = place.is_some_and(|seat| seat.character == character && seat.state == SeatState::Admitted);
        let seat_state = if was_in { SeatState::Admitted } else { SeatState::Reserved };
        *place = Some(Seat { character, state: seat_state, until: now + RESERVATION_TICKS });
        state.leases[usize::from(character)] = Some(next.lease(id));
        state.record.lapsed |= taken.lapsed.is_some();
        replace(state, id, next);
        Some(())
    }

    /// Who arrives first where the session was placed anew brings everybody along who holds a seat and is still the session's.
    fn admit(&self, state: &mut State, admit: Admit) -> Option<Call> {
        let Admit { session: id, epoch, revision, character, now } = admit;
        let row = *state.session(id)?;
        if row.revision != revision {
            let is_still_asked = row.epoch == epoch || self.is(Twin::FollowsTheMove);
            return is_still_asked.then_some(Call::Admit(Admit { revision: row.revision, ..admit }));
        }
        let lease = row.lease(id);
        let is_ours = |character: u8| state.leases[usize::from(character)] == Some(lease);
        if !row.is_open() || !(is_ours(character) || self.is(Twin::AdmissionWithoutLease)) {
            return None;
        }
        let mut next = row;
        let is_first = row.state == SessionState::Reserved && row.epoch > 1;
        for seat in next.seats.iter_mut().flatten() {
            if seat.character == character && seat.state == SeatState::Left {
                return None;
            }
            if is_first && seat.holds(now) && !is_ours(seat.character) {
                seat.state = SeatState::Left;
            } else if seat.character == character || (is_first && seat.holds(now)) {
                seat.state = SeatState::Admitted;
            }
        }
        next.state = SessionState::Active;
        replace(state, id, next);
        None
    }

    fn close(&self, state: &mut State, close: Close) -> Option<Call> {
        let Close { session: id, closing, epoch, revision, now } = close;
        let row = *state.session(id)?;
        if !row.state.is_live() {
            // A twin that counts has no other way to know that this was done before.
            return self.counts().then_some(Call::Afterwards(Afterwards::Decrement(row.place)));
        }
        if row.revision != revision {
            let is_still_asked = row.epoch == epoch || closing == Closing::Lost || self.is(Twin::FollowsTheMove);
            return is_still_asked.then_some(Call::Close(Close { revision: row.revision, ..close }));
        }
        let is_held = row.seats.iter().flatten().any(|seat| seat.holds(now));
        let boot = state.boot(row.place);
        let is_alive = boot.is_some_and(|boot| !boot.is_gone && boot.lease_until > now);
        if (closing == Closing::Expired && is_held) || (closing == Closing::Lost && is_alive) {
            return None;
        }
        let mut next = row;
        next.state = if closing == Closing::Lost { SessionState::Lost } else { SessionState::Ended };
        for seat in next.seats.iter_mut().flatten() {
            drop_lease(state, seat.character, row.lease(id));
            seat.state = SeatState::Left;
        }
        state.record.stale_end |= closing != Closing::Lost && epoch != row.epoch;
        replace(state, id, next);
        self.free_place(state, row.place, id)
    }

    /// `gamesims::free_place`. A twin that counts does so afterwards.
    fn free_place(&self, state: &mut State, place: Place, session: u8) -> Option<Call> {
        if self.counts() {
            return Some(Call::Afterwards(Afterwards::Decrement(place)));
        }
        if let Some(boot) = state.boot_mut(place) {
            boot.listed[usize::from(session)] = 0;
            boot.counter -= 1;
        }
        None
    }

    /// The place on the dead game sim, the place on the new one, the row and every lease, all at once.
    fn relocate(&self, state: &mut State, to: Move) -> Option<Call> {
        let Move { session: id, revision, to: place, now } = to;
        let row = *state.session(id).filter(|row| row.revision == revision && row.is_open())?;
        let is_alive = state.boot(row.place).is_some_and(|boot| !boot.is_gone && boot.lease_until > now);
        if is_alive {
            return None;
        }
        let mut next = row;
        next.epoch += u8::from(!self.is(Twin::SameEpoch));
        self.take_place(state, place, (id, next.epoch), now)?;
        (next.place, next.state) = (place, SessionState::Reserved);
        for seat in next.seats.iter_mut().flatten().filter(|seat| seat.state != SeatState::Left) {
            if state.leases[usize::from(seat.character)] != Some(row.lease(id)) {
                seat.state = SeatState::Left;
                continue;
            }
            if seat.holds(now) {
                (seat.state, seat.until) = (SeatState::Reserved, now + RESERVATION_TICKS);
            }
            let lease = super::Lease { session: id, epoch: next.epoch, place };
            state.leases[usize::from(seat.character)] = Some(lease);
        }
        state.record.moved = true;
        replace(state, id, next);
        self.free_place(state, row.place, id)
    }

    fn register(state: &mut State, register: Register) -> Option<()> {
        let Register { sim, boot: id, epoch, before, now } = register;
        let place = Place { sim, epoch };
        let is_same =
            |(epoch, lease_until)| state.boot(Place { sim, epoch }).is_some_and(|boot| boot.lease_until == lease_until);
        if state.boot(place).is_some() || !before.is_none_or(is_same) {
            return None;
        }
        if let Some(boot) = before.and_then(|(epoch, _)| state.boot_mut(Place { sim, epoch })) {
            (boot.is_gone, boot.lease_until) = (true, boot.lease_until.min(now));
        }
        let listed = [0; SESSIONS_MAX];
        let boot = Boot { id, is_gone: false, lease_until: now + LEASE_TICKS, listed, counter: 0 };
        state.boots[usize::from(sim)][usize::from(epoch - 1)] = Some(boot);
        let issued = &mut state.record.issued[usize::from(sim)];
        state.record.epoch_reused |= epoch <= *issued;
        *issued = epoch.max(*issued);
        Some(())
    }

    fn remove(&self, state: &mut State, place: Place) -> Option<()> {
        let now = state.now;
        // Whoever has beaten once more since it was looked at has a lease.
        state.boot(place).filter(|boot| boot.listed.iter().all(|it| *it == 0) && boot.is_past_hope(now))?;
        let sim = usize::from(place.sim);
        state.boots[sim][usize::from(place.epoch - 1)] = None;
        if !self.is(Twin::ForgottenEpoch) {
            state.last_epochs[sim] = state.last_epochs[sim].max(place.epoch);
        }
        Some(())
    }

    /// Fenced by the lease; the seat goes in the same transaction.
    pub(super) fn leave(&self, state: &mut State, session: u8, character: u8) -> Option<()> {
        let row = *state.session(session)?;
        drop_lease(state, character, row.lease(session))?;
        let mut next = row;
        let seat = next.seats.iter_mut().flatten().find(|seat| seat.character == character)?;
        seat.state = SeatState::Left;
        replace(state, session, next);
        Some(())
    }
}

/// Gives a character back if this very lease holds it.
fn drop_lease(state: &mut State, character: u8, lease: super::Lease) -> Option<()> {
    state.leases[usize::from(character)].take_if(|held| *held == lease).map(drop)
}

/// Writes a session's next row, and notes where it should never have gone.
fn replace(state: &mut State, id: u8, mut next: Session) {
    const fn rank(state: SessionState) -> u8 {
        match state {
            SessionState::Reserved => 0,
            SessionState::Active => 1,
            SessionState::Ending => 2,
            SessionState::Ended | SessionState::Lost => 3,
        }
    }
    let Some(before) = state.sessions[usize::from(id)] else { return };
    let is_forward = rank(before.state) <= rank(next.state) && before.epoch == next.epoch && before.place == next.place;
    let is_placed_anew = before.is_open() && next.state == SessionState::Reserved && next.epoch > before.epoch;
    state.record.went_back |= !(is_forward || is_placed_anew) || !before.state.is_live();
    next.revision += 1;
    state.sessions[usize::from(id)] = Some(next);
}
