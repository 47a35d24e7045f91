//! The embedded database: DynamoDB's HTTP interface over one SQLite file, on a port of this machine, so that the unmodified
//! AWS SDK talks to it. It keeps what it acknowledged through a kill, and it never throttles nor conflicts; tests of those
//! faults inject them.
//!
//! It runs on its own thread: its statements block, and nothing else on the laptop should wait for them.

use crate::precedence::{Steps, stand_back};
use dynoxide::Database;
use dynoxide::server::serve_with_shutdown;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::oneshot;

/// Time between two sweeps of expired items, in seconds. DynamoDB promises days; nothing depends on either.
const SWEEP_INTERVAL_S: u64 = 60;
/// How long requests under way may take to end at shutdown, in milliseconds.
const SHUTDOWN_PATIENCE_MS: u64 = 2_000;

/// A running engine. Dropping it stops it too, without waiting for the file to be closed.
#[derive(Debug)]
pub struct Engine {
    address: SocketAddr,
    stop_serving: oneshot::Sender<()>,
    stop_sweeping: mpsc::Sender<()>,
    server: JoinHandle<Result<(), String>>,
    sweeper: JoinHandle<()>,
}

/// Why the engine did not start or stop.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The file cannot be opened as a database.
    #[error("cannot open the database {path}: {cause}")]
    Open {
        /// The file.
        path: String,
        /// What the engine says.
        cause: String,
    },
    /// No port or no thread.
    #[error("cannot start the database: {0}")]
    Start(#[from] std::io::Error),
    /// It ended badly. What it acknowledged is in the file nevertheless.
    #[error("the database ended badly: {0}")]
    End(String),
}

impl Engine {
    /// Opens or creates the database file, and serves it on a free port of this machine until [`Engine::shutdown`].
    ///
    /// # Errors
    /// [`EngineError::Open`] when the file or its folder cannot be used, [`EngineError::Start`] without a port or a thread.
    pub fn start(file: &Path) -> Result<Self, EngineError> {
        let database = open(file)?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let (stop_serving, served) = oneshot::channel();
        let (stop_sweeping, swept) = mpsc::channel();
        let swept_database = database.clone();
        let sweeper = std::thread::Builder::new().name("database-sweep".to_owned());
        let sweeper = sweeper.spawn(move || sweep(&swept_database, &swept))?;
        let server = std::thread::Builder::new().name("database".to_owned());
        let server = server.spawn(move || serve(database, listener, served))?;
        Ok(Self { address, stop_serving, stop_sweeping, server, sweeper })
    }

    /// What the AWS SDK takes as its endpoint.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Ends requests under way, writes the log back into the file and closes it.
    ///
    /// # Errors
    /// [`EngineError::End`] when the server failed before.
    pub async fn shutdown(self) -> Result<(), EngineError> {
        drop(self.stop_sweeping);
        // It fails only where the server has ended already, which joining tells.
        let _ = self.stop_serving.send(());
        let (sweeper, server) = (self.sweeper, self.server);
        let joined = tokio::task::spawn_blocking(move || (sweeper.join(), server.join())).await;
        match joined {
            Ok((Ok(()), Ok(served))) => served.map_err(EngineError::End),
            _ => Err(EngineError::End("one of its threads panicked".to_owned())),
        }
    }
}

fn open(file: &Path) -> Result<Database, EngineError> {
    let refuse = |cause: String| EngineError::Open { path: file.display().to_string(), cause };
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).map_err(|cause| refuse(cause.to_string()))?;
    }
    let path = file.to_str().ok_or_else(|| refuse("its path is not UTF-8".to_owned()))?;
    Database::new(path).map_err(|cause| refuse(cause.to_string()))
}

/// The whole life of the server thread. Its runtime is dropped before the last handle of the database, which closes the file.
fn serve(database: Database, listener: TcpListener, stop: oneshot::Receiver<()>) -> Result<(), String> {
    stand_back(Steps::Database);
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|cause| cause.to_string())?;
    let served = database.clone();
    let outcome = runtime.block_on(async move {
        let listener = tokio::net::TcpListener::from_std(listener).map_err(|cause| cause.to_string())?;
        let (stopping, stopped) = oneshot::channel();
        let stop = async move {
            // A dropped handle stops the server like a shutdown.
            let _ = stop.await;
            let _ = stopping.send(());
        };
        let impatience = async move {
            let _ = stopped.await;
            tokio::time::sleep(Duration::from_millis(SHUTDOWN_PATIENCE_MS)).await;
        };
        tokio::select! {
            outcome = serve_with_shutdown(listener, served, stop) => outcome,
            () = impatience => Ok(()),
        }
    });
    drop(runtime);
    drop(database);
    outcome
}

/// Deletes expired items now and then, until the other end of `stop` is dropped.
fn sweep(database: &Database, stop: &mpsc::Receiver<()>) {
    while stop.recv_timeout(Duration::from_secs(SWEEP_INTERVAL_S)) == Err(mpsc::RecvTimeoutError::Timeout) {
        match database.sweep_ttl() {
            Ok(0) => {}
            Ok(deleted) => tracing::debug!(deleted, "swept expired items"),
            Err(error) => tracing::warn!(%error, "could not sweep expired items"),
        }
    }
}
