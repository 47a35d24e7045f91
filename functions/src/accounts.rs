//! Accounts: the way in and the way out.

mod login_account;
mod logout_account;
mod register_account;

pub use login_account::{LOGIN_ACCOUNT, LoginAccount};
pub use logout_account::{LOGOUT_ACCOUNT, LogoutAccount};
pub use register_account::{REGISTER_ACCOUNT, RegisterAccount};

use crate::App;
use crate::error::ApiError;
use guildhall_domain::api::Authenticated;
use guildhall_domain::limits::ACCESS_TOKEN_LIFETIME_S;
use guildhall_domain::{AccountId, Timestamp, TokenId};
use guildhall_storage::accounts::IssuedToken;

/// A new token's row and the answer that carries the token. The row must be stored before the answer leaves.
fn new_token(app: &App, account_id: AccountId, now: Timestamp) -> (IssuedToken, Authenticated) {
    let token_id = TokenId::from_bits(app.random_bits());
    let row = IssuedToken { token_id, expires_at: now.plus_secs(ACCESS_TOKEN_LIFETIME_S) };
    let access_token = app.access_keys.issue(account_id, token_id, now, ACCESS_TOKEN_LIFETIME_S);
    (row, Authenticated { account_id, access_token, expires_in_s: ACCESS_TOKEN_LIFETIME_S })
}

/// Runs a password hash where it does not hold up the other requests of the process.
async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, ApiError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| ApiError::internal(error.to_string()))
}
