//! Lone writes whose condition does not hold: nothing changes, and the item comes back.

use super::{Bench, item, stored};
use crate::{Action, AttributeValue, Commit, Condition, IntoValue, Refusal, Write};

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

pub(super) async fn a_refusal_shows_everything_stored(bench: Bench) {
    let key = bench.key("a");
    let list = AttributeValue::L(vec!["x".into_value(), AttributeValue::Null(true)]);
    let values = [("text", "龍".repeat(10_000).into_value()), ("list", list), ("none", AttributeValue::Null(true))];
    let current = bench.given(&key, values).await;
    let refusals = bench.refused(Commit::one(Write::delete(key, Condition::equals("text", "")))).await;
    assert_eq!(refusals, [Refusal { index: 0, current: Some(current) }]);
}

pub(super) async fn a_refusal_tells_enough_to_try_again(bench: Bench) {
    let key = bench.key("a");
    bench.given(&key, [("version", 3u64)]).await;
    let add = |seen: AttributeValue| {
        Commit::one(Write::update(key.clone(), [Action::add("version", 1)], Condition::equals("version", seen)))
    };
    let refusals = bench.refused(add(2u64.into_value())).await;
    let current = refusals[0].current.as_ref().expect("the item is there");
    let seen = current.get("version").expect("it has a version").clone();
    assert_eq!(bench.done(add(seen)).await.returned, Some(stored(&key, [("version", 4u64)])));
}

pub(super) async fn a_refused_update_of_what_is_absent_creates_nothing(bench: Bench) {
    let key = bench.key("absent");
    for condition in
        [Condition::equals("version", 1u64), Condition::present("version"), Condition::less("version", 9u64)]
    {
        let write = Write::update(key.clone(), [Action::set("version", 1u64)], condition);
        assert_eq!(bench.refused(Commit::one(write)).await, [Refusal { index: 0, current: None }]);
    }
    assert_eq!(bench.get(&key).await, None);
}

pub(super) async fn what_is_absent_meets_conditions_of_absence(bench: Bench) {
    for (sk, condition) in [
        ("1", Condition::absent("version")),
        ("2", Condition::differs("version", 1u64)),
        ("3", Condition::not(Condition::equals("version", 1u64))),
        ("4", Condition::any([Condition::equals("version", 1u64), Condition::NotExists])),
    ] {
        let key = bench.key(sk);
        bench.done(Commit::one(Write::update(key.clone(), [Action::add("version", 1)], condition))).await;
        assert_eq!(bench.get(&key).await, Some(stored(&key, [("version", 1u64)])));
    }
}

pub(super) async fn an_unconditional_delete_of_what_is_absent_is_done(bench: Bench) {
    let outcome = bench.done(Commit::one(Write::delete(bench.key("absent"), Condition::Always))).await;
    assert_eq!(outcome.returned, None);
}
