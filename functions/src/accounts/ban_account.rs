//! Bans an account: every login ends, and no new one begins until the ban is lifted. Banning it twice is the same.

use super::expulsion::{self, Ended, expel};
use crate::caller::Operator;
use crate::endpoint::{Call, Endpoint, Method, Route};
use crate::error::ApiError;
use crate::grants::Grants;
use guildhall_domain::api::{AccountPath, AccountStanding};
use guildhall_domain::limits::AUTH_BODY_BYTES_MAX;
use guildhall_storage::accounts;
use guildhall_storage::{Operation, TableName};

/// `POST /internal/accounts/{account_id}/ban`
#[derive(Debug)]
pub struct BanAccount;

/// The route of [`BanAccount`].
pub static BAN_ACCOUNT: Route = Route::of::<BanAccount>();

impl Endpoint for BanAccount {
    const NAME: &'static str = "ban-account";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/internal/accounts/{account_id}/ban";
    const REFUSALS: &'static [u16] = &[404];
    const BODY_BYTES_MAX: usize = AUTH_BODY_BYTES_MAX;
    const GRANTS: Grants = expulsion::GRANTS.on(TableName::Accounts, &[Operation::Update]);
    type Caller = Operator;
    type Input = AccountPath;
    type Output = AccountStanding;

    async fn call(call: Call<'_, Operator>, input: AccountPath) -> Result<AccountStanding, ApiError> {
        let account_id = input.account_id;
        if !accounts::ban(&call.app.table, account_id).await? {
            return Err(ApiError::not_found("account"));
        }
        expel(call.app, account_id, Ended::All, call.now).await?;
        tracing::info!(operator = call.caller.name, %account_id, "an account was banned");
        Ok(AccountStanding { account_id, banned: true })
    }
}
