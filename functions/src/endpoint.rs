//! The way of a request: parse (path, query and body into one typed input, unknown fields refused) → identify the caller →
//! let the endpoint decide and commit → turn its output ([`IntoAnswer`]) or its [`ApiError`] into
//! a response. There is no other way in.

use crate::answer::{Answer, Described, IntoAnswer, Success};
use crate::caller::Caller;
use crate::error::ApiError;
use crate::grants::{Grants, Scope};
use crate::incoming::Incoming;
use crate::{App, lambda, trace};
use guildhall_domain::limits::{BODY_BYTES_MAX, IDEMPOTENCY_KEY_BYTES_MAX};
use guildhall_domain::{AccountId, Timestamp};
use lambda_http::BoxFuture;
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;
use std::time::Instant;
use tracing::Instrument;

/// How long most functions may take, in seconds: three times what all attempts at a slow database do.
const TIMEOUT_S: u32 = 10;

/// One action of the API.
pub trait Endpoint: 'static {
    /// Name of the binary and of the Lambda function.
    const NAME: &'static str;
    /// HTTP method.
    const METHOD: Method;
    /// Path in API Gateway's notation, for example `/v1/characters/{character_id}`.
    const PATH: &'static str;
    /// Status of a success.
    const STATUS: u16 = 200;
    /// Statuses of its own refusals, beyond those that [`Route::statuses`] derives.
    const REFUSALS: &'static [u16] = &[];
    /// Largest body that is read, in bytes.
    const BODY_BYTES_MAX: usize = BODY_BYTES_MAX;
    /// What it may reach, beside what its kind of caller takes.
    const GRANTS: Grants;
    /// Whether it hashes passwords, which takes a processor's time.
    const HASHES_PASSWORDS: bool = false;
    /// How long it may take, in seconds.
    const TIMEOUT_S: u32 = TIMEOUT_S;
    /// Who may call.
    type Caller: Caller;
    /// Path parameters, query and body as one value.
    type Input: DeserializeOwned + Described + Send;
    /// A success.
    type Output: IntoAnswer;

    /// Does it.
    fn call(
        call: Call<'_, Self::Caller>,
        input: Self::Input,
    ) -> impl Future<Output = Result<Self::Output, ApiError>> + Send;
}

/// What an endpoint knows of a request besides its input.
#[derive(Debug)]
pub struct Call<'a, C> {
    /// The product's parts, as far as the endpoint's grants go.
    pub app: &'a Scope<'a>,
    /// Who calls.
    pub caller: C,
    /// When the request came.
    pub now: Timestamp,
    /// Address that the request came from, as API Gateway saw it.
    pub source_ip: Option<IpAddr>,
    /// The `Idempotency-Key` header, if there is one.
    pub idempotency_key: Option<String>,
    /// The `If-None-Match` header, if there is one.
    pub if_none_match: Option<String>,
}

impl<C> Call<'_, C> {
    /// An id for something that this request creates: the same for every repetition under the same `Idempotency-Key`, and
    /// random without one.
    ///
    /// # Errors
    /// Without a grant of the key that ids are derived with.
    pub fn new_id(&self, purpose: &str, account_id: AccountId) -> Result<u128, ApiError> {
        let Some(key) = &self.idempotency_key else { return Ok(self.app.random_bits()) };
        Ok(self.app.derivation()?.derive_id(purpose, &[&account_id.to_bytes(), key.as_bytes()]))
    }
}

/// An HTTP method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// Reads.
    Get,
    /// Creates or acts.
    Post,
    /// Changes a part.
    Patch,
    /// Deletes.
    Delete,
}

impl Method {
    /// As in a request line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Access {
    /// Anyone.
    Public,
    /// A player, by bearer token.
    Player,
    /// A game sim, by a SigV4 signature that API Gateway has verified.
    Gamesim,
    /// Somebody who operates the game, by a SigV4 signature that API Gateway has verified.
    Operator,
}

impl Access {
    /// Whether API Gateway verifies a SigV4 signature. Whose it may be is for the route to judge.
    pub const fn is_signed(self) -> bool {
        matches!(self, Self::Gamesim | Self::Operator)
    }
}

/// An endpoint as a value: one entry of [`crate::ROUTES`].
pub struct Route {
    /// Name of the binary and of the Lambda function.
    pub name: &'static str,
    /// HTTP method.
    pub method: Method,
    /// Path in API Gateway's notation.
    pub path: &'static str,
    /// Who may call.
    pub access: Access,
    /// Largest body that is read, in bytes.
    pub body_bytes_max: usize,
    /// What it may reach.
    pub grants: Grants,
    /// Whether it hashes passwords.
    pub hashes_passwords: bool,
    /// How long it may take, in seconds.
    pub timeout_s: u32,
    /// Status of a success.
    pub status: u16,
    /// Media type of a success.
    pub media_type: &'static str,
    /// Whether a caller who has the answer already may be answered 304.
    pub cached: bool,
    /// The input's and the output's JSON schemas.
    #[cfg(feature = "schema")]
    pub schemas: fn(&mut schemars::SchemaGenerator) -> [schemars::Schema; 2],
    /// Successes under other statuses.
    pub other_successes: &'static [Success],
    refusals: &'static [u16],
    #[cfg(feature = "schema")]
    check_input: fn(&Incoming) -> Result<(), ApiError>,
    handle: for<'a> fn(&'a App, &'a Incoming) -> BoxFuture<'a, Result<Answer, ApiError>>,
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} {})", self.name, self.method.as_str(), self.path)
    }
}

impl Route {
    /// The route of an endpoint.
    pub const fn of<E: Endpoint>() -> Self {
        Self {
            name: E::NAME,
            method: E::METHOD,
            path: E::PATH,
            access: E::Caller::ACCESS,
            body_bytes_max: E::BODY_BYTES_MAX,
            grants: grants::<E>(),
            hashes_passwords: E::HASHES_PASSWORDS,
            timeout_s: E::TIMEOUT_S,
            status: E::STATUS,
            media_type: E::Output::MEDIA_TYPE,
            cached: E::Output::CACHED,
            #[cfg(feature = "schema")]
            schemas: |generator| {
                [generator.subschema_for::<E::Input>(), generator.subschema_for::<<E::Output as IntoAnswer>::Body>()]
            },
            other_successes: E::Output::OTHERS,
            refusals: E::REFUSALS,
            #[cfg(feature = "schema")]
            check_input: |incoming| incoming.input::<E::Input>(E::METHOD, E::BODY_BYTES_MAX).map(|_| ()),
            handle: |app, incoming| Box::pin(handle::<E>(app, incoming)),
        }
    }

    /// Every status that it can answer, in order: its successes, what every route of its kind may refuse, and its own refusals.
    pub fn statuses(&self) -> BTreeSet<u16> {
        let by_access: &[u16] = match self.access {
            Access::Public => &[],
            Access::Player => &[401],
            Access::Gamesim | Access::Operator => &[403],
        };
        let by_method: &[u16] = if self.method == Method::Get { &[] } else { &[415] };
        let by_cache: &[u16] = if self.cached { &[304] } else { &[] };
        let common = [self.status, 400, 413, 500, 503];
        let all = [&common, by_access, by_method, by_cache, self.refusals];
        let others = self.other_successes.iter().map(|success| success.status);
        all.into_iter().flatten().copied().chain(others).collect()
    }

    /// Whether a request would be understood that has these path parameters and queries, and a body of JSON. Who calls and
    /// what becomes of it is not asked.
    ///
    /// # Errors
    /// As the route answers a request that makes no sense.
    #[cfg(feature = "schema")]
    pub fn check_input(&self, parameters: &[(&str, &str)], body: &[u8]) -> Result<(), ApiError> {
        (self.check_input)(&Incoming::of_parts(parameters, body))
    }

    /// Memory of its Lambda function, in MB. Processor time comes with it, a whole processor at 1,769 MB, so that what computes
    /// takes a fraction of the time for the same money; what waits for the database does not.
    pub const fn memory_mb(&self) -> u32 {
        if self.hashes_passwords { 1_024 } else { 256 }
    }

    /// Does what the first request would otherwise pay for.
    pub(crate) async fn warm_up(&self, app: &App) {
        Scope::new(app, self.grants).warm_up().await;
    }

    /// Answers a request; never fails.
    pub(crate) async fn respond(
        &'static self,
        app: &App,
        request: lambda_http::Request,
    ) -> lambda_http::Response<String> {
        let incoming = Incoming::from(request);
        let span = trace::span(self.name, &incoming);
        trace::traced(&app.tracer, self, &incoming, self.answer(app, &incoming).instrument(span)).await
    }

    async fn answer(&self, app: &App, incoming: &Incoming) -> lambda_http::Response<String> {
        let started = Instant::now();
        let result = (self.handle)(app, incoming).await;
        let response = match result {
            Ok(answer) => answer.into_response(),
            Err(error) => {
                error.log(self.name, &incoming.request_id);
                lambda::refusal(&error, &incoming.request_id)
            }
        };
        let elapsed = started.elapsed();
        let (elapsed_us, cold) = (elapsed.as_micros(), app.observed.is_cold());
        app.observed.count(self.name, response.status().as_u16(), elapsed);
        tracing::debug!(status = response.status().as_u16(), elapsed_us, cold, "answered");
        response
    }
}

const fn grants<E: Endpoint>() -> Grants {
    E::GRANTS.and(E::Caller::GRANTS)
}

async fn handle<E: Endpoint>(app: &App, incoming: &Incoming) -> Result<Answer, ApiError> {
    let input = incoming.input::<E::Input>(E::METHOD, E::BODY_BYTES_MAX)?;
    let idempotency_key = idempotency_key(incoming)?;
    let now = app.now();
    let app = &Scope::new(app, const { grants::<E>() });
    let caller = E::Caller::identify(app, incoming, now).await?;
    let if_none_match = incoming.list("if-none-match");
    let source_ip = incoming.source_ip.as_deref().and_then(|text| text.parse().ok());
    let call = Call { app, caller, now, source_ip, idempotency_key, if_none_match };
    E::call(call, input).await?.into_answer(E::STATUS)
}

fn idempotency_key(incoming: &Incoming) -> Result<Option<String>, ApiError> {
    let Some(key) = incoming.header("idempotency-key") else { return Ok(None) };
    let fits = (1..=IDEMPOTENCY_KEY_BYTES_MAX).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic());
    let problem = || ApiError::bad_request("Idempotency-Key must be 1 to 128 visible ASCII characters");
    fits.then(|| Some(key.to_owned())).ok_or_else(problem)
}
