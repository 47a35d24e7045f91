//! Accounts: who may log in, and which access tokens are alive.
//!
//! Two rows make an account: the login row, keyed by address, which makes the address unique, and the profile row, keyed by
//! account id. Each living access token is a row in the account's partition; a token without its row is refused.

use crate::{Commit, CommitError, Condition, Consistency, Key, StorageError, Table, TableName, Write, decode};
use guildhall_domain::{AccountId, Email, Timestamp, TokenId};
use serde::{Deserialize, Serialize};

/// What a login needs to know of an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    /// The account.
    pub account_id: AccountId,
    /// Argon2id hash of its password, in PHC form.
    pub password_hash: String,
}

/// An account's own row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// The account.
    pub account_id: AccountId,
    /// Its address.
    pub email: Email,
    /// When it was made.
    pub created_at: Timestamp,
}

/// An access token that has been given out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IssuedToken {
    /// The token's name.
    pub token_id: TokenId,
    /// When it stops working.
    pub expires_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct TokenRow {
    expires_at: u64,
}

fn login_key(email: &Email) -> Key {
    Key::new(TableName::Accounts, format!("email#{}", email.as_str()), "login")
}

fn account_key(account_id: AccountId, sk: impl Into<String>) -> Key {
    Key::new(TableName::Accounts, format!("account#{account_id}"), sk)
}

fn token_key(account_id: AccountId, token_id: TokenId) -> Key {
    account_key(account_id, format!("token#{token_id}"))
}

/// The login row of an address.
pub async fn find_login(table: &dyn Table, email: &Email) -> Result<Option<Login>, StorageError> {
    table.get(&login_key(email), Consistency::Strong).await?.map(decode).transpose()
}

/// Makes an account together with its first token; `false` if the address has one already.
pub async fn register(
    table: &dyn Table,
    profile: &Profile,
    password_hash: &str,
    token: IssuedToken,
) -> Result<bool, CommitError> {
    let login = Login { account_id: profile.account_id, password_hash: password_hash.to_owned() };
    let writes = [
        Write::put(login_key(&profile.email), &login, Condition::NotExists)?,
        Write::put(account_key(profile.account_id, "profile"), profile, Condition::NotExists)?,
        put_token(profile.account_id, token)?,
    ];
    match table.commit(Commit::all(writes)).await {
        Ok(_) => Ok(true),
        // Only the address can be taken: the account's id is new.
        Err(CommitError::Refused(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Lets one more token live.
pub async fn add_token(table: &dyn Table, account_id: AccountId, token: IssuedToken) -> Result<(), CommitError> {
    table.commit(Commit::one(put_token(account_id, token)?)).await.map(drop)
}

/// Whether the token may still be used at `now`, by a consistent read.
pub async fn token_lives(
    table: &dyn Table,
    account_id: AccountId,
    token_id: TokenId,
    now: Timestamp,
) -> Result<bool, StorageError> {
    let row = table.get(&token_key(account_id, token_id), Consistency::Strong).await?;
    let row: Option<TokenRow> = row.map(decode).transpose()?;
    Ok(row.is_some_and(|row| now.as_secs() < row.expires_at))
}

/// Ends a token; ending it twice is the same.
pub async fn remove_token(table: &dyn Table, account_id: AccountId, token_id: TokenId) -> Result<(), CommitError> {
    table.commit(Commit::one(Write::delete(token_key(account_id, token_id), Condition::Always))).await.map(drop)
}

fn put_token(account_id: AccountId, token: IssuedToken) -> Result<Write, StorageError> {
    let row = TokenRow { expires_at: token.expires_at.as_secs() };
    // Unconditional: the name is 128 random bits, and a retry writes the same row.
    Write::put(token_key(account_id, token.token_id), &row, Condition::Always)
}
