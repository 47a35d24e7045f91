//! What functions read before they commit. A call keeps what its conditions will name: revisions, leases and the moment at
//! which it began, which is long past when it commits late.

use super::{BOOTS_MAX, CHARACTERS, Lease, Place, Registry, SEATS, SIMS, Session, SessionState, State, Twin};
use guildhall_domain::SeatState;

/// A call of the API between its reads and its commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Call {
    /// `functions/src/sessions/placing.rs`, `storage/src/sessions/allocation.rs`.
    Create(Create),
    /// `functions/src/sessions/join_game_session.rs`, `sessions::reserve`.
    Join(Join),
    /// `functions/src/sessions/admit_player.rs`, `sessions::admit`.
    Admit(Admit),
    /// `sessions::close`.
    Close(Close),
    /// `storage/src/sessions/relocation.rs`.
    Move(Move),
    /// `gamesims::register`.
    Register(Register),
    /// `gamesims::remove`.
    Remove(Place),
    /// What only twins do: the second of two writes that belong together.
    Afterwards(Afterwards),
}

/// Whose character is taken along, and what was seen of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Taken {
    pub(super) lease: Option<Lease>,
    /// The session that is left behind, at this revision.
    pub(super) lapsed: Option<(u8, u8)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Create {
    pub(super) key: u8,
    pub(super) place: Place,
    pub(super) taken: Taken,
    pub(super) now: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Join {
    pub(super) session: u8,
    pub(super) revision: u8,
    pub(super) character: u8,
    pub(super) taken: Taken,
    pub(super) now: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Admit {
    pub(super) session: u8,
    /// The placement for which the game sim asks.
    pub(super) epoch: u8,
    pub(super) revision: u8,
    pub(super) character: u8,
    pub(super) now: u8,
}

/// Why a session is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Closing {
    /// Its game sim says so.
    Ended,
    /// Its game sim says that nobody has come.
    Expired,
    /// Its game sim is dead.
    Lost,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Close {
    pub(super) session: u8,
    pub(super) closing: Closing,
    /// The placement for which it was asked.
    pub(super) epoch: u8,
    pub(super) revision: u8,
    pub(super) now: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Move {
    pub(super) session: u8,
    pub(super) revision: u8,
    pub(super) to: Place,
    pub(super) now: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Register {
    pub(super) sim: u8,
    pub(super) boot: u8,
    /// The epoch that it is to get.
    pub(super) epoch: u8,
    /// The latest boot that was seen, with its lease, if it is not gone.
    pub(super) before: Option<(u8, u8)>,
    pub(super) now: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Afterwards {
    /// Counts a session less.
    Decrement(Place),
    /// Writes the session whose place is taken.
    Session(Create),
}

impl Registry {
    /// Every call that somebody may make, having read what is stored.
    pub(super) fn possible_calls(&self, state: &State, mut push: impl FnMut(Call)) {
        for key in 0..self.sessions {
            self.creations(state, key, &mut push);
            let Some(session) = state.session(key) else { continue };
            self.joins(state, key, session, &mut push);
            self.arrivals(state, key, session, &mut push);
            self.closings(state, key, session, &mut push);
            self.moves(state, key, session, &mut push);
        }
        for sim in 0..SIMS as u8 {
            self.registrations(state, sim, &mut push);
            for epoch in 1..=BOOTS_MAX as u8 {
                let place = Place { sim, epoch };
                // The reaper leaves rows for an hour; that is any time after they are past hope.
                let is_old =
                    |boot: &&super::Boot| boot.is_past_hope(state.now) && boot.listed.iter().all(|it| *it == 0);
                if state.boot(place).filter(is_old).is_some() {
                    push(Call::Remove(place));
                }
            }
        }
    }

    fn creations(&self, state: &State, key: u8, push: &mut impl FnMut(Call)) {
        // A repeated request finds its session, and writes nothing.
        if state.session(key).is_some() && !self.is(Twin::FreshNames) {
            return;
        }
        let Some(taken) = self.judge(state, key % CHARACTERS as u8, key) else { return };
        for place in self.with_room(state) {
            push(Call::Create(Create { key, place, taken, now: state.now }));
        }
    }

    fn joins(&self, state: &State, session: u8, row: &Session, push: &mut impl FnMut(Call)) {
        let is_running = state.boot(row.place).is_some_and(|boot| boot.is_alive(state.now));
        if !row.is_open() || !is_running {
            return;
        }
        for character in 0..CHARACTERS as u8 {
            let is_seated =
                row.holds(character, state.now) && state.leases[usize::from(character)] == Some(row.lease(session));
            let taken = self.judge(state, character, session).filter(|_| !is_seated);
            if let Some(taken) = taken {
                push(Call::Join(Join { session, revision: row.revision, character, taken, now: state.now }));
            }
        }
    }

    /// What a character may be taken from; `None` if a living session holds it. `sessions::judge_lease`.
    fn judge(&self, state: &State, character: u8, wanted: u8) -> Option<Taken> {
        let lease = state.leases[usize::from(character)];
        let free = Taken { lease, lapsed: None };
        let Some(held) = lease.filter(|held| held.session != wanted) else { return Some(free) };
        let session =
            state.session(held.session).filter(|session| session.state.is_live() && session.epoch == held.epoch);
        let Some(session) = session else { return Some(free) };
        let is_lapsed = if self.is(Twin::TrustedExpiry) {
            session.seats.iter().flatten().any(|seat| seat.character == character && seat.until <= state.now)
        } else {
            !session.holds(character, state.now)
        };
        let confirmed = !self.is(Twin::UnconfirmedLapse) && !self.is(Twin::TrustedExpiry);
        is_lapsed.then_some(Taken { lease, lapsed: confirmed.then_some((held.session, session.revision)) })
    }

    /// A player is at the door of the game sim that runs the session, which asks whether to let them in.
    fn arrivals(&self, state: &State, session: u8, row: &Session, push: &mut impl FnMut(Call)) {
        for seat in row.seats.iter().flatten().filter(|_| row.is_open()) {
            let is_in = row.state == SessionState::Active && seat.state == SeatState::Admitted;
            if seat.state != SeatState::Left && !is_in {
                let (epoch, revision) = (row.epoch, row.revision);
                push(Call::Admit(Admit { session, epoch, revision, character: seat.character, now: state.now }));
            }
        }
    }

    /// The game sim is done with the session, or somebody finds that its game sim is dead for good.
    fn closings(&self, state: &State, session: u8, row: &Session, push: &mut impl FnMut(Call)) {
        let (revision, now) = (row.revision, state.now);
        let mut close = |closing, epoch| push(Call::Close(Close { session, closing, epoch, revision, now }));
        if row.state.is_live() || self.counts() {
            close(Closing::Ended, row.epoch);
        }
        if !row.state.is_live() {
            return;
        }
        if row.seats.iter().flatten().all(|seat| !seat.holds(now)) {
            close(Closing::Expired, row.epoch);
        }
        if state.boot(row.place).is_none_or(|boot| boot.is_past_hope(now)) {
            close(Closing::Lost, row.epoch);
        }
        if self.is(Twin::FinaliseByAnybody) && row.epoch > 1 {
            close(Closing::Ended, row.epoch - 1);
        }
    }

    /// Somebody asks for a session whose game sim is dead: `functions/src/sessions/resumption.rs`.
    fn moves(&self, state: &State, session: u8, row: &Session, push: &mut impl FnMut(Call)) {
        let is_orphan =
            state.boot(row.place).is_some_and(|boot| !boot.is_alive(state.now) && !boot.is_past_hope(state.now));
        if !row.is_open() || !is_orphan {
            return;
        }
        for to in self.with_room(state).filter(|to| *to != row.place) {
            push(Call::Move(Move { session, revision: row.revision, to, now: state.now }));
        }
    }

    fn registrations(&self, state: &State, sim: u8, push: &mut impl FnMut(Call)) {
        let index = usize::from(sim);
        let rows = (1_u8..).zip(&state.boots[index]).filter_map(|(epoch, boot)| Some((epoch, boot.as_ref()?)));
        let latest = rows.max_by_key(|(epoch, _)| *epoch);
        for boot in 1..=state.starts[index] {
            let is_known = state.boots[index].iter().flatten().any(|row| row.id == boot);
            let kept = state.last_epochs[index];
            let last_epoch = match latest {
                Some((epoch, _)) if self.is(Twin::EpochBehindARow) => epoch,
                Some((epoch, _)) => epoch.max(kept),
                None => kept,
            };
            if !is_known && usize::from(last_epoch) < BOOTS_MAX {
                let before = latest.filter(|(_, row)| !row.is_gone).map(|(epoch, row)| (epoch, row.lease_until));
                push(Call::Register(Register { sim, boot, epoch: last_epoch + 1, before, now: state.now }));
            }
        }
    }

    /// The game sims that a look at the fleet shows to have room: `functions/src/sessions/candidates.rs`.
    fn with_room<'a>(&'a self, state: &'a State) -> impl Iterator<Item = Place> + 'a {
        let places = (0..SIMS as u8).flat_map(|sim| (1..=BOOTS_MAX as u8).map(move |epoch| Place { sim, epoch }));
        places.filter(|place| state.boot(*place).is_some_and(|boot| boot.is_alive(state.now) && self.has_room(boot)))
    }

    /// The first seat that the character has, or else the first that nobody holds: `Session::reserve`.
    pub(super) fn seat_for(row: &Session, character: u8, now: u8) -> Option<usize> {
        let named = row.seats.iter().position(|seat| seat.is_some_and(|seat| seat.character == character));
        named.or_else(|| (0..SEATS).find(|index| row.seats[*index].is_none_or(|seat| !seat.holds(now))))
    }
}
