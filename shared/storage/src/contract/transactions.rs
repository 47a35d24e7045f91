//! Several writes at once: all or nothing.

use super::{Bench, item, stored};
use crate::{
    Action, Commit, Condition, ITEM_BYTES_MAX, Key, Path, Refusal, TRANSACTION_BYTES_MAX, TRANSACTION_WRITES_MAX,
    TableName, Write,
};

fn put(key: &Key, version: u64, condition: Condition) -> Write {
    Write::put_item(key.clone(), item([("version", version)]), condition)
}

fn add(key: &Key) -> Write {
    Write::update(key.clone(), [Action::add("count", 1)], Condition::Always)
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

pub(super) async fn a_put_and_a_delete_of_one_item_are_invalid(bench: Bench) {
    let key = bench.key("a");
    bench.invalid(Commit::all([put(&key, 1, Condition::Always), Write::delete(key.clone(), Condition::Always)])).await;
    bench.invalid(Commit::all([put(&key, 1, Condition::Always), put(&key, 1, Condition::Always)])).await;
    assert_eq!(bench.get(&key).await, None);
}

pub(super) async fn a_check_and_an_update_of_one_item_are_invalid(bench: Bench) {
    let key = bench.key("a");
    let before = bench.given(&key, [("version", 1u64)]).await;
    bench.invalid(Commit::all([Write::check(key.clone(), Condition::Exists), add(&key)])).await;
    assert_eq!(bench.get(&key).await, Some(before));
}

pub(super) async fn the_same_key_in_two_tables_is_two_items(bench: Bench) {
    let keys = [TableName::Accounts, TableName::Events].map(|table| bench.key_in(table, "a"));
    bench.done(Commit::all(keys.iter().map(add))).await;
    for key in &keys {
        assert_eq!(bench.get(key).await, Some(stored(key, [("count", 1u64)])));
    }
}

pub(super) async fn refusals_are_in_the_order_of_the_writes(bench: Bench) {
    let keys = ["c", "a", "d", "b"].map(|sk| bench.key(sk));
    for key in &keys {
        bench.given(key, [("name", key.sk.as_str())]).await;
    }
    let refusals = bench.refused(Commit::all(keys.iter().map(|key| put(key, 1, Condition::NotExists)))).await;
    let expected = keys.iter().enumerate();
    let expected =
        expected.map(|(index, key)| Refusal { index, current: Some(stored(key, [("name", key.sk.as_str())])) });
    assert_eq!(refusals, expected.collect::<Vec<_>>());
}

pub(super) async fn updates_and_deletes_of_what_is_absent_happen(bench: Bench) {
    let [updated, deleted] = ["updated", "deleted"].map(|sk| bench.key(sk));
    bench.done(Commit::all([add(&updated), Write::delete(deleted.clone(), Condition::Always)])).await;
    assert_eq!(bench.get(&updated).await, Some(stored(&updated, [("count", 1u64)])));
    assert_eq!(bench.get(&deleted).await, None);
}

pub(super) async fn every_condition_sees_the_items_before_the_transaction(bench: Bench) {
    let [left, right] = ["left", "right"].map(|sk| bench.key(sk));
    bench.given(&left, [("version", 1u64)]).await;
    bench.given(&right, [("version", 2u64)]).await;
    let swap = [put(&left, 2, Condition::equals("version", 1u64)), put(&right, 1, Condition::equals("version", 2u64))];
    bench.done(Commit::all(swap.clone())).await;
    assert_eq!(bench.get(&left).await, Some(stored(&left, [("version", 2u64)])));
    assert_eq!(bench.get(&right).await, Some(stored(&right, [("version", 1u64)])));
    assert_eq!(bench.refused(Commit::all(swap)).await.len(), 2);
}

pub(super) async fn checks_alone_are_allowed(bench: Bench) {
    let [there, absent] = ["there", "absent"].map(|sk| bench.key(sk));
    bench.given(&there, [("version", 1u64)]).await;
    let checks =
        |condition| [Write::check(there.clone(), condition), Write::check(absent.clone(), Condition::NotExists)];
    bench.done(Commit::all(checks(Condition::Exists))).await;
    assert_eq!(bench.refused(Commit::all(checks(Condition::NotExists))).await.len(), 1);
}

pub(super) async fn an_item_that_grows_too_large_undoes_everything(bench: Bench) {
    let [first, second] = ["1", "2"].map(|sk| bench.key(sk));
    let half = "x".repeat(ITEM_BYTES_MAX / 2);
    bench.given(&second, [("first", half.as_str())]).await;
    let grow = Write::update(second.clone(), [Action::set("second", half)], Condition::Exists);
    bench.too_large(Commit::all([add(&first), grow])).await;
    assert_eq!(bench.get(&first).await, None);
    assert!(bench.get(&second).await.is_some_and(|item| item.get("second").is_none()));
}

pub(super) async fn a_refusal_goes_before_an_invalid_place(bench: Bench) {
    let [first, second] = ["1", "2"].map(|sk| bench.key(sk));
    bench.given(&first, [("version", 1u64)]).await;
    bench.given(&second, [("version", 1u64)]).await;
    let misplaced = Write::update(second, [Action::set(Path::nested(["missing", "a"]), 1u64)], Condition::Always);
    let refusals = bench.refused(Commit::all([misplaced, put(&first, 2, Condition::NotExists)])).await;
    assert_eq!(refusals.iter().map(|refusal| refusal.index).collect::<Vec<_>>(), [1]);
}

pub(super) async fn four_megabytes_are_allowed(bench: Bench) {
    let keys: Vec<Key> = (0..11).map(|index| bench.key(&format!("{index:02}"))).collect();
    let size = |key: &Key| "pk".len() + key.pk.len() + "sk".len() + key.sk.len() + "text".len();
    let mut left = TRANSACTION_BYTES_MAX;
    let writes: Vec<Write> = keys
        .iter()
        .map(|key| {
            let text = "x".repeat(left.min(ITEM_BYTES_MAX) - size(key));
            left -= text.len() + size(key);
            Write::put_item(key.clone(), item([("text", text)]), Condition::Always)
        })
        .collect();
    assert_eq!(left, 0);
    bench.done(Commit::all(writes)).await;
    for key in &keys {
        assert!(bench.get(key).await.is_some());
    }
}

pub(super) async fn a_long_transaction_is_refused_as_a_whole(bench: Bench) {
    let keys: Vec<Key> = (0..TRANSACTION_WRITES_MAX).map(|index| bench.key(&format!("{index:03}"))).collect();
    let last = keys.last().expect("there are many");
    bench.given(last, [("version", 1u64)]).await;
    let refusals = bench.refused(Commit::all(keys.iter().map(|key| put(key, 2, Condition::NotExists)))).await;
    assert_eq!(refusals, [Refusal { index: 99, current: Some(stored(last, [("version", 1u64)])) }]);
    assert_eq!(bench.get(&keys[0]).await, None);
}
