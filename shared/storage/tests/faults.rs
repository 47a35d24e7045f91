//! What DynamoDB does to callers: every fault is played by a scripted server, since no engine on a laptop throttles, conflicts
//! or loses an answer. Each test states what the caller sees and how many requests it took.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

use guildhall_storage::dynamo::{Backoff, DynamoConfig, DynamoTable};
use guildhall_storage::{
    Action, AttributeValue, Commit, CommitError, Condition, Consistency, Key, StorageError, Table, TableName, Write,
};
use std::io::{Read, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;

/// One answer of the script.
enum Answer {
    Reply(u16, &'static str),
    /// The request is read, and the connection closed without an answer.
    Silence,
}

const THROTTLED: Answer = Answer::Reply(400, r#"{"__type":"x#ThrottlingException","message":"slow down"}"#);
const INTERNAL: Answer = Answer::Reply(500, r#"{"__type":"x#InternalServerError","message":"oops"}"#);
const DONE: Answer = Answer::Reply(200, "{}");

/// A server that answers one request per line of its script, each on its own connection, and remembers what it was asked.
struct Script {
    server: JoinHandle<Vec<String>>,
    table: DynamoTable,
}

impl Script {
    async fn new(answers: impl IntoIterator<Item = Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let answers: Vec<Answer> = answers.into_iter().collect();
        let server = std::thread::spawn(move || {
            answers.into_iter().map(|answer| serve(&mut listener.accept().unwrap().0, &answer)).collect()
        });
        let config = DynamoConfig::new("test-", "eu-central-1").endpoint(endpoint).backoff(Backoff { pause_max_ms: 0 });
        Self { server, table: DynamoTable::connect(config).await }
    }

    /// The requests; the script must have been played to its end, and no request come after it.
    fn requests(self) -> Vec<serde_json::Value> {
        self.bodies().iter().map(|body| serde_json::from_str(body).unwrap()).collect()
    }

    /// The same, as they were sent.
    fn bodies(self) -> Vec<String> {
        let bodies = self.server.join().unwrap();
        assert_eq!(self.table.usage().total().requests, bodies.len() as u64);
        bodies
    }
}

fn serve(connection: &mut TcpStream, answer: &Answer) -> String {
    let mut received = Vec::new();
    let body = loop {
        let mut piece = [0; 4096];
        let read = connection.read(&mut piece).unwrap();
        assert_ne!(read, 0, "the request ended early");
        received.extend_from_slice(&piece[..read]);
        let text = String::from_utf8_lossy(&received);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length =
            head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ").map(str::to_owned));
        if body.len() >= length.unwrap().parse::<usize>().unwrap() {
            break body.to_owned();
        }
    };
    if let Answer::Reply(status, reply) = answer {
        let head = format!("HTTP/1.1 {status} x\r\ncontent-type: application/x-amz-json-1.0\r\nconnection: close\r\n");
        write!(connection, "{head}content-length: {}\r\n\r\n{reply}", reply.len()).unwrap();
    }
    body
}

fn key(sk: &str) -> Key {
    Key::new(TableName::Characters, "p", sk)
}

/// A write that cannot happen twice, as all of the game's are.
fn versioned(sk: &str) -> Write {
    Write::update(key(sk), [Action::add("version", 1)], Condition::equals("version", 3u64))
}

fn pair() -> Commit {
    Commit::all([versioned("1"), versioned("2")])
}

#[tokio::test]
async fn a_throttled_write_is_repeated_and_succeeds() {
    let script = Script::new([THROTTLED, THROTTLED, DONE]).await;
    script.table.commit(Commit::one(versioned("1"))).await.unwrap();
    assert_eq!(script.table.usage().retries(), 2);
    assert_eq!(script.requests().len(), 3);
}

#[tokio::test]
async fn a_write_throttled_three_times_is_given_up() {
    let script = Script::new([THROTTLED, THROTTLED, THROTTLED]).await;
    let outcome = script.table.commit(Commit::one(versioned("1"))).await;
    assert_eq!(outcome, Err(StorageError::Throttled.into()));
    assert_eq!(script.requests().len(), 3);
}

#[tokio::test]
async fn a_lost_answer_shows_the_own_write_in_the_refusal() {
    let refusal = r#"{"__type":"x#ConditionalCheckFailedException","message":"no","Item":{"version":{"N":"4"}}}"#;
    let script = Script::new([Answer::Silence, Answer::Reply(400, refusal)]).await;
    let error = script.table.commit(Commit::one(versioned("1"))).await.unwrap_err();
    let current = error.refusal(0).unwrap().current.as_ref().unwrap();
    assert_eq!(current.get("version"), Some(&AttributeValue::N("4".to_owned())));
    assert_eq!(script.requests().len(), 2);
}

#[tokio::test]
async fn a_write_that_could_happen_twice_is_not_repeated() {
    for lost in [Answer::Silence, INTERNAL] {
        let script = Script::new([lost]).await;
        let add = Write::update(key("1"), [Action::add("gold", 5)], Condition::Exists);
        let outcome = script.table.commit(Commit::one(add)).await;
        assert!(matches!(outcome, Err(CommitError::Storage(StorageError::Unavailable(_)))), "{outcome:?}");
        assert_eq!(script.requests().len(), 1);
    }
}

#[tokio::test]
async fn a_repeated_transaction_is_the_same_to_the_byte() {
    let script = Script::new([Answer::Silence, INTERNAL, DONE]).await;
    // Enough of everything that two maps made one after the other would hardly have it in one order.
    let names: Vec<String> = (0..12).map(|index| format!("name-{index}")).collect();
    let set = Write::update(key("1"), names.iter().map(|name| Action::set(name.as_str(), 1u64)), Condition::Exists);
    script.table.commit(Commit::all([set, versioned("2")])).await.unwrap();
    let bodies = script.bodies();
    assert_eq!(bodies.len(), 3);
    assert!(bodies[0].contains("ClientRequestToken"));
    assert!(bodies.iter().all(|body| *body == bodies[0]), "{bodies:#?}");
}

#[tokio::test]
async fn the_token_of_the_caller_is_the_one_sent() {
    let script = Script::new([DONE]).await;
    script.table.commit(pair().token("mine")).await.unwrap();
    assert_eq!(script.requests()[0]["ClientRequestToken"], "mine");
}

#[tokio::test]
async fn conflicting_transactions_are_repeated_then_given_up() {
    let conflict = || {
        let body = r#"{"__type":"x#TransactionCanceledException","message":"cancelled",
            "CancellationReasons":[{"Code":"None"},{"Code":"TransactionConflict","Message":"busy"}]}"#;
        Answer::Reply(400, body)
    };
    let script = Script::new([conflict(), DONE]).await;
    script.table.commit(pair()).await.unwrap();
    assert_eq!(script.requests().len(), 2);
    let script = Script::new([conflict(), conflict(), conflict()]).await;
    assert_eq!(script.table.commit(pair()).await, Err(CommitError::Conflict));
    assert_eq!(script.requests().len(), 3);
}

#[tokio::test]
async fn a_refusal_among_other_reasons_is_never_repeated() {
    let body = r#"{"__type":"x#TransactionCanceledException","message":"cancelled","CancellationReasons":[
        {"Code":"TransactionConflict","Message":"busy"},
        {"Code":"ConditionalCheckFailed","Message":"no","Item":{"version":{"N":"9"}}}]}"#;
    let script = Script::new([Answer::Reply(400, body)]).await;
    let error = script.table.commit(pair()).await.unwrap_err();
    let current = error.refusal(1).unwrap().current.as_ref().unwrap();
    assert_eq!(current.get("version"), Some(&AttributeValue::N("9".to_owned())));
    assert_eq!(error.refusal(0), None);
    assert_eq!(script.requests().len(), 1);
}

#[tokio::test]
async fn requests_that_can_never_succeed_are_not_repeated() {
    for code in ["IdempotentParameterMismatchException", "ValidationException", "ResourceNotFoundException"] {
        let body: &'static str = format!(r#"{{"__type":"x#{code}","message":"why"}}"#).leak();
        let script = Script::new([Answer::Reply(400, body)]).await;
        let outcome = script.table.commit(pair()).await;
        let Err(CommitError::Storage(StorageError::Invalid(text))) = outcome else { panic!("{code}: {outcome:?}") };
        assert!(text.contains(code) && text.contains("why"), "{text}");
        assert_eq!(script.requests().len(), 1);
    }
}

#[tokio::test]
async fn reads_are_repeated_after_any_passing_fault() {
    let script = Script::new([Answer::Silence, INTERNAL, Answer::Reply(200, r#"{"Item":{"level":{"N":"7"}}}"#)]).await;
    let item = script.table.get(&key("1"), Consistency::Strong).await.unwrap().unwrap();
    assert_eq!(item.get("level"), Some(&AttributeValue::N("7".to_owned())));
    let requests = script.requests();
    assert_eq!(requests.len(), 3);
    assert_eq!(requests[0]["ConsistentRead"], true);
    assert_eq!(requests[0]["TableName"], "test-characters");
}

#[tokio::test]
async fn what_is_refused_before_sending_is_not_sent() {
    let script = Script::new([]).await;
    let twice = script.table.commit(Commit::all([versioned("1"), versioned("1")])).await;
    assert!(matches!(twice, Err(CommitError::Storage(StorageError::Invalid(_)))), "{twice:?}");
    assert_eq!(script.requests().len(), 0);
}
