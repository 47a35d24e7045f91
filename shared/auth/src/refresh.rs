//! Refresh tokens: opaque to clients, and of use once. A token names its login and its place in the login's succession of
//! tokens, and is sealed with a keyed code, so that a guess is refused without asking the store and a genuine token that was
//! used before is told from a forged one.
//!
//! Not here: which token of a login is the latest. The account's row keeps the latest one's [`RefreshToken::hash`].

use crate::{DerivationKey, coded};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use guildhall_domain::{AccountId, LoginSessionId};
use ring::digest;
use std::fmt;

/// Length of the random part, in bytes.
pub const SECRET_BYTES: usize = 32;

const SIGNED_BYTES: usize = 16 + 16 + 8 + SECRET_BYTES;
/// Keeps these codes apart from everything else that the key derives.
const PURPOSE: &str = "refresh-token";

/// A refresh token. `Debug` hides its secret.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshToken {
    /// Whose it is.
    pub account_id: AccountId,
    /// The login that it continues.
    pub login_session_id: LoginSessionId,
    /// How many tokens of this login came before it.
    pub generation: u64,
    /// Random bytes, so that no two tokens are the same.
    pub secret: [u8; SECRET_BYTES],
}

impl RefreshToken {
    /// The token as a client keeps it: base64url without padding.
    pub fn encode(&self, key: &DerivationKey) -> String {
        coded::encode(&self.signed(), PURPOSE, key)
    }

    /// The inverse of [`Self::encode`]; `None` for anything that was not encoded with this key.
    pub fn decode(text: &str, key: &DerivationKey) -> Option<Self> {
        let signed: [u8; SIGNED_BYTES] = coded::decode(text, PURPOSE, key)?;
        let (account_id, rest) = signed.split_first_chunk::<16>()?;
        let (login_session_id, rest) = rest.split_first_chunk::<16>()?;
        let (generation, secret) = rest.split_first_chunk::<8>()?;
        Some(Self {
            account_id: AccountId::from_bytes(*account_id),
            login_session_id: LoginSessionId::from_bytes(*login_session_id),
            generation: u64::from_be_bytes(*generation),
            secret: secret.try_into().ok()?,
        })
    }

    /// What the store keeps of it: SHA-256 in base64url. With 256 random bits inside, it needs neither salt nor work.
    pub fn hash(&self) -> String {
        URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, &self.signed()))
    }

    fn signed(&self) -> [u8; SIGNED_BYTES] {
        let mut bytes = [0; SIGNED_BYTES];
        let parts = [
            &self.account_id.to_bytes()[..],
            &self.login_session_id.to_bytes(),
            &self.generation.to_be_bytes(),
            &self.secret,
        ];
        for (place, byte) in bytes.iter_mut().zip(parts.concat()) {
            *place = byte;
        }
        bytes
    }
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("RefreshToken");
        shown.field("account_id", &self.account_id).field("login_session_id", &self.login_session_id);
        shown.field("generation", &self.generation).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> RefreshToken {
        RefreshToken {
            account_id: AccountId::from_bits(0xaa),
            login_session_id: LoginSessionId::from_bits(0xbb),
            generation: 7,
            secret: [9; SECRET_BYTES],
        }
    }

    fn key() -> DerivationKey {
        DerivationKey::new([1; 32])
    }

    #[test]
    fn a_token_comes_back_as_it_was_under_its_own_key_alone() {
        let text = token().encode(&key());
        assert_eq!(RefreshToken::decode(&text, &key()), Some(token()));
        assert_eq!(RefreshToken::decode(&text, &DerivationKey::new([2; 32])), None);
    }

    #[test]
    fn whatever_is_altered_is_noticed() {
        let text = token().encode(&key());
        let bytes = URL_SAFE_NO_PAD.decode(&text).unwrap();
        for at in 0..bytes.len() {
            let mut altered = bytes.clone();
            altered[at] ^= 1;
            assert_eq!(RefreshToken::decode(&URL_SAFE_NO_PAD.encode(altered), &key()), None, "byte {at}");
        }
        // Nor do two alterations make up for each other.
        let code = bytes.len() - 16;
        for at in code + 1..bytes.len() {
            let mut altered = bytes.clone();
            (altered[code], altered[at]) = (bytes[code] ^ 1, bytes[at] ^ 1);
            assert_eq!(RefreshToken::decode(&URL_SAFE_NO_PAD.encode(altered), &key()), None, "byte {at}");
        }
        for wrong in ["", "x", &text[1..], &format!("{text}A"), &format!("{text}="), &"é".repeat(59), &"A".repeat(118)]
        {
            assert_eq!(RefreshToken::decode(wrong, &key()), None, "{wrong:?}");
        }
    }

    #[test]
    fn every_part_changes_the_hash() {
        let hashes = [
            token(),
            RefreshToken { account_id: AccountId::from_bits(1), ..token() },
            RefreshToken { login_session_id: LoginSessionId::from_bits(1), ..token() },
            RefreshToken { generation: 8, ..token() },
            RefreshToken { secret: [8; SECRET_BYTES], ..token() },
        ]
        .map(|token| token.hash());
        assert_eq!(hashes.iter().collect::<std::collections::HashSet<_>>().len(), hashes.len());
        assert_eq!(hashes[0].len(), 43);
    }

    #[test]
    fn debug_hides_the_secret() {
        let shown = format!("{:?}", RefreshToken { secret: [0x5a; SECRET_BYTES], ..token() });
        assert!(shown.contains("generation: 7") && !shown.contains("90"), "{shown}");
    }
}
