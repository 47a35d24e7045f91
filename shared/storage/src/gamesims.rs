//! The registry of game sims: one row per boot, in one partition, so that a consistent query shows the whole fleet.
//!
//! A row's `sessions` map lists the live sessions of its epoch. It changes only in the transaction that changes the session
//! row, so it is the authoritative list and its size is the number of active sessions; there is no counter that could drift.

mod listed;

pub use listed::{Facts, Listed};

use crate::{
    Action, Commit, CommitError, Condition, Consistency, Item, Key, Query, StorageError, Table, TableName, Write,
    decode, queue, value_of,
};
use guildhall_domain::api::{Expulsion, GamesimLoad, GamesimState};
use guildhall_domain::limits::{EXPULSIONS_PER_GAMESIM_MAX, GAMESIM_LEASE_MS, SESSION_GIVEN_UP_MS, SESSION_ORPHAN_MS};
use guildhall_domain::{GamesimId, Session, SessionId, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The partition of the registry, in which the parties that wait for a place are as well.
pub(crate) const FLEET: &str = "fleet";

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
    /// The zones that sessions of it are played in, by session: what of `sessions` is in a zone, and changes with it.
    #[serde(default)]
    pub zones: BTreeMap<SessionId, String>,
    /// How it says it is doing.
    pub load: GamesimLoad,
    /// Expulsions that it has not confirmed, by names that are never used twice.
    #[serde(default)]
    pub expelled: BTreeMap<String, Expulsion>,
}

impl GamesimRow {
    /// Whether it can be counted on at `now`. Judged here, at read time; no stored flag says so.
    pub fn is_alive(&self, now: Timestamp) -> bool {
        self.state != GamesimState::Gone && now < self.lease_until
    }

    /// Whether its sessions have waited long enough at `now` for their players: they are to be placed anew without them.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.is_dead_for(SESSION_ORPHAN_MS, now)
    }

    /// Whether its sessions have waited in vain at `now` to be placed anew.
    pub fn is_past_hope(&self, now: Timestamp) -> bool {
        self.is_dead_for(SESSION_GIVEN_UP_MS, now)
    }

    fn is_dead_for(&self, ms: u64, now: Timestamp) -> bool {
        !self.is_alive(now) && self.lease_until.plus_millis(ms) <= now
    }

    /// Sessions that it has room for besides those that it has.
    pub fn room(&self) -> usize {
        usize::try_from(self.capacity).unwrap_or(usize::MAX).saturating_sub(self.sessions.len())
    }

    /// Whether a new session may be placed on it at `now`.
    pub fn has_room(&self, now: Timestamp) -> bool {
        self.is_alive(now) && self.state == GamesimState::Ready && self.room() > 0
    }
}

/// One row per boot, so that a later boot never stands where an earlier one's sessions are listed.
pub(crate) fn key(gamesim_id: &GamesimId, epoch: u64) -> Key {
    Key::new(TableName::Gamesims, FLEET, format!("{gamesim_id}#{epoch:020}"))
}

/// What is left of a game sim whose rows have gone: the epoch that must not be used again.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct LastEpoch {
    epoch: u64,
}

fn last_epoch_key(gamesim_id: &GamesimId) -> Key {
    Key::new(TableName::Gamesims, format!("gamesim#{gamesim_id}"), "last-epoch")
}

/// One boot of a game sim.
pub async fn find(table: &dyn Table, gamesim_id: &GamesimId, epoch: u64) -> Result<Option<GamesimRow>, StorageError> {
    table.get(&key(gamesim_id, epoch), Consistency::Strong).await?.map(decode).transpose()
}

/// The latest boot of a game sim.
pub async fn find_latest(table: &dyn Table, gamesim_id: &GamesimId) -> Result<Option<GamesimRow>, StorageError> {
    Ok(find_boots(table, gamesim_id).await?.pop())
}

/// Every boot of a game sim whose row is still there, oldest first.
async fn find_boots(table: &dyn Table, gamesim_id: &GamesimId) -> Result<Vec<GamesimRow>, StorageError> {
    let query = Query::new(TableName::Gamesims, FLEET).prefix(format!("{gamesim_id}#"));
    read(table, query).await?.into_iter().map(|item| decode(Arc::unwrap_or_clone(item))).collect()
}

/// The whole fleet, by name and boot; boots that are over are among them while they have sessions.
pub async fn list(table: &dyn Table) -> Result<Vec<GamesimRow>, StorageError> {
    queue::look(table).await?.gamesims.into_iter().map(Listed::row).collect()
}

pub(crate) async fn read(table: &dyn Table, mut query: Query) -> Result<Vec<Arc<Item>>, StorageError> {
    let mut items = Vec::new();
    loop {
        let page = table.query(query.clone()).await?;
        items.extend(page.items);
        match page.next {
            Some(next) => query = query.start_after(next),
            None => return Ok(items),
        }
    }
}

/// Registers a boot: `row` comes with everything but its epoch, which is given here. From then on nothing lands on the boot
/// before it, whose sessions wait to be placed anew.
///
/// `None` if another boot has followed this one, as long as its row is there to tell: a request that was repeated late must
/// not retire the living boot.
pub async fn register(
    table: &dyn Table,
    mut row: GamesimRow,
    now: Timestamp,
) -> Result<Option<GamesimRow>, CommitError> {
    for _ in 0..REGISTER_ATTEMPTS_MAX {
        let mut boots = find_boots(table, &row.gamesim_id).await?;
        let before = boots.pop();
        if let Some(before) = before.as_ref().filter(|before| before.boot_id == row.boot_id) {
            return Ok(Some(before.clone()));
        }
        if boots.iter().any(|boot| boot.boot_id == row.boot_id) {
            return Ok(None);
        }
        // Read after the rows, and whether there are any or not: a later boot's row may have gone before an earlier one's.
        let gone = last_epoch(table, &row.gamesim_id).await?;
        row.epoch = before.as_ref().map_or(gone, |before| before.epoch.max(gone)) + 1;
        let mut writes = vec![Write::put(key(&row.gamesim_id, row.epoch), &row, Condition::NotExists)?];
        if let Some(before) = before.filter(|before| before.state != GamesimState::Gone) {
            // Its lease ends at once, or has ended.
            let until = before.lease_until.min(now);
            let over =
                [Action::set_encoded("state", &GamesimState::Gone)?, Action::set_encoded("lease_until", &until)?];
            let unchanged = Condition::Equals("lease_until".into(), value_of(&before.lease_until)?);
            writes.push(Write::update(key(&before.gamesim_id, before.epoch), over, unchanged));
        }
        match table.commit(Commit::all(writes)).await {
            Ok(_) => return Ok(Some(row)),
            // Another boot came in between, or the one before beat once more.
            Err(CommitError::Refused(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Err(CommitError::Conflict)
}

async fn last_epoch(table: &dyn Table, gamesim_id: &GamesimId) -> Result<u64, StorageError> {
    let row = table.get(&last_epoch_key(gamesim_id), Consistency::Strong).await?;
    Ok(row.map(decode::<LastEpoch>).transpose()?.map_or(0, |last| last.epoch))
}

/// Removes the row of a boot that is over and has no sessions; `false` if it is not so any more.
pub(crate) async fn remove(table: &dyn Table, row: &GamesimRow) -> Result<bool, CommitError> {
    let seen = Condition::Equals("lease_until".into(), value_of(&row.lease_until)?);
    let empty = Condition::all([seen, Condition::size_below("sessions", 1)]);
    let delete = Write::delete(key(&row.gamesim_id, row.epoch), empty);
    let behind = Condition::any([Condition::NotExists, Condition::less("epoch", row.epoch)]);
    let remember = Write::put(last_epoch_key(&row.gamesim_id), &LastEpoch { epoch: row.epoch }, behind)?;
    let Err(error) = table.commit(Commit::all([delete.clone(), remember])).await else { return Ok(true) };
    // A later boot is remembered already.
    let is_ahead = error.refusal(0).is_none() && error.refusal(1).is_some();
    let result = if is_ahead { table.commit(Commit::one(delete)).await.map(drop) } else { Err(error) };
    match result {
        Ok(()) => Ok(true),
        Err(CommitError::Refused(_)) => Ok(false),
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

/// Renews the lease of an epoch, records what it says, and forgets the expulsions that it has `obeyed`. Draining is never
/// taken back.
pub async fn heartbeat(
    table: &dyn Table,
    gamesim_id: &GamesimId,
    epoch: u64,
    state: GamesimState,
    load: &GamesimLoad,
    obeyed: &[Expulsion],
    now: Timestamp,
) -> Result<Beat, CommitError> {
    let mut actions = vec![Action::set_encoded("load", load)?];
    // Each by itself: one that has come since stays.
    let obeyed: BTreeSet<_> = obeyed.iter().collect();
    actions.extend(obeyed.into_iter().map(|expulsion| Action::remove(expulsion_place(expulsion))));
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
    match table.commit(Commit::one(Write::update(key(gamesim_id, epoch), actions, condition))).await {
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
pub(crate) fn take_place(row: &GamesimRow, session: &Session, now: Timestamp) -> Result<Write, StorageError> {
    let id = session.session_id.to_string();
    let mut actions =
        vec![Action::set(crate::Path::nested(["sessions".to_owned(), id.clone()]), u64::from(session.epoch))];
    if let Some(zone_id) = session.zone_id() {
        actions.push(Action::set(crate::Path::nested(["zones".to_owned(), id]), zone_id));
    }
    let condition = Condition::All(vec![
        Condition::equals("epoch", row.epoch),
        Condition::Equals("state".into(), value_of(&GamesimState::Ready)?),
        Condition::Greater("lease_until".into(), value_of(&now)?),
        Condition::SizeBelow("sessions".into(), u64::from(row.capacity)),
    ]);
    Ok(Write::update(key(&row.gamesim_id, row.epoch), actions, condition))
}

/// Frees a session's place on the boot that it was on. With `only_if_dead`, refuses while that boot's lease holds.
pub(crate) fn free_place(
    gamesim_id: &GamesimId,
    epoch: u64,
    session_id: SessionId,
    only_if_dead: Option<Timestamp>,
) -> Result<Write, StorageError> {
    let places = ["sessions", "zones"].map(|map| crate::Path::nested([map.to_owned(), session_id.to_string()]));
    let mut conditions = vec![Condition::equals("epoch", epoch)];
    if let Some(now) = only_if_dead {
        conditions.push(Condition::Any(vec![
            Condition::LessOrEqual("lease_until".into(), value_of(&now)?),
            Condition::Equals("state".into(), value_of(&GamesimState::Gone)?),
        ]));
    }
    Ok(Write::update(key(gamesim_id, epoch), places.map(Action::remove), Condition::All(conditions)))
}

fn expulsion_place(expulsion: &Expulsion) -> crate::Path {
    crate::Path::nested(["expelled".to_owned(), format!("{}-{}", expulsion.account_id, expulsion.at.0)])
}

/// Has a boot told, at its next heartbeat, that an account's players must go. `false` if that boot is over.
pub async fn expel(
    table: &dyn Table,
    gamesim_id: &GamesimId,
    epoch: u64,
    expulsion: Expulsion,
) -> Result<bool, CommitError> {
    let open = Condition::Differs("state".into(), value_of(&GamesimState::Gone)?);
    let room = Condition::size_below("expelled", EXPULSIONS_PER_GAMESIM_MAX as u64);
    let condition = Condition::all([Condition::equals("epoch", epoch), open, room]);
    let place = Action::set_encoded(expulsion_place(&expulsion), &expulsion)?;
    let update = Write::update(key(gamesim_id, epoch), [place], condition);
    let Err(error) = table.commit(Commit::one(update)).await else { return Ok(true) };
    let Some(refusal) = error.refusal(0) else { return Err(error) };
    let row: Option<GamesimRow> = refusal.current.clone().map(decode).transpose()?;
    // One that lives and is full of expulsions hears of them in a moment: until then nothing can be promised.
    if row.is_some_and(|row| row.state != GamesimState::Gone) { Err(CommitError::Conflict) } else { Ok(false) }
}
