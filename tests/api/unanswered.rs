//! A write that is carried out, and whose answer gets lost on its way to the function: nobody is told that nothing has changed.

use guildhall_storage::{
    BoxFuture, Commit, CommitError, Committed, Consistency, Item, Key, Page, Query, StorageError, Table,
};
use guildhall_tests::{Backend, Caller};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A table whose next commit is carried out without an answer, when it is told so.
#[derive(Debug)]
struct Taciturn {
    table: Arc<dyn Table>,
    is_silent: Arc<AtomicBool>,
}

impl Table for Taciturn {
    fn get<'a>(&'a self, key: &'a Key, consistency: Consistency) -> BoxFuture<'a, Result<Option<Item>, StorageError>> {
        self.table.get(key, consistency)
    }

    fn query(&self, query: Query) -> BoxFuture<'_, Result<Page, StorageError>> {
        self.table.query(query)
    }

    fn commit(&self, commit: Commit) -> BoxFuture<'_, Result<Committed, CommitError>> {
        Box::pin(async move {
            let committed = self.table.commit(commit).await;
            if self.is_silent.swap(false, Ordering::Relaxed) {
                committed?;
                return Err(StorageError::Unavailable("no answer".into()).into());
            }
            committed
        })
    }
}

#[tokio::test]
async fn an_intent_whose_answer_was_lost_is_never_said_to_have_changed_nothing() {
    let is_silent = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&is_silent);
    let backend = Backend::start_through(|table| Arc::new(Taciturn { table, is_silent: told })).await;
    let token = backend.player("ada").await;
    let character = backend.character(&token, "Ada").await;
    let path = [("character_id", character.as_str())];
    let shown = async || backend.call("get-character", Caller::Bearer(&token), &path, &Value::Null).await.expect(200);
    let change = async |version: &Value, headers: &[(&str, &str)]| {
        is_silent.store(true, Ordering::Relaxed);
        let body = json!({"version": version, "delta": 5}).to_string();
        let headers = [&[("content-type", "application/json")], headers].concat();
        backend.send("change-currency", Caller::Bearer(&token), &path, &headers, &body).await
    };

    // The process remembers the character, and so writes before it reads.
    let before = shown().await;
    change(&before["version"], &[]).await.refused(503, "unavailable");
    let between = shown().await;
    assert_eq!(between["gold"].as_u64(), before["gold"].as_u64().map(|gold| gold + 5), "it is carried out");

    // With a key it recognises itself.
    let after = change(&between["version"], &[("idempotency-key", "five")]).await.expect(200);
    assert_eq!((&after["version"], &after["gold"]), (&shown().await["version"], &shown().await["gold"]));
    assert_eq!(after["gold"].as_u64(), between["gold"].as_u64().map(|gold| gold + 5));
    backend.stop().await;
}
