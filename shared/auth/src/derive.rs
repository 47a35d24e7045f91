//! Ids and fingerprints that are the same for the same request: with an id derived from (account, `Idempotency-Key`), a
//! repeated request meets the very row that its first arrival wrote.
//!
//! The ids are keyed, so that nobody outside can foresee them; the fingerprint is not, and is no secret.

use ring::{digest, hmac};
use std::fmt;
use std::fmt::Write;

/// Length of a fingerprint, in hexadecimal digits.
pub const FINGERPRINT_DIGITS: usize = 32;

/// The key of derived ids, and those before it, whose codes are still understood. `Debug` hides them.
pub struct DerivationKey {
    key: hmac::Key,
    former: Vec<Self>,
}

impl DerivationKey {
    /// A key from 32 secret bytes.
    pub fn new(key: [u8; 32]) -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, &key), former: Vec::new() }
    }

    /// The same, and what these keys have proved genuine stays so. Ids are derived with the first alone.
    #[must_use]
    pub fn after(self, former: impl IntoIterator<Item = [u8; 32]>) -> Self {
        Self { former: former.into_iter().map(Self::new).collect(), ..self }
    }

    /// This key and those before it, each by itself.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(&self.former)
    }

    /// The first 128 bits of an HMAC-SHA256 over `purpose` and `parts`. Every piece goes in behind its length, so that
    /// different lists of parts never give the same bytes; `purpose` keeps kinds of id apart.
    pub fn derive_id(&self, purpose: &str, parts: &[&[u8]]) -> u128 {
        let mut context = hmac::Context::with_key(&self.key);
        for part in std::iter::once(&purpose.as_bytes()).chain(parts) {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        let tag = context.sign();
        tag.as_ref().first_chunk().map_or(0, |bits| u128::from_be_bytes(*bits))
    }
}

impl fmt::Debug for DerivationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DerivationKey(…)")
    }
}

/// The first 128 bits of SHA-256 in lowercase hexadecimal digits.
pub fn fingerprint(bytes: &[u8]) -> String {
    let digest = digest::digest(&digest::SHA256, bytes);
    digest.as_ref().iter().take(FINGERPRINT_DIGITS / 2).fold(
        String::with_capacity(FINGERPRINT_DIGITS),
        |mut text, byte| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn different_pieces_give_different_ids() {
        let key = DerivationKey::new([1; 32]);
        let ids: HashSet<u128> = [
            key.derive_id("session", &[b"ab", b"c"]),
            key.derive_id("session", &[b"a", b"bc"]),
            key.derive_id("session", &[b"abc"]),
            key.derive_id("session", &[b"abc", b""]),
            key.derive_id("session", &[b"", b"abc"]),
            key.derive_id("session", &[]),
            key.derive_id("session", &[b""]),
            key.derive_id("sessionab", &[b"c"]),
            key.derive_id("character", &[b"ab", b"c"]),
            DerivationKey::new([2; 32]).derive_id("session", &[b"ab", b"c"]),
        ]
        .into();
        assert_eq!(ids.len(), 10);
        assert!(ids.contains(&DerivationKey::new([1; 32]).derive_id("session", &[b"ab", b"c"])));
    }

    /// Stored rows are found again by their derived ids, so the derivation must never change. Computed independently with
    /// Python's `hmac` over `len64(purpose) purpose len64(part) part …`.
    #[test]
    fn the_derivation_is_pinned() {
        let id = DerivationKey::new([1; 32]).derive_id("session", &[b"account", b"key-1"]);
        assert_eq!(format!("{id:032x}"), "40e1092c340cf1997cd7cccd4a871c7c");
    }

    /// The digest of `abc` is the example of FIPS 180-4.
    #[test]
    fn fingerprints_are_sha256() {
        assert_eq!(fingerprint(b"abc"), "ba7816bf8f01cfea414140de5dae2223");
    }

    #[test]
    fn a_former_key_proves_and_does_not_derive() {
        let (former, key) = (DerivationKey::new([1; 32]), DerivationKey::new([2; 32]).after([[1; 32]]));
        let token = crate::coded::encode(b"four", "test", &former);
        assert_eq!(crate::coded::decode::<4>(&token, "test", &key), Some(*b"four"));
        assert_eq!(crate::coded::decode::<4>(&token, "test", &DerivationKey::new([2; 32])), None);
        assert_eq!(key.derive_id("test", &[]), DerivationKey::new([2; 32]).derive_id("test", &[]));
    }

    #[test]
    fn debug_hides_the_key() {
        assert_eq!(format!("{:?}", DerivationKey::new([0x5a; 32])), "DerivationKey(…)");
    }
}
