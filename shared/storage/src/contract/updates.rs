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
