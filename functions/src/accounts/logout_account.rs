//! Ends the login that the call was made with, or every login of the account. A request that starts after the answer is
//! refused, on every instance, and who plays by an ended login is sent away.

use super::expulsion::{self, Ended, expel};
use crate::caller::Player;
use crate::endpoint::{Call, Endpoint, Method, Route};
use crate::error::ApiError;
use crate::grants::Grants;
use guildhall_domain::api::{LoggedOut, LogoutRequest};
use guildhall_domain::limits::AUTH_BODY_BYTES_MAX;
use guildhall_storage::accounts;
use guildhall_storage::{Operation, TableName};

/// `POST /v1/auth/logout`
#[derive(Debug)]
pub struct LogoutAccount;

/// The route of [`LogoutAccount`].
pub static LOGOUT_ACCOUNT: Route = Route::of::<LogoutAccount>();

impl Endpoint for LogoutAccount {
    const NAME: &'static str = "logout-account";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/auth/logout";
    const BODY_BYTES_MAX: usize = AUTH_BODY_BYTES_MAX;
    const GRANTS: Grants = expulsion::GRANTS.on(TableName::Accounts, &[Operation::Update]);
    type Caller = Player;
    type Input = LogoutRequest;
    type Output = LoggedOut;

    async fn call(call: Call<'_, Player>, input: LogoutRequest) -> Result<LoggedOut, ApiError> {
        let (account_id, id) = (call.caller.account_id, call.caller.login_session_id);
        let ended = if input.everywhere { Ended::All } else { Ended::One(id) };
        expel(call.app, account_id, ended, call.now).await?;
        if !input.everywhere {
            accounts::log_out(&call.app.table, account_id, id).await?;
        } else if !accounts::log_out_everywhere(&call.app.table, account_id, id).await? {
            // This login was ended since it was judged, so it has no say over the others.
            return Err(ApiError::unauthorized());
        }
        expel(call.app, account_id, ended, call.now).await?;
        tracing::info!(%account_id, login_session_id = %id, everywhere = input.everywhere, "a player has logged out");
        Ok(LoggedOut { logged_out: true })
    }
}
