//! What must hold, by the names of the invariants, and what must be seen for that to mean something.

use super::{CAPACITY, RESERVATION_TICKS, Registry, State, Twin};
use guildhall_domain::{SeatState, SessionState};
use stateright::Property;

pub(super) const CAPACITY_HOLDS: &str = "R1: live sessions of a game sim never exceed its capacity";
pub(super) const LIST_IS_TRUE: &str = "R2: a game sim's list is its live sessions";
pub(super) const NEVER_NEGATIVE: &str = "R2: active is never negative";
pub(super) const ONE_SESSION: &str = "R3: whoever holds a seat is bound to that session alone";
pub(super) const SEATS_EXPIRE: &str = "R3: no reservation outlasts its time";
pub(super) const FORWARD: &str = "R4: states only move forward";
pub(super) const STALE_END: &str = "R4: the end of an old epoch changes nothing";
pub(super) const EPOCHS_RISE: &str = "R5: no epoch of a game sim is given twice";
pub(super) const ONE_PER_KEY: &str = "R6: a key makes one session";

impl Twin {
    /// The property that this twin breaks.
    pub const fn breaks(self) -> &'static str {
        match self {
            Self::Counter => NEVER_NEGATIVE,
            Self::ClampedCounter => CAPACITY_HOLDS,
            Self::TwoWrites => LIST_IS_TRUE,
            Self::UnconfirmedLapse | Self::TrustedExpiry | Self::AdmissionWithoutLease => ONE_SESSION,
            Self::FinaliseByAnybody | Self::FollowsTheMove => STALE_END,
            Self::SameEpoch => FORWARD,
            Self::ForgottenEpoch | Self::EpochBehindARow => EPOCHS_RISE,
            Self::FreshNames => ONE_PER_KEY,
        }
    }
}

pub(super) fn all() -> Vec<Property<Registry>> {
    vec![
        Property::always(CAPACITY_HOLDS, |_, state: &State| {
            places(state).all(|(live, _)| live.count_ones() as usize <= CAPACITY)
        }),
        Property::always(LIST_IS_TRUE, |model: &Registry, state: &State| model.counts() || lists_are_true(state)),
        Property::always(NEVER_NEGATIVE, |_, state: &State| boots(state).all(|boot| boot.counter >= 0)),
        Property::always(ONE_SESSION, |_, state: &State| seats_are_bound(state)),
        Property::always(SEATS_EXPIRE, |_, state: &State| {
            let mut reserved = state.live().flat_map(|(_, session)| session.seats.iter().flatten());
            reserved.all(|seat| seat.state != SeatState::Reserved || seat.until <= state.now + RESERVATION_TICKS)
        }),
        Property::always(FORWARD, |_, state: &State| !state.record.went_back),
        Property::always(STALE_END, |_, state: &State| !state.record.stale_end),
        Property::always(EPOCHS_RISE, |_, state: &State| !state.record.epoch_reused),
        Property::always(ONE_PER_KEY, |_, state: &State| state.record.made.iter().all(|made| made.count_ones() <= 1)),
        Property::sometimes("two sessions are played at once", |_, state: &State| {
            state.live().filter(|(_, session)| session.state == SessionState::Active).count() == 2
        }),
        Property::sometimes("a session goes on elsewhere with both of its players", |_, state: &State| {
            state.record.moved
                && state.live().any(|(_, session)| {
                    let admitted = session.seats.iter().flatten().filter(|seat| seat.state == SeatState::Admitted);
                    session.epoch > 1 && admitted.count() == 2
                })
        }),
        Property::sometimes("a session is given up", |_, state: &State| {
            state.sessions.iter().flatten().any(|session| session.state == SessionState::Lost)
        }),
        Property::sometimes("a reservation runs out and another session takes the character", |_, state: &State| {
            state.record.lapsed
        }),
        Property::sometimes("a second boot has a session", |_, state: &State| {
            state.live().any(|(_, session)| session.place.epoch == 2)
        }),
        Property::sometimes("a boot's row is removed and its epoch remembered", |_, state: &State| {
            state.last_epochs.iter().any(|epoch| *epoch > 0)
        }),
    ]
}

fn boots(state: &State) -> impl Iterator<Item = &super::Boot> {
    state.boots.iter().flatten().flatten()
}

/// For every boot that has a row: its live sessions by the sessions' rows, one bit each, and those that are listed.
fn places(state: &State) -> impl Iterator<Item = (u8, u8)> + '_ {
    (0_u8..).zip(&state.boots).flat_map(move |(sim, boots)| {
        (1_u8..).zip(boots).map(move |(epoch, boot)| {
            let place = super::Place { sim, epoch };
            let live = state.live().filter(|(_, session)| session.place == place);
            let is_listed = |id: u8| boot.as_ref().is_some_and(|boot| boot.listed[usize::from(id)] != 0);
            let listed = (0..super::SESSIONS_MAX as u8).filter(|id| is_listed(*id)).map(|id| 1 << id).sum();
            (live.map(|(id, _)| 1 << id).sum(), listed)
        })
    })
}

fn lists_are_true(state: &State) -> bool {
    let epochs_agree = state.live().all(|(id, session)| {
        state.boot(session.place).is_some_and(|boot| boot.listed[usize::from(id)] == session.epoch)
    });
    epochs_agree && places(state).all(|(live, listed)| live == listed)
}

fn seats_are_bound(state: &State) -> bool {
    state.live().all(|(id, session)| {
        let held = session.seats.iter().flatten().filter(|seat| seat.holds(state.now));
        held.into_iter().all(|seat| state.leases[usize::from(seat.character)] == Some(session.lease(id)))
    })
}
