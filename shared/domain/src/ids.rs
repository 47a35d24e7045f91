//! Identifiers, one newtype per kind so that they cannot be mixed up. Random ones are 128 bits, written as 32 lowercase
//! hexadecimal digits on the wire and in the database.

use crate::Invalid;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

macro_rules! random_id {
    ($(#[$doc:meta])* $name:ident, $field:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(u128);

        impl $name {
            /// The id made of these 128 bits, which the caller draws from a secure source or derives with a keyed hash.
            pub const fn from_bits(bits: u128) -> Self {
                Self(bits)
            }

            /// The 16 bytes as they travel in a connect token, big-endian.
            pub const fn to_bytes(self) -> [u8; 16] {
                self.0.to_be_bytes()
            }

            /// The inverse of [`Self::to_bytes`].
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(u128::from_be_bytes(bytes))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:032x}", self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({:032x})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = Invalid;
            fn from_str(text: &str) -> Result<Self, Invalid> {
                parse_hex(text).map(Self).ok_or_else(|| Invalid::new($field, "expected 32 lowercase hexadecimal digits"))
            }
        }

        impl TryFrom<String> for $name {
            type Error = Invalid;
            fn try_from(text: String) -> Result<Self, Invalid> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }
    };
}

random_id!(/// A player's account.
    AccountId, "account_id");
random_id!(/// A character of an account.
    CharacterId, "character_id");
random_id!(/// One run of a dungeon by one party.
    SessionId, "session_id");
random_id!(/// One access token.
    TokenId, "token_id");
random_id!(/// One login of an account, and the entry in its row that keeps the login's tokens alive.
    LoginSessionId, "login_session_id");

fn parse_hex(text: &str) -> Option<u128> {
    let canonical = text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    canonical.then(|| u128::from_str_radix(text, 16).ok()).flatten()
}

/// A game sim: the name that the cloud gives to its instance, taken from the caller's identity and never from a body.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct GamesimId(String);

impl GamesimId {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for GamesimId {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        if (1..=64).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Invalid::new("gamesim_id", "expected 1 to 64 letters, digits or hyphens"))
        }
    }
}

impl TryFrom<String> for GamesimId {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        text.parse()
    }
}

impl From<GamesimId> for String {
    fn from(id: GamesimId) -> Self {
        id.0
    }
}

impl fmt::Display for GamesimId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_canonical_spelling_parses() {
        let id = AccountId::from_bits(0xab);
        assert_eq!(id.to_string().parse::<AccountId>(), Ok(id));
        assert_eq!(AccountId::from_bytes(id.to_bytes()), id);
        for wrong in [
            "",
            "ab",
            "000000000000000000000000000000AB",
            "+00000000000000000000000000000ab",
            "g00000000000000000000000000000ab",
        ] {
            assert!(wrong.parse::<AccountId>().is_err(), "{wrong:?} parsed");
        }
    }

    #[test]
    fn gamesim_names_cannot_carry_separators() {
        assert!("i-0abc".parse::<GamesimId>().is_ok());
        for wrong in ["", "a/b", "a#b", "a b"] {
            assert!(wrong.parse::<GamesimId>().is_err(), "{wrong:?} parsed");
        }
    }
}
