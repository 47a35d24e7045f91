//! Trades the latest refresh token of a login for the next pair of tokens. A token works once: one that comes a second time
//! has been copied, and as nobody can tell the owner from the thief, the login ends for both. A client therefore refreshes
//! once at a time, and logs in again when an answer was lost.

use super::tokens::{self, next_login};
use crate::caller::Anyone;
use crate::endpoint::{Call, Endpoint, Method, Route};
use crate::error::ApiError;
use crate::grants::Grants;
use guildhall_auth as auth;
use guildhall_domain::api::{Authenticated, RefreshRequest};
use guildhall_domain::limits::AUTH_BODY_BYTES_MAX;
use guildhall_storage::accounts::{self, Rotated};
use guildhall_storage::{Operation, TableName};

/// `POST /v1/auth/refresh`
#[derive(Debug)]
pub struct RefreshToken;

/// The route of [`RefreshToken`].
pub static REFRESH_TOKEN: Route = Route::of::<RefreshToken>();

impl Endpoint for RefreshToken {
    const NAME: &'static str = "refresh-token";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/auth/refresh";
    const REFUSALS: &'static [u16] = &[401];
    const BODY_BYTES_MAX: usize = AUTH_BODY_BYTES_MAX;
    const GRANTS: Grants = tokens::GRANTS.on(TableName::Accounts, &[Operation::Get, Operation::Update]);
    type Caller = Anyone;
    type Input = RefreshRequest;
    type Output = Authenticated;

    async fn call(call: Call<'_, Anyone>, input: RefreshRequest) -> Result<Authenticated, ApiError> {
        let refuse = ApiError::invalid_refresh_token;
        let (app, table) = (call.app, &call.app.table);
        let shown = auth::RefreshToken::decode(&input.refresh_token, app.derivation()?).ok_or_else(refuse)?;
        let (account_id, id) = (shown.account_id, shown.login_session_id);
        let account = accounts::find(table, account_id).await?.filter(|account| account.has_login(id, call.now));
        let account = account.ok_or_else(refuse)?;
        let latest = account.sessions.get(&id).ok_or_else(refuse)?;
        let (next, answer) = next_login(app, account_id, id, latest, call.now)?;
        let is_latest = latest.refresh_hash == shown.hash();
        if is_latest && accounts::rotate(table, &account, &shown.hash(), &next).await? == Rotated::Stored {
            return Ok(answer);
        }
        tracing::warn!(%account_id, login_session_id = %id, "a refresh token was used twice; its login ends");
        accounts::log_out(table, account_id, id).await?;
        Err(refuse())
    }
}
