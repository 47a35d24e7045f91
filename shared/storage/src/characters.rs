//! Characters, keyed by account and character, so that one account's characters live together and a foreign character is
//! simply not found. The row also says which session holds the character, and which write of a session was its last.

use crate::{
    Action, Commit, CommitError, Condition, Consistency, Item, Key, Query, StorageError, Table, TableName, Write,
    decode, value_of,
};
use guildhall_domain::progress::CharacterWrite;
use guildhall_domain::{AccountId, Character, CharacterId, Lease, SessionId};
use serde::{Deserialize, Serialize};

/// A character as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CharacterRow {
    /// What its player sees.
    #[serde(flatten)]
    pub character: Character,
    /// The session that holds it. Whether that session still lives is for the reader to judge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<Lease>,
    /// The last write that a session's game sim made, so that a repeated one recognises itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_write: Option<LastWrite>,
    /// Fingerprint of the request that created it, so that a reused idempotency key is noticed.
    pub request_fingerprint: String,
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
}

pub(crate) fn key(account_id: AccountId, character_id: CharacterId) -> Key {
    Key::new(TableName::Characters, account_id.to_string(), character_id.to_string())
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
            rows.push(decode::<CharacterRow>(item)?);
        }
        match page.next {
            Some(next) => query = query.start_after(next),
            None => break,
        }
    }
    rows.sort_by_key(|row| (row.character.created_at, row.character.character_id));
    Ok(rows)
}

/// Stores a new character unless its id is taken.
pub async fn create(table: &dyn Table, row: &CharacterRow) -> Result<Created, CommitError> {
    let key = key(row.character.account_id, row.character.character_id);
    let result = table.commit(Commit::one(Write::put(key, row, Condition::NotExists)?)).await;
    match result.as_ref().err().and_then(|error| error.refusal(0)) {
        Some(refusal) => {
            let item =
                refusal.current.clone().ok_or_else(|| StorageError::Unavailable("the character vanished".into()))?;
            Ok(Created::Existing(Box::new(decode(item)?)))
        }
        None => result.map(|_| Created::New),
    }
}

/// Binds the character to a session, provided its lease is still what the caller saw.
pub(crate) fn take_lease(row: &CharacterRow, lease: &Lease) -> Result<Write, StorageError> {
    let unchanged = match &row.lease {
        None => Condition::absent("lease"),
        Some(seen) => Condition::Equals("lease".into(), value_of(seen)?),
    };
    let condition = Condition::All(vec![Condition::Exists, unchanged]);
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

/// Confirms that the character is bound by this lease and still at this version.
pub(crate) fn check_lease(row: &CharacterRow, lease: &Lease) -> Result<Write, StorageError> {
    let held = Condition::Equals("lease".into(), value_of(lease)?);
    let condition = Condition::All(vec![held, Condition::equals("version", row.character.version)]);
    Ok(Write::check(key(row.character.account_id, row.character.character_id), condition))
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
    let hot: Item = serde_dynamo::to_item(&write.hot).map_err(|error| StorageError::Invalid(error.to_string()))?;
    let (names, values): (Vec<_>, Vec<_>) = hot.into_inner().into_iter().unzip();
    actions.extend(names.into_iter().zip(values).map(|(name, value)| Action::Set(name.into(), value)));
    if write.release {
        actions.push(Action::remove("lease"));
    }
    Ok(Write::update(key(write.account_id, write.character_id), actions, condition))
}
