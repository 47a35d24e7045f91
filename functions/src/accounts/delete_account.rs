//! Deletes the account: every login ends, and address and password are forgotten, so that the address can be registered
//! anew, for an account that shares nothing with this one. The characters stay for a later clean-up; nobody can reach them,
//! as they are found through the id of the account alone, which nobody can log in to again.

use super::attempts::{self, confirm_password};
use super::expulsion::{self, Ended, expel};
use crate::caller::Player;
use crate::endpoint::{Call, Endpoint, Method, Route};
use crate::error::ApiError;
use crate::grants::Grants;
use guildhall_domain::api::{AccountDeleted, DeleteAccountRequest};
use guildhall_domain::limits::AUTH_BODY_BYTES_MAX;
use guildhall_storage::accounts;
use guildhall_storage::{Operation, TableName};

/// `DELETE /v1/account`
#[derive(Debug)]
pub struct DeleteAccount;

/// The route of [`DeleteAccount`].
pub static DELETE_ACCOUNT: Route = Route::of::<DeleteAccount>();

impl Endpoint for DeleteAccount {
    const NAME: &'static str = "delete-account";
    const METHOD: Method = Method::Delete;
    const PATH: &'static str = "/v1/account";
    const REFUSALS: &'static [u16] = &[403, 409, 429];
    const BODY_BYTES_MAX: usize = AUTH_BODY_BYTES_MAX;
    const GRANTS: Grants =
        attempts::GRANTS.and(expulsion::GRANTS).on(TableName::Accounts, &[Operation::Update, Operation::Delete]);
    const HASHES_PASSWORDS: bool = true;
    type Caller = Player;
    type Input = DeleteAccountRequest;
    type Output = AccountDeleted;

    async fn call(call: Call<'_, Player>, input: DeleteAccountRequest) -> Result<AccountDeleted, ApiError> {
        confirm_password(&call, &input.password).await?;
        let asking = call.caller.login_session_id;
        expel(call.app, call.caller.account_id, Ended::All, call.now).await?;
        if accounts::delete(&call.app.table, &call.caller.account, asking).await? {
            expel(call.app, call.caller.account_id, Ended::All, call.now).await?;
            tracing::info!(account_id = %call.caller.account_id, "an account was deleted");
            Ok(AccountDeleted { deleted: true })
        } else {
            // The login ended while the password was hashed.
            Err(ApiError::unauthorized())
        }
    }
}
