//! Updates of parts of an item.

use super::{Bench, stored};
use crate::{Action, AttributeValue, Commit, Condition, ITEM_BYTES_MAX, IntoValue, Item, Key, Path, Write, decode};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

fn update(key: &Key, actions: impl IntoIterator<Item = Action>) -> Commit {
    Commit::one(Write::update(key.clone(), actions, Condition::Always))
}

async fn image_after(bench: &Bench, key: &Key, actions: impl IntoIterator<Item = Action>) -> Item {
    bench.done(update(key, actions)).await.returned.expect("an update returns its image")
}

pub(super) async fn an_update_creates_the_item(bench: Bench) {
    let key = bench.key("a");
    bench.done(update(&key, [Action::set("level", 1u64)])).await;
    assert_eq!(bench.get(&key).await, Some(stored(&key, [("level", 1u64)])));
}

pub(super) async fn an_update_keeps_other_attributes(bench: Bench) {
    let key = bench.key("a");
    bench.given(&key, [("level", 1u64), ("gold", 5), ("old", 0)]).await;
    bench.done(update(&key, [Action::set("level", 2u64), Action::remove("old"), Action::set("new", 3u64)])).await;
    assert_eq!(bench.get(&key).await, Some(stored(&key, [("level", 2u64), ("gold", 5), ("new", 3)])));
}

pub(super) async fn an_update_returns_the_new_image(bench: Bench) {
    let key = bench.key("a");
    bench.given(&key, [("level", 1u64), ("gold", 5)]).await;
    let image = image_after(&bench, &key, [Action::set("level", 2u64)]).await;
    assert_eq!(image, stored(&key, [("level", 2u64), ("gold", 5)]));
}

pub(super) async fn additions_start_at_zero(bench: Bench) {
    let key = bench.key("a");
    assert_eq!(image_after(&bench, &key, [Action::add("gold", 5)]).await, stored(&key, [("gold", 5u64)]));
    assert_eq!(image_after(&bench, &key, [Action::add("gold", -8)]).await, stored(&key, [("gold", -3i64)]));
}

pub(super) async fn additions_reach_64_bits(bench: Bench) {
    let key = bench.key("a");
    bench.given(&key, [("gold", u64::MAX - 1)]).await;
    assert_eq!(image_after(&bench, &key, [Action::add("gold", 1)]).await, stored(&key, [("gold", u64::MAX)]));
    let low = image_after(&bench, &key, [Action::add("debt", i64::MIN)]).await;
    assert_eq!(low.get("debt"), Some(&i64::MIN.into_value()));
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Registry {
    sessions: BTreeMap<String, BTreeMap<String, u64>>,
}

fn registry(sessions: &[(&str, &[(&str, u64)])]) -> Registry {
    let members = |members: &[(&str, u64)]| members.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
    Registry { sessions: sessions.iter().map(|(id, session)| ((*id).to_owned(), members(session))).collect() }
}

pub(super) async fn nested_members_are_set_added_and_removed(bench: Bench) {
    let key = bench.key("a");
    let before = registry(&[("s-1", &[("epoch", 1), ("seat", 2)]), ("s-2", &[])]);
    let put = Write::put(key.clone(), &before, Condition::Always).expect("a struct is an item");
    bench.done(Commit::one(put)).await;
    let session = |id: &str| Path::nested(["sessions", id]);
    let new = BTreeMap::from([("epoch", 9u64)]);
    let actions = [
        Action::add(session("s-1").child("epoch"), 1),
        Action::add(session("s-1").child("players"), 4),
        Action::remove(session("s-1").child("seat")),
        Action::remove(session("s-2")),
        Action::set_encoded(session("s-3"), &new).expect("a map is a value"),
    ];
    let after = registry(&[("s-1", &[("epoch", 2), ("players", 4)]), ("s-3", &[("epoch", 9)])]);
    let image = image_after(&bench, &key, actions).await;
    assert_eq!(decode::<Registry>(image).as_ref(), Ok(&after));
    assert_eq!(decode::<Registry>(bench.get(&key).await.expect("the item was put")), Ok(after));
}

pub(super) async fn removing_what_is_absent_is_no_error(bench: Bench) {
    let key = bench.key("a");
    bench.given(&key, [("level", 1u64)]).await;
    let image = image_after(&bench, &key, [Action::remove("missing")]).await;
    assert_eq!(image, stored(&key, [("level", 1u64)]));
}

pub(super) async fn a_place_without_its_map_is_invalid(bench: Bench) {
    let key = bench.key("a");
    bench.given(&key, [("level", 1u64)]).await;
    for path in [Path::nested(["missing", "s-1"]), Path::nested(["level", "s-1"])] {
        bench.invalid(update(&key, [Action::set("other", 2u64), Action::set(path, 1u64)])).await;
    }
    assert_eq!(bench.get(&key).await, Some(stored(&key, [("level", 1u64)])));
}

pub(super) async fn adding_to_text_is_invalid(bench: Bench) {
    let key = bench.key("a");
    bench.given(&key, [("name", "Mira")]).await;
    bench.invalid(update(&key, [Action::set("level", 2u64), Action::add("name", 1)])).await;
    assert_eq!(bench.get(&key).await, Some(stored(&key, [("name", "Mira")])));
}

pub(super) async fn overlapping_places_are_invalid(bench: Bench) {
    let key = bench.key("a");
    let inner = || Action::add(Path::nested(["sessions", "s-1"]), 1);
    bench.invalid(update(&key, [Action::remove("sessions"), inner()])).await;
    bench.invalid(update(&key, [inner(), inner()])).await;
    assert_eq!(bench.get(&key).await, None);
}

pub(super) async fn keys_cannot_be_updated(bench: Bench) {
    let key = bench.key("a");
    bench.invalid(update(&key, [Action::set("pk", "other")])).await;
    bench.invalid(update(&key, [Action::remove("sk")])).await;
    assert_eq!(bench.get(&key).await, None);
}

pub(super) async fn an_update_without_actions_is_invalid(bench: Bench) {
    let key = bench.key("a");
    bench.invalid(update(&key, [])).await;
    assert_eq!(bench.get(&key).await, None);
}

pub(super) async fn an_item_cannot_grow_above_the_limit(bench: Bench) {
    let key = bench.key("a");
    let half = "x".repeat(ITEM_BYTES_MAX / 2);
    bench.given(&key, [("first", half.as_str())]).await;
    bench.too_large(update(&key, [Action::set("second", half.as_str())])).await;
    let read = bench.get(&key).await.expect("the item was put");
    assert_eq!(read.get("first"), Some(&AttributeValue::S(half)));
    assert_eq!(read.get("second"), None);
}

pub(super) async fn a_set_replaces_a_value_of_another_type(bench: Bench) {
    let key = bench.key("a");
    for value in ["text".into_value(), 7u64.into_value(), true.into_value(), AttributeValue::L(Vec::new())] {
        let image = image_after(&bench, &key, [Action::set("a", value.clone())]).await;
        assert_eq!(image.get("a"), Some(&value));
    }
}

pub(super) async fn the_order_of_actions_does_not_matter(bench: Bench) {
    let [forth, back] = ["forth", "back"].map(|sk| bench.key(sk));
    let actions = || [Action::remove("old"), Action::set("new", 2u64), Action::add("level", 3)];
    for key in [&forth, &back] {
        bench.given(key, [("old", 1u64), ("level", 1)]).await;
    }
    let mut reversed = actions();
    reversed.reverse();
    let one = image_after(&bench, &forth, actions()).await;
    let other = image_after(&bench, &back, reversed).await;
    assert_eq!(one, stored(&forth, [("new", 2u64), ("level", 4)]));
    assert_eq!(other, stored(&back, [("new", 2u64), ("level", 4)]));
}

pub(super) async fn a_condition_sees_the_item_before_the_write(bench: Bench) {
    let key = bench.key("a");
    bench.given(&key, [("level", 1u64)]).await;
    let rise = Write::update(key.clone(), [Action::set("level", 2u64)], Condition::equals("level", 1u64));
    assert_eq!(bench.done(Commit::one(rise.clone())).await.returned, Some(stored(&key, [("level", 2u64)])));
    assert_eq!(bench.refused(Commit::one(rise)).await[0].current, Some(stored(&key, [("level", 2u64)])));
}

pub(super) async fn a_removal_alone_creates_an_item_of_its_key(bench: Bench) {
    let key = bench.key("a");
    image_after(&bench, &key, [Action::remove("missing")]).await;
    assert_eq!(bench.get(&key).await, Some(stored(&key, [("x", 1u64); 0])));
}

pub(super) async fn additions_to_fractions_are_exact(bench: Bench) {
    let key = bench.key("a");
    let number = |digits: &str| AttributeValue::N(digits.to_owned());
    bench.given(&key, [("small", number("0.1")), ("great", number("18446744073709551616"))]).await;
    let image = image_after(&bench, &key, [Action::add("small", 2), Action::add("great", 1)]).await;
    assert_eq!(image, stored(&key, [("small", number("2.1")), ("great", number("18446744073709551617"))]));
}

pub(super) async fn a_sum_of_39_digits_is_invalid(bench: Bench) {
    let key = bench.key("a");
    let before = bench.given(&key, [("great", AttributeValue::N("1E38".to_owned()))]).await;
    bench.invalid(update(&key, [Action::add("great", 1)])).await;
    assert_eq!(bench.get(&key).await, Some(before));
}

pub(super) async fn additions_to_what_is_no_number_are_invalid(bench: Bench) {
    let key = bench.key("a");
    let set = AttributeValue::Ns(vec!["1".to_owned()]);
    let values = [AttributeValue::Null(true), true.into_value(), AttributeValue::L(Vec::new()), set];
    for value in values {
        let before = bench.given(&key, [("a", value)]).await;
        bench.invalid(update(&key, [Action::add("a", 1)])).await;
        assert_eq!(bench.get(&key).await, Some(before));
    }
}

pub(super) async fn adding_nothing_makes_a_zero(bench: Bench) {
    let key = bench.key("a");
    assert_eq!(image_after(&bench, &key, [Action::add("gold", 0)]).await, stored(&key, [("gold", 0u64)]));
}

/// An item with the map `m`, of these members.
async fn given_map(bench: &Bench, members: &[(&str, u64)]) -> Key {
    let key = bench.key("a");
    bench.given(&key, [("m", map(members))]).await;
    key
}

fn map(members: &[(&str, u64)]) -> AttributeValue {
    AttributeValue::M(members.iter().map(|(name, value)| ((*name).to_owned(), value.into_value())).collect())
}

pub(super) async fn a_map_is_replaced_as_a_whole(bench: Bench) {
    let key = given_map(&bench, &[("x", 1), ("y", 2)]).await;
    let image = image_after(&bench, &key, [Action::set("m", map(&[("z", 3)]))]).await;
    assert_eq!(image, stored(&key, [("m", map(&[("z", 3)]))]));
}

pub(super) async fn a_map_stays_when_its_last_member_goes(bench: Bench) {
    let key = given_map(&bench, &[("x", 1)]).await;
    let image = image_after(&bench, &key, [Action::remove(Path::nested(["m", "x"]))]).await;
    assert_eq!(image, stored(&key, [("m", map(&[]))]));
}

pub(super) async fn names_with_dots_are_one_name(bench: Bench) {
    let key = given_map(&bench, &[("x", 1)]).await;
    let actions = [Action::set(Path::nested(["m", "x.y"]), 2u64), Action::set("m.x", 3u64)];
    let image = image_after(&bench, &key, actions).await;
    assert_eq!(image, stored(&key, [("m", map(&[("x", 1), ("x.y", 2)])), ("m.x", 3u64.into_value())]));
}

pub(super) async fn names_that_begin_alike_do_not_overlap(bench: Bench) {
    let key = given_map(&bench, &[]).await;
    let places = [Path::nested(["m", "a"]), Path::nested(["m", "ab"]), Path::from("ma"), Path::nested(["m", "a b"])];
    let image = image_after(&bench, &key, places.map(|place| Action::add(place, 1))).await;
    assert_eq!(image, stored(&key, [("m", map(&[("a", 1), ("ab", 1), ("a b", 1)])), ("ma", 1u64.into_value())]));
}

pub(super) async fn removing_from_a_missing_map_is_invalid(bench: Bench) {
    let key = given_map(&bench, &[("x", 1)]).await;
    for path in [Path::nested(["missing", "x"]), Path::nested(["m", "missing", "x"])] {
        bench.invalid(update(&key, [Action::remove(path)])).await;
    }
    assert_eq!(bench.get(&key).await, Some(stored(&key, [("m", map(&[("x", 1)]))])));
}

pub(super) async fn a_name_inside_a_list_is_invalid(bench: Bench) {
    let key = bench.key("a");
    let before = bench.given(&key, [("l", AttributeValue::L(vec![map(&[("x", 1)])]))]).await;
    bench.invalid(update(&key, [Action::set(Path::nested(["l", "x"]), 2u64)])).await;
    assert_eq!(bench.get(&key).await, Some(before));
}

pub(super) async fn an_invalid_update_creates_nothing(bench: Bench) {
    let key = bench.key("a");
    bench.invalid(update(&key, [Action::set("level", 1u64), Action::set(Path::nested(["m", "x"]), 2u64)])).await;
    assert_eq!(bench.get(&key).await, None);
}

pub(super) async fn an_item_may_grow_up_to_the_limit(bench: Bench) {
    let key = bench.key("a");
    let others = "pk".len() + key.pk.len() + "sk".len() + key.sk.len() + "first".len() + "second".len();
    let half = "x".repeat((ITEM_BYTES_MAX - others) / 2);
    let rest = "x".repeat(ITEM_BYTES_MAX - others - half.len());
    bench.given(&key, [("first", half.as_str())]).await;
    bench.too_large(update(&key, [Action::set("second", format!("{rest}x"))])).await;
    bench.done(update(&key, [Action::set("second", rest)])).await;
}

pub(super) async fn a_condition_goes_before_the_places_of_an_update(bench: Bench) {
    let key = given_map(&bench, &[("x", 1)]).await;
    let misplaced = [Action::set(Path::nested(["missing", "x"]), 1u64)];
    let refusals = bench.refused(Commit::one(Write::update(key, misplaced, Condition::NotExists))).await;
    assert_eq!(refusals.len(), 1);
}
