//! Who calls. Each kind of caller is a type, so that an endpoint cannot forget to ask.

use crate::app::App;
use crate::endpoint::Access;
use crate::error::ApiError;
use crate::incoming::Incoming;
use guildhall_domain::{AccountId, GamesimId, Timestamp, TokenId};
use guildhall_storage::accounts;

/// A kind of caller.
pub trait Caller: Sized + Send {
    /// What API Gateway and the documents say of it.
    const ACCESS: Access;

    /// Finds out who it is, or refuses.
    #[doc(hidden)]
    #[allow(private_interfaces, reason = "only this crate implements or calls it")]
    fn identify(app: &App, incoming: &Incoming, now: Timestamp) -> impl Future<Output = Result<Self, ApiError>> + Send;
}

/// Anyone at all.
#[derive(Debug)]
pub struct Anyone;

impl Caller for Anyone {
    const ACCESS: Access = Access::Public;

    #[allow(private_interfaces, reason = "only this crate implements or calls it")]
    async fn identify(_: &App, _: &Incoming, _: Timestamp) -> Result<Self, ApiError> {
        Ok(Self)
    }
}

/// A player with a living access token.
#[derive(Debug)]
pub struct Player {
    /// The account.
    pub account_id: AccountId,
    /// The token that was shown.
    pub token_id: TokenId,
}

impl Caller for Player {
    const ACCESS: Access = Access::Player;

    /// The signature says who it is; the row, read consistently, says whether that still counts.
    #[allow(private_interfaces, reason = "only this crate implements or calls it")]
    async fn identify(app: &App, incoming: &Incoming, now: Timestamp) -> Result<Self, ApiError> {
        let token = incoming.bearer().ok_or_else(ApiError::unauthorized)?;
        let claims = app.access_keys.verify(token, now).map_err(|_| ApiError::unauthorized())?;
        if !accounts::token_lives(&*app.table, claims.account_id, claims.token_id, now).await? {
            return Err(ApiError::unauthorized());
        }
        Ok(Self { account_id: claims.account_id, token_id: claims.token_id })
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

    #[allow(private_interfaces, reason = "only this crate implements or calls it")]
    async fn identify(app: &App, incoming: &Incoming, _: Timestamp) -> Result<Self, ApiError> {
        let arn = incoming.user_arn.as_deref().ok_or_else(ApiError::forbidden)?;
        let name = session_name(arn, &app.gamesim_role).ok_or_else(ApiError::forbidden)?;
        let gamesim_id = name.parse().map_err(|_| ApiError::forbidden())?;
        let ip = incoming.source_ip.clone().ok_or_else(|| ApiError::internal("the event names no source address"))?;
        Ok(Self { gamesim_id, ip })
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
