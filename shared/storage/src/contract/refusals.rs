//! Lone writes whose condition does not hold: nothing changes, and the item comes back.

use super::{Bench, item, stored};
use crate::{Action, Commit, Condition, Refusal, Write};

pub(super) async fn a_refused_put_returns_the_current_item(bench: Bench) {
    let key = bench.key("a");
    let current = bench.given(&key, [("version", 3u64)]).await;
    let write = Write::put_item(key, item([("version", 1u64)]), Condition::NotExists);
    assert_eq!(bench.refused(Commit::one(write)).await, [Refusal { index: 0, current: Some(current) }]);
}

pub(super) async fn a_refused_update_returns_the_current_item(bench: Bench) {
    let key = bench.key("a");
    let current = bench.given(&key, [("version", 3u64)]).await;
    let write = Write::update(key, [Action::add("version", 1)], Condition::equals("version", 2u64));
    assert_eq!(bench.refused(Commit::one(write)).await, [Refusal { index: 0, current: Some(current) }]);
}

pub(super) async fn a_refused_delete_returns_the_current_item(bench: Bench) {
    let key = bench.key("a");
    let current = bench.given(&key, [("version", 3u64)]).await;
    let write = Write::delete(key, Condition::greater("version", 3u64));
    assert_eq!(bench.refused(Commit::one(write)).await, [Refusal { index: 0, current: Some(current) }]);
}

pub(super) async fn a_refusal_by_absence_has_no_item(bench: Bench) {
    let key = bench.key("absent");
    let writes = [
        Write::put_item(key.clone(), item([("version", 1u64)]), Condition::Exists),
        Write::update(key.clone(), [Action::add("version", 1)], Condition::Exists),
        Write::delete(key.clone(), Condition::Exists),
    ];
    for write in writes {
        assert_eq!(bench.refused(Commit::one(write)).await, [Refusal { index: 0, current: None }]);
    }
    assert_eq!(bench.get(&key).await, None);
}

pub(super) async fn a_refused_write_changes_nothing(bench: Bench) {
    let key = bench.key("a");
    bench.given(&key, [("version", 3u64)]).await;
    let wrong = Condition::equals("version", 9u64);
    let writes = [
        Write::put_item(key.clone(), item([("other", 1u64)]), wrong.clone()),
        Write::update(key.clone(), [Action::add("version", 1)], wrong.clone()),
        Write::delete(key.clone(), wrong),
    ];
    for write in writes {
        bench.refused(Commit::one(write)).await;
        assert_eq!(bench.get(&key).await, Some(stored(&key, [("version", 3u64)])));
    }
}
