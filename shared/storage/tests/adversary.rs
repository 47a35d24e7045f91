//! The adversary is as faithful as it is nasty: it keeps the conformance suite's every promise while it is calm, and each fault
//! leaves behind what DynamoDB would leave behind.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

use futures_util::FutureExt;
use guildhall_domain::Timestamp;
use guildhall_storage::memory::{Adversary, Asked, Fault};
use guildhall_storage::{
    Action, AttributeValue, Commit, CommitError, Committed, Condition, Consistency, Item, Key, Query, StorageError,
    Table, TableName, Write, contract,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

const START_MS: u64 = 1_800_000_000_000;

struct Scene {
    now_ms: Arc<AtomicU64>,
    table: Arc<Adversary>,
}

impl Scene {
    fn new() -> Self {
        let now_ms = Arc::new(AtomicU64::new(START_MS));
        let clock = Arc::clone(&now_ms);
        let table = Arc::new(Adversary::new(7, move || Timestamp(clock.load(Ordering::Relaxed))));
        Self { now_ms, table }
    }

    fn pass_ms(&self, millis: u64) {
        self.now_ms.fetch_add(millis, Ordering::Relaxed);
    }

    /// Does this to the next call.
    fn next(&self, fault: Fault) {
        self.table.plan(move |number, _| (number == 0).then_some(fault));
    }

    fn commit(&self, commit: Commit) -> Result<Committed, CommitError> {
        self.table.commit(commit).now_or_never().unwrap()
    }

    fn get(&self, consistency: Consistency) -> Result<Option<Item>, StorageError> {
        self.table.get(&key("a"), consistency).now_or_never().unwrap()
    }

    fn count(&self) -> Option<String> {
        self.table.calm();
        count(self.get(Consistency::Strong).unwrap())
    }
}

fn count(item: Option<Item>) -> Option<String> {
    match item?.get("count") {
        Some(AttributeValue::N(count)) => Some(count.clone()),
        other => panic!("no count: {other:?}"),
    }
}

fn key(sk: &str) -> Key {
    Key::new(TableName::Sessions, "p", sk)
}

fn create() -> Commit {
    Commit::one(Write::update(key("a"), [Action::add("count", 1)], Condition::NotExists))
}

fn add() -> Commit {
    Commit::one(Write::update(key("a"), [Action::add("count", 1)], Condition::Always))
}

fn unavailable<T>(outcome: &Result<T, CommitError>) -> bool {
    matches!(outcome, Err(CommitError::Storage(StorageError::Unavailable(_))))
}

#[test]
fn a_calm_adversary_keeps_every_promise() {
    contract::run(Scene::new().table, "run").now_or_never().unwrap();
}

#[test]
fn what_is_not_written_is_not_there() {
    for fault in [Fault::Throttled, Fault::Lost, Fault::Conflict, Fault::TooLarge] {
        let scene = Scene::new();
        scene.next(fault);
        assert!(scene.commit(create()).is_err(), "{fault:?}");
        assert_eq!(scene.count(), None, "{fault:?}");
        scene.commit(create()).unwrap();
    }
}

#[test]
fn what_is_not_answered_is_there() {
    let scene = Scene::new();
    scene.next(Fault::Unanswered);
    assert!(unavailable(&scene.commit(create())));
    assert_eq!(scene.count().as_deref(), Some("1"));
    scene.next(Fault::Unanswered);
    assert!(scene.commit(create()).unwrap_err().refusal(0).is_some(), "what is refused is answered");
}

#[test]
fn a_late_write_comes_when_it_is_settled_and_meets_what_is_there_then() {
    let scene = Scene::new();
    scene.next(Fault::Late);
    assert!(unavailable(&scene.commit(create())));
    assert_eq!(scene.count(), None);
    scene.commit(add()).unwrap();
    let [outcome] = scene.table.settle().try_into().unwrap();
    assert!(outcome.unwrap_err().refusal(0).is_some(), "somebody else was first");
    assert_eq!(scene.count().as_deref(), Some("1"));
    assert!(scene.table.settle().is_empty());
}

#[test]
fn a_repeated_write_shows_itself_and_a_repeated_transaction_is_void() {
    let scene = Scene::new();
    scene.next(Fault::Repeated);
    let error = scene.commit(create()).unwrap_err();
    assert_eq!(count(error.refusal(0).unwrap().current.clone()).as_deref(), Some("1"));
    scene.next(Fault::Repeated);
    scene.commit(add().token("t")).unwrap();
    assert_eq!(scene.count().as_deref(), Some("2"));
    // What could happen twice is not sent twice.
    let lone = add();
    assert!(!Fault::Repeated.meets(&Asked::Commit(&lone)));
}

#[test]
fn of_two_refusals_one_is_shown() {
    let scene = Scene::new();
    scene.next(Fault::HalfRefused);
    let exists = |sk| Write::delete(key(sk), Condition::Exists);
    let error = scene.commit(Commit::all([exists("a"), exists("b")])).unwrap_err();
    assert!(error.refusal(0).is_none() && error.refusal(1).is_some());
}

#[test]
fn a_token_is_known_for_ten_minutes() {
    let scene = Scene::new();
    let once = || add().token("once");
    scene.commit(once()).unwrap();
    scene.pass_ms(10 * 60 * 1_000 - 1);
    scene.commit(once()).unwrap();
    assert_eq!(scene.count().as_deref(), Some("1"));
    scene.pass_ms(1);
    scene.commit(once()).unwrap();
    assert_eq!(scene.count().as_deref(), Some("2"));
    scene.commit(once()).unwrap();
    assert_eq!(scene.count().as_deref(), Some("2"), "it is known anew");
}

#[test]
fn an_eventual_read_may_be_seconds_old_and_no_older() {
    let scene = Scene::new();
    scene.commit(add()).unwrap();
    scene.pass_ms(2_000);
    scene.commit(add()).unwrap();
    let eventual = |scene: &Scene| {
        scene.next(Fault::Stale);
        count(scene.get(Consistency::Eventual).unwrap())
    };
    assert_eq!(eventual(&scene), None);
    scene.pass_ms(2_000);
    assert_eq!(eventual(&scene).as_deref(), Some("1"), "the first write is four seconds old");
    scene.next(Fault::Stale);
    let page = scene.table.query(Query::new(TableName::Sessions, "p").eventual()).now_or_never().unwrap().unwrap();
    assert_eq!(count(page.items.first().map(|item| Item::clone(item))).as_deref(), Some("1"));
    scene.pass_ms(2_000);
    assert_eq!(eventual(&scene).as_deref(), Some("2"));
    scene.commit(add()).unwrap();
    scene.next(Fault::Stale);
    assert_eq!(count(scene.get(Consistency::Strong).unwrap()).as_deref(), Some("3"), "a strong read is never stale");
}

#[test]
fn expired_rows_linger_for_up_to_two_days() {
    let scene = Scene::new();
    let keys: Vec<Key> = (0..64).map(|index| key(&format!("{index:02}"))).collect();
    for key in &keys {
        let expires = [Action::set("expires_at", START_MS / 1_000)];
        scene.commit(Commit::one(Write::update(key.clone(), expires, Condition::NotExists))).unwrap();
    }
    let present = |scene: &Scene| {
        let page = scene.table.query(Query::new(TableName::Sessions, "p")).now_or_never().unwrap().unwrap();
        page.items.len()
    };
    assert_eq!(present(&scene), 64);
    scene.pass_ms(24 * 60 * 60 * 1_000);
    assert!((16..48).contains(&present(&scene)), "some have gone, others linger");
    scene.pass_ms(24 * 60 * 60 * 1_000);
    assert_eq!(present(&scene), 0);
}

#[test]
fn pages_are_cut_short_and_reads_fail() {
    let scene = Scene::new();
    for sk in ["a", "b"] {
        scene.commit(Commit::one(Write::update(key(sk), [Action::add("count", 1)], Condition::Always))).unwrap();
    }
    scene.next(Fault::PartialPage);
    let page = scene.table.query(Query::new(TableName::Sessions, "p")).now_or_never().unwrap().unwrap();
    assert_eq!((page.items.len(), page.next.as_deref()), (1, Some("a")));
    scene.next(Fault::Throttled);
    assert_eq!(scene.get(Consistency::Strong), Err(StorageError::Throttled));
    scene.next(Fault::Lost);
    assert!(matches!(scene.get(Consistency::Strong), Err(StorageError::Unavailable(_))));
}

#[test]
fn what_was_restored_is_all_there_is() {
    let scene = Scene::new();
    scene.commit(add().token("once")).unwrap();
    let items = scene.table.items();
    scene.next(Fault::Late);
    drop(scene.commit(add()));
    scene.table.restore(&items);
    assert!(scene.table.settle().is_empty());
    assert_eq!(scene.count().as_deref(), Some("1"));
    scene.commit(add().token("once")).unwrap();
    assert_eq!(scene.count().as_deref(), Some("2"), "the token is forgotten");
}
