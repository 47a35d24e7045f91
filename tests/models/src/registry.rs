//! Game sims, sessions, seats and characters: who is placed where, and what remains true of it whatever repeats, gets lost,
//! comes late or dies.
//!
//! Two game sims with one place each may be started, stopped and started again; their leases run out by a clock of whole
//! ticks. Parties create sessions, friends join, players arrive and leave, game sims finalise, and whoever meets an orphan
//! moves it or gives it up. A call to the API is two steps, what it reads and what it commits; several are under way at once,
//! and the clock may move in between. Whoever asks may ask again at any time, so that answers that get lost and requests
//! that come twice need no steps of their own.
//!
//! [`calls`] is what functions read, [`commits`] what they write, [`rules`] what must hold.

use guildhall_domain::{SeatState, SessionState};
use stateright::{Model, Property};

mod calls;
mod commits;
mod rules;

use calls::Call;

/// Game sims.
const SIMS: usize = 2;
/// Sessions that one game sim has room for.
const CAPACITY: usize = 1;
/// Boots of one game sim that the registry has rows for.
const BOOTS_MAX: usize = 2;
/// Idempotency keys, of which each stands for a session.
const SESSIONS_MAX: usize = 3;
/// Characters; the first one of a session's party is that of the session's number, round and round.
const CHARACTERS: usize = 2;
/// Seats of a session.
const SEATS: usize = 2;
/// Calls that are under way at once.
const CALLS_AT_ONCE: usize = 2;
/// How long a heartbeat counts (`GAMESIM_LEASE_MS`), in ticks.
const LEASE_TICKS: u8 = 1;
/// How long an orphan waits beyond that (`SESSION_ORPHAN_MS`), in ticks.
const ORPHAN_TICKS: u8 = 1;
/// How long a seat waits for its player (`SEAT_RESERVATION_S`), in ticks.
const RESERVATION_TICKS: u8 = 1;

/// What a twin does instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Twin {
    /// Counts sessions instead of listing them: up when one is created, down when somebody says that it has ended.
    Counter,
    /// The same, but never below nothing.
    ClampedCounter,
    /// Takes the place first and writes the session after it.
    TwoWrites,
    /// Takes a character whose reservation has run out without confirming the session that it leaves behind.
    UnconfirmedLapse,
    /// Believes the time on a lease: what should have expired by it is free.
    TrustedExpiry,
    /// Admits whom the session's row names, whoever holds the character.
    AdmissionWithoutLease,
    /// Closes the session that is named, whoever runs it.
    FinaliseByAnybody,
    /// A call that is refused because the session has moved goes on with the session as it is then.
    FollowsTheMove,
    /// Moves a session without raising its epoch.
    SameEpoch,
    /// Keeps nothing of a game sim whose rows have gone.
    ForgottenEpoch,
    /// Looks for what was kept of a game sim only where no row of it is left.
    EpochBehindARow,
    /// Names a session anew with every request instead of by the idempotency key.
    FreshNames,
}

impl Twin {
    /// Every one.
    pub const ALL: [Self; 12] = [
        Self::Counter,
        Self::ClampedCounter,
        Self::TwoWrites,
        Self::UnconfirmedLapse,
        Self::TrustedExpiry,
        Self::AdmissionWithoutLease,
        Self::FinaliseByAnybody,
        Self::FollowsTheMove,
        Self::SameEpoch,
        Self::ForgottenEpoch,
        Self::EpochBehindARow,
        Self::FreshNames,
    ];
}

/// The model.
#[derive(Debug, Clone, Copy)]
pub struct Registry {
    /// Which rule is missing, if one is.
    pub twin: Option<Twin>,
    /// Keys that are used, at most three.
    pub sessions: u8,
    /// When the clock stands still.
    pub until_tick: u8,
    /// Calls of the API, at most.
    pub calls: u8,
    /// How often a process is started anew, at most.
    pub restarts: u8,
}

impl Registry {
    /// The rules as they are in the code.
    pub const SOUND: Self = Self { twin: None, sessions: 2, until_tick: 2, calls: 3, restarts: 1 };

    /// With one rule missing.
    pub const fn without(twin: Twin) -> Self {
        let twin = Some(twin);
        match twin {
            // Needs more sessions, and nothing else.
            Some(Twin::ClampedCounter) => Self { twin, sessions: 3, until_tick: 0, calls: 5, restarts: 0 },
            _ => Self { twin, sessions: 2, until_tick: 2, calls: 5, restarts: 1 },
        }
    }

    /// The first session is played by the first character, and the second one has a seat there.
    fn played(empty: &State, second: SeatState) -> State {
        let mut state = empty.clone();
        let place = Place { sim: 0, epoch: 1 };
        let seats = [(0, SeatState::Admitted), (1, second)];
        let seats = seats.map(|(character, state)| Some(Seat { character, state, until: RESERVATION_TICKS }));
        let session = Session { state: SessionState::Active, epoch: 1, revision: 1, place, seats };
        state.leases = [Some(session.lease(0)); CHARACTERS];
        state.sessions[0] = Some(session);
        state.record.made[0] = 1;
        if let Some(boot) = state.boot_mut(place) {
            (boot.listed[0], boot.counter) = (1, 1);
        }
        state
    }

    fn is(&self, twin: Twin) -> bool {
        self.twin == Some(twin)
    }

    fn counts(&self) -> bool {
        self.is(Twin::Counter) || self.is(Twin::ClampedCounter)
    }
}

/// The row of one boot: `shared/storage/src/gamesims.rs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Boot {
    /// What the boot calls itself.
    id: u8,
    is_gone: bool,
    lease_until: u8,
    /// Its live sessions with their epochs; 0 is none.
    listed: [u8; SESSIONS_MAX],
    /// What twins have instead of the list.
    counter: i8,
}

impl Boot {
    fn is_alive(&self, now: u8) -> bool {
        !self.is_gone && now < self.lease_until
    }

    fn is_past_hope(&self, now: u8) -> bool {
        !self.is_alive(now) && self.lease_until + ORPHAN_TICKS <= now
    }
}

/// One boot of a game sim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    sim: u8,
    epoch: u8,
}

/// A session's hold on a character: `shared/domain/src/session.rs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Lease {
    session: u8,
    epoch: u8,
    place: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Seat {
    character: u8,
    state: SeatState,
    until: u8,
}

impl Seat {
    fn holds(&self, now: u8) -> bool {
        match self.state {
            SeatState::Reserved => now < self.until,
            SeatState::Admitted => true,
            SeatState::Left => false,
        }
    }
}

/// A session's row: `shared/domain/src/seating.rs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Session {
    state: SessionState,
    epoch: u8,
    revision: u8,
    place: Place,
    seats: [Option<Seat>; SEATS],
}

impl Session {
    fn lease(&self, session: u8) -> Lease {
        Lease { session, epoch: self.epoch, place: self.place }
    }

    fn is_open(&self) -> bool {
        matches!(self.state, SessionState::Reserved | SessionState::Active)
    }

    fn holds(&self, character: u8, now: u8) -> bool {
        self.seats.iter().flatten().any(|seat| seat.character == character && seat.holds(now))
    }
}

/// What has happened that never should, and what was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
struct Record {
    went_back: bool,
    stale_end: bool,
    epoch_reused: bool,
    /// The highest epoch that each game sim was ever given.
    issued: [u8; SIMS],
    /// Which sessions were made for each key, one bit each.
    made: [u8; SESSIONS_MAX],
    moved: bool,
    lapsed: bool,
}

/// Everything that is stored, runs or is under way.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct State {
    now: u8,
    /// How often each game sim's process was started: the latest is the one that runs, or may be dead.
    starts: [u8; SIMS],
    boots: [[Option<Boot>; BOOTS_MAX]; SIMS],
    /// What is remembered of game sims whose rows have gone.
    last_epochs: [u8; SIMS],
    sessions: [Option<Session>; SESSIONS_MAX],
    leases: [Option<Lease>; CHARACTERS],
    /// In order, so that it does not matter who came first.
    calls: [Option<Call>; CALLS_AT_ONCE],
    /// Calls that were begun.
    begun: u8,
    record: Record,
}

impl State {
    fn boot(&self, place: Place) -> Option<&Boot> {
        self.boots[usize::from(place.sim)].get(usize::from(place.epoch).checked_sub(1)?)?.as_ref()
    }

    fn boot_mut(&mut self, place: Place) -> Option<&mut Boot> {
        self.boots[usize::from(place.sim)].get_mut(usize::from(place.epoch).checked_sub(1)?)?.as_mut()
    }

    fn session(&self, session: u8) -> Option<&Session> {
        self.sessions[usize::from(session)].as_ref()
    }

    fn live(&self) -> impl Iterator<Item = (u8, &Session)> {
        let sessions = (0_u8..).zip(&self.sessions);
        sessions.filter_map(|(id, session)| Some((id, session.as_ref().filter(|session| session.state.is_live())?)))
    }

    /// The registered row of what runs as this game sim.
    fn own_boot_mut(&mut self, sim: u8) -> Option<&mut Boot> {
        let boot = self.starts[usize::from(sim)];
        self.boots[usize::from(sim)].iter_mut().flatten().find(|row| row.id == boot)
    }
}

/// A step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// The clock moves.
    Tick,
    /// A game sim's process dies and is started anew. One that is only dead does nothing, which it may at any time.
    Restart(u8),
    /// It renews its lease: `gamesims::heartbeat`.
    Beat(u8),
    /// A function reads what it needs.
    Begin(Call),
    /// The function commits, or is refused and looks again.
    Commit(Call),
    /// A player's last write lands, and gives lease and seat back: `sessions/progress.rs`.
    Leave {
        /// The session.
        session: u8,
        /// Who leaves.
        character: u8,
    },
}

impl Model for Registry {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        // Both game sims have been registered a moment ago.
        let boot = Boot { id: 1, is_gone: false, lease_until: LEASE_TICKS, listed: [0; SESSIONS_MAX], counter: 0 };
        let mut boots = [[None; BOOTS_MAX]; SIMS];
        boots.iter_mut().for_each(|boots| boots[0] = Some(boot));
        let empty = State {
            now: 0,
            starts: [1; SIMS],
            boots,
            last_epochs: [0; SIMS],
            sessions: [None; SESSIONS_MAX],
            leases: [None; CHARACTERS],
            calls: [None; CALLS_AT_ONCE],
            begun: 0,
            record: Record { issued: [1; SIMS], ..Record::default() },
        };
        vec![Self::played(&empty, SeatState::Admitted), Self::played(&empty, SeatState::Reserved), empty]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.now < self.until_tick {
            actions.push(Action::Tick);
        }
        for sim in 0..SIMS as u8 {
            actions.push(Action::Beat(sim));
            if state.starts.iter().map(|starts| starts - 1).sum::<u8>() < self.restarts {
                actions.push(Action::Restart(sim));
            }
        }
        if state.begun < self.calls && state.calls.iter().any(Option::is_none) {
            self.possible_calls(state, |call| actions.push(Action::Begin(call)));
        }
        actions.extend(state.calls.iter().flatten().map(|call| Action::Commit(*call)));
        for (session, row) in state.live() {
            let seated = row.seats.iter().flatten().filter(|seat| seat.state == SeatState::Admitted);
            actions.extend(seated.map(|seat| Action::Leave { session, character: seat.character }));
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::Tick => state.now += 1,
            Action::Restart(sim) => state.starts[usize::from(sim)] += 1,
            Action::Beat(sim) => {
                let now = state.now;
                state.own_boot_mut(sim).filter(|boot| !boot.is_gone)?.lease_until = now + LEASE_TICKS;
            }
            Action::Begin(call) => {
                *state.calls.iter_mut().find(|place| place.is_none())? = Some(call);
                state.begun += 1;
            }
            Action::Commit(call) => {
                *state.calls.iter_mut().find(|place| **place == Some(call))? = None;
                let again = self.commit(&mut state, call);
                *state.calls.iter_mut().find(|place| place.is_none())? = again;
            }
            Action::Leave { session, character } => self.leave(&mut state, session, character)?,
        }
        state.calls.sort_unstable();
        (state != *last).then_some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        rules::all()
    }
}
