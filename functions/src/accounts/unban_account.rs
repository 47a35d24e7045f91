//! Lifts a ban. The logins that it ended stay ended; on an account that is not banned it changes nothing.

use crate::caller::Operator;
use crate::endpoint::{Call, Endpoint, Method, Route};
use crate::error::ApiError;
use crate::grants::Grants;
use guildhall_domain::api::{AccountPath, AccountStanding};
use guildhall_domain::limits::AUTH_BODY_BYTES_MAX;
use guildhall_storage::accounts;
use guildhall_storage::{Operation, TableName};

/// `POST /internal/accounts/{account_id}/unban`
#[derive(Debug)]
pub struct UnbanAccount;

/// The route of [`UnbanAccount`].
pub static UNBAN_ACCOUNT: Route = Route::of::<UnbanAccount>();

impl Endpoint for UnbanAccount {
    const NAME: &'static str = "unban-account";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/internal/accounts/{account_id}/unban";
    const REFUSALS: &'static [u16] = &[404];
    const BODY_BYTES_MAX: usize = AUTH_BODY_BYTES_MAX;
    const GRANTS: Grants = Grants::NONE.on(TableName::Accounts, &[Operation::Update]);
    type Caller = Operator;
    type Input = AccountPath;
    type Output = AccountStanding;

    async fn call(call: Call<'_, Operator>, input: AccountPath) -> Result<AccountStanding, ApiError> {
        let account_id = input.account_id;
        if !accounts::unban(&call.app.table, account_id).await? {
            return Err(ApiError::not_found("account"));
        }
        tracing::info!(operator = call.caller.name, %account_id, "a ban was lifted");
        Ok(AccountStanding { account_id, banned: false })
    }
}
