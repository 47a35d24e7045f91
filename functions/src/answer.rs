//! What a success looks like on the wire. Most outputs are JSON that nobody may keep; [`Cached`] may be kept and asked for
//! again by its entity tag (RFC 9110, sections 8.8.3 and 13.1.2), and [`Page`] is text for other programs.
//!
//! Failures are `error`'s affair.

use crate::error::ApiError;
use guildhall_domain::limits::{CONTENT_CACHE_S, CONTENT_IMMUTABLE_CACHE_S};
use lambda_http::Response;
use lambda_http::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG};
use lambda_http::http::response::Builder;
use serde::Serialize;
use std::fmt;
use std::marker::PhantomData;

/// What every answer says to a browser that shows it by itself, where no page of a game asked for it: come back over TLS only,
/// take it for nothing but what it says it is, load and frame nothing, and tell nobody where you were.
pub const GUARDS: [(&str, &str); 4] = [
    ("strict-transport-security", "max-age=31536000; includeSubDomains"),
    ("x-content-type-options", "nosniff"),
    ("content-security-policy", "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"),
    ("referrer-policy", "no-referrer"),
];

/// An answer with what every answer has.
pub(crate) fn guarded(status: u16) -> Builder {
    GUARDS.into_iter().fold(Response::builder().status(status), |answer, (name, value)| answer.header(name, value))
}

/// What every JSON answer says it is.
pub(crate) const JSON: &str = "application/json";

/// What the documents can describe: with the feature `schema`, whatever has a JSON schema; otherwise anything.
#[cfg(feature = "schema")]
pub trait Described: schemars::JsonSchema {}
#[cfg(feature = "schema")]
impl<T: schemars::JsonSchema> Described for T {}
/// What the documents can describe: with the feature `schema`, whatever has a JSON schema; otherwise anything.
#[cfg(not(feature = "schema"))]
pub trait Described {}
#[cfg(not(feature = "schema"))]
impl<T> Described for T {}

/// An endpoint's output. Whatever serialises is one: JSON under the endpoint's status.
pub trait IntoAnswer {
    /// What the documents say the body is.
    type Body: Described;
    /// Its media type.
    const MEDIA_TYPE: &'static str = JSON;
    /// Whether a caller who has it already may be answered 304.
    const CACHED: bool = false;
    /// Successes under statuses of their own, besides the endpoint's.
    const OTHERS: &'static [Success] = &[];

    /// Puts it on the wire.
    ///
    /// # Errors
    /// [`ApiError::internal`] for what cannot be written.
    fn into_answer(self, status: u16) -> Result<Answer, ApiError>;
}

impl<T: Serialize + Described> IntoAnswer for T {
    type Body = T;

    fn into_answer(self, status: u16) -> Result<Answer, ApiError> {
        let body = serde_json::to_string(&self).map_err(|error| ApiError::internal(format!("output: {error}")))?;
        Ok(Answer { status, media_type: JSON, body, keep: None })
    }
}

/// A success under a status of its own, for the documents.
pub struct Success {
    /// The status.
    pub status: u16,
    /// What the body is.
    #[cfg(feature = "schema")]
    pub schema: fn(&mut schemars::SchemaGenerator) -> schemars::Schema,
}

impl Success {
    /// The success with this status and this body.
    pub const fn of<T: Described>(status: u16) -> Self {
        Self {
            status,
            #[cfg(feature = "schema")]
            schema: |generator| generator.subschema_for::<T>(),
        }
    }
}

impl fmt::Debug for Success {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Success").field("status", &self.status).finish_non_exhaustive()
    }
}

/// What was asked for, done at once or taken on for later: the endpoint's own status, or 202.
#[derive(Debug)]
pub enum DoneOrAccepted<T, U> {
    /// Done.
    Done(T),
    /// Taken on.
    Accepted(U),
}

impl<T: Serialize + Described + 'static, U: Serialize + Described + 'static> IntoAnswer for DoneOrAccepted<T, U> {
    type Body = T;
    const OTHERS: &'static [Success] = &[Success::of::<U>(202)];

    fn into_answer(self, status: u16) -> Result<Answer, ApiError> {
        match self {
            Self::Done(body) => body.into_answer(status),
            Self::Accepted(body) => body.into_answer(202),
        }
    }
}

/// A success, ready to leave.
#[derive(Debug)]
pub struct Answer {
    status: u16,
    media_type: &'static str,
    body: String,
    keep: Option<Keep>,
}

/// How caches may keep an answer.
#[derive(Debug)]
struct Keep {
    tag: String,
    for_good: bool,
}

impl Answer {
    /// `no-store` unless it says otherwise, because every other answer is somebody's.
    pub(crate) fn into_response(self) -> Response<String> {
        let mut response = guarded(self.status);
        if self.status != 304 {
            response = response.header(CONTENT_TYPE, self.media_type);
        }
        response = match self.keep {
            None => response.header(CACHE_CONTROL, "no-store"),
            Some(Keep { tag, for_good: true }) => {
                let control = format!("public, max-age={CONTENT_IMMUTABLE_CACHE_S}, immutable");
                response.header(ETAG, format!("\"{tag}\"")).header(CACHE_CONTROL, control)
            }
            Some(Keep { tag, for_good: false }) => {
                let control = format!("public, max-age={CONTENT_CACHE_S}");
                response.header(ETAG, format!("\"{tag}\"")).header(CACHE_CONTROL, control)
            }
        };
        // The parts above are valid by construction; an empty 200 would be worse than this default.
        response.body(self.body).unwrap_or_default()
    }
}

/// JSON that the process holds ready, under an entity tag that changes whenever the bytes do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tagged {
    /// The tag, without its quotes.
    pub tag: String,
    /// The bytes.
    pub body: String,
}

/// An answer that caches may keep: `T` as JSON, or nothing for a caller who has it already.
pub struct Cached<T> {
    body: Option<String>,
    keep: Keep,
    of: PhantomData<fn() -> T>,
}

impl<T> fmt::Debug for Cached<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cached").field("keep", &self.keep).field("known", &self.body.is_none()).finish()
    }
}

impl<T> Cached<T> {
    /// The answer to a caller who sent `if_none_match`, at an address that names the tag `named`.
    pub fn new(tagged: &Tagged, if_none_match: Option<&str>, named: Option<&str>) -> Self {
        let known = if_none_match.is_some_and(|tags| knows(tags, &tagged.tag));
        let keep = Keep { tag: tagged.tag.clone(), for_good: named == Some(&tagged.tag) };
        Self { body: (!known).then(|| tagged.body.clone()), keep, of: PhantomData }
    }
}

impl<T: Described> IntoAnswer for Cached<T> {
    type Body = T;
    const CACHED: bool = true;

    fn into_answer(self, status: u16) -> Result<Answer, ApiError> {
        let status = if self.body.is_some() { status } else { 304 };
        Ok(Answer { status, media_type: JSON, body: self.body.unwrap_or_default(), keep: Some(self.keep) })
    }
}

/// The page of a scrape.
#[derive(Debug)]
pub struct Page(pub String);

impl IntoAnswer for Page {
    type Body = String;
    const MEDIA_TYPE: &'static str = guildhall_telemetry::metrics::CONTENT_TYPE;

    fn into_answer(self, status: u16) -> Result<Answer, ApiError> {
        Ok(Answer { status, media_type: Self::MEDIA_TYPE, body: self.0, keep: None })
    }
}

/// Whether an `If-None-Match` names `tag`, by weak comparison as RFC 9110, section 13.1.2 asks. What cannot be read names
/// nothing, which costs a whole answer and is never wrong.
fn knows(if_none_match: &str, tag: &str) -> bool {
    let mut rest = if_none_match;
    let mut next = || {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let (tag, after) = rest.strip_prefix("W/").unwrap_or(rest).strip_prefix('"')?.split_once('"')?;
        rest = after;
        Some(tag)
    };
    if_none_match.trim() == "*" || std::iter::from_fn(&mut next).any(|known| known == tag)
}

#[cfg(test)]
mod tests {
    use super::knows;

    #[test]
    fn lists_weak_tags_and_the_star_are_understood() {
        for right in ["\"a\"", "*", " * ", "W/\"a\"", "\"b\", \"a\"", "\"b,\\\",W/\"a\"", ",, \"a\" ,", "\"b\"\t,\"a\""]
        {
            assert!(knows(right, "a"), "{right}");
        }
        for wrong in ["", "a", "\"b\"", "\"A\"", "\"a", "\"b\", *", "w/\"a\"", "\"b, a\"", "'a'", "\"aa\""] {
            assert!(!knows(wrong, "a"), "{wrong}");
        }
    }
}
