//! Bytes that a client carries for us: base64url of the bytes and of a keyed code over them, so that whatever we did not write
//! is refused without asking the store. They are not secret, only genuine.

use crate::DerivationKey;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

const CODE_BYTES: usize = 16;

/// The bytes as text, under a code that `purpose` keeps apart from everything else that the key derives.
pub(crate) fn encode(bytes: &[u8], purpose: &str, key: &DerivationKey) -> String {
    URL_SAFE_NO_PAD.encode([bytes, &code(bytes, purpose, key)].concat())
}

/// The inverse of [`encode`]; `None` for anything that was not encoded with this key for this purpose.
pub(crate) fn decode<const BYTES: usize>(text: &str, purpose: &str, key: &DerivationKey) -> Option<[u8; BYTES]> {
    // The length is judged first, so that nothing long is decoded.
    if text.len() != ((BYTES + CODE_BYTES) * 4).div_ceil(3) {
        return None;
    }
    let all = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (bytes, shown) = all.split_first_chunk::<BYTES>()?;
    let is_of = |key: &DerivationKey| {
        let expected = code(bytes, purpose, key);
        expected.iter().zip(shown).fold(0, |sum, (a, b)| std::hint::black_box(sum | (a ^ b))) == 0
    };
    (shown.len() == CODE_BYTES && key.all().any(is_of)).then_some(*bytes)
}

fn code(bytes: &[u8], purpose: &str, key: &DerivationKey) -> [u8; CODE_BYTES] {
    key.derive_id(purpose, &[bytes]).to_be_bytes()
}
