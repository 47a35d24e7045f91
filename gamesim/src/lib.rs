//! The authoritative UDP game server: one process, one shard per core, each with its own thread, port, rooms and
//! connections, and a control plane on tokio that alone talks to the API.
//!
//! The heart is sans-IO: [`shard::Shard`] takes datagrams, time and orders, and gives datagrams and requests. Read `shard`,
//! then `room` and `world`, then `writer`; `driver` gives a shard its turns, `control` carries out what it asks, and `rim` is all
//! that both touch of the world outside.
//!
//! To run a game sim inside another program or a test, call [`run`]; [`serve`] is the whole process, and [`serve_with`] the
//! whole process of a studio with rules of its own.

mod api;
mod backoff;
mod bucket;
pub mod checkpoint;
pub mod clock;
mod cloud;
pub mod combat_log;
pub mod config;
mod control;
pub mod datagrams;
pub mod dead_letters;
pub mod driver;
pub mod exchange;
#[cfg(test)]
mod fixtures;
mod journal;
pub mod limits;
pub mod lone;
mod metrics;
mod process;
pub mod recording;
pub mod recordings;
pub mod rim;
mod room;
pub mod shard;
mod surroundings;
pub mod view;
pub mod wheel;
pub mod world;
mod writer;

pub use cloud::{ACTIVE_GAME_SESSIONS, FLEET_METRICS, QUEUE_DEPTH, SAMPLES_PER_MINUTE};
pub use config::{Config, ConfigError};
pub use process::{serve, serve_as, serve_with};

use api::{Api, Signer};
use bucket::Bucket;
use cloud::{Cloud, Sighting};
use control::boot::{self, Secrets};
use control::{Control, Parts, ShardLink};
use dead_letters::DeadLetters;
use driver::{Asked, Driver, Pace};
use exchange::ApiFailure;
use guildhall_domain::ruleset::{Ruleset, Standard};
use guildhall_telemetry::Tracer;
use guildhall_telemetry::traces::Exporter;
use metrics::{ShardMetrics, SimMetrics};
use rim::{Berth, Entropy, Rim};
use shard::{Shard, ShardConfig};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;
use world::Game;

/// How a game sim is asked to end.
#[derive(Debug, Clone, Default)]
pub struct Shutdown {
    /// Let sessions come to their end, for as long as the configuration allows.
    pub drain: CancellationToken,
    /// Close them at once; progress is written all the same.
    pub at_once: CancellationToken,
}

/// Why a game sim could not run, or did not end as it should.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// No HTTP client.
    #[error("the HTTP client cannot be made: {0}")]
    Client(#[from] reqwest::Error),
    /// The published content cannot be played.
    #[error("the content is not valid: {0}")]
    Content(String),
    /// The system gives no random numbers.
    #[error("no entropy: {0}")]
    Entropy(String),
    /// The API will not have this game sim.
    #[error("the API refused {what}: {failure}")]
    Refused {
        /// What was asked for.
        what: &'static str,
        /// What it said.
        failure: ApiFailure,
    },
    /// A socket or a thread could not be had.
    #[error("{what}: {cause}")]
    System {
        /// What was tried.
        what: &'static str,
        /// Why it failed.
        cause: std::io::Error,
    },
    /// The API gave an address that is none.
    #[error("the API knows this game sim under {0:?}, which is not an IP address")]
    Address(String),
    /// Another boot has taken this one's place; its sessions were closed without a further write.
    #[error("another boot has taken this game sim's place")]
    Fenced,
    /// A shard has crashed, and its sessions with it, or a request to the API has.
    #[error("a part of the process has crashed")]
    Crashed,
    /// Not all progress could be written; it is in the file of dead letters.
    #[error("{groups} groups of progress could not be written and are kept as dead letters")]
    Unsaved {
        /// How many.
        groups: u64,
    },
}

/// Runs a game sim under the standard rules until `shutdown` is cancelled and its sessions have come to their end.
pub async fn run(config: Config, shutdown: CancellationToken) -> Result<(), RunError> {
    run_until(config, Arc::new(Standard), Shutdown { drain: shutdown, at_once: CancellationToken::new() }).await
}

/// As [`run`], with a choice of the rules and of how to end.
pub async fn run_until(config: Config, ruleset: Arc<dyn Ruleset>, shutdown: Shutdown) -> Result<(), RunError> {
    let credentials = surroundings::credentials(&config.region).await;
    let signer = Arc::new(Signer::new(&config.region, credentials.clone()));
    let bucket = Bucket::connect(&config, credentials);
    run_with(signer, bucket, config, ruleset, shutdown).await
}

/// As [`run_until`], in a world that need not be this machine's.
pub async fn run_in(rim: Rim, config: Config, ruleset: Arc<dyn Ruleset>, shutdown: Shutdown) -> Result<(), RunError> {
    run_traced(rim, Tracer::default(), config, ruleset, shutdown).await
}

async fn run_with(
    signer: Arc<Signer>,
    bucket: Option<Bucket>,
    config: Config,
    ruleset: Arc<dyn Ruleset>,
    shutdown: Shutdown,
) -> Result<(), RunError> {
    let rim = Rim::of_system(&config, &signer, bucket)?;
    let tracer = Tracer::new(config.traces.as_ref());
    run_traced(rim, tracer, config, ruleset, shutdown).await
}

async fn run_traced(
    mut rim: Rim,
    tracer: Tracer,
    config: Config,
    ruleset: Arc<dyn Ruleset>,
    shutdown: Shutdown,
) -> Result<(), RunError> {
    let metrics = Arc::new(SimMetrics::new(config.shards, &tracer));
    let around = std::mem::take(&mut rim.around);
    let (sightings, cloud) = Cloud::start(around, &rim.clock, &config, &metrics, &shutdown);
    let result = play(Beginnings { rim, tracer, config, ruleset, metrics, sightings }, shutdown).await;
    cloud.end().await;
    result
}

/// What a game sim has before it knows what is played, and under which name.
struct Beginnings {
    rim: Rim,
    tracer: Tracer,
    config: Config,
    ruleset: Arc<dyn Ruleset>,
    metrics: Arc<SimMetrics>,
    sightings: watch::Sender<Sighting>,
}

async fn play(beginnings: Beginnings, shutdown: Shutdown) -> Result<(), RunError> {
    let Beginnings { rim, tracer, config, ruleset, metrics, sightings } = beginnings;
    let Rim { api, bucket, clock, entropy, letters, berths, around: _ } = rim;
    let api = Arc::new(Api::new(&config.api, api, tracer));
    let Some(content) = boot::load_content(&api, &shutdown, &entropy).await? else { return Ok(()) };
    let secrets = Secrets::draw(&entropy)?;
    let ports: Result<Vec<u16>, _> = berths.iter().map(|berth| berth.port()).collect();
    let ports = ports.map_err(system("reading the game's ports"))?;
    let version = content.version.clone();
    let registered = boot::register(&api, &shutdown, &config, ports, version, &secrets).await?;
    let Some(registered) = registered else { return Ok(()) };
    tracing::info!(gamesim_id = %registered.gamesim_id, registered.epoch, registered.ip, content.version, "registered");

    let watched = CancellationToken::new();
    let _stop_metrics = watched.clone().drop_guard();
    if let Some(address) = config.metrics_bind {
        let address = serve_metrics(address, Arc::clone(&metrics), watched).await?;
        if let Some(file) = &config.metrics_targets {
            let written = guildhall_telemetry::targets::write(file, address, registered.gamesim_id.as_str());
            written.map_err(system("writing where metrics are served"))?;
        }
    }
    let instance = registered.gamesim_id.to_string().into();
    let resource = [("service.name", "guildhall-gamesim".into()), ("service.instance.id", instance)];
    let exporting = Exporter::new(api.tracer(), config.traces.as_ref(), resource).map(Exporter::start);
    let letters = DeadLetters::new(letters, registered.gamesim_id.clone());
    let bucket = bucket.map(Bucket::over);
    let parts = Parts { config, api, bucket, content, clock, metrics, registered, sightings };
    let (asks, requests) = mpsc::unbounded_channel();
    let beginnings = ShardBeginnings { ruleset, secrets, entropy, requests: asks };
    let shards = start_shards(&parts, &beginnings, berths)?;
    drop(beginnings);
    let result = Control::new(parts, letters, shards, requests).run(shutdown).await;
    if let Some(exporting) = exporting {
        exporting.end().await;
    }
    result
}

/// What all shards begin with.
struct ShardBeginnings {
    ruleset: Arc<dyn Ruleset>,
    secrets: Secrets,
    entropy: Entropy,
    requests: mpsc::UnboundedSender<Asked>,
}

fn system(what: &'static str) -> impl FnOnce(std::io::Error) -> RunError {
    move |cause| RunError::System { what, cause }
}

async fn serve_metrics(
    address: SocketAddr,
    metrics: Arc<SimMetrics>,
    stop: CancellationToken,
) -> Result<SocketAddr, RunError> {
    let listener = TcpListener::bind(address).await.map_err(system("opening the door for metrics"))?;
    let address = listener.local_addr().map_err(system("opening the door for metrics"))?;
    tracing::info!(%address, "metrics are served");
    tokio::spawn(guildhall_telemetry::serve_metrics(listener, move || metrics.render(), stop.cancelled_owned()));
    Ok(address)
}

fn start_shards(
    parts: &Parts,
    beginnings: &ShardBeginnings,
    berths: Vec<Box<dyn Berth>>,
) -> Result<Vec<ShardLink>, RunError> {
    let Parts { config, content, registered, clock, metrics, .. } = parts;
    let ShardBeginnings { ruleset, secrets, entropy, requests } = beginnings;
    let game = Arc::new(Game::new(Arc::clone(&content.content), Arc::clone(ruleset)));
    let ip: IpAddr = registered.ip.parse().map_err(|_| RunError::Address(registered.ip.clone()))?;
    let start = |(number, (berth, metrics)): (usize, (Box<dyn Berth>, &ShardMetrics))| {
        let port = berth.port().map_err(system("reading the game's ports"))?;
        let shard = ShardConfig {
            public_address: SocketAddr::new(ip, port),
            private_key: secrets.connect_key,
            challenge_key: boot::draw(entropy)?,
            gamesim_epoch: registered.epoch,
            game: Arc::clone(&game),
            content_version: content.version_number,
            connections_max: limits::connections_max(config.capacity),
            keeps_checkpoints: parts.bucket.is_some(),
            keeps_recordings: parts.bucket.is_some() && config.keeps_recordings,
            seed: u64::from_be_bytes(boot::draw(entropy)?),
        };
        let (orders, to_shard) = std::sync::mpsc::channel();
        let (finished, is_finished) = oneshot::channel();
        let driver = Driver {
            number,
            shard: Shard::new(shard, clock.now_ms()),
            orders: to_shard,
            requests: requests.clone(),
            clock: Arc::clone(clock),
            metrics: metrics.clone(),
            pace: Pace::default(),
            finished,
        };
        berth.start(driver).map_err(system("starting a shard's thread"))?;
        Ok(ShardLink { orders, is_finished })
    };
    berths.into_iter().zip(metrics.shards()).enumerate().map(start).collect()
}
