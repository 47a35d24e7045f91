//! The way of one call: send, and send the very same bytes again when nobody answered or the API asked for patience.

use super::{Api, ApiError, ClientError, idempotency_key};
use guildhall_domain::api::ErrorBody;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, ETAG, IF_NONE_MATCH, RETRY_AFTER};
use reqwest::{Method, Response, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Once;
use std::time::Duration;

/// Times that a call is sent at most.
const ATTEMPTS_MAX: u32 = 3;
/// Time to wait for a whole answer, in milliseconds.
const ANSWER_TIMEOUT_MS: u64 = 10_000;
/// Time to wait for a connection, in milliseconds.
const CONNECT_TIMEOUT_MS: u64 = 3_000;
/// Upper bound of the pause before the second attempt, in milliseconds; it doubles with each further one.
const PAUSE_BASE_MS: u64 = 200;
/// Longest `Retry-After` that is waited for, in seconds.
const RETRY_AFTER_S_MAX: u64 = 10;

/// When a call may be sent again after a failure of the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeat {
    /// Whatever happened: it reads, or its key makes it idempotent.
    Always,
    /// Only if it certainly never left.
    IfNotSent,
}

/// A JSON body, serialised once, so that every attempt sends the same bytes.
#[derive(Debug, Clone)]
pub(super) struct Body(Vec<u8>);

impl Body {
    pub(super) fn of(value: &impl Serialize) -> Result<Self, ClientError> {
        let bytes = serde_json::to_vec(value);
        bytes.map(Self).map_err(unwritable)
    }

    /// The value but for a field that is in the path already.
    pub(super) fn without(value: &impl Serialize, field: &str) -> Result<Self, ClientError> {
        let mut value = serde_json::to_value(value).map_err(unwritable)?;
        if let Some(fields) = value.as_object_mut() {
            fields.remove(field);
        }
        Self::of(&value)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
fn unwritable(error: serde_json::Error) -> ClientError {
    ClientError::Unavailable(format!("the request cannot be written: {error}"))
}

/// An answer with the entity tag of its state, without the tag's quotes: shown again, it saves the answer if nothing has
/// changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tagged<T> {
    /// The tag.
    pub tag: String,
    /// The answer.
    pub value: T,
}

/// One call.
#[derive(Debug)]
pub(super) struct Call<'a> {
    pub(super) method: Method,
    pub(super) path: &'a str,
    pub(super) body: Option<Body>,
    pub(super) idempotency_key: Option<String>,
    pub(super) if_none_match: Option<String>,
    pub(super) repeat: Repeat,
}

impl<'a> Call<'a> {
    pub(super) fn get(path: &'a str) -> Self {
        let (method, repeat) = (Method::GET, Repeat::Always);
        Self { method, path, body: None, idempotency_key: None, if_none_match: None, repeat }
    }

    pub(super) fn post(path: &'a str, body: Body) -> Result<Self, ClientError> {
        let key = Some(idempotency_key()?);
        Ok(Self { method: Method::POST, body: Some(body), idempotency_key: key, ..Self::get(path) })
    }

    pub(super) fn delete(path: &'a str) -> Result<Self, ClientError> {
        Ok(Self { method: Method::DELETE, idempotency_key: Some(idempotency_key()?), ..Self::get(path) })
    }
}

/// A success, as it arrived.
struct Arrived {
    /// Whether it says that what is known still holds, and nothing else.
    unchanged: bool,
    /// The entity tag, without its quotes.
    tag: Option<String>,
    body: Vec<u8>,
}

/// What one attempt came to.
enum Attempt {
    Done(Arrived),
    Failed(ClientError),
    /// It may go better after a pause, of at least this long if the API said so.
    Again(ClientError, Option<Duration>),
}

impl Api {
    /// Makes a call, as a player if there is a token, and reads its answer.
    pub(super) async fn send<T: DeserializeOwned>(
        &self,
        call: &Call<'_>,
        access_token: Option<&str>,
    ) -> Result<T, ClientError> {
        read(&self.exchange(call, access_token).await?.body)
    }

    /// Fetches what anybody may see, unless its entity tag is the `known` one.
    pub(super) async fn fetch_unless_known<T: DeserializeOwned>(
        &self,
        path: &str,
        known: Option<&str>,
    ) -> Result<Option<Tagged<T>>, ClientError> {
        let call = Call { if_none_match: known.map(|tag| format!("\"{tag}\"")), ..Call::get(path) };
        let Arrived { unchanged, tag, body } = self.exchange(&call, None).await?;
        if unchanged {
            return Ok(None);
        }
        let tag = tag.ok_or_else(|| ClientError::Unavailable("the answer has no entity tag".to_owned()))?;
        Ok(Some(Tagged { tag, value: read(&body)? }))
    }

    /// Sends a call, again if need be, until there is an answer.
    async fn exchange(&self, call: &Call<'_>, access_token: Option<&str>) -> Result<Arrived, ClientError> {
        let mut attempt = 1;
        loop {
            let outcome = match self.patience.left() {
                Some((error, left)) => Attempt::Again(error.into(), Some(left)),
                None => self.attempt(call, access_token).await,
            };
            let (error, asked) = match outcome {
                Attempt::Done(answer) => {
                    self.budget.earn();
                    return Ok(answer);
                }
                Attempt::Failed(error) => {
                    if matches!(error, ClientError::Refused(_)) {
                        self.budget.earn();
                    }
                    return Err(error);
                }
                Attempt::Again(error, asked) => (error, asked),
            };
            if attempt >= ATTEMPTS_MAX || !self.budget.spend() {
                return Err(error);
            }
            let drawn = u64::from_be_bytes(random()?);
            let pause = pause(attempt, asked, drawn);
            tracing::debug!(path = call.path, attempt, ?pause, %error, "the call is sent again");
            tokio::time::sleep(pause).await;
            attempt += 1;
        }
    }

    async fn attempt(&self, call: &Call<'_>, access_token: Option<&str>) -> Attempt {
        let mut request = self.http.request(call.method.clone(), format!("{}{}", self.base_url, call.path));
        if let Some(token) = access_token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        if let Some(key) = &call.idempotency_key {
            request = request.header("idempotency-key", key);
        }
        if let Some(tag) = &call.if_none_match {
            request = request.header(IF_NONE_MATCH, tag);
        }
        if let Some(Body(bytes)) = &call.body {
            request = request.header(CONTENT_TYPE, "application/json").body(bytes.clone());
        }
        let failed = |error: reqwest::Error| {
            let repeatable = call.repeat == Repeat::Always || error.is_connect();
            let error = ClientError::Unavailable(describe(&error));
            if repeatable { Attempt::Again(error, None) } else { Attempt::Failed(error) }
        };
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) => return failed(error),
        };
        let (status, retry_after, tag) = (response.status(), retry_after(&response), entity_tag(&response));
        let outcome = match response.bytes().await {
            Ok(bytes) => judge(status, retry_after, tag, &bytes),
            Err(error) => failed(error),
        };
        if let Attempt::Again(ClientError::Refused(error), Some(asked)) = &outcome {
            self.patience.promise(error, *asked);
        }
        outcome
    }
}

/// Reads an answer that has arrived whole.
fn judge(status: StatusCode, retry_after: Option<Duration>, tag: Option<String>, bytes: &[u8]) -> Attempt {
    let unchanged = status == StatusCode::NOT_MODIFIED;
    if status.is_success() || unchanged {
        return Attempt::Done(Arrived { unchanged, tag, body: bytes.to_vec() });
    }
    let error = match serde_json::from_slice::<ErrorBody>(bytes) {
        Ok(body) => ApiError::of(status.as_u16(), body).into(),
        // Whatever stands between us and the API answers in its own words.
        Err(_) => ClientError::Unavailable(format!("HTTP {status} without an explanation")),
    };
    if status == StatusCode::SERVICE_UNAVAILABLE { Attempt::Again(error, retry_after) } else { Attempt::Failed(error) }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, ClientError> {
    let unreadable = |error| ClientError::Unavailable(format!("the answer is unreadable: {error}"));
    serde_json::from_slice(body).map_err(unreadable)
}

fn entity_tag(response: &Response) -> Option<String> {
    let tag = response.headers().get(ETAG)?.to_str().ok()?;
    Some(tag.strip_prefix("W/").unwrap_or(tag).trim_matches('"').to_owned())
}

/// Text as one segment of a path, whatever is in it (RFC 3986, section 2.3).
pub(super) fn segment(text: &str) -> String {
    let mut segment = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_~".contains(&byte) {
            segment.push(char::from(byte));
        } else {
            segment.push_str(&format!("%{byte:02X}"));
        }
    }
    segment
}

fn retry_after(response: &Response) -> Option<Duration> {
    let seconds: u64 = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds.min(RETRY_AFTER_S_MAX)))
}

/// The pause after the nth attempt: what the API asked for, and a drawn part of a bound that doubles (full jitter), so
/// that many clients turned away together do not come back together.
fn pause(attempt: u32, asked: Option<Duration>, drawn: u64) -> Duration {
    let bound_ms = PAUSE_BASE_MS << attempt.saturating_sub(1).min(ATTEMPTS_MAX);
    asked.unwrap_or_default() + Duration::from_millis(drawn % (bound_ms + 1))
}

/// An error with its causes: reqwest's own words leave out the interesting part.
fn describe(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

/// Random bytes from the operating system.
pub(super) fn random<const N: usize>() -> Result<[u8; N], ClientError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| ClientError::Unavailable(format!("no randomness: {error}")))?;
    Ok(bytes)
}

/// An HTTP client with our time-outs, on rustls with ring.
pub(super) fn http_client() -> Result<reqwest::Client, ClientError> {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        // A provider that the application has installed before us serves just as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    reqwest::Client::builder()
        .timeout(Duration::from_millis(ANSWER_TIMEOUT_MS))
        .connect_timeout(Duration::from_millis(CONNECT_TIMEOUT_MS))
        .build()
        .map_err(|error| ClientError::Unavailable(describe(&error)))
}

#[cfg(test)]
mod tests;
