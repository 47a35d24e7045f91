//! The conformance suite over the unmodified AWS SDK: against the embedded engine, and against the engine at
//! `DYNAMODB_ENDPOINT` where that is set, which is how Amazon's DynamoDB Local is given.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

use guildhall_local::engine::Engine;
use guildhall_storage::dynamo::{Backoff, DynamoConfig, DynamoTable};
use guildhall_storage::{
    Action, Commit, Condition, Consistency, Key, Query, Schema, StorageError, Table, TableName, Write, contract,
};
use std::path::PathBuf;
use std::sync::Arc;

/// A folder of this test alone, removed at its end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("guildhall-{name}-{:016x}", getrandom::u64().unwrap()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn database(&self) -> PathBuf {
        self.0.join("database.sqlite")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

async fn connect(endpoint: &str, prefix: &str) -> DynamoTable {
    let config = DynamoConfig::new(prefix, "eu-central-1").endpoint(endpoint).backoff(Backoff { pause_max_ms: 1 });
    let table = DynamoTable::connect(config).await;
    table.create_tables(&Schema::all().unwrap()).await.unwrap();
    table
}

#[tokio::test]
async fn the_embedded_engine_keeps_every_promise() {
    let folder = Folder::new("contract");
    let engine = Engine::start(&folder.database()).unwrap();
    let table = connect(&engine.endpoint(), "test-").await;
    contract::run(Arc::new(table), "run").await;
    engine.shutdown().await.unwrap();
}

/// A promise that an engine is known to break.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Exception {
    case: String,
    /// Whether it breaks it in every run; otherwise it depends on luck.
    always: bool,
    /// Why, and why that is no matter.
    reason: String,
}

/// The exceptions in the file at `DYNAMODB_EXCEPT`, if there is one.
fn exceptions() -> Vec<Exception> {
    let Ok(file) = std::env::var("DYNAMODB_EXCEPT") else { return Vec::new() };
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

#[tokio::test]
async fn another_engine_keeps_every_promise_where_one_is_given() {
    let Ok(endpoint) = std::env::var("DYNAMODB_ENDPOINT") else {
        println!("skipped: DYNAMODB_ENDPOINT is not set");
        return;
    };
    let table = connect(&endpoint, "contract-").await;
    let broken = contract::broken(Arc::new(table), &format!("{:016x}", getrandom::u64().unwrap())).await;
    let exceptions = exceptions();
    let listed = |case: &str| exceptions.iter().any(|exception| exception.case == case);
    let broken_anew: Vec<_> = broken.iter().filter(|case| !listed(case)).collect();
    let kept: Vec<_> =
        exceptions.iter().filter(|other| other.always && !broken.contains(&other.case.as_str())).collect();
    let kept: Vec<_> = kept.iter().map(|exception| &exception.case).collect();
    println!("{} of {} promises kept", contract::CASES.len() - broken.len(), contract::CASES.len());
    assert!(broken_anew.is_empty() && kept.is_empty(), "broken: {broken_anew:#?}, kept although listed: {kept:#?}");
}

#[test]
fn every_exception_names_a_case_and_a_reason() {
    let exceptions: Vec<Exception> = serde_json::from_str(include_str!("dynamodb-local.json")).unwrap();
    let mut cases: Vec<_> = exceptions.iter().map(|exception| exception.case.as_str()).collect();
    assert!(cases.iter().all(|case| contract::CASES.iter().any(|(name, _)| name == case)), "{cases:?}");
    assert!(exceptions.iter().all(|exception| exception.reason.len() > 20));
    cases.sort_unstable();
    cases.dedup();
    assert_eq!(cases.len(), exceptions.len(), "a case is there twice");
}

#[tokio::test]
async fn a_restarted_engine_has_everything_and_leaves_one_file() {
    let folder = Folder::new("restart");
    let key = Key::new(TableName::Accounts, "a", "b");
    for count in 1..=3 {
        let engine = Engine::start(&folder.database()).unwrap();
        // Tables are created again: that must not fail, and must not empty them.
        let table = connect(&engine.endpoint(), "test-").await;
        let add = Write::update(key.clone(), [Action::add("count", 1)], Condition::Always);
        let image = table.commit(Commit::one(add)).await.unwrap().returned.unwrap();
        assert_eq!(image.get("count"), Some(&guildhall_storage::AttributeValue::N(count.to_string())));
        engine.shutdown().await.unwrap();
        let files: Vec<_> = std::fs::read_dir(&folder.0).unwrap().map(|file| file.unwrap().file_name()).collect();
        assert_eq!(files, ["database.sqlite"], "the log was not written back");
    }
}

#[tokio::test]
async fn a_stopped_engine_is_unavailable() {
    let folder = Folder::new("stopped");
    let engine = Engine::start(&folder.database()).unwrap();
    let table = connect(&engine.endpoint(), "test-").await;
    engine.shutdown().await.unwrap();
    let key = Key::new(TableName::Accounts, "a", "b");
    let read = table.get(&key, Consistency::Strong).await;
    assert!(matches!(read, Err(StorageError::Unavailable(_))), "{read:?}");
    assert_eq!(table.usage().retries(), 2, "three attempts");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_and_kept() {
    let folder = Folder::new("refused");
    std::fs::write(folder.database(), "a player's notes, for want of a better example of a text").unwrap();
    assert!(Engine::start(&folder.database()).is_err());
    assert!(std::fs::read_to_string(folder.database()).unwrap().starts_with("a player's notes"));
}

#[tokio::test]
async fn every_call_is_counted_with_its_price() {
    let folder = Folder::new("usage");
    let engine = Engine::start(&folder.database()).unwrap();
    let table = connect(&engine.endpoint(), "test-").await;
    let key = |sk: &str| Key::new(TableName::Sessions, "p", sk);
    let put = |sk: &str| Write::update(key(sk), [Action::add("count", 1)], Condition::Always);
    let sessions = || table.usage().of(TableName::Sessions);

    table.commit(Commit::one(put("1"))).await.unwrap();
    assert_eq!((sessions().requests, sessions().write_units), (1, 1.0));
    table.commit(Commit::all([put("1"), put("2")])).await.unwrap();
    assert_eq!((sessions().requests, sessions().write_units), (2, 5.0), "transactions cost twice as much");
    table.get(&key("1"), Consistency::Strong).await.unwrap();
    table.get(&key("1"), Consistency::Eventual).await.unwrap();
    assert_eq!(sessions().read_units, 1.5);
    table.query(Query::new(TableName::Sessions, "p")).await.unwrap();
    assert_eq!((sessions().requests, sessions().read_units), (5, 2.5));
    assert_eq!(table.usage().total(), sessions());
    engine.shutdown().await.unwrap();
}
