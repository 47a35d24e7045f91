//! Seals the connect private key of a game sim for its registry row, bound to the sim and its epoch: a sealed key that is
//! copied to another row does not open there.
//!
//! Not here: where the sealing key comes from, and the nonce, which the caller draws at random for each seal.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use std::fmt;

const SECRET_BYTES: usize = 32;
const TAG_BYTES: usize = 16;
/// Length of a sealed key before base64, in bytes: nonce, ciphertext and tag.
const SEALED_BYTES: usize = NONCE_LEN + SECRET_BYTES + TAG_BYTES;

/// Opens and seals with ChaCha20-Poly1305 (RFC 8439). `Debug` hides the keys.
pub struct SealingKey {
    key: LessSafeKey,
    /// Those before it, which still open.
    former: Vec<Self>,
}

/// Why a sealed key did not open. It says no more on purpose: damaged, foreign and forged look the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the sealed key does not open with this key and context")]
pub struct SealError;

impl SealingKey {
    /// A key from 32 secret bytes.
    pub fn new(key: [u8; 32]) -> Self {
        let key = UnboundKey::new(&CHACHA20_POLY1305, &key).expect("32 bytes are this cipher's key length");
        Self { key: LessSafeKey::new(key), former: Vec::new() }
    }

    /// The same, and what these keys have sealed still opens. The first alone seals.
    #[must_use]
    pub fn after(self, former: impl IntoIterator<Item = [u8; 32]>) -> Self {
        Self { former: former.into_iter().map(Self::new).collect(), ..self }
    }

    /// Seals `secret` for `context` (which names the sim and its epoch). The nonce must never be used again with this key.
    pub fn seal(&self, secret: &[u8; SECRET_BYTES], nonce: [u8; NONCE_LEN], context: &str) -> String {
        let mut sealed = Vec::with_capacity(SEALED_BYTES);
        sealed.extend_from_slice(&nonce);
        let mut text = *secret;
        let tag =
            self.key.seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(context), &mut text);
        sealed.extend_from_slice(&text);
        sealed.extend_from_slice(tag.expect("32 bytes are far below the cipher's limit").as_ref());
        STANDARD_NO_PAD.encode(sealed)
    }

    /// The inverse of [`Self::seal`], with the same context.
    pub fn open(&self, sealed: &str, context: &str) -> Result<[u8; SECRET_BYTES], SealError> {
        let by_former = || self.former.iter().find_map(|former| former.open(sealed, context).ok());
        self.open_alone(sealed, context).or_else(|refused| by_former().ok_or(refused))
    }

    fn open_alone(&self, sealed: &str, context: &str) -> Result<[u8; SECRET_BYTES], SealError> {
        let bytes = STANDARD_NO_PAD.decode(sealed).map_err(|_| SealError)?;
        let bytes: [u8; SEALED_BYTES] = bytes.try_into().map_err(|_| SealError)?;
        let (nonce, text_and_tag) = bytes.split_first_chunk::<NONCE_LEN>().ok_or(SealError)?;
        let mut text_and_tag = text_and_tag.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let text = self.key.open_in_place(nonce, Aad::from(context), &mut text_and_tag).map_err(|_| SealError)?;
        (&*text).try_into().map_err(|_| SealError)
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealingKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_key_opens_with_its_key_and_context_alone() {
        let key = SealingKey::new([1; 32]);
        let sealed = key.seal(&[2; 32], [3; 12], "sim-a/7");
        assert_eq!(key.open(&sealed, "sim-a/7"), Ok([2; 32]));
        assert_eq!(key.open(&sealed, "sim-a/8"), Err(SealError));
        assert_eq!(key.open(&sealed, "sim-b/7"), Err(SealError));
        assert_eq!(SealingKey::new([9; 32]).open(&sealed, "sim-a/7"), Err(SealError));
        assert_ne!(sealed, key.seal(&[2; 32], [4; 12], "sim-a/7"));
    }

    #[test]
    fn what_a_former_key_has_sealed_opens_until_it_is_forgotten() {
        let sealed = SealingKey::new([1; 32]).key_text();
        assert_eq!(SealingKey::new([2; 32]).after([[1; 32]]).open(&sealed, "sim-a/7"), Ok([2; 32]));
        assert_eq!(SealingKey::new([2; 32]).after([[3; 32]]).open(&sealed, "sim-a/7"), Err(SealError));
        let rotated = SealingKey::new([2; 32]).after([[1; 32]]).key_text();
        assert_eq!(SealingKey::new([1; 32]).open(&rotated, "sim-a/7"), Err(SealError), "a former key was used");
    }

    impl SealingKey {
        fn key_text(&self) -> String {
            self.seal(&[2; 32], [3; 12], "sim-a/7")
        }
    }

    #[test]
    fn damage_anywhere_is_noticed() {
        let key = SealingKey::new([1; 32]);
        let sealed = key.seal(&[2; 32], [3; 12], "sim-a/7");
        let bytes = STANDARD_NO_PAD.decode(&sealed).unwrap();
        assert_eq!(bytes.len(), SEALED_BYTES);
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            assert_eq!(key.open(&STANDARD_NO_PAD.encode(damaged), "sim-a/7"), Err(SealError), "byte {at}");
        }
        for wrong in ["", "A", "not base64!", &sealed[1..], &format!("{sealed}AAAA"), &format!("{sealed}=")] {
            assert_eq!(key.open(wrong, "sim-a/7"), Err(SealError), "{wrong:?}");
        }
    }

    #[test]
    fn debug_hides_the_key() {
        assert_eq!(format!("{:?}", SealingKey::new([0x5a; 32])), "SealingKey(…)");
    }
}
