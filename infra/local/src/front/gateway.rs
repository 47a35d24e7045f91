//! One request through the gateway: answer what is a browser's own question, else find the route, read the body within its
//! limit, verify the signature where the route asks for one, build the event, let the function answer.
//!
//! A function runs as a task of its own, as it would in Lambda: neither its panic nor a client that hangs up early touches
//! anything else.

use super::cors::Cors;
use super::event::{Passage, event};
use super::functions::Functions;
use super::places::Places;
use super::response::{closing, from_function, name_request, refusal};
use super::routes::{Found, PathParameters, Routes};
use super::traffic::Traffic;
use super::{Answer, FrontConfig};
use crate::sigv4::{Identity, SignedRequest};
use bytes::Bytes;
use guildhall_domain::limits::INTERNAL_BODY_BYTES_MAX;
use guildhall_functions::{ApiError, Route, invoke};
use http::header::{ALLOW, CONTENT_LENGTH, HOST, HeaderValue, ORIGIN};
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderMap, Request};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Body;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How long a request may take to send its body, in milliseconds.
const BODY_TIMEOUT_MS: u64 = 10_000;
/// How long a function may take, in milliseconds: API Gateway waits 30 seconds for Lambda.
const FUNCTION_TIMEOUT_MS: u64 = 30_000;

/// What every connection shares.
pub(crate) struct Gateway {
    pub(crate) config: FrontConfig,
    pub(crate) routes: Routes,
    pub(super) cors: Cors,
    pub(crate) traffic: Arc<Traffic>,
    pub(super) places: Places,
    pub(super) functions: Functions,
    pub(crate) requests: AtomicU64,
    /// Tells this boot's request ids from those of others.
    pub(crate) boot: u32,
}

type Refusal = Box<Answer>;

impl Gateway {
    pub(super) fn new(routes: &[&'static Route], config: FrontConfig) -> io::Result<Self> {
        Ok(Self {
            cors: Cors::new(config.allowed_origins.clone())?,
            config,
            routes: Routes::new(routes),
            traffic: Arc::default(),
            places: Places::new(),
            functions: Functions::start()?,
            requests: AtomicU64::new(1),
            boot: getrandom::u32().map_err(io::Error::other)?,
        })
    }

    /// Answers a request; never fails.
    pub(crate) async fn answer<B>(&self, request: Request<B>, source_ip: IpAddr) -> Answer
    where
        B: Body<Data = Bytes>,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let request_id = format!("{:08x}-{:08x}", self.boot, self.requests.fetch_add(1, Ordering::Relaxed));
        let started = Instant::now();
        let origin = request.headers().get(ORIGIN).cloned();
        let mut answer = match self.cors.preflight(request.method(), request.headers()) {
            Some(mut preflight) => {
                name_request(&mut preflight, &request_id);
                preflight
            }
            None => match self.pass(request, source_ip, &request_id).await {
                Ok(answer) => answer,
                Err(refused) => *refused,
            },
        };
        self.cors.mark(origin.as_ref(), &mut answer);
        self.traffic.count(answer.status().as_u16(), started.elapsed());
        answer
    }

    async fn pass<B>(&self, request: Request<B>, source_ip: IpAddr, request_id: &str) -> Result<Answer, Refusal>
    where
        B: Body<Data = Bytes>,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let refuse = |error: &ApiError| Box::new(refusal(error, request_id));
        let (parts, body) = request.into_parts();
        require_host(&parts.headers).map_err(|error| refuse(&error))?;
        let (route, path_parameters) = self.find(&parts, request_id)?;
        // Whoever is turned away is so before more is done for them.
        self.places.look(route.access).map_err(|error| refuse(&error))?;
        let body = read(&parts.headers, body).await.map_err(|error| Box::new(closing(refusal(&error, request_id))))?;
        // No place before the body is there: whoever sends slowly keeps nobody out.
        let _place = self.places.take(route.access).map_err(|error| refuse(&error))?;
        let signer = self.signer(route, &parts, &body).map_err(|error| refuse(&error))?;
        let event = event(&Passage {
            route,
            api_id: &self.config.api_id,
            request_id,
            parts: &parts,
            path_parameters: &path_parameters,
            body: &body,
            source_ip,
            signer,
            now: (self.config.clock)(),
        });
        Ok(self.run(route, event, request_id).await)
    }

    fn find(&self, parts: &Parts, request_id: &str) -> Result<(&'static Route, PathParameters), Refusal> {
        let refuse = |error: &ApiError| Box::new(refusal(error, request_id));
        match self.routes.find(parts.method.as_str(), parts.uri.path()) {
            Found::Route(route, parameters) => Ok((route, parameters)),
            Found::Nothing => Err(refuse(&ApiError::not_found("path"))),
            Found::Undecodable => Err(refuse(&ApiError::bad_request("the path is not valid percent-encoded UTF-8"))),
            Found::OtherMethods(methods) => {
                let mut refused =
                    refuse(&ApiError::new(405, "method_not_allowed", "this path does not have this method"));
                if let Ok(allowed) = HeaderValue::try_from(methods.join(", ")) {
                    refused.headers_mut().insert(ALLOW, allowed);
                }
                Err(refused)
            }
        }
    }

    fn signer(&self, route: &Route, parts: &Parts, body: &[u8]) -> Result<Option<&Identity>, ApiError> {
        if !route.access.is_signed() {
            return Ok(None);
        }
        let request = SignedRequest {
            method: parts.method.as_str(),
            path_and_query: parts.uri.path_and_query().map_or("/", |path| path.as_str()),
            headers: &parts.headers,
            body,
        };
        self.config.identities.verify(request, (self.config.clock)()).map(Some).map_err(|reason| {
            tracing::warn!(route = route.name, %reason, "a signature was refused");
            ApiError::forbidden()
        })
    }

    async fn run(&self, route: &'static Route, event: String, request_id: &str) -> Answer {
        let app = Arc::clone(&self.config.app);
        let function = self.functions.spawn(async move { invoke(&app, route, &event).await });
        let fail = |status, code, message: &str| refusal(&ApiError::new(status, code, message), request_id);
        match tokio::time::timeout(Duration::from_millis(FUNCTION_TIMEOUT_MS), function).await {
            Ok(Ok(Ok(answer))) => from_function(answer, request_id).unwrap_or_else(|| {
                tracing::error!(route = route.name, request_id, "a function gave no answer that HTTP knows");
                fail(500, "internal", "something went wrong on our side")
            }),
            Ok(Ok(Err(error))) => {
                tracing::error!(route = route.name, request_id, %error, "a function did not take its event");
                fail(500, "internal", "something went wrong on our side")
            }
            Ok(Err(error)) => {
                tracing::error!(route = route.name, request_id, %error, "a function panicked");
                fail(500, "internal", "something went wrong on our side")
            }
            Err(_) => {
                tracing::error!(route = route.name, request_id, "a function took too long");
                fail(503, "timeout", "the function took too long")
            }
        }
    }
}

/// Without one valid host there is no URL that the function could be told.
fn require_host(headers: &HeaderMap) -> Result<(), ApiError> {
    let mut hosts = headers.get_all(HOST).iter();
    let valid = |host: &HeaderValue| Authority::try_from(host.as_bytes()).is_ok();
    match (hosts.next().is_some_and(valid), hosts.next()) {
        (true, None) => Ok(()),
        _ => Err(ApiError::bad_request("the request must name one valid host")),
    }
}

/// Reads the body as far as it may go. What announces itself as longer is refused unread.
async fn read<B>(headers: &HeaderMap, body: B) -> Result<Bytes, ApiError>
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|bytes| bytes > INTERNAL_BODY_BYTES_MAX) {
        return Err(ApiError::payload_too_large(INTERNAL_BODY_BYTES_MAX));
    }
    let whole = Limited::new(body, INTERNAL_BODY_BYTES_MAX).collect();
    match tokio::time::timeout(Duration::from_millis(BODY_TIMEOUT_MS), whole).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(ApiError::payload_too_large(INTERNAL_BODY_BYTES_MAX)),
        Ok(Err(_)) => Err(ApiError::bad_request("the body could not be read")),
        Err(_) => Err(ApiError::new(408, "request_timeout", "the body took too long")),
    }
}
