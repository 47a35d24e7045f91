//! What a game sim touches of the world outside: the API, the bucket, time, entropy, sockets with their threads, the cloud
//! around its instance, and the place for dead letters. The product's own are HTTP, S3 and the operating system ([`Rim::of_system`]); a simulation puts
//! its own in their place, and all the rest is the same code.

use crate::RunError;
use crate::api::{Https, Signer};
use crate::bucket::Bucket;
use crate::clock::Clock;
use crate::cloud;
use crate::config::Config;
use crate::datagrams::Sent;
use crate::dead_letters::Letters;
use crate::driver::{self, Driver};
use crate::shard::Shard;
use guildhall_telemetry::cloudwatch::Report;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;

/// What somebody waits for.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Random bytes, or why there are none.
pub type Entropy = Arc<dyn Fn(&mut [u8]) -> Result<(), String> + Send + Sync>;

/// Some names of objects, in order, and where to continue if there are more.
pub type Names = (Vec<String>, Option<String>);

/// How requests get to the API.
pub trait Transport: fmt::Debug + Send + Sync {
    /// Sends a request once, and waits for its answer no longer than [`crate::limits::API_TIMEOUT_MS`]: status and body, or
    /// why there is none, in which case nobody knows what became of the request.
    fn send(&self, request: http::Request<Vec<u8>>) -> Pending<'_, Result<(u16, Vec<u8>), String>>;
}

/// Where objects are kept: consistent, as S3 is. Whoever calls sets the deadline.
pub trait Objects: fmt::Debug + Send + Sync {
    /// Puts an object in the place of the one before.
    fn put(&self, key: String, bytes: Vec<u8>) -> Pending<'_, Result<(), String>>;

    /// The object of this name, or `None` if there is none.
    fn get(&self, key: String) -> Pending<'_, Result<Option<Vec<u8>>, String>>;

    /// Some of the names that begin like this.
    fn list(&self, prefix: String, continued: Option<String>) -> Pending<'_, Result<Names, String>>;
}

/// Where a shard's datagrams come from and go to. Never waits for anything.
pub trait Wire {
    /// Gives the shard what has come in, at most [`crate::datagrams::BATCH_DATAGRAMS`] datagrams.
    ///
    /// # Errors
    /// Nothing waits (`WouldBlock`), or the socket reports a fault.
    fn receive(&mut self, now_ms: u64, shard: &mut Shard) -> io::Result<Received>;

    /// Sends whatever the shard has to send.
    fn send(&mut self, shard: &mut Shard) -> Sent;
}

/// What one look at a wire has brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Received {
    /// Datagrams.
    pub datagrams: usize,
    /// Their bytes, without IP and UDP headers.
    pub bytes: u64,
}

/// A place for a shard: a port, and whatever gives the shard its turns.
pub trait Berth: fmt::Debug + Send {
    /// The UDP port.
    ///
    /// # Errors
    /// The socket does not say.
    fn port(&self) -> io::Result<u16>;

    /// Begins to call [`Driver::turn`] until there is no other.
    ///
    /// # Errors
    /// No thread.
    fn start(self: Box<Self>, driver: Driver) -> io::Result<()>;
}

/// Where the fleet's metrics are published.
pub trait Gauge: fmt::Debug + Send + Sync {
    /// Publishes a report, or says why it did not arrive.
    fn publish<'a>(&'a self, report: &'a Report) -> Pending<'a, Result<(), String>>;
}

/// What an instance can ask about itself.
pub trait Metadata: fmt::Debug + Send {
    /// The text at a path below `/latest/meta-data/`, or `None` where there is nothing.
    fn text<'a>(&'a mut self, path: &'a str) -> Pending<'a, Result<Option<String>, String>>;
}

/// The autoscaling group of an instance.
pub trait Group: fmt::Debug + Send + Sync {
    /// Makes a call about an instance.
    fn call<'a>(&'a self, call: GroupCall, instance_id: &'a str) -> Pending<'a, Result<(), String>>;
}

/// What an autoscaling group is told about an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupCall {
    /// Protect the instance from being scaled in, or do not.
    Protect(bool),
    /// Wait on: the instance still drains.
    Heartbeat,
    /// The instance has drained.
    Complete,
}

/// The cloud around the instance, as far as there is one.
#[derive(Debug, Default)]
pub struct Around {
    /// Where metrics go.
    pub gauge: Option<Box<dyn Gauge>>,
    /// Where notices come from.
    pub metadata: Option<Box<dyn Metadata>>,
    /// Who is told how things stand.
    pub group: Option<Box<dyn Group>>,
}

/// The world outside.
pub struct Rim {
    /// How to reach the API.
    pub api: Arc<dyn Transport>,
    /// Where checkpoints and recordings are kept, if they are.
    pub bucket: Option<Arc<dyn Objects>>,
    /// The time.
    pub clock: Arc<Clock>,
    /// Random bytes.
    pub entropy: Entropy,
    /// Where what could not be written is kept.
    pub letters: Letters,
    /// Sockets and threads: one for each shard.
    pub berths: Vec<Box<dyn Berth>>,
    /// The cloud.
    pub around: Around,
}

impl fmt::Debug for Rim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rim").field("api", &self.api).finish_non_exhaustive()
    }
}

impl Rim {
    /// What the operating system and the configuration give.
    pub(crate) fn of_system(config: &Config, signer: &Arc<Signer>, bucket: Option<Bucket>) -> Result<Self, RunError> {
        let sockets = driver::bind(config.bind, config.port, config.shards);
        let sockets = sockets.map_err(|cause| RunError::System { what: "opening the game's sockets", cause })?;
        Ok(Self {
            api: Arc::new(Https::connect(&config.api, Arc::clone(signer))?),
            bucket: bucket.map(Bucket::into_objects),
            clock: Arc::new(Clock::start()),
            entropy: Arc::new(|bytes| getrandom::fill(bytes).map_err(|error| error.to_string())),
            letters: Letters::File(config.dead_letters.clone()),
            berths: sockets.into_iter().map(|socket| Box::new(socket) as Box<dyn Berth>).collect(),
            around: cloud::around(config, signer)?,
        })
    }
}
