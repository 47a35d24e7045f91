//! Access tokens: one strict wrapper over the token library, because its defaults accept an empty secret, a future `nbf`, a
//! missing `iss` or `aud`, and a token that expired a minute ago.
//!
//! A token that passes here is genuine and unexpired; whether it has been revoked is known to the account's row
//! in the store alone.
//! Tokens are HS256 with a header of exactly `typ`, `alg` and `kid`, and claims of exactly those in [`Claims`].

use crate::provider;
use guildhall_domain::limits::ACCESS_TOKEN_LIFETIME_S;
use guildhall_domain::{AccountId, LoginSessionId, Timestamp, TokenId};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Longest token that is looked at, in bytes.
pub const TOKEN_BYTES_MAX: usize = 1_024;
/// Shortest signing secret, in bytes: the size of the hash (RFC 7518, section 3.2).
pub const SECRET_BYTES_MIN: usize = 32;
/// Longest key name, in bytes.
pub const KID_BYTES_MAX: usize = 32;
/// Keys in use at once: the one that signs, and the one before it while its tokens live.
pub const KEYS_MAX: usize = 2;
/// How far the clock of another host may run ahead, in seconds.
pub const CLOCK_SKEW_S: u64 = 5;

const ISSUER: &str = "guildhall";
const AUDIENCE: &str = "guildhall-players";
const TYPE: &str = "access";

/// What a verified access token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccessClaims {
    /// Whose token it is.
    pub account_id: AccountId,
    /// The login that it came from, whose entry in the account's row says whether it is still good.
    pub login_session_id: LoginSessionId,
    /// The token.
    pub token_id: TokenId,
    /// The first instant at which it is no longer accepted.
    pub expires_at: Timestamp,
}

/// Why a token was refused. For logs and counters; a client is told only that its token is not good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum TokenError {
    /// Longer than [`TOKEN_BYTES_MAX`].
    #[error("the token is too long")]
    TooLong,
    /// Not three parts of base64url and JSON, or a claim is missing, unknown, repeated or of the wrong type.
    #[error("the token is malformed")]
    Malformed,
    /// The header asks for anything but HS256, or holds more than `typ`, `alg` and `kid`.
    #[error("the token's header is not one of ours")]
    Header,
    /// No key has the header's `kid`.
    #[error("the token's key is unknown")]
    UnknownKey,
    /// The signature does not match.
    #[error("the token's signature is wrong")]
    Signature,
    /// Another issuer, audience or kind of token.
    #[error("the token is meant for something else")]
    Purpose,
    /// `exp` has come.
    #[error("the token has expired")]
    Expired,
    /// `iat` or `nbf` lies in the future.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// `exp` is not after `iat`, or further after it than any token that was issued here.
    #[error("the token's lifetime is not one of ours")]
    Lifetime,
}

/// Why a set of signing keys was refused: a deployment must not start with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// No key, or more than [`KEYS_MAX`].
    #[error("expected one or two signing keys")]
    Count,
    /// A secret is shorter than [`SECRET_BYTES_MIN`].
    #[error("a signing secret must have at least 32 bytes")]
    ShortSecret,
    /// A key name is empty, too long, repeated, or not made of letters, digits, hyphens and underscores.
    #[error("a key name must be unique, of 1 to 32 letters, digits, hyphens or underscores")]
    Name,
}

/// The keys of a deployment. The first signs; all of them verify. `Debug` shows their names only.
pub struct SigningKeys {
    keys: Vec<Key>,
    validation: Validation,
}

struct Key {
    header: Header,
    encoding: EncodingKey,
    decoding: DecodingKey,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    iss: String,
    aud: String,
    sub: AccountId,
    sid: LoginSessionId,
    jti: TokenId,
    iat: u64,
    exp: u64,
    typ: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nbf: Option<u64>,
}

impl SigningKeys {
    /// Takes one or two `(kid, secret)` pairs; the first is the one that signs.
    pub fn new(keys: Vec<(String, Vec<u8>)>) -> Result<Self, KeyError> {
        provider::install();
        if keys.is_empty() || keys.len() > KEYS_MAX {
            return Err(KeyError::Count);
        }
        if keys.iter().any(|(_, secret)| secret.len() < SECRET_BYTES_MIN) {
            return Err(KeyError::ShortSecret);
        }
        let repeated =
            keys.iter().enumerate().any(|(at, (kid, _))| keys.iter().skip(at + 1).any(|(other, _)| other == kid));
        if repeated || !keys.iter().all(|(kid, _)| is_key_name(kid)) {
            return Err(KeyError::Name);
        }
        Ok(Self {
            keys: keys.into_iter().map(|(kid, secret)| Key::new(kid, &secret)).collect(),
            validation: validation(),
        })
    }

    /// Issues a token that is good from `now` for `lifetime_s` seconds, at most [`ACCESS_TOKEN_LIFETIME_S`].
    pub fn issue(
        &self,
        account_id: AccountId,
        login_session_id: LoginSessionId,
        token_id: TokenId,
        now: Timestamp,
        lifetime_s: u64,
    ) -> String {
        let iat = now.as_secs();
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: account_id,
            sid: login_session_id,
            jti: token_id,
            iat,
            exp: iat.saturating_add(lifetime_s.min(ACCESS_TOKEN_LIFETIME_S)),
            typ: TYPE.to_owned(),
            nbf: None,
        };
        let key = self.keys.first().expect("the constructor refuses an empty set");
        encode(&key.header, &claims, &key.encoding)
            .expect("text and numbers always serialise, and an HMAC always signs")
    }

    /// Checks everything about a token that can be known without the store.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<AccessClaims, TokenError> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(TokenError::TooLong);
        }
        let header = decode_header(token).map_err(|_| TokenError::Malformed)?;
        let key = self.keys.iter().find(|key| key.header.kid == header.kid).ok_or(TokenError::UnknownKey)?;
        // Equality with the header that this key signs leaves no room for `crit`, embedded keys or another algorithm.
        if header != key.header {
            return Err(TokenError::Header);
        }
        let claims = decode::<Claims>(token, &key.decoding, &self.validation).map_err(|e| classify(e.kind()))?.claims;
        if claims.typ != TYPE {
            return Err(TokenError::Purpose);
        }
        check_times(&claims, now.as_secs())?;
        let expires_at = Timestamp::default().plus_secs(claims.exp);
        Ok(AccessClaims { account_id: claims.sub, login_session_id: claims.sid, token_id: claims.jti, expires_at })
    }
}

impl fmt::Debug for SigningKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.keys.iter().filter_map(|key| key.header.kid.as_deref());
        f.debug_tuple("SigningKeys").field(&names.collect::<Vec<_>>()).finish()
    }
}

impl Key {
    fn new(kid: String, secret: &[u8]) -> Self {
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some(kid);
        Self { header, encoding: EncodingKey::from_secret(secret), decoding: DecodingKey::from_secret(secret) }
    }
}

fn is_key_name(kid: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    (1..=KID_BYTES_MAX).contains(&kid.len()) && kid.bytes().all(allowed)
}

/// The library checks signature, issuer and audience. Its checks of time are off because it would ask the system's clock.
fn validation() -> Validation {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[AUDIENCE]);
    validation.set_required_spec_claims(&["iss", "aud", "sub", "exp"]);
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation
}

fn classify(kind: &ErrorKind) -> TokenError {
    match kind {
        ErrorKind::InvalidSignature => TokenError::Signature,
        ErrorKind::InvalidIssuer | ErrorKind::InvalidAudience => TokenError::Purpose,
        _ => TokenError::Malformed,
    }
}

fn check_times(claims: &Claims, now_s: u64) -> Result<(), TokenError> {
    let latest = now_s.saturating_add(CLOCK_SKEW_S);
    if claims.iat > latest || claims.nbf.is_some_and(|nbf| nbf > latest) {
        return Err(TokenError::NotYetValid);
    }
    let lifetime_s = claims.exp.checked_sub(claims.iat).ok_or(TokenError::Lifetime)?;
    if !(1..=ACCESS_TOKEN_LIFETIME_S).contains(&lifetime_s) {
        return Err(TokenError::Lifetime);
    }
    if now_s >= claims.exp {
        return Err(TokenError::Expired);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
