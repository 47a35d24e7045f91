//! Everything together, in virtual time and under one seed: the handlers over a table that takes its time, four whole game
//! sims, sixteen bots in parties, and the ways between them. What happens to all of them is drawn from the seed (`weather`);
//! what must not happen is looked for at every write (`ledger`), in what players see (`game`) and in what callers were told
//! (`history`). The same seed makes the same world, to the byte.
//!
//! Read `roads` for how calls and datagrams travel, `store` for the table, `gamesim` and `player` for who lives here.

mod fleet;
mod game;
mod gamesim;
pub mod history;
mod ledger;
mod logins;
mod notes;
mod past;
mod placing;
mod player;
mod roads;
mod start;
mod store;
mod trace;
mod visits;
mod weather;

use crate::Dice;
use crate::backend::START_MS;
use crate::crowd::Failure;
use crate::disorder::{Audit, Planted};
use gamesim::Site;
use guildhall_domain::limits::{GAMESIM_LEASE_MS, SEAT_RESERVATION_S, SESSION_ORPHAN_MS};
use guildhall_domain::{CharacterId, Timestamp};
use guildhall_storage::{Commit, Item};
use ledger::Ledger;
use logins::Logins;
use notes::Notes;
use roads::{Api, Datagrams};
use start::Start;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use store::Store;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};
use trace::Trace;
use weather::Weather;

/// Players of a world.
pub const PLAYERS: usize = 16;
/// Instances of the functions, each with a clock of its own.
const INSTANCES: usize = 3;
/// A clock that is behind shows no time before accounts were made, in milliseconds.
const HEAD_START_MS: u64 = 60_000;
/// How long nothing goes wrong at the end before everybody must be able to play, in seconds: the longest that anything may
/// stay as it was left.
const CALM_S: u64 = (GAMESIM_LEASE_MS + SESSION_ORPHAN_MS) / 1_000 + SEAT_RESERVATION_S + 150;

/// What is to happen.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Of everything.
    pub seed: u64,
    /// How long things go wrong, in seconds.
    pub storm_s: u64,
    /// Whether they go well afterwards, until everybody plays.
    pub is_calm_at_the_end: bool,
    /// What is wrong with the product, if anything is to be.
    pub planted: Option<Planted>,
}

/// What was found.
#[derive(Debug)]
pub struct Report {
    /// Of everything that happened: datagrams, commits, calls, each with its time.
    pub hash: u64,
    /// How many that were.
    pub events: u64,
    /// Commits that were judged.
    pub commits: u64,
    /// Times that a player saw the game over a connection.
    pub entries: u64,
    /// Calls whose order was looked for.
    pub calls: u64,
    /// Requests that were refused because their login was over.
    pub refused: u64,
    /// What must not happen and did, with what went before.
    pub failure: Option<(String, Vec<String>)>,
}

/// What everybody in a world shares.
pub(crate) struct World {
    began: Instant,
    plan: Plan,
    weather: Mutex<Weather>,
    dice: Mutex<Dice>,
    trace: Mutex<Trace>,
    ledger: Mutex<Ledger>,
    logins: Mutex<Logins>,
    /// Since when nothing goes wrong any more, in milliseconds.
    calm_ms: AtomicU64,
    datagrams: Mutex<Datagrams>,
    /// Parties that ask for a place, and when others stopped asking without one.
    asking: AtomicUsize,
    given_up_ms: Mutex<Vec<u64>>,
    notes: Mutex<Notes>,
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World").field("plan", &self.plan).finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lets a world live. It takes the thread that it is called on.
///
/// # Errors
/// What kept it from beginning.
pub fn run(plan: Plan) -> Result<Report, Failure> {
    let start = start::shared()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
    runtime.block_on(World::live(plan, start))
}

impl World {
    async fn live(plan: Plan, start: &'static Start) -> Result<Report, Failure> {
        let weather = Weather::of_seed(plan.seed);
        let world = Arc::new(Self {
            began: Instant::now(),
            plan,
            weather: Mutex::new(weather),
            dice: Mutex::new(Dice(plan.seed)),
            trace: Mutex::new(Trace::new(plan.seed)),
            ledger: Mutex::new(Ledger::new(weather.skew_ms)),
            logins: Mutex::default(),
            calm_ms: AtomicU64::new(u64::MAX),
            datagrams: Mutex::default(),
            asking: AtomicUsize::new(0),
            given_up_ms: Mutex::default(),
            notes: Mutex::default(),
        });
        world.tell(format!("{plan:?} {weather:?}"));
        let store = Arc::new(Store::new(start.table(&world).await?, Arc::clone(&world), plan.planted));
        let apps = (0..INSTANCES).map(|_| start.app(&world, &store)).collect();
        let api = Arc::new(Api::new(Arc::clone(&world), apps));
        let (letters, mut lost) = mpsc::unbounded_channel();
        let site = Arc::new(Site {
            world: Arc::clone(&world),
            api: Arc::clone(&api),
            letters,
            bundle: Arc::clone(&start.bundle),
            objects: Mutex::new(BTreeMap::new()),
            boots: AtomicU64::new(0),
            fleet: Mutex::default(),
        });
        tokio::spawn(fleet::scale(site));
        tokio::spawn(roads::reap(Arc::clone(&api)));
        tokio::spawn(store::expire(Arc::clone(&store)));
        let mut players = start.players(&world, &api);
        let accounts = players.iter().filter_map(|player| Some(logins::claims(&player.token())?.0)).collect();
        tokio::spawn(visits::ban(Arc::clone(&world), Arc::clone(&api), accounts));
        let mut parties = Vec::new();
        while !players.is_empty() {
            let size = 1 + usize::try_from(world.below(4)).unwrap_or_default();
            let party: Vec<_> = players.drain(..size.min(players.len())).collect();
            parties.push(tokio::spawn(player::live(party)));
        }
        world.pass(plan.storm_s).await;
        if plan.is_calm_at_the_end {
            world.become_calm(&store).await;
        }
        while let Ok(letter) = lost.try_recv() {
            world.tell(format!("dead letter {letter}"));
        }
        let notes = std::mem::take(&mut *lock(&world.notes));
        notes.judge(&world);
        *lock(&world.notes) = notes;
        Ok(world.report())
    }

    /// Lets time pass, unless something has failed.
    async fn pass(&self, seconds: u64) {
        for _ in 0..seconds {
            if self.trace().failure().is_some() {
                return;
            }
            sleep(Duration::from_secs(1)).await;
        }
    }

    /// Nothing goes wrong any more: within bounded time everybody plays, and nothing is left of what went wrong.
    async fn become_calm(&self, store: &Store) {
        let calm = lock(&self.weather).calm();
        *lock(&self.weather) = calm;
        self.calm_ms.store(self.now_ms(), Ordering::Relaxed);
        self.tell("calm");
        lock(&self.notes).entered.clear();
        for _ in 0..CALM_S {
            self.pass(1).await;
            if lock(&self.notes).entered.len() == PLAYERS {
                break;
            }
        }
        let entered = lock(&self.notes).entered.clone();
        if entered.len() < PLAYERS && self.trace().failure().is_none() {
            self.fail(format!("liveness: in {CALM_S} s of calm only {entered:?} have played"));
        }
        let late = Timestamp(self.now_ms() + calm.skew_ms);
        match Audit::of(store.table.items(), late) {
            Ok(audit) if audit.leaked_places + audit.without_place + audit.without_lease + audit.overbooked > 0 => {
                self.fail(format!("liveness: something is left: {audit:?}"));
            }
            Ok(audit) => self.tell(format!("{audit:?}")),
            Err(error) => self.fail(error.to_string()),
        }
    }

    fn report(&self) -> Report {
        let (trace, notes) = (self.trace(), lock(&self.notes));
        Report {
            hash: trace.hash(),
            events: trace.events(),
            commits: notes.commits,
            entries: notes.entries,
            calls: notes.calls(),
            refused: lock(&self.logins).refused,
            failure: trace.failure().map(|failure| (failure.clone(), trace.lines())),
        }
    }

    /// The true time, in milliseconds since 1970.
    pub(crate) fn now_ms(&self) -> u64 {
        START_MS + HEAD_START_MS + u64::try_from(self.began.elapsed().as_millis()).unwrap_or_default()
    }

    /// A number below `bound`.
    pub(crate) fn below(&self, bound: u64) -> u64 {
        lock(&self.dice).below(bound.max(1))
    }

    /// Whether something of this likelihood, in thousandths, happens.
    fn happens(&self, likelihood: impl Fn(&Weather) -> u64) -> bool {
        let likelihood = likelihood(&lock(&self.weather));
        likelihood > 0 && self.below(1_000) < likelihood
    }

    fn weather(&self) -> Weather {
        *lock(&self.weather)
    }

    fn is_calm(&self) -> bool {
        self.weather() == self.weather().calm()
    }

    /// For how long nothing goes wrong any more, in milliseconds.
    fn calm_for_ms(&self) -> u64 {
        self.now_ms().saturating_sub(self.calm_ms.load(Ordering::Relaxed))
    }

    /// How far some clock is off, in milliseconds.
    pub(crate) fn skew_ms(&self) -> i64 {
        let skew_ms = self.weather().skew_ms;
        self.below(2 * skew_ms + 1).cast_signed() - skew_ms.cast_signed()
    }

    /// Random bytes.
    pub(crate) fn fill(&self, bytes: &mut [u8]) {
        let mut dice = lock(&self.dice);
        bytes.iter_mut().for_each(|byte| *byte = dice.below(256) as u8);
    }

    fn trace(&self) -> MutexGuard<'_, Trace> {
        lock(&self.trace)
    }

    fn datagrams(&self) -> MutexGuard<'_, Datagrams> {
        lock(&self.datagrams)
    }

    fn stir(&self, bytes: &[u8]) {
        self.trace().stir(self.now_ms(), bytes);
    }

    fn tell(&self, line: impl AsRef<str>) {
        self.trace().tell(self.now_ms(), line.as_ref());
    }

    fn fail(&self, what: String) {
        self.trace().fail(self.now_ms(), what);
    }

    /// Has a commit judged that happened.
    fn note_commit(&self, commit: &Commit, after: Vec<Option<Item>>) {
        let now_ms = self.now_ms();
        let mut notes = lock(&self.notes);
        notes.commits += 1;
        drop(notes);
        for write in &commit.writes {
            self.stir(write.key().sk.as_bytes());
        }
        let judgement = lock(&self.ledger).take_in(Timestamp(now_ms), commit, after);
        if let Err(broken) = judgement {
            self.fail(broken);
        }
    }

    /// A player is told to have so much experience for certain.
    fn promise(&self, character_id: CharacterId, xp: u64) {
        let kept = lock(&self.ledger).promise(character_id, xp);
        if let Err(broken) = kept {
            self.fail(broken);
        }
    }

    /// The experience that a character has in store.
    fn stored_xp(&self, character_id: CharacterId) -> u64 {
        lock(&self.ledger).characters.get(&character_id).map_or(0, |row| row.character.hot.xp)
    }

    fn note_entry(&self, number: u8) {
        let mut notes = lock(&self.notes);
        notes.entries += 1;
        notes.entered.insert(number);
    }

    /// A number for this moment, above that of every earlier one.
    fn instant(&self) -> u64 {
        let mut trace = self.trace();
        trace.stir(0, &[]);
        trace.events()
    }
}
