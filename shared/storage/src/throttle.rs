//! How often somebody may try a password, counted in the store so that it holds across instances, and asked **before**
//! anything is hashed. One transaction counts an attempt everywhere or refuses it.
//!
//! Four things are counted: wrong passwords per address and network, with a delay that doubles; attempts per address,
//! network and deployment, in windows. Rows are named by keyed hashes that the caller derives, so that an address without
//! an account is counted exactly like one with.
//!
//! Nobody can lock a player out for good. The delay holds for the network that guesses alone, and ends; and a network from
//! which the account was entered before is not subject to the count per address, which strangers could exhaust.

use crate::{Action, Commit, CommitError, Condition, Item, Key, Table, TableName, Write, decode};
use guildhall_domain::Timestamp;
use guildhall_domain::limits::{
    LOGIN_ATTEMPTS_PER_ADDRESS_MAX, LOGIN_ATTEMPTS_PER_GLOBAL_SHARD_MAX, LOGIN_ATTEMPTS_PER_NETWORK_MAX,
    LOGIN_DELAY_FIRST_MS, LOGIN_DELAY_MAX_MS, LOGIN_FAILURES_FREE_MAX, LOGIN_FAILURES_RETENTION_S, LOGIN_GLOBAL_SHARDS,
    LOGIN_NETWORK_KNOWN_S, LOGIN_WINDOW_MS,
};
use serde::Deserialize;

/// Doublings after which the delay no longer grows.
const DOUBLINGS: u64 = (LOGIN_DELAY_MAX_MS / LOGIN_DELAY_FIRST_MS).ilog2() as u64 + 1;

/// The names under which an attempt is counted: keyed hashes, each of what its field says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    /// The address and the network.
    pub pair: u128,
    /// The address.
    pub address: u128,
    /// The network.
    pub network: u128,
    /// Anything that spreads attempts evenly over the deployment's parts.
    pub spread: u64,
}

/// Whether an attempt may go on to hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// It may, and is counted.
    Admitted,
    /// It may not for this many milliseconds, and is not counted.
    Refused {
        /// At least 1.
        retry_after_ms: u64,
    },
}

/// What is counted of an address and a network.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PairRow {
    failures: u64,
    last_at: Timestamp,
    known_until: Timestamp,
}

/// How long the next attempt must wait after this many wrong passwords.
pub fn delay_ms(failures: u64) -> u64 {
    match failures.checked_sub(LOGIN_FAILURES_FREE_MAX) {
        None => 0,
        Some(doublings) if doublings >= DOUBLINGS => LOGIN_DELAY_MAX_MS,
        Some(doublings) => LOGIN_DELAY_MAX_MS.min(LOGIN_DELAY_FIRST_MS << doublings),
    }
}

/// Counts an attempt at a password, or refuses it.
pub async fn admit_login(table: &dyn Table, attempt: &Attempt, now: Timestamp) -> Result<Admission, CommitError> {
    let [address, network, global] = windows(attempt, now);
    let writes = [count_pair(attempt, now, None), network, global, address];
    match table.commit(Commit::all(writes)).await {
        Ok(_) => Ok(Admission::Admitted),
        Err(CommitError::Refused(refusals)) if refusals.iter().any(|refusal| refusal.index == 3) => {
            // Strangers have exhausted the address; whoever comes from a known network is not held up by them.
            let [_, network, global] = windows(attempt, now);
            let writes = [count_pair(attempt, now, Some(now)), network, global];
            let result = table.commit(Commit::all(writes)).await;
            let pair = result.as_ref().err().and_then(|error| error.refusal(0)).map(|refusal| pair(&refusal.current));
            let is_stranger = pair.is_some_and(|pair| pair.known_until <= now);
            admission(if is_stranger { Err(CommitError::Refused(refusals)) } else { result }, now)
        }
        result => admission(result, now),
    }
}

/// Counts an attempt to hash a password for a new account, or refuses it.
pub async fn admit_registration(
    table: &dyn Table,
    attempt: &Attempt,
    now: Timestamp,
) -> Result<Admission, CommitError> {
    let [_, network, global] = windows(attempt, now);
    admission(table.commit(Commit::all([network, global])).await, now)
}

/// Forgets the wrong passwords of a network that has given the right one, and makes it known to the address. A part of the
/// transaction that lets the player in.
pub(crate) fn forgive(attempt: &Attempt, now: Timestamp) -> Write {
    let known_until = now.plus_secs(LOGIN_NETWORK_KNOWN_S);
    let actions = [
        Action::set("failures", 0_u64),
        Action::set("known_until", known_until),
        Action::set("expires_at", known_until.as_secs()),
    ];
    Write::update(pair_key(attempt), actions, Condition::Always)
}

/// Does what [`forgive`] does where nobody is let in: a player confirmed their password.
pub async fn succeed(table: &dyn Table, attempt: &Attempt, now: Timestamp) -> Result<(), CommitError> {
    table.commit(Commit::one(forgive(attempt, now))).await.map(drop)
}

fn pair_key(attempt: &Attempt) -> Key {
    Key::new(TableName::Accounts, format!("throttle#{:032x}", attempt.pair), "pair")
}

/// One more attempt of this network at this address, if its delay is over and, with `known_at`, if it is known then.
///
/// How long the delay is depends on the count in the row, so every possible count is an alternative of the condition: the
/// row need not be read first, and two attempts at the same instant cannot both use the same pause.
fn count_pair(attempt: &Attempt, now: Timestamp, known_at: Option<Timestamp>) -> Write {
    let rested = |failures: u64| {
        let since = Timestamp(now.0.saturating_sub(delay_ms(failures)));
        Condition::less_or_equal("last_at", since)
    };
    let free = [Condition::absent("failures"), Condition::less("failures", LOGIN_FAILURES_FREE_MAX)];
    let growing = (LOGIN_FAILURES_FREE_MAX..LOGIN_FAILURES_FREE_MAX + DOUBLINGS)
        .map(|failures| Condition::all([Condition::equals("failures", failures), rested(failures)]));
    let longest = rested(u64::MAX);
    let mut condition = Condition::any(free.into_iter().chain(growing).chain([longest]));
    let mut retention = LOGIN_FAILURES_RETENTION_S;
    if let Some(now) = known_at {
        condition = Condition::all([Condition::greater("known_until", now), condition]);
        retention = LOGIN_NETWORK_KNOWN_S;
    }
    let actions = [
        Action::add("failures", 1),
        Action::set("last_at", now),
        Action::set("expires_at", now.plus_secs(retention).as_secs()),
    ];
    Write::update(pair_key(attempt), actions, condition)
}

/// One more attempt in the current window of the address, the network and a part of the deployment.
fn windows(attempt: &Attempt, now: Timestamp) -> [Write; 3] {
    let window = now.0 / LOGIN_WINDOW_MS;
    let count = |name: String, most: u64| {
        let key = Key::new(TableName::Accounts, format!("throttle#{name}"), format!("window#{window}"));
        let room = Condition::any([Condition::absent("attempts"), Condition::less("attempts", most)]);
        let gone_at = now.plus_millis(2 * LOGIN_WINDOW_MS).as_secs();
        Write::update(key, [Action::add("attempts", 1), Action::set("expires_at", gone_at)], room)
    };
    let shard = attempt.spread % LOGIN_GLOBAL_SHARDS;
    [
        count(format!("{:032x}", attempt.address), LOGIN_ATTEMPTS_PER_ADDRESS_MAX),
        count(format!("{:032x}", attempt.network), LOGIN_ATTEMPTS_PER_NETWORK_MAX),
        count(format!("global-{shard}"), LOGIN_ATTEMPTS_PER_GLOBAL_SHARD_MAX),
    ]
}

fn admission<T>(result: Result<T, CommitError>, now: Timestamp) -> Result<Admission, CommitError> {
    match result {
        Ok(_) => Ok(Admission::Admitted),
        Err(CommitError::Refused(refusals)) => {
            let waits = refusals.iter().map(|refusal| wait_ms(&refusal.current, now));
            Ok(Admission::Refused { retry_after_ms: waits.max().unwrap_or(1) })
        }
        Err(error) => Err(error),
    }
}

/// How long the row that refused keeps refusing: a pair until its delay is over, everything else until its window is.
fn wait_ms(row: &Option<Item>, now: Timestamp) -> u64 {
    let pair = pair(row);
    let until = pair.last_at.plus_millis(delay_ms(pair.failures));
    match until.0.checked_sub(now.0) {
        Some(wait) if wait > 0 => wait,
        _ => LOGIN_WINDOW_MS - now.0 % LOGIN_WINDOW_MS,
    }
}

/// What a row counts as a pair; a row of another kind counts nothing.
fn pair(row: &Option<Item>) -> PairRow {
    row.clone().and_then(|item| decode(item).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
