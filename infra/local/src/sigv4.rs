//! Verifies AWS Signature Version 4 for real, as API Gateway's IAM authorizer does in the cloud: the received request is
//! signed again with the known secret of the key that it names, and the two signatures are compared. There is no way to
//! turn it off.
//!
//! Not here: what a caller may do. An identity is a name, and the handlers judge it.

use crate::calendar::parse_amz_date;
use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use guildhall_domain::Timestamp;
use http::HeaderMap;
use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, UNIX_EPOCH};

/// How far the caller's clock may be off, in seconds (AWS, "Elements of an API request signature").
pub const CLOCK_SKEW_S_MAX: u64 = 300;
/// The account that everything local belongs to.
pub const ACCOUNT_ID: &str = "000000000000";
/// Name of the service that requests to an API are signed for.
pub const SERVICE: &str = "execute-api";
/// Headers that one signature may cover.
const SIGNED_HEADERS_MAX: usize = 32;

/// Who may sign: access keys with their secrets and the names of their holders.
#[derive(Debug, Clone)]
pub struct Identities {
    region: String,
    by_access_key: BTreeMap<String, Identity>,
}

/// The holder of an access key.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    /// The role that it holds.
    pub role: &'static str,
    /// The session name of the role that it holds.
    pub name: String,
    /// The access key.
    pub access_key: String,
    /// Its secret.
    pub secret_key: String,
}

/// A request as it was received. The path is as it came, percent-encoded.
#[derive(Debug, Clone, Copy)]
pub struct SignedRequest<'a> {
    /// HTTP method.
    pub method: &'a str,
    /// Path and query.
    pub path_and_query: &'a str,
    /// All headers.
    pub headers: &'a HeaderMap,
    /// The whole body.
    pub body: &'a [u8],
}

/// Why a signature does not count. For the log; the caller is told nothing but that it may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// There is no `Authorization` header.
    #[error("the request is not signed")]
    Missing,
    /// The header, the date or the list of signed headers cannot be read.
    #[error("the signature cannot be read")]
    Malformed,
    /// Made for another region or service, or of another day than its date.
    #[error("the signature is for another region, service or day")]
    WrongScope,
    /// Nobody holds the access key.
    #[error("the access key is unknown")]
    UnknownKey,
    /// The date is more than [`CLOCK_SKEW_S_MAX`] away.
    #[error("the signature is too old or of the future")]
    WrongTime,
    /// The request is not the one that was signed, or not with this secret.
    #[error("the signature does not match")]
    Mismatch,
}

impl Identity {
    /// A holder of the game sims' role, with a fresh key. The bytes come from a secure source.
    pub fn of_gamesim(name: impl Into<String>, entropy: [u8; 32]) -> Self {
        Self::of("guildhall-gamesim", name, entropy)
    }

    /// A holder of the operators' role, likewise.
    pub fn of_operator(name: impl Into<String>, entropy: [u8; 32]) -> Self {
        Self::of("guildhall-operator", name, entropy)
    }

    fn of(role: &'static str, name: impl Into<String>, entropy: [u8; 32]) -> Self {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02X}")).collect::<String>();
        let (key, secret) = entropy.split_at(8);
        Self { role, name: name.into(), access_key: format!("ASIA{}", hex(key)), secret_key: hex(secret) }
    }

    /// The name by which IAM knows it.
    pub fn user_arn(&self) -> String {
        format!("arn:aws:sts::{ACCOUNT_ID}:assumed-role/{}/{}", self.role, self.name)
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Identities {
    /// The identities that sign for `region`.
    pub fn new(region: impl Into<String>, identities: impl IntoIterator<Item = Identity>) -> Self {
        let by_access_key = identities.into_iter().map(|identity| (identity.access_key.clone(), identity)).collect();
        Self { region: region.into(), by_access_key }
    }

    /// Finds out who signed the request.
    ///
    /// # Errors
    /// [`SignatureError`] when nobody did, or not this request, or not within [`CLOCK_SKEW_S_MAX`] of `now`.
    pub fn verify(&self, request: SignedRequest<'_>, now: Timestamp) -> Result<&Identity, SignatureError> {
        let header = single(request.headers, "authorization").ok_or(SignatureError::Missing)?;
        let claim = Claim::parse(header).ok_or(SignatureError::Malformed)?;
        let date = single(request.headers, "x-amz-date").ok_or(SignatureError::Malformed)?;
        let at = parse_amz_date(date).ok_or(SignatureError::Malformed)?;
        if (claim.region, claim.service) != (self.region.as_str(), SERVICE) || !date.starts_with(claim.day) {
            return Err(SignatureError::WrongScope);
        }
        if now.as_secs().abs_diff(at.as_secs()) > CLOCK_SKEW_S_MAX {
            return Err(SignatureError::WrongTime);
        }
        let identity = self.by_access_key.get(claim.access_key).ok_or(SignatureError::UnknownKey)?;
        let expected = self.signature(identity, request, &claim, at)?;
        if equal_in_constant_time(expected.as_bytes(), claim.signature.as_bytes()) {
            Ok(identity)
        } else {
            Err(SignatureError::Mismatch)
        }
    }

    /// What the holder of the key would have signed this request with.
    fn signature(
        &self,
        identity: &Identity,
        request: SignedRequest<'_>,
        claim: &Claim<'_>,
        at: Timestamp,
    ) -> Result<String, SignatureError> {
        let headers = claim.signed_headers(request.headers)?;
        let host = single(request.headers, "host").ok_or(SignatureError::Malformed)?;
        let uri = format!("http://{host}{}", request.path_and_query);
        let body = SignableBody::Bytes(request.body);
        let signable = SignableRequest::new(request.method, uri, headers.into_iter(), body);
        let signable = signable.map_err(|_| SignatureError::Malformed)?;
        let credentials = Credentials::new(&identity.access_key, &identity.secret_key, None, None, "local").into();
        // The caller says which headers count, so that none is left out on our side.
        let mut settings = SigningSettings::default();
        settings.excluded_headers = None;
        let parameters = v4::SigningParams::builder()
            .identity(&credentials)
            .region(&self.region)
            .name(SERVICE)
            .time(UNIX_EPOCH + Duration::from_secs(at.as_secs()))
            .settings(settings)
            .build()
            .map_err(|_| SignatureError::Malformed)?;
        let output = sign(signable, &parameters.into()).map_err(|_| SignatureError::Malformed)?;
        Ok(output.signature().to_owned())
    }
}

/// What an `Authorization` header claims.
struct Claim<'a> {
    access_key: &'a str,
    day: &'a str,
    region: &'a str,
    service: &'a str,
    signed_headers: &'a str,
    signature: &'a str,
}

impl<'a> Claim<'a> {
    fn parse(header: &'a str) -> Option<Self> {
        let mut credential = None;
        let mut signed_headers = None;
        let mut signature = None;
        for part in header.strip_prefix("AWS4-HMAC-SHA256 ")?.split(',') {
            let (name, value) = part.trim().split_once('=')?;
            let slot = match name {
                "Credential" => &mut credential,
                "SignedHeaders" => &mut signed_headers,
                "Signature" => &mut signature,
                _ => return None,
            };
            if slot.replace(value).is_some() {
                return None;
            }
        }
        let mut scope = credential?.split('/');
        let [access_key, day, region, service] = [scope.next()?, scope.next()?, scope.next()?, scope.next()?];
        let complete = day.len() == 8 && scope.next() == Some("aws4_request") && scope.next().is_none();
        let (signed_headers, signature) = (signed_headers?, signature?);
        complete.then_some(Self { access_key, day, region, service, signed_headers, signature })
    }

    /// The headers that the signature covers, which must include the host and the date, with all of their values.
    fn signed_headers(&self, headers: &'a HeaderMap) -> Result<Vec<(&'a str, &'a str)>, SignatureError> {
        let names: Vec<&str> = self.signed_headers.split(';').collect();
        let rising = names.windows(2).all(|pair| pair[0] < pair[1]);
        let complete = names.contains(&"host") && names.contains(&"x-amz-date");
        if !rising || !complete || names.len() > SIGNED_HEADERS_MAX || names.contains(&"authorization") {
            return Err(SignatureError::Malformed);
        }
        let mut signed = Vec::with_capacity(names.len());
        for name in names {
            let before = signed.len();
            for value in headers.get_all(name) {
                signed.push((name, value.to_str().map_err(|_| SignatureError::Malformed)?));
            }
            if signed.len() == before {
                return Err(SignatureError::Malformed);
            }
        }
        Ok(signed)
    }
}

/// A header that is there exactly once and readable.
fn single<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

/// The time it takes tells nothing about where the first difference is.
fn equal_in_constant_time(a: &[u8], b: &[u8]) -> bool {
    let difference = a.iter().zip(b).fold(0, |difference, (a, b)| std::hint::black_box(difference | (a ^ b)));
    a.len() == b.len() && difference == 0
}

#[cfg(test)]
pub(crate) mod tests;
