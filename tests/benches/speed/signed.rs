//! A game sim's calls to the API, without the game sim: signed as API Gateway demands it, so that a bench can register one
//! and close sessions as fast as the API allows.

use crate::Outcome;
use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use guildhall_local::sigv4::{Identity, SERVICE};
use serde_json::Value;
use std::time::SystemTime;

/// One game sim's voice.
#[derive(Debug, Clone)]
pub(crate) struct SignedApi {
    http: reqwest::Client,
    base_url: String,
    region: String,
    credentials: Credentials,
}

impl SignedApi {
    pub(crate) fn new(base_url: &str, region: &str, identity: &Identity) -> Self {
        let credentials = Credentials::new(&identity.access_key, &identity.secret_key, None, None, "bench");
        Self { http: reqwest::Client::new(), base_url: base_url.to_owned(), region: region.to_owned(), credentials }
    }

    /// Sends a call and gives the body of its answer, which must be a good one.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Outcome<Value> {
        let mut request = http::Request::post(format!("{}{path}", self.base_url))
            .header(http::header::CONTENT_TYPE, "application/json")
            .body(body.to_string().into_bytes())?;
        self.sign(&mut request)?;
        let answer = self.http.execute(reqwest::Request::try_from(request)?).await?;
        let (status, text) = (answer.status(), answer.text().await?);
        if !status.is_success() {
            return Err(format!("POST {path}: {status}: {text}").into());
        }
        Ok(serde_json::from_str(&text)?)
    }

    fn sign(&self, request: &mut http::Request<Vec<u8>>) -> Outcome<()> {
        let identity = self.credentials.clone().into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(SERVICE)
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()?;
        let headers = request.headers().iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        let uri = request.uri().to_string();
        let signable = SignableRequest::new("POST", uri, headers, SignableBody::Bytes(request.body()))?;
        let (instructions, _) = sign(signable, &parameters.into())?.into_parts();
        instructions.apply_to_request_http1x(request);
        Ok(())
    }
}
