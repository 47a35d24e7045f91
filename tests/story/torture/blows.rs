//! What is done to the game sims, at random, and where the sessions are meanwhile.

use super::GAMESIMS;
use guildhall_domain::SessionId;
use guildhall_local::stack::{Signal, Stack};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

/// Time between two looks at the registry, in milliseconds.
const LOOK_MS: u64 = 250;
/// How far apart two things may have been noted that belong together.
const SLACK: Duration = Duration::from_secs(1);

/// Numbers that look random (SplitMix64).
struct Dice(u64);

impl Dice {
    const fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}

/// One thing that was done to a game sim.
#[derive(Debug, Clone)]
pub(super) struct Blow {
    pub(super) gamesim: String,
    pub(super) what: &'static str,
    pub(super) at: Instant,
    /// The end of it, for a process that was stopped for a while.
    until: Instant,
}

/// Kills, stops and ends game sims for this long.
pub(super) async fn torment(stack: &Arc<Stack>, seed: u64, time: Duration) -> Vec<Blow> {
    let (mut dice, mut blows) = (Dice(seed), Vec::new());
    let end = Instant::now() + time;
    let mut thaws = JoinSet::new();
    // Long enough for somebody to play.
    sleep(Duration::from_secs(3)).await;
    while Instant::now() < end {
        // Sessions gather on few game sims. Half of the blows are meant for one of those.
        let (number, is_aimed) = (dice.below(GAMESIMS as u64), dice.below(2) == 0);
        let busiest = if is_aimed { busiest(stack).await } else { None };
        let gamesim = busiest.unwrap_or_else(|| format!("sim-{}", 1 + number));
        let (what, signal) = match dice.below(3) {
            0 => ("killed", Signal::KILL),
            1 => ("told to go", Signal::TERM),
            _ => ("stopped for a while", Signal::STOP),
        };
        let pause = Duration::from_millis(2_000 + dice.below(7_000));
        let at = Instant::now();
        if stack.kill_gamesim(&gamesim, signal).await {
            let until = if signal == Signal::STOP { at + pause } else { at };
            blows.push(Blow { gamesim: gamesim.clone(), what, at, until });
        }
        if signal == Signal::STOP {
            let stack = Arc::clone(stack);
            thaws.spawn(async move {
                sleep(pause).await;
                stack.kill_gamesim(&gamesim, Signal::CONT).await
            });
        }
        sleep(Duration::from_millis(2_000 + dice.below(4_000))).await;
    }
    while thaws.join_next().await.is_some() {}
    blows
}

/// The game sim with the most sessions, if there are any.
async fn busiest(stack: &Stack) -> Option<String> {
    let fleet = stack.gamesims().await.ok()?;
    let busy = fleet.iter().filter(|row| !row.sessions.is_empty());
    busy.max_by_key(|row| row.sessions.len()).map(|row| row.gamesim_id.to_string())
}

/// A session on one boot of a game sim, as far as the registry was looked at.
#[derive(Debug)]
struct Stay {
    boot: (String, u64),
    from: Instant,
    to: Instant,
}

/// What the registry showed.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// Looks, and those at which a game sim had more sessions than places. A look that fails, because the database is
    /// too busy, counts as none.
    pub(super) looks: usize,
    pub(super) overbooked: usize,
    stays: BTreeMap<SessionId, Vec<Stay>>,
}

impl Ledger {
    /// Looks at the registry until everybody stops.
    pub(super) async fn keep(stack: Arc<Stack>, stopping: watch::Receiver<bool>) -> Self {
        let mut ledger = Self::default();
        while !*stopping.borrow() {
            let fleet = guildhall_storage::gamesims::list(stack.table()).await.unwrap_or_default();
            ledger.looks += usize::from(!fleet.is_empty());
            ledger.overbooked += fleet.iter().filter(|row| row.sessions.len() > row.capacity as usize).count();
            let now = Instant::now();
            for row in &fleet {
                let boot = (row.gamesim_id.to_string(), row.epoch);
                row.sessions.keys().for_each(|session_id| ledger.note(now, *session_id, &boot));
            }
            sleep(Duration::from_millis(LOOK_MS)).await;
        }
        ledger
    }

    fn note(&mut self, now: Instant, session_id: SessionId, boot: &(String, u64)) {
        let stays = self.stays.entry(session_id).or_default();
        match stays.last_mut().filter(|stay| stay.boot == *boot) {
            Some(stay) => stay.to = now,
            None => stays.push(Stay { boot: boot.clone(), from: now, to: now }),
        }
    }

    /// How many of the game sims that the session was on between two moments failed it.
    pub(super) fn failures(&self, session_id: SessionId, (from, to): (Instant, Instant), blows: &[Blow]) -> usize {
        let stays = self.stays.get(&session_id).map_or(&[][..], Vec::as_slice);
        let meanwhile = stays.iter().filter(|stay| stay.from <= to + SLACK && stay.to + SLACK >= from);
        let is_hit = |stay: &&Stay| {
            let (from, to) = (from.max(stay.from) - SLACK, to.min(stay.to) + SLACK);
            blows.iter().any(|blow| blow.gamesim == stay.boot.0 && blow.at <= to && blow.until >= from)
        };
        meanwhile.filter(is_hit).count()
    }
}
