//! Makes an account and logs it in. Everything is stored before the answer leaves.

use super::attempts::{self, admit_registration, resist_guessing};
use super::tokens::{self, new_login};
use crate::caller::Anyone;
use crate::endpoint::{Call, Endpoint, Method, Route};
use crate::error::ApiError;
use crate::grants::Grants;
use guildhall_domain::AccountId;
use guildhall_domain::api::{Authenticated, Credentials};
use guildhall_domain::limits::AUTH_BODY_BYTES_MAX;
use guildhall_storage::accounts::{self, AccountRow, AccountStatus};
use guildhall_storage::{Operation, TableName};
use std::collections::BTreeMap;

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
    const REFUSALS: &'static [u16] = &[409, 429];
    const GRANTS: Grants = attempts::GRANTS.and(tokens::GRANTS).on(TableName::Accounts, &[Operation::Put]);
    const HASHES_PASSWORDS: bool = true;
    type Caller = Anyone;
    type Input = Credentials;
    type Output = Authenticated;

    async fn call(call: Call<'_, Anyone>, input: Credentials) -> Result<Authenticated, ApiError> {
        let Credentials { email, password } = input;
        resist_guessing(&password, &email)?;
        admit_registration(call.app, &email, call.source_ip, call.now).await?;
        let hash = call.app.hasher.hash(&password, call.app.random()).await?;
        let account_id = AccountId::from_bits(call.app.random_bits());
        let (login, answer) = new_login(call.app, account_id, call.now)?;
        let account = AccountRow {
            account_id,
            email: Some(email.clone()),
            password_hash: Some(hash.as_str().to_owned()),
            created_at: call.now,
            status: AccountStatus::Active,
            sessions: BTreeMap::from([(login.id, login.session)]),
            roster: 0,
        };
        if accounts::register(&call.app.table, &email, &account).await? {
            tracing::info!(%account_id, "an account was registered");
            Ok(answer)
        } else {
            Err(ApiError::new(409, "email_taken", "this e-mail address has an account already"))
        }
    }
}
