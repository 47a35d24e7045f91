//! Signs requests with AWS Signature Version 4, with the credentials that the process's surroundings give. They are fetched
//! once and again shortly before they expire.

use super::with_causes;
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use std::time::{Duration, SystemTime};
use tokio::sync::Mutex;

/// Name of the service that API Gateway is to IAM.
pub(crate) const API_GATEWAY: &str = "execute-api";
/// Name of the service that scales instances.
pub(crate) const AUTOSCALING: &str = "autoscaling";
/// How long before their end credentials are renewed, in seconds.
const RENEW_BEFORE_S: u64 = 120;

/// Signs for one region.
#[derive(Debug)]
pub(crate) struct Signer {
    region: String,
    provider: Option<SharedCredentialsProvider>,
    held: Mutex<Option<Credentials>>,
}

impl Signer {
    pub(crate) fn new(region: &str, provider: Option<SharedCredentialsProvider>) -> Self {
        Self { region: region.to_owned(), provider, held: Mutex::new(None) }
    }

    /// Where the credentials come from.
    pub(crate) fn provider(&self) -> Option<SharedCredentialsProvider> {
        self.provider.clone()
    }

    /// Adds the signature for a service to a request whose body is complete.
    pub(crate) async fn sign(&self, service: &str, request: &mut http::Request<Vec<u8>>) -> Result<(), String> {
        let credentials = self.credentials().await?;
        self.sign_with(credentials, service, SystemTime::now(), request)
    }

    async fn credentials(&self) -> Result<Credentials, String> {
        let mut held = self.held.lock().await;
        let renew_at = SystemTime::now() + Duration::from_secs(RENEW_BEFORE_S);
        let is_good = |credentials: &&Credentials| credentials.expiry().is_none_or(|expiry| renew_at < expiry);
        if let Some(credentials) = held.as_ref().filter(is_good) {
            return Ok(credentials.clone());
        }
        let provider = self.provider.as_ref().ok_or("there is no source of AWS credentials")?;
        let fresh = provider.provide_credentials().await;
        let fresh = fresh.map_err(|error| format!("no AWS credentials: {}", with_causes(&error)))?;
        *held = Some(fresh.clone());
        Ok(fresh)
    }

    fn sign_with(
        &self,
        credentials: Credentials,
        service: &str,
        time: SystemTime,
        request: &mut http::Request<Vec<u8>>,
    ) -> Result<(), String> {
        let identity = credentials.into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(service)
            .time(time)
            .settings(SigningSettings::default())
            .build()
            .map_err(|error| with_causes(&error))?;
        let uri = request.uri().to_string();
        let headers = request.headers().iter();
        let headers = headers.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        let body = SignableBody::Bytes(request.body());
        let signable = SignableRequest::new(request.method().as_str(), uri, headers, body);
        let signable = signable.map_err(|error| with_causes(&error))?;
        let (instructions, _) = sign(signable, &parameters.into()).map_err(|error| with_causes(&error))?.into_parts();
        instructions.apply_to_request_http1x(request);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::UNIX_EPOCH;

    fn signer(provider: Option<Credentials>) -> Signer {
        Signer::new("us-east-1", provider.map(SharedCredentialsProvider::new))
    }

    fn credentials(expiry: Option<SystemTime>) -> Credentials {
        Credentials::new("AKID", "secret", Some("session".into()), expiry, "test")
    }

    fn request() -> http::Request<Vec<u8>> {
        let builder =
            http::Request::post("https://api.example.org/internal/gamesims").header("content-type", "application/json");
        builder.body(b"{}".to_vec()).unwrap()
    }

    #[test]
    fn a_signature_covers_the_service_the_day_and_the_body() {
        let sign = |body: &[u8]| {
            let mut request = request();
            *request.body_mut() = body.to_vec();
            let time = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
            signer(None).sign_with(credentials(None), API_GATEWAY, time, &mut request).unwrap();
            request
        };
        let signed = sign(b"{}");
        let header = |name: &str| signed.headers()[name].to_str().unwrap().to_owned();
        let authorization = header("authorization");
        assert!(
            authorization.contains("Credential=AKID/20231114/us-east-1/execute-api/aws4_request"),
            "{authorization}"
        );
        assert!(authorization.contains("content-type;host;x-amz-date;x-amz-security-token"), "{authorization}");
        assert_eq!(
            (header("x-amz-date"), header("x-amz-security-token")),
            ("20231114T221320Z".into(), "session".into())
        );
        assert_ne!(sign(b"{ }").headers()["authorization"], authorization.as_str());
    }

    #[tokio::test]
    async fn credentials_are_kept_until_shortly_before_they_expire() {
        let soon = SystemTime::now() + Duration::from_secs(RENEW_BEFORE_S / 2);
        let late = SystemTime::now() + Duration::from_secs(RENEW_BEFORE_S * 2);
        for (expiry, is_kept) in [(None, true), (Some(late), true), (Some(soon), false)] {
            let mut signer = signer(Some(credentials(expiry)));
            signer.credentials().await.unwrap();
            signer.provider = None;
            assert_eq!(signer.credentials().await.is_ok(), is_kept, "{expiry:?}");
        }
        assert!(signer(None).sign(API_GATEWAY, &mut request()).await.unwrap_err().contains("no source"));
    }
}
