//! Values of every type: what can be stored comes back as it was, and what cannot is invalid.

use super::{Bench, item, stored};
use crate::{
    Action, AttributeValue, Commit, Condition, ITEM_BYTES_MAX, IntoValue, Key, PARTITION_KEY_BYTES_MAX,
    SORT_KEY_BYTES_MAX, TableName, Write,
};
use std::collections::HashMap;

fn number(digits: impl Into<String>) -> AttributeValue {
    AttributeValue::N(digits.into())
}

/// Stores the value by a put and by an update, and reads it back as `expected`.
async fn assert_read(bench: &Bench, value: AttributeValue, expected: AttributeValue) {
    let [put, updated] = ["put", "updated"].map(|sk| bench.key(sk));
    let returned = bench.given(&put, [("a", value.clone())]).await;
    assert_eq!(returned, stored(&put, [("a", expected.clone())]), "what a put returns");
    let set = Write::update(updated.clone(), [Action::set("a", value)], Condition::Always);
    let returned = bench.done(Commit::one(set)).await.returned;
    assert_eq!(returned, Some(stored(&updated, [("a", expected.clone())])), "what an update returns");
    for key in [put, updated] {
        assert_eq!(bench.get(&key).await, Some(stored(&key, [("a", expected.clone())])));
    }
}

async fn assert_survives(bench: &Bench, value: AttributeValue) {
    assert_read(bench, value.clone(), value).await;
}

/// Refused by a put and by an update, alone and in a transaction.
async fn assert_invalid(bench: &Bench, value: AttributeValue) {
    let [key, other] = ["a", "b"].map(|sk| bench.key(sk));
    let put = Write::put_item(key.clone(), item([("a", value.clone())]), Condition::Always);
    let set = Write::update(key.clone(), [Action::set("a", value)], Condition::Always);
    for write in [put, set] {
        bench.invalid(Commit::one(write.clone())).await;
        let touch = Write::update(other.clone(), [Action::add("count", 1)], Condition::Always);
        bench.invalid(Commit::all([touch, write])).await;
    }
    assert_eq!((bench.get(&key).await, bench.get(&other).await), (None, None));
}

pub(super) async fn every_byte_survives(bench: Bench) {
    assert_survives(&bench, AttributeValue::B((0..=255).collect())).await;
}

pub(super) async fn empty_binary_survives(bench: Bench) {
    assert_survives(&bench, AttributeValue::B(Vec::new())).await;
}

pub(super) async fn truth_values_and_null_survive(bench: Bench) {
    for value in [AttributeValue::Bool(true), AttributeValue::Bool(false), AttributeValue::Null(true)] {
        assert_survives(&bench, value).await;
    }
}

pub(super) async fn empty_lists_and_maps_survive(bench: Bench) {
    let empty = || AttributeValue::L(vec![AttributeValue::L(Vec::new()), AttributeValue::M(HashMap::new())]);
    for value in [AttributeValue::L(Vec::new()), AttributeValue::M(HashMap::new()), empty()] {
        assert_survives(&bench, value).await;
    }
}

pub(super) async fn lists_keep_their_order(bench: Bench) {
    let members = ["3", "1", "2", "1"].map(number);
    assert_survives(&bench, AttributeValue::L(members.to_vec())).await;
}

/// The members of a set in one order, since a set has none.
fn members(value: &AttributeValue) -> Vec<String> {
    let mut members = match value {
        AttributeValue::Ss(members) | AttributeValue::Ns(members) => members.clone(),
        AttributeValue::Bs(members) => members.iter().map(|member| format!("{member:?}")).collect(),
        other => panic!("{other:?} is no set"),
    };
    members.sort_unstable();
    members
}

pub(super) async fn sets_keep_their_members(bench: Bench) {
    let texts = |members: &[&str]| members.iter().map(|member| (*member).to_owned()).collect::<Vec<_>>();
    let sets = [
        AttributeValue::Ss(texts(&["b", "a", "é"])),
        AttributeValue::Ns(texts(&["10", "-2", "3"])),
        AttributeValue::Bs(vec![vec![2], vec![1, 0]]),
    ];
    for set in sets {
        let key = bench.key("a");
        bench.given(&key, [("a", set.clone())]).await;
        let read = bench.get(&key).await.expect("the item was put");
        let read = read.get("a").expect("the set is there");
        assert_eq!(std::mem::discriminant(read), std::mem::discriminant(&set));
        assert_eq!(members(read), members(&set));
    }
}

pub(super) async fn empty_sets_are_invalid(bench: Bench) {
    for set in [AttributeValue::Ss(Vec::new()), AttributeValue::Ns(Vec::new()), AttributeValue::Bs(Vec::new())] {
        assert_invalid(&bench, set).await;
    }
}

pub(super) async fn a_set_with_a_member_twice_is_invalid(bench: Bench) {
    let twice = |member: &str| vec![member.to_owned(), member.to_owned()];
    let sets = [
        AttributeValue::Ss(twice("a")),
        AttributeValue::Ns(twice("1")),
        AttributeValue::Ns(vec!["1".to_owned(), "1.0".to_owned()]),
        AttributeValue::Bs(vec![vec![1], vec![1]]),
    ];
    for set in sets {
        assert_invalid(&bench, set).await;
    }
}

pub(super) async fn numbers_of_38_digits_survive(bench: Bench) {
    let nines = "9".repeat(38);
    for digits in [nines.clone(), format!("-{nines}"), format!("0.{nines}"), format!("123.{}", "4".repeat(35))] {
        assert_survives(&bench, number(digits)).await;
    }
}

pub(super) async fn numbers_of_39_digits_are_invalid(bench: Bench) {
    let ones = "1".repeat(39);
    for digits in [ones.clone(), format!("-{ones}"), format!("0.{ones}"), format!("1.{}", "1".repeat(38))] {
        assert_invalid(&bench, number(digits)).await;
    }
}

pub(super) async fn numbers_at_the_ends_of_their_range_survive(bench: Bench) {
    let great = format!("{}{}", "9".repeat(38), "0".repeat(88));
    assert_survives(&bench, number(great.as_str())).await;
    assert_survives(&bench, number(format!("-{great}"))).await;
    assert_survives(&bench, number(format!("0.{}1", "0".repeat(129)))).await;
}

pub(super) async fn numbers_beyond_their_range_are_invalid(bench: Bench) {
    for digits in ["1E126", "-1E126", "1E-131", "-1E-131", "9E999"] {
        assert_invalid(&bench, number(digits)).await;
    }
}

pub(super) async fn numbers_come_back_in_their_shortest_form(bench: Bench) {
    let forms = [("007", "7"), ("1.50", "1.5"), ("-0", "0"), ("0.0", "0"), ("1E3", "1000"), ("25e-2", "0.25")];
    for (digits, shortest) in forms {
        assert_read(&bench, number(digits), number(shortest)).await;
    }
    let nested = AttributeValue::L(vec![number("1.0"), AttributeValue::Ns(vec!["2.50".to_owned()])]);
    let shortest = AttributeValue::L(vec![number("1"), AttributeValue::Ns(vec!["2.5".to_owned()])]);
    assert_read(&bench, nested, shortest).await;
}

pub(super) async fn fractions_survive(bench: Bench) {
    for fraction in [0.1f64, -2.5, 1e-7, 12_345.678_9] {
        assert_survives(&bench, number(fraction.to_string())).await;
    }
}

pub(super) async fn what_is_no_number_is_invalid(bench: Bench) {
    for digits in ["", "one", "NaN", "Infinity", "1,5", "0x1f", "--1", "1e"] {
        assert_invalid(&bench, number(digits)).await;
    }
}

fn nested(levels: usize) -> AttributeValue {
    let wrap = |inner, level| match level % 2 {
        0 => AttributeValue::L(vec![inner]),
        _ => AttributeValue::M(HashMap::from([("n".to_owned(), inner)])),
    };
    (0..levels).fold("leaf".into_value(), wrap)
}

pub(super) async fn values_nest_in_31_lists_and_maps(bench: Bench) {
    assert_survives(&bench, nested(31)).await;
}

pub(super) async fn values_in_32_lists_and_maps_are_invalid(bench: Bench) {
    assert_invalid(&bench, nested(32)).await;
}

pub(super) async fn names_without_text_are_invalid(bench: Bench) {
    let key = bench.key("a");
    bench.invalid(Commit::one(Write::put_item(key.clone(), item([("", 1u64)]), Condition::Always))).await;
    assert_eq!(bench.get(&key).await, None);
    assert_invalid(&bench, AttributeValue::M(HashMap::from([(String::new(), number("1"))]))).await;
}

pub(super) async fn names_count_towards_the_size_of_an_item(bench: Bench) {
    let name = "n".repeat(1_000);
    let key = bench.key("a");
    let others = "pk".len() + key.pk.len() + "sk".len() + key.sk.len() + name.len();
    let put = |bytes: usize| {
        let text = "x".repeat(bytes);
        Commit::one(Write::put_item(key.clone(), item([(name.as_str(), text.as_str())]), Condition::Always))
    };
    bench.too_large(put(ITEM_BYTES_MAX - others + 1)).await;
    assert_eq!(bench.get(&key).await, None);
    bench.done(put(ITEM_BYTES_MAX - others)).await;
}

pub(super) async fn text_counts_towards_the_size_by_its_bytes(bench: Bench) {
    let key = bench.key("a");
    let put = |text: String| Commit::one(Write::put_item(key.clone(), item([("text", text)]), Condition::Always));
    bench.too_large(put("龍".repeat(ITEM_BYTES_MAX / 3))).await;
    bench.done(put("龍".repeat(ITEM_BYTES_MAX / 3 - 100))).await;
}

pub(super) async fn keys_at_their_limit_are_stored(bench: Bench) {
    let sk = "s".repeat(SORT_KEY_BYTES_MAX);
    let pk = format!("{}{}", bench.prefix, "p".repeat(PARTITION_KEY_BYTES_MAX - bench.prefix.len()));
    let key = Key::new(TableName::Characters, pk, sk);
    bench.given(&key, [("level", 1u64)]).await;
    assert_eq!(bench.get(&key).await, Some(stored(&key, [("level", 1u64)])));
}

pub(super) async fn keys_one_byte_above_their_limit_are_too_large(bench: Bench) {
    let sk = bench.key(&"s".repeat(SORT_KEY_BYTES_MAX + 1));
    let pk = Key::new(TableName::Characters, "p".repeat(PARTITION_KEY_BYTES_MAX + 1), "a");
    for key in [sk, pk] {
        bench.too_large(Commit::one(Write::put_item(key, item([("level", 1u64)]), Condition::Always))).await;
    }
}

pub(super) async fn keys_are_told_apart_by_their_bytes(bench: Bench) {
    let sort_keys = ["a", "A", "a ", "é", "e\u{301}", "a\u{0}", "1", "01"];
    for (index, sk) in sort_keys.into_iter().enumerate() {
        bench.given(&bench.key(sk), [("index", index)]).await;
    }
    for (index, sk) in sort_keys.into_iter().enumerate() {
        let key = bench.key(sk);
        assert_eq!(bench.get(&key).await, Some(stored(&key, [("index", index)])), "{sk:?}");
    }
}

pub(super) async fn an_items_key_is_the_writes(bench: Bench) {
    let key = bench.key("right");
    let other = item([("pk", "elsewhere"), ("sk", "wrong"), ("name", "Mira")]);
    let write = Write::Put { key: key.clone(), item: other, condition: Condition::Always };
    let expected = stored(&key, [("name", "Mira")]);
    assert_eq!(bench.done(Commit::one(write)).await.returned.as_ref(), Some(&expected));
    assert_eq!(bench.get(&key).await, Some(expected));
}

pub(super) async fn an_item_of_nothing_but_its_key_is_stored(bench: Bench) {
    let key = bench.key("a");
    bench.given(&key, [("x", 1u64); 0]).await;
    assert_eq!(bench.get(&key).await, Some(stored(&key, [("x", 1u64); 0])));
}

pub(super) async fn an_item_put_after_its_deletion_has_nothing_of_before(bench: Bench) {
    let key = bench.key("a");
    bench.given(&key, [("old", 1u64)]).await;
    bench.done(Commit::one(Write::delete(key.clone(), Condition::Exists))).await;
    let write = Write::update(key.clone(), [Action::set("new", 2u64)], Condition::NotExists);
    bench.done(Commit::one(write)).await;
    assert_eq!(bench.get(&key).await, Some(stored(&key, [("new", 2u64)])));
}

pub(super) async fn a_deletion_leaves_its_neighbours(bench: Bench) {
    let keys = ["a", "b", "c"].map(|sk| bench.key(sk));
    for key in &keys {
        bench.given(key, [("level", 1u64)]).await;
    }
    bench.done(Commit::one(Write::delete(keys[1].clone(), Condition::Exists))).await;
    assert!(bench.get(&keys[0]).await.is_some() && bench.get(&keys[2]).await.is_some());
    assert_eq!(bench.get(&keys[1]).await, None);
}

pub(super) async fn expired_items_meet_conditions(bench: Bench) {
    let key = bench.key("a");
    let current = bench.given(&key, [("expires_at", 1u64)]).await;
    let create = Write::put_item(key.clone(), item([("level", 1u64)]), Condition::NotExists);
    let refusals = bench.refused(Commit::one(create)).await;
    assert_eq!(refusals[0].current, Some(current), "what has expired is there until it is swept");
    let renew = Write::update(key.clone(), [Action::add("level", 1)], Condition::less("expires_at", 2u64));
    bench.done(Commit::one(renew)).await;
}
