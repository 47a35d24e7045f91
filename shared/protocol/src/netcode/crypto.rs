//! The two ciphers of the standard behind the few calls that it needs. Packets and challenge tokens use ChaCha20-Poly1305
//! with a counter for a nonce, on `ring`, which is ten times as fast as portable code; connect tokens use
//! XChaCha20-Poly1305 with a random nonce, which `ring` does not have.

use super::{Key, MAC_BYTES, TOKEN_NONCE_BYTES};
use chacha20poly1305::aead::AeadInOut;
use chacha20poly1305::{KeyInit, Tag, XChaCha20Poly1305};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use std::fmt;

/// The cipher refused: something was forged, damaged, or sealed with another key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unauthentic;

/// A key in use. It never shows itself. `ring`'s own form of it, in which any cipher's key has room, is half a kilobyte that
/// each packet would find cold; making it anew costs less than fetching it.
pub(crate) struct Cipher(Key);

impl fmt::Debug for Cipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cipher")
    }
}

impl Cipher {
    pub(crate) fn new(key: &Key) -> Self {
        Self(*key)
    }

    /// Its first byte and its last, for whom it is only about where they are.
    pub(crate) fn ends(&self) -> (u8, u8) {
        let [first, .., last] = self.0;
        (first, last)
    }

    fn expanded(&self) -> LessSafeKey {
        LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, &self.0).expect("a key of this type has 32 bytes"))
    }

    /// Encrypts `data` in place and yields its code. The caller never repeats `sequence` under one key.
    pub(crate) fn seal(&self, sequence: u64, associated: &[u8], data: &mut [u8]) -> [u8; MAC_BYTES] {
        #[cfg(test)]
        nonces::record(self, sequence);
        let tag = self
            .expanded()
            .seal_in_place_separate_tag(nonce(sequence), Aad::from(associated), data)
            .expect("a packet is far shorter than the cipher's limit of 256 GiB");
        let mut code = [0; MAC_BYTES];
        code.copy_from_slice(tag.as_ref());
        code
    }

    /// Decrypts `sealed` (data, then code) in place and yields the data.
    pub(crate) fn open<'a>(
        &self,
        sequence: u64,
        associated: &[u8],
        sealed: &'a mut [u8],
    ) -> Result<&'a mut [u8], Unauthentic> {
        self.expanded().open_in_place(nonce(sequence), Aad::from(associated), sealed).map_err(|_| Unauthentic)
    }
}

/// Four zero bytes, then the sequence number.
fn nonce(sequence: u64) -> Nonce {
    let mut bytes = [0; 12];
    if let Some(number) = bytes.last_chunk_mut() {
        *number = sequence.to_le_bytes();
    }
    Nonce::assume_unique_for_key(bytes)
}

/// Encrypts the private part of a connect token in place and yields its code.
pub(crate) fn seal_token(
    key: &Key,
    nonce: &[u8; TOKEN_NONCE_BYTES],
    associated: &[u8],
    data: &mut [u8],
) -> [u8; MAC_BYTES] {
    XChaCha20Poly1305::new(key.into())
        .encrypt_inout_detached(nonce.into(), associated, data.into())
        .expect("a token is far shorter than the cipher's limit of 256 GiB")
        .into()
}

/// Decrypts the private part of a connect token in place.
pub(crate) fn open_token(
    key: &Key,
    nonce: &[u8; TOKEN_NONCE_BYTES],
    associated: &[u8],
    data: &mut [u8],
    code: &[u8; MAC_BYTES],
) -> Result<(), Unauthentic> {
    XChaCha20Poly1305::new(key.into())
        .decrypt_inout_detached(nonce.into(), associated, data.into(), &Tag::from(*code))
        .map_err(|_| Unauthentic)
}

/// A ledger of the nonces used in this test thread, per key, kept between `start` and `finish`. A key is recognised by what
/// it makes of zeros.
#[cfg(test)]
pub(crate) mod nonces {
    use super::{Cipher, nonce};
    use ring::aead::Aad;
    use std::cell::RefCell;
    use std::collections::HashSet;

    /// A key's fingerprint and a sequence number.
    type Use = ([u8; 32], u64);

    thread_local! {
        static USED: RefCell<Option<HashSet<Use>>> = RefCell::default();
    }

    pub(super) fn record(cipher: &Cipher, sequence: u64) {
        USED.with_borrow_mut(|used| {
            let Some(used) = used else { return };
            let mut fingerprint = [0; 32];
            let _tag =
                cipher.expanded().seal_in_place_separate_tag(nonce(u64::MAX), Aad::empty(), &mut fingerprint).unwrap();
            assert!(used.insert((fingerprint, sequence)), "sequence {sequence} was used twice under one key");
        });
    }

    pub(crate) fn start() {
        USED.with_borrow_mut(|used| *used = Some(HashSet::new()));
    }

    /// How many packets were sealed since `start`.
    pub(crate) fn finish() -> usize {
        USED.with_borrow_mut(|used| used.take().map_or(0, |used| used.len()))
    }
}
