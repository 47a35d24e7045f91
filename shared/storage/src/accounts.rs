//! Accounts: who may come in, and which logins are alive.
//!
//! One row is an account, with its logins in it, so that one consistent read tells whether a token still counts, and one
//! conditional update ends any number of them. A second row, keyed by the address, makes the address unique and holds what
//! a password is checked against, so that a login needs one read; the account's row has the last word.
//!
//! Every write that lets somebody in names the password hash that was checked, so that a login which was checked before a
//! change of password and stored after it is refused.

mod logins;

pub use logins::{Entry, LoggedIn, Login, Rotated, log_in, rotate};

use crate::{Action, Commit, CommitError, Condition, Consistency, Key, Path, StorageError, Table, TableName, Write};
use crate::{decode, value_of};
use guildhall_domain::{AccountId, Email, LoginSessionId, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Whether anybody may come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AccountStatus {
    /// Its player may.
    Active,
    /// Nobody may until an operator lifts the ban.
    Banned,
    /// Nobody ever will. The row stays, without address and password, so that the id means nothing else.
    Deleted,
}

/// An account as stored.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountRow {
    /// The account.
    pub account_id: AccountId,
    /// Its address; none once it is deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Email>,
    /// Argon2id hash of its password, in PHC form; none once it is deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_hash: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Whether anybody may come in.
    pub status: AccountStatus,
    /// The logins that are alive, and expired ones until their room is needed.
    pub sessions: BTreeMap<LoginSessionId, LoginSession>,
    /// Rises by one whenever a character of the account comes or goes: two equal numbers mean the same list of characters.
    #[serde(default)]
    pub roster: u64,
}

impl std::fmt::Debug for AccountRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("AccountRow");
        shown.field("account_id", &self.account_id).field("status", &self.status).finish_non_exhaustive()
    }
}

impl AccountRow {
    /// Whether this login still counts at `now`.
    pub fn has_login(&self, id: LoginSessionId, now: Timestamp) -> bool {
        let session = self.sessions.get(&id);
        self.status == AccountStatus::Active && session.is_some_and(|session| now < session.refresh_expires_at)
    }
}

/// One login: the family of access and refresh tokens that came from one entry of the password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoginSession {
    /// Hash of the latest refresh token.
    pub refresh_hash: String,
    /// Number of the latest refresh token, from 0.
    pub generation: u64,
    /// Until when it can be used.
    pub refresh_expires_at: Timestamp,
    /// When the password was entered.
    pub created_at: Timestamp,
}

impl std::fmt::Debug for LoginSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LoginSession").field("generation", &self.generation).finish_non_exhaustive()
    }
}

/// The row of an address: whose it is, and what a password is checked against.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressRow {
    /// The account.
    pub account_id: AccountId,
    /// The account's password hash, written whenever that is.
    pub password_hash: String,
}

impl std::fmt::Debug for AddressRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AddressRow").field("account_id", &self.account_id).finish_non_exhaustive()
    }
}

fn address_key(email: &Email) -> Key {
    Key::new(TableName::Accounts, format!("email#{}", email.as_str()), "address")
}

fn key(account_id: AccountId) -> Key {
    Key::new(TableName::Accounts, format!("account#{account_id}"), "account")
}

fn place(id: LoginSessionId) -> Path {
    Path::nested(["sessions".to_owned(), id.to_string()])
}

fn has_status(status: AccountStatus) -> Result<Condition, StorageError> {
    Ok(Condition::Equals("status".into(), value_of(&status)?))
}

/// The account of an address, and what its password is checked against.
pub async fn find_address(table: &dyn Table, email: &Email) -> Result<Option<AddressRow>, StorageError> {
    table.get(&address_key(email), Consistency::Strong).await?.map(decode).transpose()
}

/// An account, by a consistent read.
pub async fn find(table: &dyn Table, account_id: AccountId) -> Result<Option<AccountRow>, StorageError> {
    table.get(&key(account_id), Consistency::Strong).await?.map(decode).transpose()
}

/// Makes an account, with its first login in it; `false` if the address has one already.
pub async fn register(table: &dyn Table, email: &Email, row: &AccountRow) -> Result<bool, CommitError> {
    let password_hash = row.password_hash.clone().unwrap_or_default();
    let writes = [
        Write::put(
            address_key(email),
            &AddressRow { account_id: row.account_id, password_hash },
            Condition::NotExists,
        )?,
        Write::put(key(row.account_id), row, Condition::NotExists)?,
    ];
    happened(table.commit(Commit::all(writes)).await)
}

/// Ends one login; ending it twice is the same.
pub async fn log_out(table: &dyn Table, account_id: AccountId, id: LoginSessionId) -> Result<(), CommitError> {
    let update = Write::update(key(account_id), [Action::remove(place(id))], Condition::Exists);
    happened(table.commit(Commit::one(update)).await).map(drop)
}

/// Ends every login, provided that the one which asks for it is still alive.
pub async fn log_out_everywhere(
    table: &dyn Table,
    account_id: AccountId,
    id: LoginSessionId,
) -> Result<bool, CommitError> {
    let update = Write::update(key(account_id), [no_logins()?], Condition::present(place(id)));
    happened(table.commit(Commit::one(update)).await)
}

/// Replaces the password and every login by one new login. `false` if the login that asks for it has ended, or the password
/// is another one by now.
pub async fn change_password(
    table: &dyn Table,
    seen: &AccountRow,
    asking: LoginSessionId,
    password_hash: &str,
    login: &Login,
) -> Result<bool, CommitError> {
    let only = BTreeMap::from([(login.id, login.session.clone())]);
    let actions = [Action::set("password_hash", password_hash), Action::set_encoded("sessions", &only)?];
    let mut writes = vec![Write::update(key(seen.account_id), actions, still(seen, asking)?)];
    writes.extend(seen.email.as_ref().map(|email| set_address(email, seen.account_id, password_hash)));
    happened(table.commit(Commit::all(writes)).await)
}

/// Deletes the account: every login ends, and the row keeps neither address nor password. The address is free for a new
/// account, which will share nothing with this one. `false` as for [`change_password`].
pub async fn delete(table: &dyn Table, seen: &AccountRow, asking: LoginSessionId) -> Result<bool, CommitError> {
    let actions = [
        Action::set_encoded("status", &AccountStatus::Deleted)?,
        no_logins()?,
        Action::remove("email"),
        Action::remove("password_hash"),
    ];
    let mut writes = vec![Write::update(key(seen.account_id), actions, still(seen, asking)?)];
    if let Some(email) = &seen.email {
        let ours = Condition::equals("account_id", seen.account_id);
        writes.push(Write::delete(address_key(email), ours));
    }
    happened(table.commit(Commit::all(writes)).await)
}

/// Bans the account and ends every login; `false` if there is no such account. Banning it twice is the same.
pub async fn ban(table: &dyn Table, account_id: AccountId) -> Result<bool, CommitError> {
    let actions = [Action::set_encoded("status", &AccountStatus::Banned)?, no_logins()?];
    set_standing(table, account_id, actions.into()).await
}

/// Lifts a ban; `false` if there is no such account. The logins that the ban ended stay ended.
pub async fn unban(table: &dyn Table, account_id: AccountId) -> Result<bool, CommitError> {
    let actions = [Action::set_encoded("status", &AccountStatus::Active)?];
    set_standing(table, account_id, actions.into()).await
}

/// Has the address's row follow the account's password.
fn set_address(email: &Email, account_id: AccountId, password_hash: &str) -> Write {
    let ours = Condition::equals("account_id", account_id);
    Write::update(address_key(email), [Action::set("password_hash", password_hash)], ours)
}

/// A part of the transaction in which a character of the account comes or goes. With `seen`, it is refused if another has
/// come or gone since, so that a rule over all of an account's characters holds; and always if the account is not active.
pub(crate) fn move_roster(account_id: AccountId, seen: Option<u64>) -> Result<Write, StorageError> {
    let active = has_status(AccountStatus::Active)?;
    let condition = match seen {
        None => active,
        Some(0) => {
            Condition::all([active, Condition::any([Condition::absent("roster"), Condition::equals("roster", 0_u64)])])
        }
        Some(roster) => Condition::all([active, Condition::equals("roster", roster)]),
    };
    Ok(Write::update(key(account_id), [Action::add("roster", 1)], condition))
}

async fn set_standing(table: &dyn Table, account_id: AccountId, actions: Vec<Action>) -> Result<bool, CommitError> {
    let there = [has_status(AccountStatus::Active)?, has_status(AccountStatus::Banned)?];
    happened(table.commit(Commit::one(Write::update(key(account_id), actions, Condition::any(there)))).await)
}

fn no_logins() -> Result<Action, StorageError> {
    Action::set_encoded("sessions", &BTreeMap::<LoginSessionId, LoginSession>::new())
}

/// The account is active, its password is the one that was seen, and the login that asks is alive.
fn still(seen: &AccountRow, asking: LoginSessionId) -> Result<Condition, StorageError> {
    let password = Condition::equals("password_hash", seen.password_hash.as_deref().unwrap_or_default());
    Ok(Condition::all([has_status(AccountStatus::Active)?, password, Condition::present(place(asking))]))
}

/// Whether a commit happened rather than being refused.
fn happened<T>(result: Result<T, CommitError>) -> Result<bool, CommitError> {
    match result {
        Ok(_) => Ok(true),
        Err(CommitError::Refused(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests;
