//! Pages of other origins, as API Gateway serves them for an HTTP API that has a `cors_configuration`: it answers preflights
//! itself, whatever the path, and marks every other answer for the origins that may read it. The functions know nothing of it.
//! Source: AWS, "Configuring CORS for HTTP APIs"; the protocol is the Fetch standard's, section 3.3.
//!
//! What pages may send and see is in `infra/cors.json`. Players are known by a header that no browser sends by itself, so an
//! allowed origin can do no more than a page without a login could.

use super::Answer;
use bytes::Bytes;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, HeaderMap, HeaderValue,
    InvalidHeaderValue, ORIGIN, VARY,
};
use http::uri::Authority;
use http::{Method, Response, StatusCode};
use http_body_util::Full;
use serde::Deserialize;

/// What pages may send and see.
const CONFIGURATION: &str = include_str!("../../../cors.json");

/// The origins whose pages may use the API.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AllowedOrigins(Vec<Pattern>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Pattern {
    /// `*`
    Any,
    /// `https://*`
    Scheme(String),
    /// `http://localhost:*`: every port, also that which goes without saying.
    AnyPort(String),
    /// `https://play.example.com`
    Exactly(String),
}

impl AllowedOrigins {
    /// Reads a list with commas; `none` stands for the empty one. Gives `None` for what is no origin.
    pub fn parse(text: &str) -> Option<Self> {
        match text.trim() {
            "none" => Some(Self::default()),
            list => list.split(',').map(|origin| Pattern::parse(origin.trim())).collect::<Option<_>>().map(Self),
        }
    }

    /// What pages on this machine are served from while a game is made.
    pub fn of_this_machine() -> Self {
        let of = |host: &str| Pattern::AnyPort(format!("http://{host}"));
        Self(vec![of("localhost"), of("127.0.0.1")])
    }

    /// What an answer to a page of this origin says of it.
    fn allowed<'a>(&self, origin: &'a HeaderValue) -> Option<&'a [u8]> {
        let text = origin.to_str().ok()?;
        let allowing = self.0.iter().find(|pattern| pattern.allows(text))?;
        Some(if *allowing == Pattern::Any { b"*" } else { origin.as_bytes() })
    }
}

impl Pattern {
    fn parse(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self::Any);
        }
        let (scheme, host) = text.split_once("://")?;
        if !scheme.starts_with(|c: char| c.is_ascii_alphabetic()) || scheme.contains(|c: char| !is_of_scheme(c)) {
            return None;
        }
        if host == "*" {
            return Some(Self::Scheme(format!("{scheme}://")));
        }
        let (host, any_port) = host.strip_suffix(":*").map_or((host, false), |host| (host, true));
        let authority: Authority = host.parse().ok()?;
        // What stands beside the host itself can only be a port, and not where every port is meant.
        let port = host.strip_prefix(authority.host())?;
        if authority.host().is_empty() || host.contains('*') || !(port.is_empty() || is_port(port) && !any_port) {
            return None;
        }
        let origin = format!("{scheme}://{}", host.to_lowercase());
        Some(if any_port { Self::AnyPort(origin) } else { Self::Exactly(origin) })
    }

    fn allows(&self, origin: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Scheme(scheme) => origin.starts_with(scheme),
            Self::AnyPort(of) => origin.strip_prefix(of).is_some_and(|rest| rest.is_empty() || is_port(rest)),
            Self::Exactly(of) => origin == of,
        }
    }
}

fn is_of_scheme(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '+' | '-' | '.')
}

/// Whether this is a colon and a port.
fn is_port(text: &str) -> bool {
    text.strip_prefix(':')
        .is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_digit()) && digits.parse::<u16>().is_ok())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Configuration {
    allow_methods: Vec<String>,
    allow_headers: Vec<String>,
    expose_headers: Vec<String>,
    max_age_s: u64,
}

/// The headers that pages of other origins are answered with.
pub(super) struct Cors {
    origins: AllowedOrigins,
    methods: HeaderValue,
    headers: HeaderValue,
    exposed: HeaderValue,
    max_age: HeaderValue,
}

impl Cors {
    pub(super) fn new(origins: AllowedOrigins) -> std::io::Result<Self> {
        let configuration: Configuration = serde_json::from_str(CONFIGURATION)?;
        let list = |names: &[String]| -> Result<HeaderValue, InvalidHeaderValue> { names.join(",").try_into() };
        let list = |names| list(names).map_err(std::io::Error::other);
        Ok(Self {
            origins,
            methods: list(&configuration.allow_methods)?,
            headers: list(&configuration.allow_headers)?,
            exposed: list(&configuration.expose_headers)?,
            max_age: configuration.max_age_s.into(),
        })
    }

    /// The whole answer to a preflight; `None` for any other request, and for all of them where no page may come from
    /// elsewhere.
    pub(super) fn preflight(&self, method: &Method, headers: &HeaderMap) -> Option<Answer> {
        let asked = *method == Method::OPTIONS && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        let origin = headers.get(ORIGIN).filter(|_| asked && !self.origins.0.is_empty())?;
        let mut answer = Response::new(Full::new(Bytes::new()));
        *answer.status_mut() = StatusCode::NO_CONTENT;
        if self.origins.allowed(origin).is_some() {
            answer.headers_mut().insert(ACCESS_CONTROL_ALLOW_METHODS, self.methods.clone());
            answer.headers_mut().insert(ACCESS_CONTROL_ALLOW_HEADERS, self.headers.clone());
            answer.headers_mut().insert(ACCESS_CONTROL_MAX_AGE, self.max_age.clone());
        }
        Some(answer)
    }

    /// Says who may read an answer. Where that depends on the origin, caches must know, even of an answer to nobody's page.
    pub(super) fn mark(&self, origin: Option<&HeaderValue>, answer: &mut Answer) {
        let headers = answer.headers_mut();
        if self.origins.0.iter().any(|pattern| *pattern != Pattern::Any) {
            headers.append(VARY, HeaderValue::from_static("origin"));
        }
        let allowed = origin.and_then(|origin| self.origins.allowed(origin));
        if let Some(allowed) = allowed.and_then(|allowed| HeaderValue::from_bytes(allowed).ok()) {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, self.exposed.clone());
        }
    }
}

#[cfg(test)]
mod tests;
