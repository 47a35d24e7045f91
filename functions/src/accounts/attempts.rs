//! Whether a password may be tried, asked before it is hashed: who tries is named by keyed hashes of address and network, so
//! that the store's rows tell nobody which addresses were tried, and an address without an account is counted like any.

use crate::Scope;
use crate::caller::Player;
use crate::endpoint::Call;
use crate::error::ApiError;
use crate::grants::{Grants, Secret};
use guildhall_domain::{Email, Password, Timestamp};
use guildhall_storage::throttle::{self, Admission, Attempt};
use guildhall_storage::{Operation, TableName};
use std::net::IpAddr;

/// What counting attempts takes.
pub(super) const GRANTS: Grants =
    Grants::NONE.with(Secret::DerivationKey).on(TableName::Accounts, &[Operation::Update]);

/// Counts an attempt to log in, or refuses it.
pub(super) async fn admit_login(
    app: &Scope<'_>,
    email: &Email,
    source_ip: Option<IpAddr>,
    now: Timestamp,
) -> Result<Attempt, ApiError> {
    let attempt = attempt(app, email, source_ip)?;
    judge(throttle::admit_login(&app.table, &attempt, now).await?).map(|()| attempt)
}

/// Counts an attempt to register, or refuses it.
pub(super) async fn admit_registration(
    app: &Scope<'_>,
    email: &Email,
    source_ip: Option<IpAddr>,
    now: Timestamp,
) -> Result<(), ApiError> {
    let attempt = attempt(app, email, source_ip)?;
    judge(throttle::admit_registration(&app.table, &attempt, now).await?)
}

/// Asks a player for their own password once more: whoever found a token must not get further by guessing.
pub(super) async fn confirm_password(call: &Call<'_, Player>, typed: &str) -> Result<(), ApiError> {
    let (app, account) = (call.app, &call.caller.account);
    let email = account.email.as_ref().ok_or_else(ApiError::unauthorized)?;
    let password = Password::parse(typed).map_err(|_| ApiError::wrong_password())?;
    let attempt = admit_login(app, email, call.source_ip, call.now).await?;
    let checked = app.hasher.check(&password, account.password_hash.as_deref(), app.random()).await?;
    if !checked.right {
        return Err(ApiError::wrong_password());
    }
    Ok(throttle::succeed(&app.table, &attempt, call.now).await?)
}

/// Refuses a new password that anybody who knows of the account would try.
pub(super) fn resist_guessing(password: &Password, email: &Email) -> Result<(), ApiError> {
    password.resist_guessing(email).map_err(|invalid| ApiError::bad_request(invalid.to_string()))
}

fn judge(admission: Admission) -> Result<(), ApiError> {
    match admission {
        Admission::Admitted => Ok(()),
        Admission::Refused { retry_after_ms } => Err(ApiError::too_many_attempts(retry_after_ms)),
    }
}

fn attempt(app: &Scope<'_>, email: &Email, source_ip: Option<IpAddr>) -> Result<Attempt, ApiError> {
    let (address, network) = (email.as_str().as_bytes(), network(source_ip));
    let derivation = app.derivation()?;
    let name = |purpose: &str, parts: &[&[u8]]| derivation.derive_id(purpose, parts);
    Ok(Attempt {
        pair: name("throttle-pair", &[address, &network]),
        address: name("throttle-address", &[address]),
        network: name("throttle-network", &[&network]),
        spread: u64::from_be_bytes(app.random()),
    })
}

/// The network that an address belongs to: a /24 of IPv4, a /56 of IPv6, which is what one household is given. All
/// requests without an address are one network.
fn network(source_ip: Option<IpAddr>) -> Vec<u8> {
    match source_ip.map(|ip| ip.to_canonical()) {
        None => vec![0],
        Some(IpAddr::V4(ip)) => [&[4], &ip.octets()[..3]].concat(),
        Some(IpAddr::V6(ip)) => [&[6], &ip.octets()[..7]].concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::network;

    #[test]
    fn neighbours_are_one_network() {
        let of = |text: &str| network(Some(text.parse().unwrap()));
        assert_eq!(of("192.0.2.1"), of("192.0.2.254"));
        assert_eq!(of("192.0.2.1"), of("::ffff:192.0.2.9"));
        assert_ne!(of("192.0.2.1"), of("192.0.3.1"));
        assert_eq!(of("2001:db8:0:ff00::1"), of("2001:db8:0:ffff:ffff::1"));
        assert_ne!(of("2001:db8:0:ff00::1"), of("2001:db8:0:fe00::1"));
        assert_ne!(of("::"), network(None));
    }
}
