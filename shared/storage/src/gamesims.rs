//! The registry of game sims: one row each, in one partition, so that a consistent query shows the whole fleet.
//!
//! A row's `sessions` map lists the live sessions of its epoch. It changes only in the transaction that changes the session
//! row, so it is the authoritative list and its size is the number of active sessions; there is no counter that could drift.

use crate::sessions::{self, Closing};
use crate::{
    Action, Commit, CommitError, Condition, Consistency, Key, Query, StorageError, Table, TableName, Write, decode,
    value_of,
};
use guildhall_domain::api::{GamesimLoad, GamesimState};
use guildhall_domain::limits::GAMESIM_LEASE_MS;
use guildhall_domain::{GamesimId, SessionId, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How often a registration that meets another one starts over.
const REGISTER_ATTEMPTS_MAX: u32 = 5;

/// A game sim as registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GamesimRow {
    /// Its name.
    pub gamesim_id: GamesimId,
    /// Number of this boot; rises by one with every registration of a new boot and is never used again.
    pub epoch: u64,
    /// What this boot calls itself, so that a repeated registration is recognised.
    pub boot_id: String,
    /// Whether it takes sessions.
    pub state: GamesimState,
    /// Public IP address.
    pub ip: String,
    /// UDP ports, one per shard.
    pub ports: Vec<u16>,
    /// Sessions that fit.
    pub capacity: u32,
    /// Build of the game sim.
    pub build_version: String,
    /// Version of the UDP payload.
    pub protocol_version: u16,
    /// Version of the content.
    pub content_version: String,
    /// Private key for connect tokens, sealed.
    pub sealed_connect_key: String,
    /// Until when the last heartbeat counts.
    pub lease_until: Timestamp,
    /// Live sessions of this epoch, with their session epochs.
    pub sessions: BTreeMap<SessionId, u32>,
    /// How it says it is doing.
    pub load: GamesimLoad,
}

impl GamesimRow {
    /// Whether it can be counted on at `now`. Judged here, at read time; no stored flag says so.
    pub fn is_alive(&self, now: Timestamp) -> bool {
        self.state != GamesimState::Gone && now < self.lease_until
    }

    /// Whether a new session may be placed on it at `now`.
    pub fn has_room(&self, now: Timestamp) -> bool {
        self.is_alive(now)
            && self.state == GamesimState::Ready
            && u32::try_from(self.sessions.len()).is_ok_and(|active| active < self.capacity)
    }
}

pub(crate) fn key(gamesim_id: &GamesimId) -> Key {
    Key::new(TableName::Gamesims, "fleet", gamesim_id.as_str())
}

/// One game sim.
pub async fn find(table: &dyn Table, gamesim_id: &GamesimId) -> Result<Option<GamesimRow>, StorageError> {
    table.get(&key(gamesim_id), Consistency::Strong).await?.map(decode).transpose()
}

/// The whole fleet, by name.
pub async fn list(table: &dyn Table) -> Result<Vec<GamesimRow>, StorageError> {
    let mut rows = Vec::new();
    let mut query = Query::new(TableName::Gamesims, "fleet");
    loop {
        let page = table.query(query.clone()).await?;
        for item in page.items {
            rows.push(decode(item)?);
        }
        match page.next {
            Some(next) => query = query.start_after(next),
            None => return Ok(rows),
        }
    }
}

/// Registers a boot: `row` comes with everything but its epoch, which is given here. An earlier boot of the same game sim
/// is closed first, session by session, so that its sessions are lost exactly once and nothing lands on it meanwhile.
pub async fn register(table: &dyn Table, mut row: GamesimRow, now: Timestamp) -> Result<GamesimRow, CommitError> {
    for _ in 0..REGISTER_ATTEMPTS_MAX {
        let condition = match find(table, &row.gamesim_id).await? {
            None => {
                row.epoch = 1;
                Condition::NotExists
            }
            Some(before) if before.boot_id == row.boot_id => return Ok(before),
            Some(before) => {
                retire(table, &before, now).await?;
                row.epoch = before.epoch + 1;
                let empty = Condition::SizeBelow("sessions".into(), 1);
                Condition::All(vec![Condition::equals("epoch", before.epoch), empty])
            }
        };
        let put = Write::put(key(&row.gamesim_id), &row, condition)?;
        match table.commit(Commit::one(put)).await {
            Ok(_) => return Ok(row),
            Err(CommitError::Refused(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Err(CommitError::Conflict)
}

/// Ends a boot that has been succeeded: first nothing new may land on it, then each of its sessions is given up.
async fn retire(table: &dyn Table, before: &GamesimRow, now: Timestamp) -> Result<(), CommitError> {
    let gone = Action::set_encoded("state", &GamesimState::Gone)?;
    let same_boot = Condition::equals("epoch", before.epoch);
    let update = Write::update(key(&before.gamesim_id), [gone], same_boot);
    let row = match table.commit(Commit::one(update)).await {
        Ok(committed) => committed.returned,
        // Somebody else registered in between; the caller starts over.
        Err(CommitError::Refused(_)) => return Ok(()),
        Err(error) => return Err(error),
    };
    let row: GamesimRow = row.map(decode).transpose()?.unwrap_or_else(|| before.clone());
    for session_id in row.sessions.keys() {
        match sessions::find(table, *session_id).await? {
            Some(session) => drop(sessions::close(table, session, Closing::Lose, now).await?),
            None => forget_place(table, &row, *session_id).await?,
        }
    }
    Ok(())
}

/// Frees the place of a session whose row is gone: after a week its TTL may have taken it. Nothing can bring the row back,
/// as nothing lands on this boot any more.
async fn forget_place(table: &dyn Table, row: &GamesimRow, session_id: SessionId) -> Result<(), CommitError> {
    let free = free_place(&row.gamesim_id, row.epoch, session_id, None)?;
    match table.commit(Commit::one(free)).await {
        // Refused, somebody else has succeeded this boot in between; the caller starts over.
        Ok(_) | Err(CommitError::Refused(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

/// What a heartbeat met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Beat {
    /// The row as it stands with the lease renewed.
    Renewed(Box<GamesimRow>),
    /// Another boot has taken the name, or this one was closed: the caller must stop.
    Fenced,
}

/// Renews the lease of an epoch and records what it says. Draining is never taken back.
pub async fn heartbeat(
    table: &dyn Table,
    gamesim_id: &GamesimId,
    epoch: u64,
    state: GamesimState,
    load: &GamesimLoad,
    now: Timestamp,
) -> Result<Beat, CommitError> {
    let mut actions = vec![Action::set_encoded("load", load)?];
    if state != GamesimState::Ready {
        actions.push(Action::set_encoded("state", &state)?);
    }
    let until = if state == GamesimState::Gone { now } else { now.plus_millis(GAMESIM_LEASE_MS) };
    actions.push(Action::set_encoded("lease_until", &until)?);
    let open = Condition::Differs("state".into(), value_of(&GamesimState::Gone)?);
    let condition = match state {
        // Saying goodbye twice is the same.
        GamesimState::Gone => Condition::equals("epoch", epoch),
        GamesimState::Ready | GamesimState::Draining => Condition::All(vec![Condition::equals("epoch", epoch), open]),
    };
    match table.commit(Commit::one(Write::update(key(gamesim_id), actions, condition))).await {
        Ok(committed) => {
            let item =
                committed.returned.ok_or_else(|| StorageError::Undecodable("an update returned no row".into()))?;
            Ok(Beat::Renewed(Box::new(decode(item)?)))
        }
        Err(CommitError::Refused(_)) => Ok(Beat::Fenced),
        Err(error) => Err(error),
    }
}

/// Takes a place for a session, if the boot is the one that was seen and still has room.
pub(crate) fn take_place(
    row: &GamesimRow,
    session_id: SessionId,
    epoch: u32,
    now: Timestamp,
) -> Result<Write, StorageError> {
    let place = crate::Path::nested(["sessions".to_owned(), session_id.to_string()]);
    let condition = Condition::All(vec![
        Condition::equals("epoch", row.epoch),
        Condition::Equals("state".into(), value_of(&GamesimState::Ready)?),
        Condition::Greater("lease_until".into(), value_of(&now)?),
        Condition::SizeBelow("sessions".into(), u64::from(row.capacity)),
    ]);
    Ok(Write::update(key(&row.gamesim_id), [Action::set(place, u64::from(epoch))], condition))
}

/// Frees a session's place on the boot that it was on. With `only_if_dead`, refuses while that boot's lease holds.
pub(crate) fn free_place(
    gamesim_id: &GamesimId,
    epoch: u64,
    session_id: SessionId,
    only_if_dead: Option<Timestamp>,
) -> Result<Write, StorageError> {
    let place = crate::Path::nested(["sessions".to_owned(), session_id.to_string()]);
    let mut conditions = vec![Condition::equals("epoch", epoch)];
    if let Some(now) = only_if_dead {
        conditions.push(Condition::Any(vec![
            Condition::LessOrEqual("lease_until".into(), value_of(&now)?),
            Condition::Equals("state".into(), value_of(&GamesimState::Gone)?),
        ]));
    }
    Ok(Write::update(key(gamesim_id), [Action::remove(place)], Condition::All(conditions)))
}
