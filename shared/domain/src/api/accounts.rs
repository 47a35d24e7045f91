//! Accounts: the ways in, the ways out, and what an operator may do to one.
//!
//! Passwords and tokens are hidden from `Debug` by every type here.

use crate::{AccountId, Email, Password};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Register.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    /// The account's address.
    pub email: Email,
    /// Its password.
    pub password: Password,
}

/// Login accepts whatever text was typed, so that a password that could never be right is wrong and not malformed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LoginRequest {
    /// The address, as typed.
    pub email: String,
    /// The password, as typed.
    pub password: String,
}

impl fmt::Debug for LoginRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoginRequest").field("email", &self.email).finish_non_exhaustive()
    }
}

/// The answer to register, login, refresh and a change of password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Authenticated {
    /// Who it is.
    pub account_id: AccountId,
    /// Bearer token for every player route.
    pub access_token: String,
    /// How long it lasts, in seconds.
    pub expires_in_s: u64,
    /// Buys the next pair of tokens, once.
    pub refresh_token: String,
    /// How long it can be used, in seconds.
    pub refresh_expires_in_s: u64,
}

impl fmt::Debug for Authenticated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authenticated").field("account_id", &self.account_id).finish_non_exhaustive()
    }
}

/// Trade a refresh token for the next pair of tokens.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RefreshRequest {
    /// The latest refresh token of the login. An earlier one ends the login.
    pub refresh_token: String,
}

impl fmt::Debug for RefreshRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshRequest(…)")
    }
}

/// Log out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LogoutRequest {
    /// Ends every login of the account rather than the one that asks.
    #[serde(default)]
    pub everywhere: bool,
}

/// The answer to logout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LoggedOut {
    /// Always true: the tokens that were ended are refused from here on.
    pub logged_out: bool,
}

/// Change the password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ChangePasswordRequest {
    /// The password so far, as typed.
    pub old_password: String,
    /// The password from here on.
    pub new_password: Password,
}

impl fmt::Debug for ChangePasswordRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChangePasswordRequest(…)")
    }
}

/// Delete the account.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct DeleteAccountRequest {
    /// Its password, as typed.
    pub password: String,
}

impl fmt::Debug for DeleteAccountRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeleteAccountRequest(…)")
    }
}

/// The answer to a deletion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AccountDeleted {
    /// Always true: nothing of the account can be reached from here on.
    pub deleted: bool,
}

/// Which account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AccountPath {
    /// Path parameter.
    pub account_id: AccountId,
}

/// The answer to a ban and to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AccountStanding {
    /// The account.
    pub account_id: AccountId,
    /// Whether it is banned from here on.
    pub banned: bool,
}
