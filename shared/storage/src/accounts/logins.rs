//! Logins within an account's row: how one is added, bounded and continued.

use super::{AccountRow, AccountStatus, LoginSession, has_status, key, place, set_address};
use crate::throttle::{self, Attempt};
use crate::{Action, Commit, CommitError, Condition, Table, Write, decode};
use guildhall_domain::limits::LOGIN_SESSIONS_PER_ACCOUNT_MAX;
use guildhall_domain::{AccountId, Email, LoginSessionId, Timestamp};

/// A login with its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// Its name.
    pub id: LoginSessionId,
    /// What is stored of it.
    pub session: LoginSession,
}

/// Who comes in, and on the strength of what.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// Into which account.
    pub account_id: AccountId,
    /// The address that was entered.
    pub email: &'a Email,
    /// The password hash that was checked.
    pub password_hash: &'a str,
    /// Takes the place of a weak one.
    pub rehashed: Option<&'a str>,
    /// The account, if it has been read: without it, one that is full of logins refuses, and shows itself.
    pub seen: Option<&'a AccountRow>,
}

/// What became of a login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoggedIn {
    /// It is stored, and the account was as it had been seen.
    Stored,
    /// The account has changed since; this is how it stands. Whether the password still counts is for the caller to judge.
    Changed(Box<AccountRow>),
    /// There is no such account.
    Gone,
}

/// Adds a login to the account, under the password hash that was checked, and forgives the network that it came from. The
/// oldest login makes room if there are too many.
pub async fn log_in(
    table: &dyn Table,
    entry: Entry<'_>,
    login: &Login,
    attempt: &Attempt,
    now: Timestamp,
) -> Result<LoggedIn, CommitError> {
    let Entry { account_id, email, password_hash, rehashed, seen } = entry;
    let ended = seen.map(|seen| logins_to_end(seen, now)).unwrap_or_default();
    let password = Condition::equals("password_hash", password_hash);
    let mut conditions = vec![has_status(AccountStatus::Active)?, password];
    match seen {
        // As many go as were seen to go, and nobody else came in between: the bound holds.
        Some(seen) if !ended.is_empty() => {
            conditions.push(Condition::size_below("sessions", seen.sessions.len() as u64 + 1));
            conditions.extend(ended.iter().map(|id| Condition::present(place(*id))));
        }
        _ => conditions.push(Condition::size_below("sessions", LOGIN_SESSIONS_PER_ACCOUNT_MAX as u64)),
    }
    let mut actions: Vec<Action> = ended.into_iter().map(|id| Action::remove(place(id))).collect();
    actions.push(Action::set_encoded(place(login.id), &login.session)?);
    if let Some(hash) = rehashed {
        actions.push(Action::set("password_hash", hash));
    }
    let update = Write::update(key(account_id), actions, Condition::All(conditions));
    let mut writes = vec![update, throttle::forgive(attempt, now)];
    writes.extend(rehashed.map(|hash| set_address(email, account_id, hash)));
    let Err(error) = table.commit(Commit::all(writes)).await else { return Ok(LoggedIn::Stored) };
    match error.refusal(0).map(|refusal| refusal.current.clone()) {
        Some(Some(item)) => Ok(LoggedIn::Changed(Box::new(decode(item)?))),
        Some(None) => Ok(LoggedIn::Gone),
        None => Err(error),
    }
}

/// The logins that go when one more comes: those that have expired, and the oldest if that does not make room.
fn logins_to_end(seen: &AccountRow, now: Timestamp) -> Vec<LoginSessionId> {
    let (living, mut ended): (Vec<_>, Vec<_>) =
        seen.sessions.iter().partition(|(_, session)| now < session.refresh_expires_at);
    let mut living = living;
    living.sort_by_key(|(id, session)| (session.created_at, **id));
    let surplus = (living.len() + 1).saturating_sub(LOGIN_SESSIONS_PER_ACCOUNT_MAX);
    ended.extend(living.into_iter().take(surplus));
    ended.into_iter().map(|(id, _)| *id).collect()
}

/// What became of a refresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotated {
    /// The next token is the latest one.
    Stored,
    /// The token shown is no longer the latest one, or its login is over.
    Stale,
}

/// Replaces the latest refresh token of a login by the next one, provided that the latest is the one that was shown.
pub async fn rotate(
    table: &dyn Table,
    account: &AccountRow,
    shown_hash: &str,
    next: &Login,
) -> Result<Rotated, CommitError> {
    let latest = Condition::equals(place(next.id).child("refresh_hash"), shown_hash);
    let condition = Condition::all([has_status(AccountStatus::Active)?, latest]);
    let update = [Action::set_encoded(place(next.id), &next.session)?];
    match table.commit(Commit::one(Write::update(key(account.account_id), update, condition))).await {
        Ok(_) => Ok(Rotated::Stored),
        Err(CommitError::Refused(refusals)) => {
            // A lost answer leaves our own write behind: the adapter's repetition is refused by it.
            let current = refusals.into_iter().next().and_then(|refusal| refusal.current);
            let current: Option<AccountRow> = current.map(decode).transpose()?;
            let ours = current.and_then(|row| row.sessions.get(&next.id).cloned());
            Ok(if ours.as_ref() == Some(&next.session) { Rotated::Stored } else { Rotated::Stale })
        }
        Err(error) => Err(error),
    }
}
