//! Where the Lambda runtime meets the routes. `start` is what the binaries call; `invoke` is the same adapter for a caller
//! that has the event in hand, as the local front has.

mod afterwards;

use crate::answer::{JSON, guarded};
use crate::app::{App, Config, Secrets};
use crate::endpoint::Route;
use crate::error::ApiError;
use crate::keys::{KeyStore, Read};
use afterwards::Afterwards;
use guildhall_domain::Timestamp;
use guildhall_storage::dynamo::{DynamoConfig, DynamoTable};
use guildhall_telemetry::traces::Exporter;
use guildhall_telemetry::{Tracer, TracesConfig};
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use lambda_http::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use lambda_http::lambda_runtime::{self, LambdaEvent};
use lambda_http::request::LambdaRequest;
use lambda_http::{Body, Error, Response, service_fn};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::{Mutex, Notify};

/// After how long a function reads its keys again.
const KEYS_AGE_MAX: Duration = Duration::from_secs(15 * 60);

/// Serves one route until the environment is taken away. It is not generic and is entered once, so that the runtime is
/// compiled once however many binaries there are.
pub async fn start(route: &'static Route) -> Result<(), Error> {
    guildhall_telemetry::logs::init(guildhall_telemetry::logs::LogFormat::Json, "info");
    let (tracer, exporter) = traces(route);
    let served = Arc::new(Served::start(route, tracer).await?);
    let app = served.app().await;
    route.warm_up(&app).await;
    let answered = Arc::new(Notify::new());
    if let Some(exporter) = exporter {
        let afterwards = Afterwards::register(exporter, Arc::clone(&answered)).await;
        tokio::spawn(afterwards.run());
    }
    lambda_runtime::run(service_fn(move |event: LambdaEvent<LambdaRequest>| {
        let (served, answered) = (Arc::clone(&served), Arc::clone(&answered));
        async move {
            let app = served.app().await;
            let response = answer(&app, route, event.payload).await;
            answered.notify_one();
            Ok::<_, Error>(response)
        }
    }))
    .await
}

/// What the environment says of traces. A function whose collector is misspelt serves all the same.
fn traces(route: &'static Route) -> (Tracer, Option<Exporter>) {
    let config = TracesConfig::from_environment().unwrap_or_else(|error| {
        tracing::error!(%error, "nothing is traced");
        None
    });
    let tracer = Tracer::new(config.as_ref());
    let resource = [("service.name", "guildhall-api".into()), ("faas.name", route.name.into())];
    let exporter = Exporter::new(&tracer, config.as_ref(), resource);
    (tracer, exporter)
}

/// What a function's process serves its route with. Keys that change make another [`App`] of the same table.
struct Served {
    route: &'static Route,
    table: DynamoTable,
    tracer: Tracer,
    store: KeyStore,
    current: Mutex<Current>,
}

struct Current {
    app: Arc<App>,
    keys: Read,
    read_at: Instant,
}

impl Served {
    async fn start(route: &'static Route, tracer: Tracer) -> Result<Self, Error> {
        let table = DynamoTable::connect(DynamoConfig::from_environment()).await;
        let store = KeyStore::from_environment(route.grants);
        let keys = store.read().await?;
        let app = app(route, &table, &tracer, &keys)?;
        Ok(Self { route, table, tracer, store, current: Mutex::new(Current { app, keys, read_at: Instant::now() }) })
    }

    /// The product's parts, with keys that were current a short while ago. A function has one request at a time, so
    /// nobody waits for the lock.
    async fn app(&self) -> Arc<App> {
        let mut current = self.current.lock().await;
        if self.store.is_live() && current.read_at.elapsed() >= KEYS_AGE_MAX {
            // Whatever comes of it, the next look is not at the next request.
            current.read_at = Instant::now();
            if let Err(error) = self.renew(&mut current).await {
                tracing::warn!(%error, "the keys could not be read again; the former ones stay in use");
            }
        }
        Arc::clone(&current.app)
    }

    async fn renew(&self, current: &mut Current) -> Result<(), Error> {
        let keys = self.store.read().await?;
        if keys != current.keys {
            current.app = app(self.route, &self.table, &self.tracer, &keys)?;
            current.keys = keys;
            tracing::info!("the keys have changed");
        }
        Ok(())
    }
}

fn app(route: &'static Route, table: &DynamoTable, tracer: &Tracer, keys: &Read) -> Result<Arc<App>, Error> {
    let config = Config { tracer: tracer.clone(), ..config_from_environment(route, table.clone(), keys.secrets()?) };
    Ok(Arc::new(App::new(config).with_usage(table.usage())))
}

/// Answers one API Gateway v2 event, given and answered as JSON.
pub async fn invoke(
    app: &Arc<App>,
    route: &'static Route,
    event: &str,
) -> Result<serde_json::Value, serde_json::Error> {
    serde_json::to_value(answer(app, route, serde_json::from_str(event)?).await)
}

/// What API Gateway is told. Every body is UTF-8, so `lambda_http`'s own way out, which knows the encodings of all the world by
/// tables, is not linked.
async fn answer(app: &App, route: &'static Route, request: LambdaRequest) -> ApiGatewayV2httpResponse {
    let (parts, body) = route.respond(app, request.into()).await.into_parts();
    let mut response = ApiGatewayV2httpResponse::default();
    response.status_code = parts.status.as_u16().into();
    response.headers = parts.headers;
    response.body = Some(Body::Text(body));
    response
}

/// A failure as a response; `no-store`, because every failure is somebody's.
pub(crate) fn refusal(error: &ApiError, request_id: &str) -> Response<String> {
    let mut response = guarded(error.status()).header(CONTENT_TYPE, JSON).header(CACHE_CONTROL, "no-store");
    if let Some(seconds) = error.retry_after_s() {
        response = response.header(RETRY_AFTER, seconds);
    }
    // The parts above are valid by construction; an empty 200 would be worse than this default.
    response.body(error.body(request_id)).unwrap_or_default()
}

/// Seconds and milliseconds from the system's clock.
pub fn system_clock() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// Random bytes from the operating system.
///
/// # Panics
/// If the operating system has none, in which case nothing secure can be done at all.
pub fn system_entropy(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the operating system provides random bytes");
}

fn config_from_environment(route: &'static Route, table: DynamoTable, secrets: Secrets) -> Config {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    Config {
        routes: vec![route],
        table: Arc::new(table),
        secrets,
        gamesim_role: variable("GUILDHALL_GAMESIM_ROLE").unwrap_or_else(|| "guildhall-gamesim".to_owned()),
        operator_role: variable("GUILDHALL_OPERATOR_ROLE").unwrap_or_else(|| "guildhall-operator".to_owned()),
        clock: Arc::new(system_clock),
        entropy: Arc::new(system_entropy),
        tracer: Tracer::default(),
    }
}
