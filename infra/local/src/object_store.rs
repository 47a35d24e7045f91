//! The embedded S3: the crates `s3s` and `s3s-fs` over a folder, on a port of this machine, so that the unmodified AWS SDK
//! talks to it. It verifies signatures; buckets are folders.
//!
//! It is as durable as the folder, which is not flushed after each object: checkpoints that a power cut takes are those of
//! game sims that it took as well.
//!
//! An object is two files, its bytes and their checksum. So that nobody ever finds one without the other, as in S3, a request
//! is carried out when all of it is there, whoever hangs up meanwhile, and by itself: a game sim that is killed as it stores a
//! checkpoint leaves one that can be read.

use crate::sigv4::Identity;
use http::Method;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{Body, HttpRequest, HttpResponse};
use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// How long a caller may take to send the head of a request, in milliseconds.
const HEAD_TIMEOUT_MS: u64 = 10_000;
/// How long to wait when no connection can be accepted, in milliseconds.
const ACCEPT_RETRY_MS: u64 = 50;
/// How long requests under way may take to end at shutdown, in milliseconds.
const SHUTDOWN_PATIENCE_MS: u64 = 2_000;
/// Largest object that is taken, in bytes.
const OBJECT_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Why a request has no answer.
type Failure = Box<dyn Error + Send + Sync>;

/// What answers, one request at a time.
type Turns = Arc<Mutex<S3Service>>;

/// Requests that were answered.
#[derive(Debug, Default)]
pub struct ObjectCounts {
    puts: AtomicU64,
    gets: AtomicU64,
}

impl ObjectCounts {
    /// Objects written, and lists of them, which cost as much.
    pub fn puts(&self) -> u64 {
        self.puts.load(Ordering::Relaxed)
    }

    /// Objects read.
    pub fn gets(&self) -> u64 {
        self.gets.load(Ordering::Relaxed)
    }

    fn count(&self, request: &HttpRequest<Incoming>) {
        let is_list = request.uri().query().is_some_and(|query| query.contains("list-type"));
        let counter = match *request.method() {
            // What is deleted is not charged for.
            Method::DELETE => return,
            Method::GET | Method::HEAD if !is_list => &self.gets,
            _ => &self.puts,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// A running object store.
#[derive(Debug)]
pub struct ObjectStore {
    address: SocketAddr,
    stop: CancellationToken,
    served: JoinHandle<()>,
    counts: Arc<ObjectCounts>,
}

impl ObjectStore {
    /// Serves the buckets in `folder`, which are made if need be, to the holders of these keys until
    /// [`ObjectStore::shutdown`].
    ///
    /// # Errors
    /// When the folder cannot be used, or without a port.
    pub async fn start(folder: &Path, buckets: &[&str], identities: &[Identity]) -> std::io::Result<Self> {
        for bucket in buckets {
            std::fs::create_dir_all(folder.join(bucket))?;
        }
        let files = s3s_fs::FileSystem::new(folder).map_err(|error| std::io::Error::other(format!("{error:?}")))?;
        let mut keys = SimpleAuth::new();
        for identity in identities {
            keys.register(identity.access_key.clone(), identity.secret_key.clone().into());
        }
        let mut service = S3ServiceBuilder::new(files);
        service.set_auth(keys);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let stop = CancellationToken::new();
        let counts = Arc::new(ObjectCounts::default());
        let turns = Arc::new(Mutex::new(service.build()));
        let served = tokio::spawn(serve(listener, turns, Arc::clone(&counts), stop.clone()));
        Ok(Self { address, stop, served, counts })
    }

    /// What the AWS SDK takes as its endpoint.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What has been asked of it.
    pub fn counts(&self) -> Arc<ObjectCounts> {
        Arc::clone(&self.counts)
    }

    /// Takes nothing new and lets requests under way end, for two seconds at most.
    pub async fn shutdown(self) {
        self.stop.cancel();
        // It panics only if the service did, and then there is nothing left to stop.
        let _ = self.served.await;
    }
}

async fn serve(listener: TcpListener, turns: Turns, counts: Arc<ObjectCounts>, stop: CancellationToken) {
    let graceful = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => serve_connection(stream, turns.clone(), Arc::clone(&counts), &graceful),
            Err(error) => {
                tracing::warn!(%error, "the object store could not accept a connection");
                tokio::time::sleep(Duration::from_millis(ACCEPT_RETRY_MS)).await;
            }
        }
    }
    drop(listener);
    let patience = Duration::from_millis(SHUTDOWN_PATIENCE_MS);
    if tokio::time::timeout(patience, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests to the object store did not end in time");
    }
}

fn serve_connection(stream: TcpStream, turns: Turns, counts: Arc<ObjectCounts>, graceful: &GracefulShutdown) {
    let serve = move |request: HttpRequest<Incoming>| {
        counts.count(&request);
        answer(turns.clone(), request)
    };
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_millis(HEAD_TIMEOUT_MS))
        .serve_connection(TokioIo::new(stream), service_fn(serve));
    let connection = graceful.watch(connection);
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection to the object store failed");
        }
    });
}

async fn answer(turns: Turns, request: HttpRequest<Incoming>) -> Result<HttpResponse, Failure> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, OBJECT_BYTES_MAX).collect().await?.to_bytes();
    // A task of its own ends although the connection, and with it whoever waits here, is gone.
    let carried_out = tokio::spawn(async move {
        let service = turns.lock().await;
        service.call(HttpRequest::from_parts(head, Body::from(body))).await
    });
    Ok(carried_out.await??)
}
