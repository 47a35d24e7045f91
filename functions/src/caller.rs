//! Who calls. Each kind of caller is a type, so that an endpoint cannot forget to ask.

use crate::endpoint::{Access, Call};
use crate::error::ApiError;
use crate::grants::{Grants, Scope, Secret};
use crate::incoming::Incoming;
use guildhall_auth::AccessClaims;
use guildhall_domain::{AccountId, GamesimId, LoginSessionId, Timestamp};
use guildhall_storage::accounts::{self, AccountRow};
use guildhall_storage::{Operation, TableName};

/// A kind of caller.
pub trait Caller: Sized + Send {
    /// What API Gateway and the documents say of it.
    const ACCESS: Access;
    /// What it takes to find out who it is.
    const GRANTS: Grants;

    /// Finds out who it is, or refuses.
    #[doc(hidden)]
    #[allow(private_interfaces, reason = "only this crate implements or calls it")]
    fn identify(
        app: &Scope<'_>,
        incoming: &Incoming,
        now: Timestamp,
    ) -> impl Future<Output = Result<Self, ApiError>> + Send;
}

/// Anyone at all.
#[derive(Debug)]
pub struct Anyone;

impl Caller for Anyone {
    const ACCESS: Access = Access::Public;
    const GRANTS: Grants = Grants::NONE;

    #[allow(private_interfaces, reason = "only this crate implements or calls it")]
    async fn identify(_: &Scope<'_>, _: &Incoming, _: Timestamp) -> Result<Self, ApiError> {
        Ok(Self)
    }
}

/// A player with a living access token.
#[derive(Debug)]
pub struct Player {
    /// The account.
    pub account_id: AccountId,
    /// The login that the token came from.
    pub login_session_id: LoginSessionId,
    /// The account as it stood when the token was judged.
    pub account: Box<AccountRow>,
}

impl Caller for Player {
    const ACCESS: Access = Access::Player;
    const GRANTS: Grants = Bearer::GRANTS;

    /// The signature says who it is; the account's row, read consistently, says whether that still counts.
    #[allow(private_interfaces, reason = "only this crate implements or calls it")]
    async fn identify(app: &Scope<'_>, incoming: &Incoming, now: Timestamp) -> Result<Self, ApiError> {
        Bearer::identify(app, incoming, now).await?.claims.prove(app, now).await
    }
}

/// The bearer of a genuine access token, of whom nobody knows yet whether the login still counts. [`Call::prove`] finds out
/// while it reads what the request is about; there is no other way to the account.
#[derive(Debug)]
pub struct Bearer {
    claims: Claims,
}

#[derive(Debug, Clone, Copy)]
struct Claims {
    account_id: AccountId,
    login_session_id: LoginSessionId,
}

impl Caller for Bearer {
    const ACCESS: Access = Access::Player;
    /// The row of the account is part of it: whoever has a token of somebody is to [`Call::prove`] it.
    const GRANTS: Grants = Grants::NONE.with(Secret::AccessKey).on(TableName::Accounts, &[Operation::Get]);

    #[allow(private_interfaces, reason = "only this crate implements or calls it")]
    async fn identify(app: &Scope<'_>, incoming: &Incoming, now: Timestamp) -> Result<Self, ApiError> {
        let token = incoming.bearer().ok_or_else(ApiError::unauthorized)?;
        let AccessClaims { account_id, login_session_id, .. } =
            app.access_keys()?.verify(token, now).map_err(|_| ApiError::unauthorized())?;
        Ok(Self { claims: Claims { account_id, login_session_id } })
    }
}

impl Claims {
    async fn prove(self, app: &Scope<'_>, now: Timestamp) -> Result<Player, ApiError> {
        let Self { account_id, login_session_id } = self;
        let account = accounts::find(&app.table, account_id).await?;
        match account.filter(|account| account.has_login(login_session_id, now)) {
            Some(account) => Ok(Player { account_id, login_session_id, account: Box::new(account) }),
            None => {
                app.characters.forget_account(account_id);
                Err(ApiError::unauthorized())
            }
        }
    }
}

impl<'a> Call<'a, Bearer> {
    /// Finds out whether the login still counts, and reads at the same time: two calls of the database, one round trip. What
    /// was read is thrown away if the login does not count, so `read` must have no effect.
    pub(crate) async fn prove<T, F>(self, read: impl FnOnce(AccountId) -> F) -> Result<(Call<'a, Player>, T), ApiError>
    where
        F: Future<Output = Result<T, ApiError>>,
    {
        let Call { app, caller, now, source_ip, idempotency_key, if_none_match } = self;
        let (caller, read) = tokio::join!(caller.claims.prove(app, now), read(caller.claims.account_id));
        Ok((Call { app, caller: caller?, now, source_ip, idempotency_key, if_none_match }, read?))
    }
}

/// A game sim. Its name is the session name of the role that its instance holds, which on EC2 is the instance id.
#[derive(Debug)]
pub struct Gamesim {
    /// Its name.
    pub gamesim_id: GamesimId,
    /// The address that it called from.
    pub ip: String,
}

impl Caller for Gamesim {
    const ACCESS: Access = Access::Gamesim;
    const GRANTS: Grants = Grants::NONE;

    #[allow(private_interfaces, reason = "only this crate implements or calls it")]
    async fn identify(app: &Scope<'_>, incoming: &Incoming, _: Timestamp) -> Result<Self, ApiError> {
        let arn = incoming.user_arn.as_deref().ok_or_else(ApiError::forbidden)?;
        let name = session_name(arn, &app.gamesim_role).ok_or_else(ApiError::forbidden)?;
        let gamesim_id = name.parse().map_err(|_| ApiError::forbidden())?;
        let ip = incoming.source_ip.clone().ok_or_else(|| ApiError::internal("the event names no source address"))?;
        Ok(Self { gamesim_id, ip })
    }
}

/// Somebody who operates the game. Their name is the session name of the role that they hold.
#[derive(Debug)]
pub struct Operator {
    /// Their name, for the log.
    pub name: String,
}

impl Caller for Operator {
    const ACCESS: Access = Access::Operator;
    const GRANTS: Grants = Grants::NONE;

    #[allow(private_interfaces, reason = "only this crate implements or calls it")]
    async fn identify(app: &Scope<'_>, incoming: &Incoming, _: Timestamp) -> Result<Self, ApiError> {
        let arn = incoming.user_arn.as_deref().ok_or_else(ApiError::forbidden)?;
        let name = session_name(arn, &app.operator_role).ok_or_else(ApiError::forbidden)?;
        Ok(Self { name: name.to_owned() })
    }
}

/// The session name in `arn:aws:sts::123456789012:assumed-role/ROLE/NAME`, if the role is the one that is asked for.
fn session_name<'a>(arn: &'a str, role: &str) -> Option<&'a str> {
    let mut parts = arn.splitn(6, ':');
    let prefix = [parts.next()?, parts.next()?, parts.next()?];
    let resource = parts.nth(2)?;
    let mut path = resource.split('/');
    let matches = prefix == ["arn", "aws", "sts"] && path.next() == Some("assumed-role") && path.next() == Some(role);
    let name = path.next()?;
    (matches && path.next().is_none()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::session_name;

    #[test]
    fn only_the_game_sims_role_has_a_name_here() {
        assert_eq!(
            session_name("arn:aws:sts::123456789012:assumed-role/guildhall-gamesim/i-0abc", "guildhall-gamesim"),
            Some("i-0abc")
        );
        for wrong in [
            "",
            "arn:aws:iam::123456789012:user/guildhall-gamesim",
            "arn:aws:sts::123456789012:assumed-role/other/i-0abc",
            "arn:aws:sts::123456789012:assumed-role/guildhall-gamesim",
            "arn:aws:sts::123456789012:assumed-role/guildhall-gamesim/a/b",
            "arn:aws:iam::123456789012:assumed-role/guildhall-gamesim/i-0abc",
        ] {
            assert_eq!(session_name(wrong, "guildhall-gamesim"), None, "{wrong}");
        }
    }
}
