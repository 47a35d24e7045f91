//! What a player takes away from a login: an access token for the hour, a refresh token for the next one, and the entry in
//! the account's row without which neither counts. The entry must be stored before the answer leaves.

use crate::Scope;
use crate::error::ApiError;
use crate::grants::{Grants, Secret};
use guildhall_auth::RefreshToken;
use guildhall_domain::api::Authenticated;
use guildhall_domain::limits::{ACCESS_TOKEN_LIFETIME_S, LOGIN_LIFETIME_S, REFRESH_TOKEN_LIFETIME_S};
use guildhall_domain::{AccountId, LoginSessionId, Timestamp, TokenId};
use guildhall_storage::accounts::{Login, LoginSession};

/// What making tokens takes.
pub(super) const GRANTS: Grants = Grants::NONE.with(Secret::AccessKey).with(Secret::DerivationKey);

/// A new login.
pub(super) fn new_login(
    app: &Scope<'_>,
    account_id: AccountId,
    now: Timestamp,
) -> Result<(Login, Authenticated), ApiError> {
    tokens(app, account_id, LoginSessionId::from_bits(app.random_bits()), 0, now, now)
}

/// The same login with its next tokens.
pub(super) fn next_login(
    app: &Scope<'_>,
    account_id: AccountId,
    id: LoginSessionId,
    before: &LoginSession,
    now: Timestamp,
) -> Result<(Login, Authenticated), ApiError> {
    tokens(app, account_id, id, before.generation.saturating_add(1), before.created_at, now)
}

fn tokens(
    app: &Scope<'_>,
    account_id: AccountId,
    id: LoginSessionId,
    generation: u64,
    created_at: Timestamp,
    now: Timestamp,
) -> Result<(Login, Authenticated), ApiError> {
    let refresh = RefreshToken { account_id, login_session_id: id, generation, secret: app.random() };
    let token_id = TokenId::from_bits(app.random_bits());
    // What is refreshed lives on, but no login for longer than the whole lifetime.
    let refresh_expires_at = now.plus_secs(REFRESH_TOKEN_LIFETIME_S).min(created_at.plus_secs(LOGIN_LIFETIME_S));
    let session = LoginSession { refresh_hash: refresh.hash(), generation, refresh_expires_at, created_at };
    let answer = Authenticated {
        account_id,
        access_token: app.access_keys()?.issue(account_id, id, token_id, now, ACCESS_TOKEN_LIFETIME_S),
        expires_in_s: ACCESS_TOKEN_LIFETIME_S,
        refresh_token: refresh.encode(app.derivation()?),
        refresh_expires_in_s: refresh_expires_at.as_secs().saturating_sub(now.as_secs()),
    };
    Ok((Login { id, session }, answer))
}
