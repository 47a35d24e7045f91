//! What caches and probes see through the local front, byte by byte.

use guildhall_functions::answer::GUARDS;
use guildhall_tests::Backend;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

async fn ask(address: SocketAddr, path: &str, header: &str) -> (String, String) {
    let request = format!("GET {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n{header}\r\n");
    let exchange = move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.to_lowercase(), body.to_owned())
    };
    tokio::task::spawn_blocking(exchange).await.unwrap()
}

fn value<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

#[tokio::test(flavor = "multi_thread")]
async fn caches_and_probes_are_served_over_http() {
    let backend = Backend::start().await;
    let front = backend.serve().await;
    let address = front.address();
    let (head, body) = ask(address, "/v1/content", "").await;
    assert!(head.starts_with("http/1.1 200") && body.starts_with("{\"version\":"), "{head}");
    assert_eq!(value(&head, "cache-control"), Some("public, max-age=300"));
    let tag = value(&head, "etag").unwrap().to_owned();
    let (head, body) = ask(address, "/v1/content", &format!("if-none-match: \"x\", {tag}\r\n")).await;
    assert!(head.starts_with("http/1.1 304") && body.is_empty(), "{head}\n{body}");
    assert_eq!(value(&head, "etag"), Some(tag.as_str()));
    assert_eq!(value(&head, "cache-control"), Some("public, max-age=300"));
    let (head, _) = ask(address, &format!("/v1/content?v={}", tag.trim_matches('"')), "").await;
    assert_eq!(value(&head, "cache-control"), Some("public, max-age=31536000, immutable"));
    let (head, body) = ask(address, "/metrics", "").await;
    assert_eq!(value(&head, "content-type"), Some("application/openmetrics-text; version=1.0.0; charset=utf-8"));
    assert!(body.contains("guildhall_requests_total{route=\"get-content\",class=\"3xx\"} 1\n"), "{body}");
    front.shutdown().await;
    backend.stop().await;
}

/// Successes, what has not changed, refusals and text for programs alike.
#[tokio::test(flavor = "multi_thread")]
async fn every_answer_tells_browsers_how_to_take_it() {
    let backend = Backend::start().await;
    let front = backend.serve().await;
    let known = "if-none-match: *\r\n";
    let mine = format!("authorization: Bearer {}\r\n", backend.player("ada").await);
    for (path, header, status) in [
        ("/v1/content", "", 200),
        ("/v1/content", known, 304),
        ("/v1/content/items/none", "", 404),
        ("/v1/characters", &mine, 200),
        ("/v1/characters", "", 401),
        ("/v1/content?surprise=1", "", 400),
        ("/metrics", "", 200),
    ] {
        let (head, _) = ask(front.address(), path, header).await;
        assert!(head.starts_with(&format!("http/1.1 {status}")), "{path}: {head}");
        for (name, guard) in GUARDS {
            assert_eq!(value(&head, name), Some(guard.to_lowercase().as_str()), "{path} {status}");
        }
        let is_everybodys = path == "/v1/content" && status < 400;
        assert_eq!(value(&head, "cache-control") == Some("no-store"), !is_everybodys, "{path} {status}");
    }
    front.shutdown().await;
    backend.stop().await;
}
