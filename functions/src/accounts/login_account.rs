//! Logs in. An unknown address costs the same reads and the same hash as a known one and gets the same answer as a wrong
//! password; too many attempts are refused before anything is hashed, in the same words for both.

use super::attempts::admit_login;
use super::tokens::new_login;
use crate::App;
use crate::caller::Anyone;
use crate::endpoint::{Call, Endpoint, Method, Route};
use crate::error::ApiError;
use guildhall_auth::PasswordHash;
use guildhall_domain::api::{Authenticated, LoginRequest};
use guildhall_domain::limits::AUTH_BODY_BYTES_MAX;
use guildhall_domain::{AccountId, Email, Password};
use guildhall_storage::CommitError;
use guildhall_storage::accounts::{self, AccountRow, AccountStatus, LoggedIn};

/// How often a login starts over because the account changed under it.
const ROUNDS_MAX: u32 = 5;

/// `POST /v1/auth/login`
#[derive(Debug)]
pub struct LoginAccount;

/// The route of [`LoginAccount`].
pub static LOGIN_ACCOUNT: Route = Route::of::<LoginAccount>();

impl Endpoint for LoginAccount {
    const NAME: &'static str = "login-account";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/auth/login";
    const BODY_BYTES_MAX: usize = AUTH_BODY_BYTES_MAX;
    const REFUSALS: &'static [u16] = &[401, 403, 429];
    type Caller = Anyone;
    type Input = LoginRequest;
    type Output = Authenticated;

    async fn call(call: Call<'_, Anyone>, input: LoginRequest) -> Result<Authenticated, ApiError> {
        // What could never have been registered is simply wrong: the shape of a guess tells nothing.
        let (Ok(email), Ok(password)) = (Email::parse(&input.email), Password::parse(&input.password)) else {
            return Err(ApiError::wrong_credentials());
        };
        let (app, table) = (call.app, &*call.app.table);
        let (attempt, account_id) =
            tokio::join!(admit_login(app, &email, call.source_ip, call.now), accounts::find_id(table, &email));
        let attempt = attempt?;
        let account_id = account_id?.unwrap_or_else(|| nobody(app, &email));
        let mut account = accounts::find(table, account_id).await?;
        let mut checked = app.hasher.check(&password, password_hash(account.as_ref()), app.random()).await?;
        for _ in 0..ROUNDS_MAX {
            let Some(seen) = account.filter(|_| checked.right) else {
                return Err(ApiError::wrong_credentials());
            };
            if seen.status == AccountStatus::Banned {
                return Err(ApiError::account_banned());
            }
            let (login, answer) = new_login(app, seen.account_id, call.now);
            let rehashed = checked.rehashed.as_ref().map(PasswordHash::as_str);
            account = match accounts::log_in(table, &seen, &login, rehashed, &attempt, call.now).await? {
                LoggedIn::Stored => return Ok(answer),
                LoggedIn::Changed(current) => Some(*current),
                LoggedIn::Gone => None,
            };
            if password_hash(account.as_ref()) != seen.password_hash.as_deref() {
                checked = app.hasher.check(&password, password_hash(account.as_ref()), app.random()).await?;
            }
        }
        Err(CommitError::Conflict.into())
    }
}

/// An account that does not exist, to be looked up like one that does.
fn nobody(app: &App, email: &Email) -> AccountId {
    AccountId::from_bits(app.derivation.derive_id("nobody", &[email.as_str().as_bytes()]))
}

fn password_hash(account: Option<&AccountRow>) -> Option<&str> {
    account.and_then(|account| account.password_hash.as_deref())
}
