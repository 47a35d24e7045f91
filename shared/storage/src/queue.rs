//! Parties that wait for a place, because the fleet was full when they came. A waiting party binds nothing.
//!
//! Each has two rows, written together. The small one lies beside the registry, so that one consistent look shows
//! the fleet and everybody who waits for it; the other holds what was asked for. Both are named by the session that the party
//! will get, so that a party waits once and is placed once. Nobody removes a party that has stopped asking: it is judged by
//! its last poll, when its row is read.

use crate::gamesims::{self, Listed};
use crate::{
    Action, Commit, CommitError, Condition, Consistency, Item, Key, Query, StorageError, Table, TableName, Write,
    decode, sessions,
};
use guildhall_domain::limits::{IDEMPOTENCY_RETENTION_S, QUEUE_PATIENCE_S};
use guildhall_domain::{AccountId, SessionId, Sitter, Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What the sort keys of waiting parties begin with: no name of a game sim does.
const MARK: &str = "~";

/// A party's place in the queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// The session that it will get.
    pub session_id: SessionId,
    /// Who asked, and alone may poll.
    pub account_id: AccountId,
    /// Version of the content that it wants to play, as of its last poll.
    pub content_version: String,
    /// The build that the game sim must be of, if it must be a certain one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build_version: Option<String>,
    /// Since when it waits.
    pub since: Timestamp,
    /// When it last asked.
    pub polled_at: Timestamp,
    /// When the row may be forgotten, in seconds since 1970; a hint for the database, never trusted.
    pub expires_at: u64,
}

impl Waiting {
    /// Whether it still counts at `now`.
    pub fn lives(&self, now: Timestamp) -> bool {
        now < self.polled_at.plus_secs(QUEUE_PATIENCE_S)
    }

    /// Whether it came before the other one.
    pub fn is_before(&self, other: &Self) -> bool {
        (self.since, self.session_id) < (other.since, other.session_id)
    }

    /// Whether both want the same of a game sim.
    pub fn wants_same(&self, other: &Self) -> bool {
        (&self.content_version, &self.build_version) == (&other.content_version, &other.build_version)
    }

    /// How many of these are living, older, and want the same.
    pub fn count_older(&self, all: &[Self], now: Timestamp) -> usize {
        all.iter().filter(|other| other.lives(now) && other.is_before(self) && other.wants_same(self)).count()
    }
}

/// What a waiting party asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Id of the dungeon, or of the zone, in the content.
    pub dungeon_id: String,
    /// Fingerprint of the request, so that a reused idempotency key is noticed.
    pub fingerprint: String,
    /// Who is to be seated, the creator first.
    pub party: Vec<Sitter>,
    /// When the row may be forgotten, in seconds since 1970; a hint for the database, never trusted.
    pub expires_at: u64,
}

/// The fleet and who waits for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Look {
    /// Every boot of every game sim, by name and boot.
    pub gamesims: Vec<Listed>,
    /// Every party that waits or waited.
    pub waiting: Vec<Waiting>,
}

fn key(session_id: SessionId) -> Key {
    Key::new(TableName::Gamesims, gamesims::FLEET, format!("{MARK}{session_id}"))
}

fn request_key(session_id: SessionId) -> Key {
    Key::new(TableName::Gamesims, format!("request#{session_id}"), "request")
}

/// Whether this item of the fleet's partition is a waiting party.
pub(crate) fn is_waiting(item: &Item) -> bool {
    matches!(item.get("sk"), Some(crate::AttributeValue::S(sk)) if sk.starts_with(MARK))
}

/// The whole fleet and everybody who waits, by one consistent query.
pub async fn look(table: &dyn Table) -> Result<Look, StorageError> {
    let items = gamesims::read(table, Query::new(TableName::Gamesims, gamesims::FLEET)).await?;
    let (waiting, gamesims): (Vec<_>, Vec<_>) = items.into_iter().partition(|item| is_waiting(item));
    let gamesims = gamesims.into_iter().map(Listed::read).collect::<Result<_, _>>()?;
    Ok(Look { gamesims, waiting: decode_all(waiting)? })
}

/// Everybody who waits, perhaps as of a moment ago; nothing may be decided on it but to go on waiting.
pub async fn glance(table: &dyn Table) -> Result<Vec<Waiting>, StorageError> {
    let query = Query::new(TableName::Gamesims, gamesims::FLEET).prefix(MARK).eventual();
    decode_all(gamesims::read(table, query).await?)
}

fn decode_all(waiting: Vec<Arc<Item>>) -> Result<Vec<Waiting>, StorageError> {
    waiting.into_iter().map(|item| decode(Arc::unwrap_or_clone(item))).collect()
}

/// What a party that waits, or has waited, asked for.
pub async fn request(table: &dyn Table, session_id: SessionId) -> Result<Option<Request>, StorageError> {
    table.get(&request_key(session_id), Consistency::Strong).await?.map(decode).transpose()
}

/// What became of a party that was to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entered {
    /// It waits.
    Waits,
    /// It waits already.
    Already,
    /// It has its session: another arrival of the same request was placed.
    Placed,
}

/// Has a party wait that has no session; one that has stopped asking begins anew.
pub async fn enter(table: &dyn Table, waiting: &Waiting, request: &Request) -> Result<Entered, CommitError> {
    let free = Condition::any([Condition::NotExists, Condition::less_or_equal("polled_at", forgotten_since(waiting))]);
    let writes = [
        Write::put(key(waiting.session_id), waiting, free)?,
        // The row beside it says whether this one may be replaced.
        Write::put(request_key(waiting.session_id), request, Condition::Always)?,
        Write::check(sessions::key(waiting.session_id), Condition::NotExists),
    ];
    let Err(error) = table.commit(Commit::all(writes)).await else { return Ok(Entered::Waits) };
    match &error {
        CommitError::Refused(_) if error.refusal(2).is_some() => Ok(Entered::Placed),
        CommitError::Refused(_) => Ok(Entered::Already),
        _ => Err(error),
    }
}

/// Whoever last asked at this moment or before does not count when `waiting` asks.
const fn forgotten_since(waiting: &Waiting) -> u64 {
    waiting.polled_at.0.saturating_sub(QUEUE_PATIENCE_S * 1_000)
}

/// Keeps the caller's party waiting; gives back its place, or `None` if it does not wait any more.
pub async fn touch(
    table: &dyn Table,
    session_id: SessionId,
    account_id: AccountId,
    content_version: &str,
    now: Timestamp,
) -> Result<Option<Waiting>, CommitError> {
    let lives = Condition::greater("polled_at", now.0.saturating_sub(QUEUE_PATIENCE_S * 1_000));
    let condition = Condition::all([Condition::equals("account_id", account_id), lives]);
    let actions = [
        Action::set("polled_at", now),
        Action::set("content_version", content_version),
        Action::set("expires_at", row_expiry(now)),
    ];
    match table.commit(Commit::one(Write::update(key(session_id), actions, condition))).await {
        Ok(committed) => Ok(committed.returned.map(decode).transpose()?),
        Err(CommitError::Refused(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// When the rows of a party that asks at `now` may be forgotten, in seconds since 1970.
pub const fn row_expiry(now: Timestamp) -> u64 {
    now.plus_secs(IDEMPOTENCY_RETENTION_S).as_secs()
}

/// Takes the caller's party out of the queue; `false` if it is not in it.
pub async fn leave(table: &dyn Table, session_id: SessionId, account_id: AccountId) -> Result<bool, CommitError> {
    remove(table, session_id, Condition::equals("account_id", account_id)).await
}

/// Removes what is left of a party that stopped asking; `false` if it asks again.
pub(crate) async fn forget(table: &dyn Table, seen: &Waiting) -> Result<bool, CommitError> {
    remove(table, seen.session_id, Condition::equals("polled_at", seen.polled_at)).await
}

async fn remove(table: &dyn Table, session_id: SessionId, condition: Condition) -> Result<bool, CommitError> {
    match table.commit(Commit::all(removal(session_id, condition))).await {
        Ok(_) => Ok(true),
        Err(CommitError::Refused(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Takes a party out of the queue, as part of what places it.
pub(crate) fn removal(session_id: SessionId, condition: Condition) -> [Write; 2] {
    [Write::delete(key(session_id), condition), Write::delete(request_key(session_id), Condition::Always)]
}

/// Takes a party out of the queue that was not seen in it. It hardly ever is, so what it asked for is left to expire.
pub(crate) fn withdrawal(session_id: SessionId) -> Write {
    Write::delete(key(session_id), Condition::Always)
}
