//! API Gateway's twin: an HTTP/1.1 server that hands every request to the route's function as the very event that API
//! Gateway would send, and refuses what API Gateway would refuse: unknown paths, unsigned calls of `/internal/…`, bodies
//! without end.
//!
//! `gateway` is the way of one request; `event` and `response` are the two translations; `functions` is where functions run;
//! `cors` is for browsers; this file owns the socket, and the thread that does nothing but take requests and turn people away.

mod cors;
mod event;
mod functions;
mod gateway;
mod places;
mod response;
mod routes;
mod traffic;

pub use cors::AllowedOrigins;
pub use places::{INTERNAL_REQUESTS_AT_ONCE_MAX, REQUESTS_AT_ONCE_MAX};
pub use traffic::{Traffic, TrafficSnapshot};

use crate::sigv4::Identities;
use bytes::Bytes;
use gateway::Gateway;
use guildhall_functions::app::Clock;
use guildhall_functions::{App, ROUTES, Route};
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use std::convert::Infallible;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio_util::sync::{CancellationToken, DropGuard};

/// Connections open at once; further ones wait in the listener's backlog.
pub const CONNECTIONS_MAX: usize = 1_024;
/// How long a connection may take to send the head of a request, in milliseconds. It bounds idle connections too.
pub const HEAD_TIMEOUT_MS: u64 = 30_000;
/// Largest head of a request, in bytes: API Gateway's quota is 10,240.
pub const HEAD_BYTES_MAX: usize = 10_240;
/// How long requests under way may take to end at shutdown, in milliseconds.
const SHUTDOWN_PATIENCE_MS: u64 = 2_000;
/// How long to wait after a failed accept, in milliseconds: it fails when file descriptors run out, and at once again.
const ACCEPT_RETRY_MS: u64 = 100;

/// The gateway's answer to one request.
type Answer = Response<Full<Bytes>>;

/// What a front is made of.
#[derive(Clone)]
pub struct FrontConfig {
    /// The functions' parts.
    pub app: Arc<App>,
    /// Who may call `/internal/…`.
    pub identities: Identities,
    /// The clock.
    pub clock: Clock,
    /// The API's id.
    pub api_id: String,
    /// Whose pages may use the API.
    pub allowed_origins: AllowedOrigins,
}

impl fmt::Debug for FrontConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrontConfig").field("api_id", &self.api_id).finish_non_exhaustive()
    }
}

/// A running front. Dropping it stops it too, without waiting for requests under way.
#[derive(Debug)]
pub struct Front {
    address: SocketAddr,
    traffic: Arc<Traffic>,
    stop: DropGuard,
    served: oneshot::Receiver<()>,
}

impl Front {
    /// Serves every route on `listener` until [`Front::shutdown`].
    ///
    /// # Errors
    /// When the listener has no address, or the system no entropy or no thread, or `cors.json` makes no sense.
    pub fn start(listener: TcpListener, config: FrontConfig) -> std::io::Result<Self> {
        Self::start_with(ROUTES, listener, config)
    }

    fn start_with(routes: &[&'static Route], listener: TcpListener, config: FrontConfig) -> std::io::Result<Self> {
        let address = listener.local_addr()?;
        let gateway = Gateway::new(routes, config)?;
        let traffic = Arc::clone(&gateway.traffic);
        let stop = CancellationToken::new();
        let served = on_own_thread(listener, gateway, stop.clone())?;
        Ok(Self { address, traffic, stop: stop.drop_guard(), served })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it has answered.
    pub fn traffic(&self) -> &Arc<Traffic> {
        &self.traffic
    }

    /// Takes nothing new and lets requests under way end, for two seconds at most.
    pub async fn shutdown(self) {
        drop(self.stop);
        // It goes unsaid only where the thread panicked, and then there is nothing left to stop.
        let _ = self.served.await;
    }
}

/// Serves on a thread that does nothing else; the other end of what is returned is told, or dropped, when it is over.
fn on_own_thread(
    listener: TcpListener,
    gateway: Gateway,
    stop: CancellationToken,
) -> std::io::Result<oneshot::Receiver<()>> {
    let (is_over, served) = oneshot::channel();
    let listener = listener.into_std()?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let listener = {
        let _here = runtime.enter();
        TcpListener::from_std(listener)?
    };
    std::thread::Builder::new().name("front".to_owned()).spawn(move || {
        runtime.block_on(serve(listener, Arc::new(gateway), stop));
        drop(runtime);
        // Nobody may be waiting.
        let _ = is_over.send(());
    })?;
    Ok(served)
}

async fn serve(listener: TcpListener, gateway: Arc<Gateway>, stop: CancellationToken) {
    let graceful = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = accept(&listener, &places) => accepted,
        };
        match accepted {
            Ok((stream, peer, place)) => serve_connection(stream, peer, place, &gateway, &graceful),
            Err(error) => {
                tracing::warn!(%error, "the front could not accept a connection");
                tokio::time::sleep(Duration::from_millis(ACCEPT_RETRY_MS)).await;
            }
        }
    }
    drop(listener);
    let patience = Duration::from_millis(SHUTDOWN_PATIENCE_MS);
    if tokio::time::timeout(patience, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests did not end in time");
    }
}

/// The next connection, once there is a place for it.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> std::io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.map_err(std::io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    Ok((stream, peer, place))
}

fn serve_connection(
    stream: TcpStream,
    peer: SocketAddr,
    place: OwnedSemaphorePermit,
    gateway: &Arc<Gateway>,
    graceful: &GracefulShutdown,
) {
    // Answers are small and whole: waiting for more to send would only add latency.
    let _ = stream.set_nodelay(true);
    let gateway = Arc::clone(gateway);
    let service = service_fn(move |request: Request<Incoming>| {
        let gateway = Arc::clone(&gateway);
        async move { Ok::<_, Infallible>(gateway.answer(request, peer.ip()).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_millis(HEAD_TIMEOUT_MS))
        .max_header_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service);
    let connection = graceful.watch(connection);
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection failed");
        }
        drop(place);
    });
}

#[cfg(test)]
mod tests;
