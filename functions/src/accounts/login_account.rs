//! Logs in. An unknown address costs the same hash and gets the same answer as a wrong password.

use super::{new_token, off_thread};
use crate::caller::Anyone;
use crate::endpoint::{Call, Endpoint, Method, Route};
use crate::error::ApiError;
use guildhall_auth::PasswordHash;
use guildhall_auth::password::{self, Verdict};
use guildhall_domain::api::{Authenticated, LoginRequest};
use guildhall_domain::limits::AUTH_BODY_BYTES_MAX;
use guildhall_domain::{Email, Password};
use guildhall_storage::accounts;

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
    const REFUSALS: &'static [u16] = &[401];
    type Caller = Anyone;
    type Input = LoginRequest;
    type Output = Authenticated;

    async fn call(call: Call<'_, Anyone>, input: LoginRequest) -> Result<Authenticated, ApiError> {
        // What could never have been registered is simply wrong: the shape of a guess tells nothing.
        let (Ok(email), Ok(password)) = (Email::parse(&input.email), Password::parse(&input.password)) else {
            return Err(ApiError::wrong_credentials());
        };
        let login = accounts::find_login(&*call.app.table, &email).await?;
        let stored = login.as_ref().map(|login| PasswordHash::from_stored(login.password_hash.clone()));
        let verdict = off_thread(move || match stored {
            Some(stored) => password::verify(&password, &stored),
            None => password::verify_decoy(&password),
        });
        let right = matches!(verdict.await?, Verdict::Right | Verdict::RightButWeak);
        let login = login.filter(|_| right).ok_or_else(ApiError::wrong_credentials)?;
        let (token, answer) = new_token(call.app, login.account_id, call.now);
        accounts::add_token(&*call.app.table, login.account_id, token).await?;
        Ok(answer)
    }
}
