//! The cloud that a game sim runs in: the fleet's metrics go out, and notices about this instance come in. Each is a task of
//! its own, off where it is not configured; nothing ever waits for them but the end of the process, and that not for long.
//!
//! They know of the game sim what a [`Sighting`] says, which is what the registry says: the sim's own count of its rooms is
//! no base for deciding how many instances there are.

mod autoscaling;
mod instance;
mod keeper;
mod metadata;
mod notices;
mod report;
#[cfg(test)]
mod tests;

pub use guildhall_telemetry::cloudwatch::reporter::SAMPLES_PER_MINUTE;
pub use report::{ACTIVE_GAME_SESSIONS, FLEET_METRICS, QUEUE_DEPTH};

use crate::api::Signer;
use crate::clock::Clock;
use crate::config::Config;
use crate::limits::CLOUD_END_S_MAX;
use crate::metrics::SimMetrics;
use crate::rim::{Around, Group};
use crate::{RunError, Shutdown};
use autoscaling::Autoscaling;
use guildhall_telemetry::cloudwatch::{CloudWatch, CloudWatchConfig};
use instance::Instance;
use metadata::Metadata;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// What the registry said last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Sighting {
    /// When, in milliseconds since 1970.
    pub(crate) at_ms: u64,
    /// Whether the game sim takes new sessions.
    pub(crate) is_ready: bool,
    /// Live sessions.
    pub(crate) sessions: u32,
    /// Parties that wait for a place anywhere in the fleet, unless that could not be read.
    pub(crate) queued: Option<u32>,
    /// How long the first of them has waited, in milliseconds, likewise.
    pub(crate) queue_wait_ms: Option<u64>,
}

/// The tasks that speak with the cloud.
#[derive(Debug)]
pub(crate) struct Cloud {
    tasks: JoinSet<()>,
    ended: CancellationToken,
}

impl Cloud {
    /// Starts what there is a cloud for. Sightings are to be sent until the game sim has ended.
    pub(crate) fn start(
        around: Around,
        clock: &Arc<Clock>,
        config: &Config,
        metrics: &Arc<SimMetrics>,
        shutdown: &Shutdown,
    ) -> (watch::Sender<Sighting>, Self) {
        let (sender, sightings) = watch::channel(Sighting::default());
        let mut cloud = Self { tasks: JoinSet::new(), ended: CancellationToken::new() };
        let Around { gauge, metadata, group } = around;
        if let Some(gauge) = gauge {
            let press = report::Press::new(gauge, config.capacity, metrics);
            cloud.tasks.spawn(press.run(sightings.clone()));
        }
        if let Some(metadata) = metadata {
            let instance = Instance::new(metadata, group, shutdown.clone(), Arc::clone(clock), config.last_writes_s);
            cloud.tasks.spawn(instance.run(sightings, cloud.ended.clone()));
        }
        (sender, cloud)
    }

    /// The game sim has ended: lets the cloud go on with the instance.
    pub(crate) async fn end(mut self) {
        self.ended.cancel();
        let tasks = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(Duration::from_secs(CLOUD_END_S_MAX), tasks).await.is_err() {
            tracing::warn!("the cloud was not told in time that the game sim has ended");
        }
    }
}

/// The cloud that the configuration names.
pub(crate) fn around(config: &Config, signer: &Arc<Signer>) -> Result<Around, RunError> {
    let mut around = Around::default();
    if let Some(namespace) = &config.cloud.cloudwatch_namespace {
        let cloudwatch = CloudWatch::new(CloudWatchConfig {
            namespace: namespace.clone(),
            fleet: config.cloud.fleet.clone(),
            region: config.region.clone(),
            endpoint: config.cloud.cloudwatch_endpoint.clone(),
            credentials: signer.provider(),
        });
        around.gauge = Some(Box::new(cloudwatch));
    }
    if let Some(endpoint) = &config.cloud.metadata_endpoint {
        around.metadata = Some(Box::new(Metadata::connect(endpoint)?));
        let autoscaling = config.cloud.autoscaling.clone();
        let autoscaling = autoscaling.map(|group| Autoscaling::connect(group, Arc::clone(signer))).transpose()?;
        around.group = autoscaling.map(|group| Box::new(group) as Box<dyn Group>);
    }
    Ok(around)
}

/// Says once that something fails, and once that it succeeds again.
#[derive(Debug)]
struct Fault {
    what: &'static str,
    is_on: bool,
}

impl Fault {
    const fn of(what: &'static str) -> Self {
        Self { what, is_on: false }
    }

    /// Takes in how it went, and passes on what came of it.
    fn note<T>(&mut self, result: Result<T, String>) -> Option<T> {
        let was_on = std::mem::replace(&mut self.is_on, result.is_err());
        match &result {
            Err(reason) if !was_on => tracing::warn!(what = self.what, reason, "the cloud cannot be reached"),
            Ok(_) if was_on => tracing::info!(what = self.what, "the cloud can be reached again"),
            _ => {}
        }
        result.ok()
    }
}
