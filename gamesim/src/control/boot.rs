//! The way from nothing to a registered game sim: fetch the content, draw keys, register. Each step is repeated until it
//! succeeds or the process is asked to end: at a start of the whole stack the API may come up last.

use crate::api::Api;
use crate::backoff::Backoff;
use crate::config::Config;
use crate::exchange::ApiFailure;
use crate::rim::Entropy;
use crate::{RunError, Shutdown};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use guildhall_domain::Content;
use guildhall_domain::api::{RegisterGamesimRequest, Registered};
use guildhall_protocol::PROTOCOL_VERSION;
use guildhall_protocol::netcode::Key;
use std::sync::Arc;
use std::time::Duration;

/// The content in force.
#[derive(Debug, Clone)]
pub(crate) struct LoadedContent {
    pub(crate) content: Arc<Content>,
    /// As registered.
    pub(crate) version: String,
    /// As it travels in connect tokens.
    pub(crate) version_number: u64,
}

/// What is secret or unique about one boot, from the system's entropy.
pub(crate) struct Secrets {
    /// Seals connect tokens.
    pub(crate) connect_key: Key,
    boot_id: u128,
}

impl Secrets {
    pub(crate) fn draw(entropy: &Entropy) -> Result<Self, RunError> {
        Ok(Self { connect_key: draw(entropy)?, boot_id: u128::from_be_bytes(draw(entropy)?) })
    }
}

/// Random bytes.
pub(crate) fn draw<const N: usize>(entropy: &Entropy) -> Result<[u8; N], RunError> {
    let mut bytes = [0; N];
    entropy(&mut bytes).map_err(RunError::Entropy)?;
    Ok(bytes)
}

/// The content, or `None` if the process is to end first.
pub(crate) async fn load_content(
    api: &Api,
    shutdown: &Shutdown,
    entropy: &Entropy,
) -> Result<Option<LoadedContent>, RunError> {
    let backoff = Backoff::seeded(u64::from_be_bytes(draw(entropy)?));
    let Some(bundle) = insist("the content", shutdown, backoff, || api.content()).await? else { return Ok(None) };
    bundle.content.check().map_err(|errors| {
        let lines: Vec<_> = errors.iter().map(ToString::to_string).collect();
        RunError::Content(lines.join("; "))
    })?;
    let version_number = u64::from_str_radix(&bundle.version, 16);
    let version_number = version_number.map_err(|_| RunError::Content(format!("version {:?}", bundle.version)))?;
    Ok(Some(LoadedContent { content: Arc::new(bundle.content), version: bundle.version, version_number }))
}

/// The registration, or `None` if the process is to end first.
pub(crate) async fn register(
    api: &Api,
    shutdown: &Shutdown,
    config: &Config,
    ports: Vec<u16>,
    content_version: String,
    secrets: &Secrets,
) -> Result<Option<Registered>, RunError> {
    let request = RegisterGamesimRequest {
        ports,
        capacity: config.capacity,
        build_version: config.build_version.clone(),
        protocol_version: PROTOCOL_VERSION,
        content_version,
        connect_key: STANDARD.encode(secrets.connect_key),
        boot_id: format!("{:032x}", secrets.boot_id),
    };
    // The low half of what is random anyway.
    let backoff = Backoff::seeded(secrets.boot_id as u64);
    insist("a registration", shutdown, backoff, || api.register(&request)).await
}

async fn insist<T, F: Future<Output = Result<T, ApiFailure>>>(
    what: &'static str,
    shutdown: &Shutdown,
    mut backoff: Backoff,
    ask: impl Fn() -> F,
) -> Result<Option<T>, RunError> {
    loop {
        let answer = tokio::select! {
            biased;
            answer = ask() => answer,
            () = shutdown.drain.cancelled() => return Ok(None),
            () = shutdown.at_once.cancelled() => return Ok(None),
        };
        match answer {
            Ok(answer) => return Ok(Some(answer)),
            Err(failure @ ApiFailure::Refused { .. }) => return Err(RunError::Refused { what, failure }),
            Err(ApiFailure::Unavailable(reason)) => {
                tracing::warn!(what, reason, "the API did not give what it takes to start; trying again");
            }
        }
        tokio::select! {
            biased;
            () = tokio::time::sleep(Duration::from_millis(backoff.next_ms())) => {}
            () = shutdown.drain.cancelled() => return Ok(None),
            () = shutdown.at_once.cancelled() => return Ok(None),
        }
    }
}
