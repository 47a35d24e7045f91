//! Signs requests with SigV4, as game sims and operators do.

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign as signature};
use aws_sigv4::sign::v4;
use guildhall_local::sigv4::{Identity, SERVICE};
use std::error::Error;
use std::time::SystemTime;

/// Signs a request as `identity` for `region`; the headers that it has are covered, and those that it lacks are added.
///
/// # Errors
/// When the request cannot be signed, as for a header that is no text.
pub fn sign(
    request: &mut http::Request<Vec<u8>>,
    identity: &Identity,
    region: &str,
    at: SystemTime,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let credentials = Credentials::new(&identity.access_key, &identity.secret_key, None, None, "test").into();
    let parameters = v4::SigningParams::builder()
        .identity(&credentials)
        .region(region)
        .name(SERVICE)
        .time(at)
        .settings(SigningSettings::default())
        .build()?;
    let headers = request.headers().iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    let (method, uri) = (request.method().as_str(), request.uri().to_string());
    let signable = SignableRequest::new(method, uri, headers, SignableBody::Bytes(request.body()))?;
    let (instructions, _) = signature(signable, &parameters.into())?.into_parts();
    instructions.apply_to_request_http1x(request);
    Ok(())
}
