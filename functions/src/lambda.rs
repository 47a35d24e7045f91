//! Where the Lambda runtime meets the routes. `start` is what the binaries call; `invoke` is the same adapter for a caller
//! that has the event in hand, as the local front has.

use crate::answer::JSON;
use crate::app::{App, Config, Secrets};
use crate::endpoint::Route;
use crate::error::ApiError;
use crate::grants::{Grants, Secret};
use guildhall_auth::{DerivationKey, SealingKey, SigningKeys};
use guildhall_domain::Timestamp;
use guildhall_storage::dynamo::{DynamoConfig, DynamoTable};
use lambda_http::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use lambda_http::lambda_runtime::LambdaEvent;
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, Context, Error, Request, Response, Service, service_fn};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// Serves one route until the environment is taken away. It is not generic and is entered once, so that the runtime is
/// compiled once however many binaries there are.
pub async fn start(route: &'static Route) -> Result<(), Error> {
    guildhall_telemetry::logs::init(guildhall_telemetry::logs::LogFormat::Json, "info");
    let table = DynamoTable::connect(DynamoConfig::from_environment()).await;
    let usage = table.usage();
    let app = Arc::new(App::new(config_from_environment(table, route.grants)?).with_usage(usage));
    route.warm_up(&app).await;
    lambda_http::run(service_fn(move |request: Request| {
        let app = Arc::clone(&app);
        async move { Ok::<_, Error>(route.respond(&app, request).await) }
    }))
    .await
}

/// Answers one API Gateway v2 event, given and answered as JSON.
pub async fn invoke(
    app: &Arc<App>,
    route: &'static Route,
    event: &str,
) -> Result<serde_json::Value, serde_json::Error> {
    let payload: LambdaRequest = serde_json::from_str(event)?;
    let mut adapter = Adapter::from(service_fn(|request: Request| {
        let app = Arc::clone(app);
        async move { Ok::<_, std::convert::Infallible>(route.respond(&app, request).await) }
    }));
    let response = match adapter.call(LambdaEvent::new(payload, Context::default())).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    serde_json::to_value(response)
}

/// A failure as a response; `no-store`, because every failure is somebody's.
pub(crate) fn refusal(error: &ApiError, request_id: &str) -> Response<String> {
    let mut response =
        Response::builder().status(error.status()).header(CONTENT_TYPE, JSON).header(CACHE_CONTROL, "no-store");
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

fn config_from_environment(table: DynamoTable, grants: Grants) -> Result<Config, Error> {
    let secret = |secret| if grants.has(secret) { read(secret).map(Some) } else { Ok(None) };
    let access_keys = |key: [u8; 32]| SigningKeys::new(vec![("1".to_owned(), key.to_vec())]);
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    Ok(Config {
        table: Arc::new(table),
        secrets: Secrets {
            access: secret(Secret::AccessKey)?.map(access_keys).transpose()?,
            sealing: secret(Secret::SealingKey)?.map(SealingKey::new),
            derivation: secret(Secret::DerivationKey)?.map(DerivationKey::new),
        },
        gamesim_role: variable("GUILDHALL_GAMESIM_ROLE").unwrap_or_else(|| "guildhall-gamesim".to_owned()),
        operator_role: variable("GUILDHALL_OPERATOR_ROLE").unwrap_or_else(|| "guildhall-operator".to_owned()),
        clock: Arc::new(system_clock),
        entropy: Arc::new(system_entropy),
    })
}

/// A 32-byte secret, base64, from the environment.
fn read(secret: Secret) -> Result<[u8; 32], Error> {
    use base64::Engine;
    let name = secret.variable();
    let text = std::env::var(name).map_err(|_| format!("{name} is not set"))?;
    let bytes = base64::engine::general_purpose::STANDARD.decode(text).map_err(|_| format!("{name} is not base64"))?;
    bytes.try_into().map_err(|_| format!("{name} must have 32 bytes").into())
}
