//! Who somebody is, and what is secret about it: passwords, access and refresh tokens, sealed keys and keyed ids. There is no I/O
//! here, no clock and no randomness: `now`, salts, nonces and ids are arguments.
//!
//! Read `password` and `access` first. `provider` is the only bridge between the token library and the cryptography.

pub mod access;
mod coded;
pub mod companion;
pub mod derive;
pub mod password;
mod provider;
pub mod refresh;
pub mod seal;

pub use access::{AccessClaims, KeyError, SigningKeys, TokenError};
pub use companion::CompanionTicket;
pub use derive::{DerivationKey, fingerprint};
pub use password::{PasswordHash, Verdict};
pub use refresh::RefreshToken;
pub use seal::{SealError, SealingKey};
