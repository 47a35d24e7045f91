//! Accounts: who may come in, and which logins are alive.
//!
//! One row is an account, with its logins in it, so that one consistent read tells whether a token still counts, and one
//! conditional update ends any number of them. A second row, keyed by the address, only maps the address to the account and
//! thereby makes it unique.
//!
//! Every write that lets somebody in names the password hash that was checked, so that a login which was checked before a
//! change of password and stored after it is refused.

mod logins;

pub use logins::{LoggedIn, Login, Rotated, log_in, rotate};

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
    /// The logins that are alive or have expired since somebody last logged in.
    pub sessions: BTreeMap<LoginSessionId, LoginSession>,
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

/// The row of an address.
#[derive(Serialize, Deserialize)]
struct AddressRow {
    account_id: AccountId,
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

/// The account of an address.
pub async fn find_id(table: &dyn Table, email: &Email) -> Result<Option<AccountId>, StorageError> {
    let row = table.get(&address_key(email), Consistency::Strong).await?;
    Ok(row.map(decode::<AddressRow>).transpose()?.map(|row| row.account_id))
}

/// An account, by a consistent read.
pub async fn find(table: &dyn Table, account_id: AccountId) -> Result<Option<AccountRow>, StorageError> {
    table.get(&key(account_id), Consistency::Strong).await?.map(decode).transpose()
}

/// Makes an account, with its first login in it; `false` if the address has one already.
pub async fn register(table: &dyn Table, email: &Email, row: &AccountRow) -> Result<bool, CommitError> {
    let writes = [
        Write::put(address_key(email), &AddressRow { account_id: row.account_id }, Condition::NotExists)?,
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
    let update = Write::update(key(seen.account_id), actions, still(seen, asking)?);
    happened(table.commit(Commit::one(update)).await)
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
