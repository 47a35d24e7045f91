//! Tokens of idempotency: a transaction is carried out once however often it is sent.

use super::{Bench, item, stored};
use crate::{Action, Commit, CommitError, Condition, Key, Path, StorageError, TOKEN_BYTES_MAX, Write};
use futures_util::future::join_all;
use std::sync::atomic::{AtomicU64, Ordering};

const CALLERS: usize = 8;

fn add(key: &Key) -> Write {
    Write::update(key.clone(), [Action::add("count", 1)], Condition::Always)
}

/// A token that no other case and no other run of this process uses; runs against one long-lived engine differ in `prefix`.
fn token(bench: &Bench) -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let fold = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    let hash = bench.prefix.bytes().fold(0xcbf2_9ce4_8422_2325, fold);
    format!("{hash:016x}-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

pub(super) async fn a_token_is_carried_out_once(bench: Bench) {
    let keys = ["1", "2"].map(|sk| bench.key(sk));
    let commit = Commit::all(keys.iter().map(add)).token(token(&bench));
    for _ in 0..3 {
        bench.done(commit.clone()).await;
    }
    for key in &keys {
        assert_eq!(bench.get(key).await, Some(stored(key, [("count", 1u64)])));
    }
    bench.done(Commit::all(keys.iter().map(add)).token(token(&bench))).await;
    assert_eq!(bench.get(&keys[0]).await, Some(stored(&keys[0], [("count", 2u64)])));
}

pub(super) async fn a_token_with_other_writes_is_invalid(bench: Bench) {
    let keys = ["1", "2", "3"].map(|sk| bench.key(sk));
    let token = token(&bench);
    bench.done(Commit::all(keys[..2].iter().map(add)).token(token.as_str())).await;
    bench.invalid(Commit::all(keys[1..].iter().map(add)).token(token)).await;
    assert_eq!(bench.get(&keys[1]).await, Some(stored(&keys[1], [("count", 1u64)])));
    assert_eq!(bench.get(&keys[2]).await, None);
}

pub(super) async fn a_token_of_a_refused_transaction_may_be_used_again(bench: Bench) {
    let [guard, written] = ["guard", "written"].map(|sk| bench.key(sk));
    let writes = [Write::check(guard.clone(), Condition::Exists), add(&written)];
    let commit = Commit::all(writes).token(token(&bench));
    bench.refused(commit.clone()).await;
    bench.given(&guard, [("version", 1u64)]).await;
    bench.done(commit).await;
    assert_eq!(bench.get(&written).await, Some(stored(&written, [("count", 1u64)])));
}

pub(super) async fn a_lone_write_with_a_token_is_carried_out_once(bench: Bench) {
    let key = bench.key("a");
    let commit = Commit::one(add(&key)).token(token(&bench));
    for _ in 0..2 {
        assert_eq!(bench.done(commit.clone()).await.returned, None);
    }
    assert_eq!(bench.get(&key).await, Some(stored(&key, [("count", 1u64)])));
}

pub(super) async fn tokens_out_of_bounds_are_invalid(bench: Bench) {
    let key = bench.key("a");
    for token in [String::new(), "t".repeat(TOKEN_BYTES_MAX + 1)] {
        bench.invalid(Commit::one(add(&key)).token(token)).await;
    }
    assert_eq!(bench.get(&key).await, None);
}

/// Carries out additions at two keys under a token that is returned.
async fn given_done(bench: &Bench) -> ([Key; 2], String) {
    let keys = ["1", "2"].map(|sk| bench.key(sk));
    let token = token(bench);
    bench.done(Commit::all(keys.iter().map(add)).token(token.as_str())).await;
    (keys, token)
}

async fn assert_counts(bench: &Bench, keys: &[Key], count: u64) {
    for key in keys {
        assert_eq!(bench.get(key).await, Some(stored(key, [("count", count)])));
    }
}

pub(super) async fn a_token_with_the_writes_in_another_order_is_invalid(bench: Bench) {
    let (keys, token) = given_done(&bench).await;
    bench.invalid(Commit::all(keys.iter().rev().map(add)).token(token)).await;
    assert_counts(&bench, &keys, 1).await;
}

pub(super) async fn a_token_with_another_condition_is_invalid(bench: Bench) {
    let (keys, token) = given_done(&bench).await;
    let other = |key: &Key| Write::update(key.clone(), [Action::add("count", 1)], Condition::Exists);
    bench.invalid(Commit::all(keys.iter().map(other)).token(token)).await;
    assert_counts(&bench, &keys, 1).await;
}

pub(super) async fn a_token_with_another_value_is_invalid(bench: Bench) {
    let (keys, token) = given_done(&bench).await;
    let other = |key: &Key| Write::update(key.clone(), [Action::add("count", 2)], Condition::Always);
    bench.invalid(Commit::all(keys.iter().map(other)).token(token)).await;
    assert_counts(&bench, &keys, 1).await;
}

pub(super) async fn a_token_with_one_write_less_is_invalid(bench: Bench) {
    let (keys, token) = given_done(&bench).await;
    bench.invalid(Commit::all(keys.iter().take(1).map(add)).token(token)).await;
    assert_counts(&bench, &keys, 1).await;
}

pub(super) async fn a_token_is_kept_whatever_is_written_later(bench: Bench) {
    let (keys, token) = given_done(&bench).await;
    bench.done(Commit::all(keys.iter().map(add))).await;
    bench.done(Commit::all(keys.iter().map(add)).token(token)).await;
    assert_counts(&bench, &keys, 2).await;
}

pub(super) async fn what_was_deleted_stays_deleted_when_a_token_comes_again(bench: Bench) {
    let (keys, token) = given_done(&bench).await;
    bench.done(Commit::one(Write::delete(keys[0].clone(), Condition::Exists))).await;
    bench.done(Commit::all(keys.iter().map(add)).token(token)).await;
    assert_eq!(bench.get(&keys[0]).await, None);
}

pub(super) async fn a_repetition_is_done_though_its_condition_fails_by_then(bench: Bench) {
    let keys = ["1", "2"].map(|sk| bench.key(sk));
    let create = |key: &Key| Write::put_item(key.clone(), item([("count", 1u64)]), Condition::NotExists);
    let commit = Commit::all(keys.iter().map(create)).token(token(&bench));
    for _ in 0..3 {
        assert_eq!(bench.done(commit.clone()).await.returned, None);
    }
    bench.refused(Commit::all(keys.iter().map(create)).token(token(&bench))).await;
    assert_counts(&bench, &keys, 1).await;
}

pub(super) async fn a_token_of_an_invalid_transaction_may_be_used_again(bench: Bench) {
    let [first, second] = ["1", "2"].map(|sk| bench.key(sk));
    let token = token(&bench);
    let misplaced = Write::update(second.clone(), [Action::set(Path::nested(["m", "x"]), 1u64)], Condition::Always);
    bench.invalid(Commit::all([add(&first), misplaced]).token(token.as_str())).await;
    bench.done(Commit::all([add(&first), add(&second)]).token(token)).await;
    assert_counts(&bench, &[first, second], 1).await;
}

pub(super) async fn tokens_of_36_bytes_are_allowed(bench: Bench) {
    let key = bench.key("a");
    let token = format!("{:>width$}", token(&bench), width = TOKEN_BYTES_MAX).replace(' ', "-");
    assert_eq!(token.len(), TOKEN_BYTES_MAX);
    for _ in 0..2 {
        bench.done(Commit::one(add(&key)).token(token.as_str())).await;
    }
    assert_counts(&bench, &[key], 1).await;
}

pub(super) async fn tokens_differ_by_every_byte(bench: Bench) {
    let key = bench.key("a");
    let token = token(&bench);
    for last in ["x", "X", "y"] {
        bench.done(Commit::one(add(&key)).token(format!("{token}{last}"))).await;
    }
    assert_counts(&bench, &[key], 3).await;
}

pub(super) async fn callers_with_one_token_write_once(bench: Bench) {
    let keys = ["1", "2"].map(|sk| bench.key(sk));
    let commit = Commit::all(keys.iter().map(add)).token(token(&bench));
    let outcomes = join_all((0..CALLERS).map(|_| bench.commit(commit.clone()))).await;
    // Those who meet the first one under way may be told so, and try again.
    let is_fair = |outcome: &Result<_, CommitError>| {
        matches!(outcome, Ok(_) | Err(CommitError::Conflict | CommitError::Storage(StorageError::Unavailable(_))))
    };
    assert!(outcomes.iter().all(is_fair) && outcomes.iter().any(Result::is_ok), "{outcomes:?}");
    bench.done(commit).await;
    assert_counts(&bench, &keys, 1).await;
}
