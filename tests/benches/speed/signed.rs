//! A game sim's calls to the API, without the game sim: signed as API Gateway demands it, so that a bench can register one
//! and close sessions as fast as the API allows.

use crate::Outcome;
use guildhall_local::sigv4::Identity;
use guildhall_tests::signed::sign;
use serde_json::Value;
use std::time::SystemTime;

/// One game sim's voice.
#[derive(Debug, Clone)]
pub(crate) struct SignedApi {
    http: reqwest::Client,
    base_url: String,
    region: String,
    identity: Identity,
}

impl SignedApi {
    pub(crate) fn new(base_url: &str, region: &str, identity: &Identity) -> Self {
        let (base_url, region, identity) = (base_url.to_owned(), region.to_owned(), identity.clone());
        Self { http: reqwest::Client::new(), base_url, region, identity }
    }

    /// Sends a call and gives the body of its answer, which must be a good one.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Outcome<Value> {
        let mut request = http::Request::post(format!("{}{path}", self.base_url))
            .header(http::header::CONTENT_TYPE, "application/json")
            .body(body.to_string().into_bytes())?;
        sign(&mut request, &self.identity, &self.region, SystemTime::now())?;
        let answer = self.http.execute(reqwest::Request::try_from(request)?).await?;
        let (status, text) = (answer.status(), answer.text().await?);
        if !status.is_success() {
            return Err(format!("POST {path}: {status}: {text}").into());
        }
        Ok(serde_json::from_str(&text)?)
    }
}
