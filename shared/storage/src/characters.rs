//! Characters, keyed by account and character, so that one account's characters live together and a foreign character is
//! simply not found. The row also says which session holds the character, and which write of a session was its last. A row
//! per name, written in the same transaction as the character, makes names unique.

mod bag;
mod intents;

pub use intents::{IntentMark, RecentIntents};

use crate::{
    Action, Commit, CommitError, Condition, Consistency, IntoValue, Item, Key, Query, StorageError, Table, TableName,
    Write, accounts, decode, sessions, value_of,
};
use guildhall_domain::progress::CharacterWrite;
use guildhall_domain::{AccountId, Character, CharacterId, HotState, Lease, Session, SessionId};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A character with what the store knows of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "StoredRow", into = "StoredRow")]
pub struct CharacterRow {
    /// What its player sees.
    pub character: Character,
    /// The session that holds it. Whether that session still lives is for the reader to judge.
    pub lease: Option<Lease>,
    /// The last write that a session's game sim made, so that a repeated one recognises itself.
    pub last_write: Option<LastWrite>,
    /// The last intents of its player that were carried out, so that a repeated one recognises itself.
    pub intents: RecentIntents,
    /// Fingerprint of the request that created it, so that a reused idempotency key is noticed.
    pub request_fingerprint: String,
    /// When the row may be forgotten, in seconds since 1970; set while the character is deleted, and a hint only.
    pub expires_at: Option<u64>,
}

/// The attributes of the row: those of a [`CharacterRow`], with what is carried in a line of its own, `bag`.
#[derive(Serialize, Deserialize)]
struct StoredRow {
    #[serde(flatten)]
    character: Character,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bag: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lease: Option<Lease>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_write: Option<LastWrite>,
    #[serde(default, skip_serializing_if = "RecentIntents::is_empty")]
    intents: RecentIntents,
    request_fingerprint: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<u64>,
}

impl From<CharacterRow> for StoredRow {
    fn from(row: CharacterRow) -> Self {
        let CharacterRow { mut character, lease, last_write, intents, request_fingerprint, expires_at } = row;
        let bag = take_bag(&mut character.hot);
        Self { character, bag, lease, last_write, intents, request_fingerprint, expires_at }
    }
}

impl TryFrom<StoredRow> for CharacterRow {
    type Error = &'static str;

    fn try_from(row: StoredRow) -> Result<Self, Self::Error> {
        let StoredRow { mut character, bag, lease, last_write, intents, request_fingerprint, expires_at } = row;
        if let Some(bag) = bag.filter(|_| character.hot.inventory.is_empty()) {
            character.hot.inventory = bag::unpack(&bag).ok_or("a bag that holds no stacks")?;
        }
        Ok(Self { character, lease, last_write, intents, request_fingerprint, expires_at })
    }
}

/// What is carried, as a line. What cannot be said in one stays where it is.
fn take_bag(hot: &mut HotState) -> Option<String> {
    let bag = bag::pack(&hot.inventory)?;
    hot.inventory.clear();
    Some(bag)
}

/// Who has a name: the row that makes names unique.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct NameRow {
    account_id: AccountId,
    character_id: CharacterId,
    /// When the name is free again, in seconds since 1970; set while its character is deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<u64>,
}

/// The name of a write-behind write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastWrite {
    /// The session that wrote.
    pub session_id: SessionId,
    /// Its epoch.
    pub epoch: u32,
    /// Number of the last change that the write included.
    pub seq: u64,
}

/// What happened to a new character.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Created {
    /// It exists now.
    New,
    /// A character of that id was there before: the same request came again, or the key was used for another.
    Existing(Box<CharacterRow>),
    /// Another character has a name that reads the same.
    NameTaken,
    /// Another character of the account has come or gone since, or the account is not active.
    RosterMoved,
}

/// What happened to a change of a character.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changed {
    /// It is written.
    Done,
    /// Nothing is written: the row is not what it was, and this is what it is.
    Refused(Option<Box<CharacterRow>>),
    /// Nothing is written: the session that the character leaves behind moved on meanwhile.
    SessionMoved,
    /// Nothing is written: another character of the account has come or gone since, or the account is not active.
    RosterMoved,
}

/// What a change means for the account's list of characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Roster {
    /// It stays as it is.
    Stays,
    /// The character goes.
    Leaves,
    /// The character comes back, provided that the list is the one of this number.
    Returns(u64),
}

impl Roster {
    fn write(self, account_id: AccountId) -> Result<Option<Write>, StorageError> {
        match self {
            Self::Stays => Ok(None),
            Self::Leaves => accounts::move_roster(account_id, None).map(Some),
            Self::Returns(seen) => accounts::move_roster(account_id, Some(seen)).map(Some),
        }
    }
}

pub(crate) fn key(account_id: AccountId, character_id: CharacterId) -> Key {
    Key::new(TableName::Characters, account_id.to_string(), character_id.to_string())
}

fn name_key(character: &Character) -> Key {
    Key::new(TableName::Characters, format!("name#{}", character.name.folded()), "name")
}

fn put_name(row: &CharacterRow, condition: Condition) -> Result<Write, StorageError> {
    let CharacterRow { character, expires_at, .. } = row;
    let (account_id, character_id) = (character.account_id, character.character_id);
    Write::put(name_key(character), &NameRow { account_id, character_id, expires_at: *expires_at }, condition)
}

/// The character, if it is this account's.
pub async fn find(
    table: &dyn Table,
    account_id: AccountId,
    character_id: CharacterId,
) -> Result<Option<CharacterRow>, StorageError> {
    table.get(&key(account_id, character_id), Consistency::Strong).await?.map(decode).transpose()
}

/// All characters of the account, oldest first.
pub async fn list(table: &dyn Table, account_id: AccountId) -> Result<Vec<CharacterRow>, StorageError> {
    let mut rows = Vec::new();
    let mut query = Query::new(TableName::Characters, account_id.to_string());
    loop {
        let page = table.query(query.clone()).await?;
        for item in page.items {
            rows.push(decode::<CharacterRow>(Arc::unwrap_or_clone(item))?);
        }
        match page.next {
            Some(next) => query = query.start_after(next),
            None => break,
        }
    }
    rows.sort_by_key(|row| (row.character.created_at, row.character.character_id));
    Ok(rows)
}

/// Stores a new character and takes its name, unless its id or its name is taken, or the account's characters are not those
/// that were seen under the number `roster`.
pub async fn create(table: &dyn Table, row: &CharacterRow, roster: u64) -> Result<Created, CommitError> {
    let key = key(row.character.account_id, row.character.character_id);
    // The name of a character that can be restored no more is free, whether or not its row has gone away.
    let free = Condition::any([
        Condition::NotExists,
        Condition::less_or_equal("expires_at", row.character.created_at.as_secs()),
    ]);
    let joins = accounts::move_roster(row.character.account_id, Some(roster))?;
    let writes = [Write::put(key, row, Condition::NotExists)?, put_name(row, free)?, joins];
    let Err(error) = table.commit(Commit::all(writes)).await else { return Ok(Created::New) };
    if let Some(refusal) = error.refusal(0) {
        let item = refusal.current.clone().ok_or(CommitError::Conflict)?;
        return Ok(Created::Existing(Box::new(decode(item)?)));
    }
    if let Some(taken) = error.refusal(1) {
        // Where the name is this very character's, only a conflict can hide the character itself.
        let holder = taken.current.as_ref().and_then(|item| item.get("character_id"));
        let is_own = holder == Some(&row.character.character_id.into_value());
        return if is_own { Err(CommitError::Conflict) } else { Ok(Created::NameTaken) };
    }
    if error.refusal(2).is_some() { Ok(Created::RosterMoved) } else { Err(error) }
}

/// Replaces the row that was read by the next one, provided that its version and its lease are what they were. A lease goes
/// away with it; `lapsed` is what [`crate::sessions::judge_lease`] gave, the session that the character leaves behind.
pub async fn change(
    table: &dyn Table,
    before: &CharacterRow,
    next: CharacterRow,
    lapsed: Option<&Session>,
    roster: Roster,
) -> Result<Changed, CommitError> {
    let next = CharacterRow { lease: None, ..next };
    let unchanged = Condition::all([Condition::equals("version", before.character.version), same_lease(before)?]);
    let key = key(before.character.account_id, before.character.character_id);
    let mut writes = vec![Write::put(key, &next, unchanged)?];
    writes.extend(lapsed.map(sessions::confirm));
    let moves = writes.len();
    writes.extend(roster.write(before.character.account_id)?);
    let confirms = writes.len();
    // The name's row only has to follow where the name's life changes.
    if before.expires_at != next.expires_at {
        let character_id = next.character.character_id;
        writes.push(put_name(&next, Condition::equals("character_id", character_id))?);
    }
    let Err(error) = table.commit(Commit::all(writes)).await else { return Ok(Changed::Done) };
    if let Some(refusal) = error.refusal(0) {
        let current = refusal.current.clone().map(decode).transpose()?;
        return Ok(Changed::Refused(current.map(Box::new)));
    }
    if lapsed.is_some() && error.refusal(1).is_some() {
        return Ok(Changed::SessionMoved);
    }
    if roster != Roster::Stays && error.refusal(moves).is_some() {
        return Ok(Changed::RosterMoved);
    }
    // The name was given away, which happens only after the time in which the character could be restored.
    if error.refusal(confirms).is_some() { Ok(Changed::Refused(None)) } else { Err(error) }
}

/// The lease is still what was read.
fn same_lease(row: &CharacterRow) -> Result<Condition, StorageError> {
    Ok(match &row.lease {
        None => Condition::absent("lease"),
        Some(seen) => Condition::Equals("lease".into(), value_of(seen)?),
    })
}

/// Binds the character to a session, provided its lease is still what the caller saw and it is not deleted.
pub(crate) fn take_lease(row: &CharacterRow, lease: &Lease) -> Result<Write, StorageError> {
    let condition = Condition::All(vec![Condition::Exists, Condition::absent("deleted_at"), same_lease(row)?]);
    let key = key(row.character.account_id, row.character.character_id);
    Ok(Write::update(key, [Action::set_encoded("lease", lease)?], condition))
}

/// Gives the character back, provided this very lease still holds it.
pub(crate) fn drop_lease(
    account_id: AccountId,
    character_id: CharacterId,
    lease: &Lease,
) -> Result<Write, StorageError> {
    let condition = Condition::Equals("lease".into(), value_of(lease)?);
    Ok(Write::update(key(account_id, character_id), [Action::remove("lease")], condition))
}

/// Hands the character over from one placement of a session to the next, provided this very lease still holds it.
pub(crate) fn move_lease(
    account_id: AccountId,
    character_id: CharacterId,
    from: &Lease,
    to: &Lease,
) -> Result<Write, StorageError> {
    let condition = Condition::Equals("lease".into(), value_of(from)?);
    Ok(Write::update(key(account_id, character_id), [Action::set_encoded("lease", to)?], condition))
}

/// Confirms that the character is bound by this lease and still at this version.
pub(crate) fn check_lease(row: &CharacterRow, lease: &Lease) -> Result<Write, StorageError> {
    let held = Condition::Equals("lease".into(), value_of(lease)?);
    let condition = Condition::All(vec![held, Condition::equals("version", row.character.version)]);
    Ok(Write::check(key(row.character.account_id, row.character.character_id), condition))
}

/// Confirms that the character is bound by this lease.
pub(crate) fn hold_lease(
    account_id: AccountId,
    character_id: CharacterId,
    lease: &Lease,
) -> Result<Write, StorageError> {
    Ok(Write::check(key(account_id, character_id), Condition::Equals("lease".into(), value_of(lease)?)))
}

/// One character's part of a progress group: fenced by the lease, ordered by the version, named by `last_write`.
pub(crate) fn write_progress(write: &CharacterWrite, lease: &Lease) -> Result<Write, StorageError> {
    let held = Condition::Equals("lease".into(), value_of(lease)?);
    let condition = Condition::All(vec![held, Condition::equals("version", write.base_version)]);
    let last_write = LastWrite { session_id: lease.session_id, epoch: lease.epoch, seq: write.seq };
    let mut actions = vec![
        Action::set("version", write.base_version.saturating_add(1)),
        Action::set_encoded("last_write", &last_write)?,
    ];
    let mut hot = write.hot.clone();
    actions.push(match take_bag(&mut hot) {
        Some(bag) => Action::set("bag", bag),
        None => Action::remove("bag"),
    });
    let hot: Item = serde_dynamo::to_item(&hot).map_err(|error| StorageError::Invalid(error.to_string()))?;
    let (names, values): (Vec<_>, Vec<_>) = hot.into_inner().into_iter().unzip();
    actions.extend(names.into_iter().zip(values).map(|(name, value)| Action::Set(name.into(), value)));
    if write.release {
        actions.push(Action::remove("lease"));
    }
    Ok(Write::update(key(write.account_id, write.character_id), actions, condition))
}
