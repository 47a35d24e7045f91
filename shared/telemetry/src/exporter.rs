//! A small HTTP door for the people and programs that watch a process: `GET /metrics` and `GET /health/live`, anything else
//! is 404. Not for players: bind it where only the watchers reach it.
//!
//! Connections are few, answer one request each, and have a deadline, so that a stuck client costs a place for a moment.

use crate::metrics::CONTENT_TYPE;
use bytes::Bytes;
use http::header::{CONTENT_TYPE as CONTENT_TYPE_HEADER, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Connections open at once; further ones wait in the listener's backlog.
pub const CONNECTIONS_MAX: usize = 16;
/// How long a connection may take from its first byte to its last, in milliseconds.
pub const CONNECTION_DEADLINE_MS: u64 = 5_000;
/// How long to wait after a failed accept, in milliseconds: it fails when file descriptors run out, and at once again.
const ACCEPT_RETRY_MS: u64 = 100;

/// Answers until `shutdown` completes. `render` makes the page of one scrape, in the format of [`crate::Metrics::render`].
pub async fn serve_metrics(
    listener: TcpListener,
    render: impl Fn() -> String + Send + Sync + 'static,
    shutdown: impl Future<Output = ()>,
) {
    let render = Arc::new(render);
    let mut connections = JoinSet::new();
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => return,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept(), if connections.len() < CONNECTIONS_MAX => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve_connection(stream, Arc::clone(&render)));
                }
                Err(error) => {
                    tracing::warn!(%error, "the metrics door could not accept a connection");
                    tokio::time::sleep(Duration::from_millis(ACCEPT_RETRY_MS)).await;
                }
            },
        }
    }
}

async fn serve_connection(stream: TcpStream, render: Arc<impl Fn() -> String + Send + Sync + 'static>) {
    let service = service_fn(|request| {
        let answer = respond(&request, &*render);
        async { Ok::<_, Infallible>(answer) }
    });
    let connection = http1::Builder::new().keep_alive(false).serve_connection(TokioIo::new(stream), service);
    match tokio::time::timeout(Duration::from_millis(CONNECTION_DEADLINE_MS), connection).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "a watcher's connection failed"),
        Err(_) => tracing::debug!("a watcher's connection took too long"),
    }
}

fn respond<B>(request: &Request<B>, render: &impl Fn() -> String) -> Response<Full<Bytes>> {
    let (status, media_type, body) = match (request.method(), request.uri().path()) {
        (&Method::GET, "/metrics") => (StatusCode::OK, CONTENT_TYPE, render()),
        (&Method::GET, "/health/live") => (StatusCode::OK, "text/plain", "alive\n".to_owned()),
        _ => (StatusCode::NOT_FOUND, "text/plain", "not found\n".to_owned()),
    };
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE_HEADER, HeaderValue::from_static(media_type));
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Metrics;
    use std::net::SocketAddr;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::sync::oneshot;
    use tokio::task::JoinHandle;

    struct Door {
        address: SocketAddr,
        stop: oneshot::Sender<()>,
        served: JoinHandle<()>,
    }

    async fn open(render: impl Fn() -> String + Send + Sync + 'static) -> Door {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let served = tokio::spawn(serve_metrics(listener, render, async move {
            let _ = stopped.await;
        }));
        Door { address, stop, served }
    }

    async fn ask(address: SocketAddr, request: &str) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn a_scrape_shows_the_values_of_its_moment() {
        let mut metrics = Metrics::new();
        let sessions = metrics.gauge("sessions", "Live sessions");
        let door = open(move || metrics.render()).await;
        for value in [1, 2] {
            sessions.set(value);
            let answer = ask(door.address, "GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n").await;
            let (head, body) = answer.split_once("\r\n\r\n").unwrap();
            assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
            assert!(head.contains("connection: close"), "{head}");
            assert!(head.contains("content-type: application/openmetrics-text; version=1.0.0"), "{head}");
            assert!(body.contains(&format!("guildhall_sessions {value}\n")) && body.ends_with("# EOF\n"), "{body}");
        }
    }

    #[tokio::test]
    async fn only_two_things_can_be_asked() {
        let door = open(|| "page".to_owned()).await;
        let status = async |line: &str| {
            let answer = ask(door.address, &format!("{line} HTTP/1.1\r\nhost: x\r\n\r\n")).await;
            answer.split(' ').nth(1).unwrap().to_owned()
        };
        assert_eq!(status("GET /health/live").await, "200");
        assert_eq!(status("GET /metrics?name=x").await, "200");
        for other in
            ["GET /", "GET /metrics/", "GET /METRICS", "POST /metrics", "DELETE /health/live", "GET /health/ready"]
        {
            assert_eq!(status(other).await, "404", "{other}");
        }
    }

    #[tokio::test]
    async fn it_stops_when_told_even_with_a_client_inside() {
        let door = open(|| "page".to_owned()).await;
        let mut inside = TcpStream::connect(door.address).await.unwrap();
        door.stop.send(()).unwrap();
        door.served.await.unwrap();
        assert!(!matches!(inside.read(&mut [0; 1]).await, Ok(1..)));
        assert!(TcpStream::connect(door.address).await.is_err());
    }

    /// Time is virtual and leaps ahead whenever nothing else can happen: more silent clients than there are places are all
    /// cut off, each at its deadline, and the one behind them is served.
    #[tokio::test(start_paused = true)]
    async fn silent_clients_do_not_keep_their_places() {
        let door = open(|| "page".to_owned()).await;
        let mut silent = Vec::new();
        for _ in 0..2 * CONNECTIONS_MAX {
            silent.push(TcpStream::connect(door.address).await.unwrap());
        }
        for stream in &mut silent {
            assert!(!matches!(stream.read(&mut [0; 1]).await, Ok(1..)));
        }
        tokio::time::resume();
        let answer = ask(door.address, "GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("alive\n"), "{answer}");
    }
}
