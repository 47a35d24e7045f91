//! Makes an account and logs it in. Everything is stored before the answer leaves.

use super::{new_token, off_thread};
use crate::caller::Anyone;
use crate::endpoint::{Call, Endpoint, Method, Route};
use crate::error::ApiError;
use guildhall_auth::password;
use guildhall_domain::AccountId;
use guildhall_domain::api::{Authenticated, Credentials};
use guildhall_domain::limits::AUTH_BODY_BYTES_MAX;
use guildhall_storage::accounts::{self, Profile};

/// `POST /v1/auth/register`
#[derive(Debug)]
pub struct RegisterAccount;

/// The route of [`RegisterAccount`].
pub static REGISTER_ACCOUNT: Route = Route::of::<RegisterAccount>();

impl Endpoint for RegisterAccount {
    const NAME: &'static str = "register-account";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/auth/register";
    const STATUS: u16 = 201;
    const BODY_BYTES_MAX: usize = AUTH_BODY_BYTES_MAX;
    const REFUSALS: &'static [u16] = &[409];
    type Caller = Anyone;
    type Input = Credentials;
    type Output = Authenticated;

    async fn call(call: Call<'_, Anyone>, input: Credentials) -> Result<Authenticated, ApiError> {
        let Credentials { email, password } = input;
        let salt = call.app.random();
        let hash = off_thread(move || password::hash(&password, salt)).await?;
        let account_id = AccountId::from_bits(call.app.random_bits());
        let (token, answer) = new_token(call.app, account_id, call.now);
        let profile = Profile { account_id, email, created_at: call.now };
        if accounts::register(&*call.app.table, &profile, hash.as_str(), token).await? {
            Ok(answer)
        } else {
            Err(ApiError::new(409, "email_taken", "this e-mail address has an account already"))
        }
    }
}
