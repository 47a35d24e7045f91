//! Ends the token that the call was made with. A request that starts after the answer is refused, on every instance.

use crate::caller::Player;
use crate::endpoint::{Call, Endpoint, Method, Route};
use crate::error::ApiError;
use guildhall_domain::api::{LoggedOut, Nothing};
use guildhall_storage::accounts;

/// `POST /v1/auth/logout`
#[derive(Debug)]
pub struct LogoutAccount;

/// The route of [`LogoutAccount`].
pub static LOGOUT_ACCOUNT: Route = Route::of::<LogoutAccount>();

impl Endpoint for LogoutAccount {
    const NAME: &'static str = "logout-account";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/auth/logout";
    type Caller = Player;
    type Input = Nothing;
    type Output = LoggedOut;

    async fn call(call: Call<'_, Player>, _: Nothing) -> Result<LoggedOut, ApiError> {
        accounts::remove_token(&*call.app.table, call.caller.account_id, call.caller.token_id).await?;
        Ok(LoggedOut { logged_out: true })
    }
}
