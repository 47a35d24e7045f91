//! Several writes at once: all or nothing, and once however often they are sent.

use super::{Bench, item, stored};
use crate::{Action, Commit, Condition, Key, Path, Refusal, TOKEN_BYTES_MAX, TRANSACTION_WRITES_MAX, TableName, Write};
use std::sync::atomic::{AtomicU64, Ordering};

fn put(key: &Key, version: u64, condition: Condition) -> Write {
    Write::put_item(key.clone(), item([("version", version)]), condition)
}

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

pub(super) async fn all_kinds_of_writes_happen_together(bench: Bench) {
    let [created, changed, deleted, checked] = ["created", "changed", "deleted", "checked"].map(|sk| bench.key(sk));
    for key in [&changed, &deleted, &checked] {
        bench.given(key, [("version", 1u64)]).await;
    }
    let writes = [
        put(&created, 1, Condition::NotExists),
        Write::update(changed.clone(), [Action::add("version", 1)], Condition::equals("version", 1u64)),
        Write::delete(deleted.clone(), Condition::Exists),
        Write::check(checked.clone(), Condition::equals("version", 1u64)),
    ];
    bench.done(Commit::all(writes)).await;
    assert_eq!(bench.get(&created).await, Some(stored(&created, [("version", 1u64)])));
    assert_eq!(bench.get(&changed).await, Some(stored(&changed, [("version", 2u64)])));
    assert_eq!(bench.get(&deleted).await, None);
    assert_eq!(bench.get(&checked).await, Some(stored(&checked, [("version", 1u64)])));
}

pub(super) async fn one_refusal_undoes_everything(bench: Bench) {
    let [first, second, third] = ["1", "2", "3"].map(|sk| bench.key(sk));
    let current = bench.given(&second, [("version", 5u64)]).await;
    let kept = bench.given(&third, [("version", 5u64)]).await;
    let writes = [
        put(&first, 1, Condition::NotExists),
        Write::update(second.clone(), [Action::add("version", 1)], Condition::equals("version", 4u64)),
        Write::delete(third.clone(), Condition::Exists),
    ];
    let refusals = bench.refused(Commit::all(writes)).await;
    assert_eq!(refusals, [Refusal { index: 1, current: Some(current.clone()) }]);
    assert_eq!(bench.get(&first).await, None);
    assert_eq!(bench.get(&second).await, Some(current));
    assert_eq!(bench.get(&third).await, Some(kept));
}

pub(super) async fn every_refusal_is_reported_with_its_item(bench: Bench) {
    let [first, second, third, fourth] = ["1", "2", "3", "4"].map(|sk| bench.key(sk));
    let one = bench.given(&first, [("version", 1u64)]).await;
    let four = bench.given(&fourth, [("version", 4u64)]).await;
    let writes = [
        put(&first, 9, Condition::NotExists),
        put(&second, 9, Condition::NotExists),
        Write::delete(third, Condition::Exists),
        Write::check(fourth, Condition::less("version", 4u64)),
    ];
    let expected = [
        Refusal { index: 0, current: Some(one) },
        Refusal { index: 2, current: None },
        Refusal { index: 3, current: Some(four) },
    ];
    assert_eq!(bench.refused(Commit::all(writes)).await, expected);
    assert_eq!(bench.get(&second).await, None);
}

pub(super) async fn an_invalid_write_undoes_everything(bench: Bench) {
    let [first, second] = ["1", "2"].map(|sk| bench.key(sk));
    let kept = bench.given(&second, [("version", 1u64)]).await;
    let misplaced =
        Write::update(second.clone(), [Action::set(Path::nested(["missing", "a"]), 1u64)], Condition::Always);
    bench.invalid(Commit::all([put(&first, 1, Condition::Always), misplaced])).await;
    assert_eq!(bench.get(&first).await, None);
    assert_eq!(bench.get(&second).await, Some(kept));
}

pub(super) async fn a_check_that_holds_changes_nothing(bench: Bench) {
    let [absent, written] = ["absent", "written"].map(|sk| bench.key(sk));
    let check = Write::check(absent.clone(), Condition::NotExists);
    bench.done(Commit::all([check, put(&written, 1, Condition::Always)])).await;
    assert_eq!(bench.get(&absent).await, None);
}

pub(super) async fn tables_can_be_mixed(bench: Bench) {
    let keys = TableName::ALL.map(|table| bench.key_in(table, "a"));
    bench.done(Commit::all(keys.iter().map(|key| put(key, 1, Condition::NotExists)))).await;
    for key in &keys {
        assert_eq!(bench.get(key).await, Some(stored(key, [("version", 1u64)])));
    }
}

pub(super) async fn no_image_is_returned(bench: Bench) {
    let writes = ["1", "2"].map(|sk| add(&bench.key(sk)));
    assert_eq!(bench.done(Commit::all(writes)).await.returned, None);
}

pub(super) async fn the_same_item_twice_is_invalid(bench: Bench) {
    let key = bench.key("a");
    bench.invalid(Commit::all([add(&key), Write::check(key.clone(), Condition::NotExists)])).await;
    assert_eq!(bench.get(&key).await, None);
}

pub(super) async fn a_hundred_writes_are_allowed(bench: Bench) {
    let keys: Vec<Key> = (0..TRANSACTION_WRITES_MAX).map(|index| bench.key(&format!("{index:03}"))).collect();
    bench.done(Commit::all(keys.iter().map(add))).await;
    for key in &keys {
        assert_eq!(bench.get(key).await, Some(stored(key, [("count", 1u64)])));
    }
}

pub(super) async fn above_a_hundred_writes_is_too_large(bench: Bench) {
    let keys: Vec<Key> = (0..=TRANSACTION_WRITES_MAX).map(|index| bench.key(&format!("{index:03}"))).collect();
    bench.too_large(Commit::all(keys.iter().map(add))).await;
    assert_eq!(bench.get(&keys[0]).await, None);
}

pub(super) async fn above_four_megabytes_is_too_large(bench: Bench) {
    let text = "x".repeat(390 * 1024);
    let keys: Vec<Key> = (0..11).map(|index| bench.key(&format!("{index:02}"))).collect();
    let writes =
        keys.iter().map(|key| Write::put_item(key.clone(), item([("text", text.as_str())]), Condition::Always));
    bench.too_large(Commit::all(writes)).await;
    assert_eq!(bench.get(&keys[0]).await, None);
}

pub(super) async fn nothing_and_a_lone_check_are_invalid(bench: Bench) {
    bench.invalid(Commit::all([])).await;
    bench.invalid(Commit::one(Write::check(bench.key("a"), Condition::NotExists))).await;
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
