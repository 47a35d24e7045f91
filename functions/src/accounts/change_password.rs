//! Changes the password. Every login ends, also the one that asks; the answer is a new one.

use super::attempts::{self, confirm_password, resist_guessing};
use super::expulsion::{self, Ended, expel};
use super::tokens::{self, new_login};
use crate::caller::Player;
use crate::endpoint::{Call, Endpoint, Method, Route};
use crate::error::ApiError;
use crate::grants::Grants;
use guildhall_domain::api::{Authenticated, ChangePasswordRequest};
use guildhall_domain::limits::AUTH_BODY_BYTES_MAX;
use guildhall_storage::accounts;
use guildhall_storage::{Operation, TableName};

/// `POST /v1/auth/password`
#[derive(Debug)]
pub struct ChangePassword;

/// The route of [`ChangePassword`].
pub static CHANGE_PASSWORD: Route = Route::of::<ChangePassword>();

impl Endpoint for ChangePassword {
    const NAME: &'static str = "change-password";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/auth/password";
    const REFUSALS: &'static [u16] = &[403, 429];
    const BODY_BYTES_MAX: usize = AUTH_BODY_BYTES_MAX;
    const GRANTS: Grants =
        attempts::GRANTS.and(tokens::GRANTS).and(expulsion::GRANTS).on(TableName::Accounts, &[Operation::Update]);
    const HASHES_PASSWORDS: bool = true;
    type Caller = Player;
    type Input = ChangePasswordRequest;
    type Output = Authenticated;

    async fn call(call: Call<'_, Player>, input: ChangePasswordRequest) -> Result<Authenticated, ApiError> {
        if let Some(email) = &call.caller.account.email {
            resist_guessing(&input.new_password, email)?;
        }
        confirm_password(&call, &input.old_password).await?;
        let hash = call.app.hasher.hash(&input.new_password, call.app.random()).await?;
        let Call { app, caller, now, .. } = call;
        let (login, answer) = new_login(app, caller.account_id, now)?;
        let asking = caller.login_session_id;
        expel(app, caller.account_id, Ended::All, now).await?;
        if accounts::change_password(&app.table, &caller.account, asking, hash.as_str(), &login).await? {
            expel(app, caller.account_id, Ended::All, now).await?;
            tracing::info!(account_id = %caller.account_id, "a password was changed");
            Ok(answer)
        } else {
            // The login ended while the passwords were hashed, or another change came first and ended it.
            Err(ApiError::unauthorized())
        }
    }
}
