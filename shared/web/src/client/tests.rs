//! The client against servers of sockets on loopback, over TLS as rustls serves it and plain. `keys` holds an authority's
//! certificate and two servers' with their keys, for `localhost`; the authority's own key is nowhere.

use super::*;
use aws_smithy_runtime_api::client::http::HttpConnector;
use http_body_util::BodyExt;
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

const AUTHORITY: &[u8] = include_bytes!("keys/authority.pem");
const EC: [&[u8]; 2] = [include_bytes!("keys/ec.pem"), include_bytes!("keys/ec.key")];
const RSA: [&[u8]; 2] = [include_bytes!("keys/rsa.pem"), include_bytes!("keys/rsa.key")];

/// Where the child of the test of `SSL_CERT_FILE` finds its server.
const SERVER_VARIABLE: &str = "GUILDHALL_TEST_SERVER";

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
const CHUNKED: &str = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n";
const BROKEN: &str = "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 2\r\n\r\nno";

/// A server that reads a request, sends the next of its answers, and closes after the last one of a connection.
struct Server {
    port: u16,
    connections: Arc<AtomicUsize>,
    requests: Arc<Mutex<Vec<String>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    /// Each connection gets the answers of one line; further connections the last line's. Without answers, it is silent.
    async fn start(lines: &'static [&'static [&'static str]], tls: Option<ServerConfig>) -> Self {
        Self::at("127.0.0.1", lines, tls).await
    }

    async fn at(address: &str, lines: &'static [&'static [&'static str]], tls: Option<ServerConfig>) -> Self {
        let listener = TcpListener::bind((address, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (connections, requests) = (Arc::<AtomicUsize>::default(), Arc::<Mutex<Vec<String>>>::default());
        let (count, log) = (Arc::clone(&connections), Arc::clone(&requests));
        let acceptor = tls.map(|config| TlsAcceptor::from(Arc::new(config)));
        let task = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let answers = lines[count.fetch_add(1, Ordering::SeqCst).min(lines.len() - 1)];
                let (acceptor, log) = (acceptor.clone(), Arc::clone(&log));
                tokio::spawn(async move {
                    let stream: Box<dyn Stream> = match acceptor {
                        Some(acceptor) => match acceptor.accept(socket).await {
                            Ok(stream) => Box::new(stream),
                            Err(_) => return,
                        },
                        None => Box::new(socket),
                    };
                    serve(stream, answers, &log).await;
                });
            }
        });
        Self { port, connections, requests, task }
    }

    fn url(&self, scheme: &str, host: &str) -> String {
        format!("{scheme}://{host}:{}/path?query", self.port)
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

async fn serve(mut stream: Box<dyn Stream>, answers: &[&str], log: &Mutex<Vec<String>>) {
    for answer in answers {
        let Some(request) = read_request(&mut stream).await else { return };
        log.lock().unwrap().push(request);
        stream.write_all(answer.as_bytes()).await.unwrap();
        stream.flush().await.unwrap();
    }
    if answers.is_empty() {
        let _ = stream.read(&mut [0; 1]).await;
        std::future::pending::<()>().await;
    }
    let _ = stream.shutdown().await;
}

/// The head and the body, which ends where its request says.
async fn read_request(stream: &mut Box<dyn Stream>) -> Option<String> {
    let mut text = String::new();
    loop {
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if length.map_or(0, |length| length.parse().unwrap()) <= body.len() {
                return Some(text);
            }
        }
        let mut bytes = [0; 1_024];
        let count = stream.read(&mut bytes).await.ok().filter(|count| *count > 0)?;
        text.push_str(std::str::from_utf8(&bytes[..count]).unwrap());
    }
}

fn served(pair: [&'static [u8]; 2], version: &'static rustls::SupportedProtocolVersion) -> ServerConfig {
    let [certificate, key] = pair;
    ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_protocol_versions(&[version])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from_pem_slice(certificate).unwrap()],
            PrivateKeyDer::from_pem_slice(key).unwrap(),
        )
        .unwrap()
}

fn trusting() -> Connector {
    let authority = CertificateDer::from_pem_slice(AUTHORITY).unwrap();
    Connector::new(Connections::trusting(vec![authority]).unwrap())
}

/// Posts a body and reads the whole answer.
async fn post(connector: &Connector, url: &str) -> Result<(u16, String), ConnectorError> {
    let request = Request::post(url).header("content-length", "5").body(SdkBody::from("hello")).unwrap();
    let response = connector.call(request.try_into().unwrap()).await?;
    let (status, body) = (response.status().as_u16(), response.into_body());
    let body = body.collect().await.map_err(ConnectorError::io)?.to_bytes();
    Ok((status, String::from_utf8(body.to_vec()).unwrap()))
}

fn ok() -> (u16, String) {
    (200, "ok".to_owned())
}

#[tokio::test]
async fn requests_one_after_the_other_take_one_connection() {
    let server = Server::start(&[&[OK, CHUNKED, OK, OK]], None).await;
    let connector = Connector::default();
    for _ in 0..3 {
        assert_eq!(post(&connector, &server.url("http", "127.0.0.1")).await.unwrap(), ok());
    }
    // Whoever has the same connections uses them, whatever its times are.
    let another = Connector { read_timeout: Some(Duration::from_secs(60)), ..connector.clone() };
    assert_eq!(post(&another, &server.url("http", "127.0.0.1")).await.unwrap(), ok());
    assert_eq!(server.connections(), 1);
    let request = server.requests.lock().unwrap()[1].clone();
    let expected =
        format!("POST /path?query HTTP/1.1\r\ncontent-length: 5\r\nhost: 127.0.0.1:{}\r\n\r\nhello", server.port);
    assert_eq!(request, expected);
}

#[tokio::test]
async fn requests_at_once_take_a_connection_each() {
    let server = Server::start(&[&[OK, OK, OK]], None).await;
    let (connector, url) = (Connector::default(), server.url("http", "127.0.0.1"));
    let both = tokio::join!(post(&connector, &url), post(&connector, &url));
    assert_eq!((both.0.unwrap(), both.1.unwrap()), (ok(), ok()));
    let both = tokio::join!(post(&connector, &url), post(&connector, &url));
    assert_eq!((both.0.unwrap(), both.1.unwrap()), (ok(), ok()));
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn a_connection_that_was_closed_while_it_waited_is_replaced() {
    let server = Server::start(&[&[OK]], None).await;
    let (connector, url) = (Connector::default(), server.url("http", "127.0.0.1"));
    for expected in 1..=3 {
        assert_eq!(post(&connector, &url).await.unwrap(), ok());
        assert_eq!(server.connections(), expected);
        closed(&connector, &url).await;
    }
}

/// Waits until the connection that is kept for this origin has noticed that the other side closed it.
async fn closed(connector: &Connector, url: &str) {
    let origin = Origin::of(&url.parse().unwrap()).unwrap();
    while let Some(sender) = connector.connections.waiting(&origin) {
        connector.connections.keep(origin.clone(), sender);
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_server_in_trouble_gets_a_new_connection_next_time() {
    let server = Server::start(&[&[BROKEN, OK], &[OK]], None).await;
    let (connector, url) = (Connector::default(), server.url("http", "127.0.0.1"));
    assert_eq!(post(&connector, &url).await.unwrap(), (503, "no".to_owned()));
    assert_eq!(post(&connector, &url).await.unwrap(), ok());
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn what_breaks_off_or_never_arrives_can_be_tried_again() {
    let server = Server::start(&[&["HTTP/1.1 200 OK\r\ncontent-le"]], None).await;
    let error = post(&Connector::default(), &server.url("http", "127.0.0.1")).await.unwrap_err();
    assert_eq!(error.as_other(), Some(ErrorKind::TransientError), "{error:?}");

    let error = post(&Connector::default(), &refusing().await).await.unwrap_err();
    assert!(error.is_io(), "{error:?}");

    let nonsense = Server::start(&[&["nonsense\r\n\r\n"]], None).await;
    let error = post(&Connector::default(), &nonsense.url("http", "127.0.0.1")).await.unwrap_err();
    assert!(error.is_other() && error.as_other().is_none(), "{error:?}");

    let error = post(&Connector::default(), "ftp://127.0.0.1/").await.unwrap_err();
    assert!(error.is_user(), "{error:?}");
}

/// An address at which nobody listens.
async fn refusing() -> String {
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    format!("http://127.0.0.1:{port}/")
}

#[tokio::test]
async fn whoever_is_silent_is_waited_for_as_long_as_the_sdk_says() {
    let time = Some(Duration::from_millis(50));
    // It takes the request and does not answer.
    let server = Server::start(&[&[]], None).await;
    let reading = Connector { read_timeout: time, ..Connector::default() };
    let error = post(&reading, &server.url("http", "127.0.0.1")).await.unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
    // A connection over TLS is open once the handshake is done, which this one never is.
    let connecting = Connector { connect_timeout: time, ..trusting() };
    let error = post(&connecting, &server.url("https", "127.0.0.1")).await.unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
}

#[tokio::test]
async fn tls_is_spoken_with_certificates_of_either_kind() {
    for pair in [EC, RSA] {
        for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
            let server = Server::start(&[&[OK, OK]], Some(served(pair, version))).await;
            let connector = trusting();
            for host in ["localhost", "localhost"] {
                assert_eq!(post(&connector, &server.url("https", host)).await.unwrap(), ok());
            }
            assert_eq!(server.connections(), 1);
            assert_eq!(post(&connector, &server.url("https", "127.0.0.1")).await.unwrap(), ok());
        }
    }
}

#[tokio::test]
async fn whom_no_authority_vouches_for_is_not_told_anything() {
    // By a certificate of nobody whom the client knows, and at an address that is not in the certificate.
    let strangers = Connector::new(Connections::trusting(Vec::new()).unwrap());
    for (connector, address) in [(&strangers, "127.0.0.1"), (&trusting(), "127.0.0.2")] {
        let server = Server::at(address, &[&[OK]], Some(served(EC, &rustls::version::TLS13))).await;
        let error = post(connector, &server.url("https", address)).await.unwrap_err();
        assert!(error.is_io() && format!("{error:?}").contains("InvalidCertificate"), "{address}: {error:?}");
        assert_eq!(server.requests.lock().unwrap().len(), 0);
    }
}

/// In a process of its own, because the environment is a process's.
#[tokio::test]
async fn the_authorities_are_those_of_ssl_cert_file() {
    let server = Server::start(&[&[OK]], Some(served(RSA, &rustls::version::TLS13))).await;
    for (file, trusted) in [("authority.pem", true), ("ec.pem", false)] {
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", "client::tests::a_child_of_another_test"]);
        child.env("SSL_CERT_FILE", format!("{}/src/client/keys/{file}", env!("CARGO_MANIFEST_DIR")));
        child.env(SERVER_VARIABLE, server.url("https", "localhost")).env_remove("SSL_CERT_DIR");
        let output = tokio::task::spawn_blocking(move || child.output().unwrap()).await.unwrap();
        assert_eq!(output.status.success(), trusted, "{file}: {}", String::from_utf8_lossy(&output.stdout));
    }
    assert_eq!(server.requests.lock().unwrap().len(), 1);
}

/// Only the test above names a server.
#[tokio::test]
async fn a_child_of_another_test() {
    let Ok(url) = std::env::var(SERVER_VARIABLE) else { return };
    assert_eq!(post(&Connector::default(), &url).await.unwrap(), ok());
}
