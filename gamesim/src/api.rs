//! The API as a game sim uses it: typed calls over HTTP, each signed with the process's own AWS credentials. One attempt
//! per call, with a deadline; whoever calls decides whether to try again, because only they know how long it is worth it.
//!
//! [`Api`] knows what is said and what answers mean, [`Https`] how it gets there.

use crate::exchange::ApiFailure;
use crate::limits::{API_ANSWER_BYTES_MAX, API_TIMEOUT_MS};
use crate::rim::{Pending, Transport};
use guildhall_domain::SessionId;
use guildhall_domain::api::{
    AdmitPlayerRequest, Admitted, ContentBundle, ErrorBody, EventsSaved, FinalizeRequest, Finalized, HeartbeatRequest,
    HeartbeatResponse, ProgressRequest, ProgressResponse, RecoverRequest, Recovered, RegisterGamesimRequest,
    Registered, SaveEventsRequest,
};
use guildhall_domain::trace::TRACEPARENT;
use guildhall_telemetry::Tracer;
use guildhall_telemetry::traces::Stopwatch;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use std::time::Duration;

mod errand;
mod signing;
pub(crate) use errand::Errand;
pub(crate) use signing::{AUTOSCALING, Signer};

/// The calls of the API.
#[derive(Debug)]
pub(crate) struct Api {
    base: String,
    transport: Arc<dyn Transport>,
    tracer: Tracer,
}

/// HTTP to one API. What is for its own callers alone is signed.
#[derive(Debug)]
pub(crate) struct Https {
    http: reqwest::Client,
    /// What the API's own paths come after: nothing, or a stage, or where a domain has the API.
    base_path: String,
    signer: Arc<Signer>,
}

/// What the paths begin with that take a signature.
const SIGNED: &str = "/internal/";

/// A client for calls to one base URL.
pub(crate) fn http_client(base: &str, timeout_ms: u64) -> Result<reqwest::Client, reqwest::Error> {
    // Whichever provider is installed first serves the whole process; ours is the same one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut http = reqwest::Client::builder()
        .timeout(Duration::from_millis(timeout_ms))
        .redirect(reqwest::redirect::Policy::none());
    if base.starts_with("http://") {
        // Without TLS nobody needs the system's certificates, which a small image may not even have.
        http = http.tls_certs_only([]);
    }
    http.build()
}

/// The path of a URL, without a slash at the end.
fn path_of(url: &str) -> String {
    let uri: Option<http::Uri> = url.parse().ok();
    uri.map_or_else(String::new, |uri| uri.path().trim_end_matches('/').to_owned())
}

impl Https {
    pub(crate) fn connect(base: &str, signer: Arc<Signer>) -> Result<Self, reqwest::Error> {
        Ok(Self { http: http_client(base, API_TIMEOUT_MS)?, base_path: path_of(base), signer })
    }

    fn is_signed(&self, path: &str) -> bool {
        path.strip_prefix(&self.base_path).is_some_and(|path| path.starts_with(SIGNED))
    }

    async fn execute(&self, mut request: http::Request<Vec<u8>>) -> Result<(u16, Vec<u8>), String> {
        if self.is_signed(request.uri().path()) {
            self.signer.sign(signing::API_GATEWAY, &mut request).await?;
        }
        let request = reqwest::Request::try_from(request).map_err(|error| with_causes(&error))?;
        let mut response = self.http.execute(request).await.map_err(|error| with_causes(&error))?;
        let status = response.status().as_u16();
        let mut answer = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| with_causes(&error))? {
            answer.extend_from_slice(&chunk);
            if answer.len() > API_ANSWER_BYTES_MAX {
                return Err("the answer is too long".to_owned());
            }
        }
        Ok((status, answer))
    }
}

impl Transport for Https {
    fn send(&self, request: http::Request<Vec<u8>>) -> Pending<'_, Result<(u16, Vec<u8>), String>> {
        Box::pin(self.execute(request))
    }
}

impl Api {
    pub(crate) fn new(base: &str, transport: Arc<dyn Transport>, tracer: Tracer) -> Self {
        Self { base: base.to_owned(), transport, tracer }
    }

    /// Who is told what has been done for whom.
    pub(crate) const fn tracer(&self) -> &Tracer {
        &self.tracer
    }

    /// The content in force. Public, so not signed.
    pub(crate) async fn content(&self) -> Result<ContentBundle, ApiFailure> {
        let request = http::Request::get(format!("{}/v1/content", self.base)).body(Vec::new());
        self.execute(request.map_err(|error| unavailable(&error))?).await
    }

    pub(crate) async fn register(&self, request: &RegisterGamesimRequest) -> Result<Registered, ApiFailure> {
        let errand = Errand::of_nobody("register", &self.tracer);
        self.post("/internal/gamesims".to_owned(), request, None, errand).await
    }

    pub(crate) async fn heartbeat(&self, request: &HeartbeatRequest) -> Result<HeartbeatResponse, ApiFailure> {
        let path = format!("/internal/gamesims/{}/heartbeat", request.gamesim_id);
        self.post(path, request, Some("gamesim_id"), Errand::of_nobody("heartbeat", &self.tracer)).await
    }

    pub(crate) async fn admit(&self, request: &AdmitPlayerRequest) -> Result<Admitted, ApiFailure> {
        self.post_for(request.session_id, "admit", request).await
    }

    pub(crate) async fn recover(&self, request: &RecoverRequest) -> Result<Recovered, ApiFailure> {
        self.post_for(request.session_id, "recover", request).await
    }

    pub(crate) async fn save_progress(&self, request: &ProgressRequest) -> Result<ProgressResponse, ApiFailure> {
        self.post_for(request.session_id, "progress", request).await
    }

    pub(crate) async fn finalize(&self, request: &FinalizeRequest) -> Result<Finalized, ApiFailure> {
        self.post_for(request.session_id, "finalize", request).await
    }

    pub(crate) async fn save_events(&self, request: &SaveEventsRequest) -> Result<EventsSaved, ApiFailure> {
        self.post_for(request.session_id, "events", request).await
    }

    /// A request that is a step of a session's trace.
    async fn post_for<Q: Serialize, A: DeserializeOwned>(
        &self,
        session_id: SessionId,
        action: &'static str,
        request: &Q,
    ) -> Result<A, ApiFailure> {
        let path = format!("/internal/game-sessions/{session_id}/{action}");
        let errand = Errand::of_session(action, session_id);
        let span_id = errand.span_id();
        let answer = self.post(path, request, Some("session_id"), Some(errand)).await;
        tracing::debug!(%session_id, span_id, action, is_done = answer.is_ok(), "asked the API");
        answer
    }

    async fn post<Q: Serialize, A: DeserializeOwned>(
        &self,
        path: String,
        request: &Q,
        path_parameter: Option<&str>,
        errand: Option<Errand>,
    ) -> Result<A, ApiFailure> {
        let watch = Stopwatch::start();
        let answer = self.ask(path, request, path_parameter, errand.as_ref()).await;
        if let Some(errand) = errand {
            errand.record(&self.tracer, watch, answer.as_ref().err());
        }
        answer
    }

    async fn ask<Q: Serialize, A: DeserializeOwned>(
        &self,
        path: String,
        request: &Q,
        path_parameter: Option<&str>,
        errand: Option<&Errand>,
    ) -> Result<A, ApiFailure> {
        let body = body(request, path_parameter).map_err(|error| unavailable(&error))?;
        let mut builder =
            http::Request::post(format!("{}{path}", self.base)).header(http::header::CONTENT_TYPE, "application/json");
        if let Some(errand) = errand {
            builder = builder.header(TRACEPARENT, errand.traceparent());
        }
        self.execute(builder.body(body).map_err(|error| unavailable(&error))?).await
    }

    async fn execute<A: DeserializeOwned>(&self, request: http::Request<Vec<u8>>) -> Result<A, ApiFailure> {
        let (status, answer) = self.transport.send(request).await.map_err(ApiFailure::Unavailable)?;
        judge(status, &answer)
    }
}

/// The body of a request: what the path says is not said again.
fn body(request: &impl Serialize, path_parameter: Option<&str>) -> serde_json::Result<Vec<u8>> {
    let mut fields = serde_json::to_value(request)?;
    if let (Some(name), Some(fields)) = (path_parameter, fields.as_object_mut()) {
        fields.remove(name);
    }
    serde_json::to_vec(&fields)
}

/// What an answer means. A refusal of the caller's identity counts as unavailable: nothing was judged, and it passes when
/// credentials or permissions are put right.
fn judge<A: DeserializeOwned>(status: u16, answer: &[u8]) -> Result<A, ApiFailure> {
    if (200..300).contains(&status) {
        return serde_json::from_slice(answer).map_err(|error| unavailable(&error));
    }
    let code = serde_json::from_slice::<ErrorBody>(answer).map(|body| body.error.code).unwrap_or_default();
    match status {
        400 | 404 | 405 | 409 | 410 | 413 | 415 | 422 => Err(ApiFailure::Refused { status, code }),
        _ => Err(ApiFailure::Unavailable(format!("status {status} {code}"))),
    }
}

fn unavailable(error: &dyn std::error::Error) -> ApiFailure {
    ApiFailure::Unavailable(with_causes(error))
}

/// The error with its causes, which is where the reason is.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use guildhall_domain::{SessionState, session::Outcome};

    #[test]
    fn what_is_for_our_own_callers_is_signed_wherever_the_api_is() {
        let signer = Arc::new(Signer::new("us-east-1", None));
        for (base, before) in [
            ("http://127.0.0.1:8080", ""),
            ("http://127.0.0.1:8080/", ""),
            ("http://api.example.org/prod", "/prod"),
            ("http://api.example.org/game/v2/", "/game/v2"),
        ] {
            let https = Https::connect(base, Arc::clone(&signer)).unwrap();
            assert!(https.is_signed(&format!("{before}/internal/gamesims")), "{base}");
            assert!(!https.is_signed(&format!("{before}/v1/content")), "{base}");
            assert!(!https.is_signed("/elsewhere/internal/gamesims"), "{base}");
        }
    }

    #[test]
    fn what_the_path_says_is_not_said_again() {
        let request = FinalizeRequest {
            session_id: SessionId::from_bits(1),
            gamesim_epoch: 2,
            session_epoch: 3,
            outcome: Outcome::Cleared,
        };
        let text = String::from_utf8(body(&request, Some("session_id")).unwrap()).unwrap();
        assert_eq!(text, r#"{"gamesim_epoch":2,"outcome":"cleared","session_epoch":3}"#);
    }

    #[test]
    fn answers_are_told_apart() {
        let refused = |status, code: &str| Err(ApiFailure::Refused { status, code: code.into() });
        let error =
            |code: &str| format!(r#"{{"error":{{"code":"{code}","message":"m","request_id":"r"}}}}"#).into_bytes();
        let ended = Finalized { state: SessionState::Ended };
        assert_eq!(judge::<Finalized>(200, br#"{"state":"ended"}"#), Ok(ended));
        assert_eq!(judge::<Finalized>(409, &error("fenced")), refused(409, "fenced"));
        assert!(judge::<Finalized>(409, &error("fenced")).unwrap_err().is_fenced());
        assert_eq!(judge::<Finalized>(404, b"<html>"), refused(404, ""));
        for status in [301, 401, 403, 408, 429, 500, 502, 503, 504] {
            let failure = judge::<Finalized>(status, &error("x")).unwrap_err();
            assert!(matches!(failure, ApiFailure::Unavailable(_)), "{status}");
        }
        assert!(matches!(judge::<Finalized>(200, b"{}"), Err(ApiFailure::Unavailable(_))));
    }
}
