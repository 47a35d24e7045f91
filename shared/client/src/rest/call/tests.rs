//! The judgement of answers, the pauses, and one whole call against a server that first asks for patience.

use super::*;
use guildhall_domain::api::ContentBundle;
use guildhall_domain::{CharacterId, SessionId};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;

#[test]
fn pauses_keep_what_was_asked_and_stay_below_a_rising_bound() {
    for attempt in 1..ATTEMPTS_MAX {
        for drawn in [0, 1, 12_345, u64::MAX] {
            let bound = Duration::from_millis(PAUSE_BASE_MS << (attempt - 1));
            assert!(pause(attempt, None, drawn) <= bound);
            let asked = Duration::from_secs(2);
            assert!((asked..=asked + bound).contains(&pause(attempt, Some(asked), drawn)));
        }
    }
    assert_ne!(pause(1, None, 7), pause(1, None, 8), "nothing is drawn");
}

#[test]
fn refusals_keep_their_code_and_only_busy_ones_are_repeated() {
    let body = br#"{"error":{"code":"fleet_full","message":"no room","request_id":"r1"}}"#;
    let status = |code| StatusCode::from_u16(code).unwrap();
    let Attempt::Again(error, asked) = judge(status(503), Some(Duration::from_secs(2)), None, body) else {
        panic!("503 was not to be repeated");
    };
    assert_eq!((error.code(), asked), (Some("fleet_full"), Some(Duration::from_secs(2))));
    let Attempt::Failed(ClientError::Refused(error)) = judge(status(409), None, None, body) else {
        panic!("409 was not a refusal");
    };
    assert_eq!((error.status, error.request_id.as_str()), (409, "r1"));
    let bare = judge(status(502), None, None, b"<html>");
    assert!(matches!(bare, Attempt::Failed(ClientError::Unavailable(_))));
    assert!(matches!(read::<ContentBundle>(b"{}"), Err(ClientError::Unavailable(_))));
}

/// Answers one connection per answer, and returns the requests as text.
fn serve(listener: &TcpListener, answers: &[&str]) -> Vec<String> {
    answers
        .iter()
        .map(|answer| {
            let (mut stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut request, mut length) = (String::new(), 0);
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                request.push_str(&line);
                if line.trim().is_empty() {
                    break;
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            request.push_str(&String::from_utf8(body).unwrap());
            stream.write_all(answer.as_bytes()).unwrap();
            request
        })
        .collect()
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n{headers}\r\n{body}", body.len())
}

#[tokio::test]
async fn a_repeated_call_is_the_same_to_the_last_byte() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let api = Api::new(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    let busy = r#"{"error":{"code":"contention","message":"again","request_id":"r"}}"#;
    let signed_in = r#"{"account_id":"00000000000000000000000000000001","access_token":"t0ken","expires_in_s":60,"refresh_token":"r","refresh_expires_in_s":600}"#;
    let refused = r#"{"error":{"code":"session_over","message":"over","request_id":"r2"}}"#;
    let answers = [
        answer("503 Service Unavailable", "retry-after: 0\r\n", busy),
        answer("200 OK", "", signed_in),
        answer("409 Conflict", "", refused),
    ];
    let server = std::thread::spawn(move || serve(&listener, &answers.each_ref().map(String::as_str)));
    let player = api.login("ada@example.com", "correct horse").await.unwrap();
    let session_id = SessionId::from_bits(5);
    let error = player.join_game_session(session_id, CharacterId::from_bits(6)).await.unwrap_err();
    assert_eq!(error.code(), Some("session_over"));

    let requests = server.join().unwrap();
    assert_eq!(requests[0], requests[1]);
    let key = |request: &str| request.lines().find(|line| line.starts_with("idempotency-key: ")).unwrap().to_owned();
    assert_eq!(key(&requests[0]).len(), "idempotency-key: ".len() + 32);
    assert_ne!(key(&requests[0]), key(&requests[2]), "two calls share a key");
    assert!(requests[2].starts_with(&format!("POST /v1/game-sessions/{session_id}/join HTTP/1.1")));
    assert!(requests[2].contains("authorization: Bearer t0ken"));
    assert!(requests[2].ends_with(&format!("{{\"character_id\":\"{}\"}}", CharacterId::from_bits(6))));
}

#[tokio::test]
async fn an_api_that_answers_nobody_is_asked_little_more_than_once_a_call() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let api = Api::new(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let busy = answer(
        "503 Service Unavailable",
        "retry-after: 0\r\n",
        r#"{"error":{"code":"overloaded","message":"later","request_id":"r"}}"#,
    );
    // Nine calls and the five repetitions that there are to begin with.
    let server = std::thread::spawn(move || serve(&listener, &vec![busy.as_str(); 9 + 5]).len());
    for _ in 0..9 {
        assert_eq!(api.content().await.unwrap_err().code(), Some("overloaded"));
    }
    assert_eq!(server.join().unwrap(), 14);
    assert!(matches!(api.content().await, Err(ClientError::Unavailable(_))), "somebody still listens");
}

#[tokio::test]
async fn an_api_that_asks_for_patience_is_left_alone_for_as_long_whatever_is_wanted_next() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let api = Api::new(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    while api.budget.spend() {}
    let busy = r#"{"error":{"code":"overloaded","message":"later","request_id":"r1"}}"#;
    let busy = answer("503 Service Unavailable", "retry-after: 10\r\n", busy);
    let server = std::thread::spawn(move || serve(&listener, &[busy.as_str()]).len());
    for _ in 0..3 {
        let Err(ClientError::Refused(error)) = api.content().await else { panic!("somebody was asked") };
        assert_eq!((error.code.as_str(), error.request_id.as_str()), ("overloaded", "r1"));
    }
    assert!(api.login("ada@example.com", "correct horse").await.is_err_and(|error| error.code() == Some("overloaded")));
    assert_eq!(server.join().unwrap(), 1);
}

/// An answer to login or refresh.
fn tokens(access: &str, expires_in_s: u64, refresh: &str) -> String {
    let body = format!(
        r#"{{"account_id":"00000000000000000000000000000001","access_token":"{access}","expires_in_s":{expires_in_s},"refresh_token":"{refresh}","refresh_expires_in_s":600}}"#
    );
    answer("200 OK", "", &body)
}

#[tokio::test]
async fn a_token_is_renewed_before_it_ends() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let api = Api::new(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let list = answer("200 OK", "", r#"{"characters":[]}"#);
    let refused = r#"{"error":{"code":"invalid_refresh_token","message":"log in again","request_id":"r"}}"#;
    let busy = r#"{"error":{"code":"overloaded","message":"later","request_id":"r"}}"#;
    let answers = [
        tokens("first", 0, "r1"),
        // Nobody who knows the API answers: the token that is there must do.
        answer("502 Bad Gateway", "", "<html>"),
        list.clone(),
        answer("503 Service Unavailable", "retry-after: 0\r\n", busy),
        answer("503 Service Unavailable", "retry-after: 0\r\n", busy),
        answer("503 Service Unavailable", "retry-after: 0\r\n", busy),
        list.clone(),
        tokens("second", 3_600, "r2"),
        list.clone(),
        list,
        tokens("third", 0, "r3"),
        answer("401 Unauthorized", "", refused),
    ];
    let server = std::thread::spawn(move || serve(&listener, &answers.each_ref().map(String::as_str)));
    let player = api.login("ada@example.com", "correct horse").await.unwrap();
    for _ in 0..4 {
        assert_eq!(player.list_characters().await.unwrap(), []);
    }
    let other = api.login("ada@example.com", "correct horse").await.unwrap();
    assert_eq!(other.list_characters().await.unwrap_err().code(), Some("invalid_refresh_token"));

    let requests = server.join().unwrap();
    let shown = |request: &String, token: &str| request.contains(&format!("authorization: Bearer {token}\r\n"));
    for (at, token) in [(1, "r1"), (3, "r1"), (7, "r1"), (11, "r3")] {
        assert!(requests[at].starts_with("POST /v1/auth/refresh "), "{}", requests[at]);
        assert!(requests[at].ends_with(&format!("{{\"refresh_token\":\"{token}\"}}")), "{}", requests[at]);
    }
    for (at, token) in [(2, "first"), (6, "first"), (8, "second"), (9, "second")] {
        assert!(shown(&requests[at], token), "{}", requests[at]);
    }
}

#[test]
fn whatever_a_segment_holds_it_stays_one() {
    assert_eq!(segment("chain-mail_2~"), "chain-mail_2~");
    assert_eq!(segment("../a b?é"), "%2E%2E%2Fa%20b%3F%C3%A9");
}
