//! Passwords: hashed with Argon2id, checked in a time that does not tell whether the account exists.
//!
//! Not here: how often somebody may try (a throttle in the store, asked before any hashing), and the salt, which the caller
//! draws from a secure source.

use argon2::password_hash::phc;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use guildhall_domain::Password;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Memory of one hash, in KiB. With three passes this row equals the others of OWASP's Password Storage Cheat Sheet, and it
/// needs less memory than most, which is what a function pays for.
pub const MEMORY_KIB: u32 = 12 * 1024;
/// Passes of one hash over its memory.
pub const PASSES: u32 = 3;
/// Lanes of one hash.
pub const LANES: u32 = 1;
/// Length of the hash itself, in bytes.
pub const OUTPUT_BYTES: usize = 32;
/// Most memory that a stored hash may ask for, in KiB: OWASP's largest row.
pub const STORED_MEMORY_KIB_MAX: u32 = 46 * 1024;
/// Most work (memory × passes) that a stored hash may ask for, in KiB: twice that of a hash made here.
pub const STORED_WORK_KIB_MAX: u64 = 2 * WORK_KIB;
/// Longest stored hash that is looked at, in bytes.
pub const STORED_BYTES_MAX: usize = 256;

const WORK_KIB: u64 = MEMORY_KIB as u64 * PASSES as u64;
const _: () = assert!(MEMORY_KIB <= STORED_MEMORY_KIB_MAX && STORED_MEMORY_KIB_MAX as u64 <= STORED_WORK_KIB_MAX);

/// A hashed password in PHC string format, as the store keeps it. `Debug` hides it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Takes a stored string as it is: what it asks for is judged by [`verify`], which trusts nothing in it.
    pub fn from_stored(phc: impl Into<String>) -> Self {
        Self(phc.into())
    }

    /// The hash of no password, under today's parameters: what an account that does not exist is checked against, so that
    /// all of the work is the same. How long one hash takes depends a little on its salt, so it should be drawn from a
    /// secret and the address: then an address without an account has a time of its own, as one with an account has.
    pub fn decoy(salt: [u8; 16]) -> Self {
        let (salt, output) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode([0; OUTPUT_BYTES]));
        Self(format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${salt}${output}"))
    }

    /// The PHC string.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// What a password is to a stored hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Not the password, or not a hash that was made here.
    Wrong,
    /// The password.
    Right,
    /// The password, behind a hash that took less work than one made today: hash it again while it is at hand.
    RightButWeak,
}

/// Hashes a password. `salt` is 16 random bytes, fresh for each hash.
pub fn hash(password: &Password, salt: [u8; 16]) -> PasswordHash {
    let made = hasher().hash_password_with_salt(password.expose().as_bytes(), &salt);
    // The lengths and parameters are constants that `hashes_verify` shows to be accepted; only memory can run out.
    PasswordHash(made.expect("12 MiB for a password hash").to_string())
}

/// Checks a password. A stored hash that asks for more work than the limits allow, or for anything but Argon2id, was
/// planted or damaged: it is wrong, after the work of an ordinary check.
pub fn verify(password: &Password, stored: &PasswordHash) -> Verdict {
    let Some((stored, params)) = parse_affordable(stored.as_str()) else {
        return verify_decoy(password);
    };
    if hasher().verify_password(password.expose().as_bytes(), &stored).is_err() {
        Verdict::Wrong
    } else if work_kib(&params) < WORK_KIB {
        Verdict::RightButWeak
    } else {
        Verdict::Right
    }
}

/// Does the work of [`verify`] for an account that does not exist, so that time does not tell. Always [`Verdict::Wrong`].
pub fn verify_decoy(password: &Password) -> Verdict {
    std::hint::black_box(hash(password, [0; 16]));
    Verdict::Wrong
}

fn hasher() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, Some(OUTPUT_BYTES));
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params.expect("constants within Argon2's own bounds"))
}

fn work_kib(params: &Params) -> u64 {
    u64::from(params.m_cost()) * u64::from(params.t_cost())
}

fn parse_affordable(stored: &str) -> Option<(phc::PasswordHash, Params)> {
    let short = (stored.len() <= STORED_BYTES_MAX).then_some(stored)?;
    let parsed = phc::PasswordHash::new(short).ok()?;
    let params = Params::try_from(&parsed).ok()?;
    let ours = parsed.algorithm.as_str() == "argon2id"
        && parsed.version == Some(u32::from(Version::V0x13))
        && parsed.salt.is_some()
        && parsed.hash.as_ref().is_some_and(|output| output.len() == OUTPUT_BYTES);
    let affordable = params.p_cost() == LANES
        && params.m_cost() <= STORED_MEMORY_KIB_MAX
        && work_kib(&params) <= STORED_WORK_KIB_MAX;
    (ours && affordable).then_some((parsed, params))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Password {
        Password::parse(text).unwrap()
    }

    fn hash_with(memory_kib: u32, passes: u32, lanes: u32, algorithm: Algorithm) -> PasswordHash {
        hash_of_length(OUTPUT_BYTES, memory_kib, passes, lanes, algorithm)
    }

    fn hash_of_length(bytes: usize, memory_kib: u32, passes: u32, lanes: u32, algorithm: Algorithm) -> PasswordHash {
        let params = Params::new(memory_kib, passes, lanes, Some(bytes)).unwrap();
        let hasher = Argon2::new(algorithm, Version::V0x13, params);
        PasswordHash(hasher.hash_password_with_salt(b"correct horse", &[7; 16]).unwrap().to_string())
    }

    #[test]
    fn hashes_verify() {
        let stored = hash(&password("correct horse"), [7; 16]);
        assert!(stored.as_str().starts_with("$argon2id$v=19$m=12288,t=3,p=1$"), "{}", stored.as_str());
        assert_eq!(verify(&password("correct horse"), &stored), Verdict::Right);
        assert_eq!(verify(&password("correct horsE"), &stored), Verdict::Wrong);
        assert_ne!(stored, hash(&password("correct horse"), [8; 16]));
        assert_eq!(verify_decoy(&password("correct horse")), Verdict::Wrong);
        let decoy = PasswordHash::decoy([7; 16]);
        assert!(parse_affordable(decoy.as_str()).is_some(), "it takes the way of a hash that was made here");
        assert_eq!(verify(&password("correct horse"), &decoy), Verdict::Wrong);
        assert_eq!(decoy.as_str().len(), stored.as_str().len());
    }

    /// Nothing is cut off, folded or trimmed on the way, and any text of a permitted length will do.
    #[test]
    fn every_character_counts() {
        let long = format!("{}{}", "пароль🐎".repeat(17), "z!");
        let stored = hash(&password(&long), [7; 16]);
        assert_eq!(verify(&password(&long), &stored), Verdict::Right);
        let last_differs = long.replace('!', "?");
        for near in [last_differs.as_str(), &format!(" {long}"), &format!("{long} "), &long.replace('z', "Z")] {
            assert_eq!(verify(&password(near), &stored), Verdict::Wrong, "{near}");
        }
    }

    #[test]
    fn weak_hashes_are_told_apart() {
        let right = password("correct horse");
        assert_eq!(verify(&right, &hash_with(MEMORY_KIB, 2, 1, Algorithm::Argon2id)), Verdict::RightButWeak);
        assert_eq!(verify(&right, &hash_with(8, 1, 1, Algorithm::Argon2id)), Verdict::RightButWeak);
        assert_eq!(verify(&password("battery staple"), &hash_with(8, 1, 1, Algorithm::Argon2id)), Verdict::Wrong);
        // OWASP's other row of the same strength needs no new hash.
        assert_eq!(verify(&right, &hash_with(19 * 1024, 2, 1, Algorithm::Argon2id)), Verdict::Right);
    }

    /// Each of these is a true hash of the password, so only the limits can make it wrong.
    #[test]
    fn planted_hashes_are_wrong() {
        let planted = [
            ("memory", hash_with(STORED_MEMORY_KIB_MAX + 1, 1, 1, Algorithm::Argon2id)),
            ("work", hash_with(16, 4609, 1, Algorithm::Argon2id)),
            ("lanes", hash_with(64, 1, 2, Algorithm::Argon2id)),
            ("length", hash_of_length(16, MEMORY_KIB, 3, 1, Algorithm::Argon2id)),
            ("data-dependent", hash_with(MEMORY_KIB, 3, 1, Algorithm::Argon2d)),
            ("data-independent", hash_with(MEMORY_KIB, 3, 1, Algorithm::Argon2i)),
        ];
        for (what, stored) in planted {
            assert_eq!(verify(&password("correct horse"), &stored), Verdict::Wrong, "{what}");
        }
    }

    /// If the limits did not hold, the first of these would ask for 4 TiB and the test would not end.
    #[test]
    fn malformed_hashes_are_wrong() {
        let stored = hash(&password("correct horse"), [7; 16]);
        let good = stored.as_str();
        let malformed = [
            good.replace("m=12288", "m=4294967295"),
            good.replace("t=3", "t=4294967295"),
            good.replace("m=12288", "m=99999999999"),
            good.replace("v=19", "v=16"),
            good.replace("$v=19", ""),
            good.rsplit_once('$').unwrap().0.to_owned(),
            good[..good.len() - 8].to_owned(),
            format!("{good}{}", "A".repeat(STORED_BYTES_MAX)),
            String::new(),
            "correct horse".to_owned(),
        ];
        for text in malformed {
            assert_eq!(
                verify(&password("correct horse"), &PasswordHash::from_stored(&*text)),
                Verdict::Wrong,
                "{text}"
            );
        }
    }

    #[test]
    fn debug_hides_the_hash() {
        assert_eq!(format!("{:?}", PasswordHash::from_stored("$argon2id$…")), "PasswordHash(…)");
    }
}
