//! Logs in. An unknown address costs the same read and the same hash as a known one and gets the same answer as a wrong
//! password; too many attempts are refused before anything is hashed, in the same words for both. Three calls of the
//! database: the throttle and the address at once, then the login.

use super::attempts::{self, admit_login};
use super::tokens::{self, new_login};
use crate::caller::Anyone;
use crate::endpoint::{Call, Endpoint, Method, Route};
use crate::error::ApiError;
use crate::grants::Grants;
use guildhall_auth::PasswordHash;
use guildhall_domain::api::{Authenticated, LoginRequest};
use guildhall_domain::limits::AUTH_BODY_BYTES_MAX;
use guildhall_domain::{Email, Password};
use guildhall_storage::CommitError;
use guildhall_storage::accounts::{self, AccountRow, AccountStatus, Entry, LoggedIn};
use guildhall_storage::{Operation, TableName};

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
    const GRANTS: Grants =
        attempts::GRANTS.and(tokens::GRANTS).on(TableName::Accounts, &[Operation::Get, Operation::Update]);
    const HASHES_PASSWORDS: bool = true;
    type Caller = Anyone;
    type Input = LoginRequest;
    type Output = Authenticated;

    async fn call(call: Call<'_, Anyone>, input: LoginRequest) -> Result<Authenticated, ApiError> {
        // What could never have been registered is simply wrong: the shape of a guess tells nothing.
        let (Ok(email), Ok(password)) = (Email::parse(&input.email), Password::parse(&input.password)) else {
            return Err(ApiError::wrong_credentials());
        };
        let (app, table) = (call.app, &call.app.table);
        let (attempt, address) =
            tokio::join!(admit_login(app, &email, call.source_ip, call.now), accounts::find_address(table, &email));
        let attempt = attempt?;
        let (account_id, mut hash) = address?.map(|row| (row.account_id, row.password_hash)).unzip();
        let decoy =
            PasswordHash::decoy(app.derivation()?.derive_id("decoy", &[email.as_str().as_bytes()]).to_be_bytes());
        let stored = hash.as_deref().unwrap_or(decoy.as_str());
        let mut checked = app.hasher.check(&password, Some(stored), app.random()).await?;
        let mut seen: Option<Box<AccountRow>> = None;
        for _ in 0..ROUNDS_MAX {
            let (Some(account_id), Some(password_hash), true) = (account_id, &hash, checked.right) else {
                return Err(ApiError::wrong_credentials());
            };
            if seen.as_ref().is_some_and(|account| account.status == AccountStatus::Banned) {
                return Err(ApiError::account_banned());
            }
            let (login, answer) = new_login(app, account_id, call.now)?;
            let rehashed = checked.rehashed.as_ref().map(PasswordHash::as_str);
            let entry = Entry { account_id, email: &email, password_hash, rehashed, seen: seen.as_deref() };
            let current = match accounts::log_in(table, entry, &login, &attempt, call.now).await? {
                LoggedIn::Stored => {
                    tracing::info!(%account_id, login_session_id = %login.id, "a player has logged in");
                    return Ok(answer);
                }
                LoggedIn::Changed(current) => current,
                LoggedIn::Gone => return Err(ApiError::wrong_credentials()),
            };
            if current.password_hash != hash {
                hash.clone_from(&current.password_hash);
                checked = app.hasher.check(&password, hash.as_deref(), app.random()).await?;
            }
            seen = Some(current);
        }
        Err(CommitError::Conflict.into())
    }
}
