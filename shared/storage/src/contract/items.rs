//! Whole items: what is put is what is read.

use super::{Bench, item, stored};
use crate::{
    AttributeValue, Commit, Condition, Consistency, ITEM_BYTES_MAX, IntoValue, Key, PARTITION_KEY_BYTES_MAX,
    StorageError, TableName, Write, decode,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub(super) async fn a_put_item_is_read_back(bench: Bench) {
    let key = bench.key("a");
    bench.given(&key, [("level", 7u64)]).await;
    assert_eq!(bench.get(&key).await, Some(stored(&key, [("level", 7u64)])));
}

pub(super) async fn a_missing_item_is_none(bench: Bench) {
    assert_eq!(bench.get(&bench.key("nothing")).await, None);
}

pub(super) async fn a_put_replaces_the_whole_item(bench: Bench) {
    let key = bench.key("a");
    bench.given(&key, [("old", 1u64), ("both", 1)]).await;
    bench.given(&key, [("new", 2u64), ("both", 2)]).await;
    assert_eq!(bench.get(&key).await, Some(stored(&key, [("new", 2u64), ("both", 2)])));
}

pub(super) async fn a_delete_may_be_repeated(bench: Bench) {
    let key = bench.key("a");
    bench.given(&key, [("level", 7u64)]).await;
    for _ in 0..2 {
        let committed = bench.done(Commit::one(Write::delete(key.clone(), Condition::Always))).await;
        assert_eq!(committed.returned, None);
        assert_eq!(bench.get(&key).await, None);
    }
}

pub(super) async fn tables_are_separate(bench: Bench) {
    for (index, table) in TableName::ALL.into_iter().enumerate() {
        bench.given(&bench.key_in(table, "a"), [("index", index)]).await;
    }
    for (index, table) in TableName::ALL.into_iter().enumerate() {
        let key = bench.key_in(table, "a");
        assert_eq!(bench.get(&key).await, Some(stored(&key, [("index", index)])));
    }
}

pub(super) async fn a_put_returns_the_new_image(bench: Bench) {
    let key = bench.key("a");
    let write = Write::put_item(key.clone(), item([("level", 7u64)]), Condition::NotExists);
    let committed = bench.done(Commit::one(write)).await;
    assert_eq!(committed.returned, Some(stored(&key, [("level", 7u64)])));
}

pub(super) async fn eventual_reads_answer(bench: Bench) {
    // What they answer is not promised: that is what makes them eventual.
    let missing = bench.table.get(&bench.key("nothing"), Consistency::Eventual).await;
    assert_eq!(missing, Ok(None));
}

pub(super) async fn names_may_hold_any_character(bench: Bench) {
    let key = bench.key("a");
    let names = ["size", "status", "a.b", "#x", ":v0", "with space", "ключ", "list[0]"];
    bench.given(&key, names.map(|name| (name, name))).await;
    assert_eq!(bench.get(&key).await, Some(stored(&key, names.map(|name| (name, name)))));
    for name in names {
        let check = Condition::equals(name, name);
        let update = Write::update(key.clone(), [crate::Action::set(name, "changed")], check);
        let image = bench.done(Commit::one(update)).await.returned.expect("an update returns its image");
        assert_eq!(image.get(name), Some(&"changed".into_value()), "{name}");
    }
}

pub(super) async fn text_of_every_script_survives(bench: Bench) {
    let texts = ["Zażółć gęślą jaźń", "龍の剣", "🗡️👩🏽‍🚀", "\u{202e}abc", "line\nbreak\ttab \"quote\" \\", "\u{0}"];
    for (index, text) in texts.into_iter().enumerate() {
        let key = bench.key(&format!("{index}/{}", text.replace('\u{0}', "")));
        bench.given(&key, [("text", text)]).await;
        assert_eq!(bench.get(&key).await, Some(stored(&key, [("text", text)])), "{text:?}");
    }
}

pub(super) async fn empty_text_survives(bench: Bench) {
    let key = bench.key("a");
    bench.given(&key, [("empty", "")]).await;
    assert_eq!(bench.get(&key).await, Some(stored(&key, [("empty", "")])));
}

pub(super) async fn integers_of_64_bits_survive(bench: Bench) {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Extremes {
        high: u64,
        low: i64,
        zero: u64,
    }
    let extremes = Extremes { high: u64::MAX, low: i64::MIN, zero: 0 };
    let key = bench.key("a");
    let write = Write::put(key.clone(), &extremes, Condition::Always).expect("a struct is an item");
    bench.done(Commit::one(write)).await;
    let read = bench.get(&key).await.expect("the item was put");
    assert_eq!(decode::<Extremes>(read), Ok(extremes));
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Hero {
    name: String,
    level: u32,
    alive: bool,
    title: Option<String>,
    stacks: Vec<Stack>,
    flags: BTreeMap<String, Vec<i64>>,
    class: Class,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Stack {
    item: String,
    quantity: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Class {
    Mage { mana: u64 },
    Fighter,
}

pub(super) async fn structs_with_lists_and_maps_survive(bench: Bench) {
    let mage = Hero {
        name: "Mira".to_owned(),
        level: 12,
        alive: true,
        title: None,
        stacks: vec![Stack { item: "potion".to_owned(), quantity: 3 }, Stack { item: String::new(), quantity: 0 }],
        flags: BTreeMap::from([("quests".to_owned(), vec![-1, 0, 1]), ("none".to_owned(), vec![])]),
        class: Class::Mage { mana: 40 },
    };
    let fighter = Hero { class: Class::Fighter, title: Some("the Bold".to_owned()), stacks: vec![], ..mage.clone() };
    for (sk, hero) in [("mage", mage), ("fighter", fighter)] {
        let key = bench.key(sk);
        let write = Write::put(key.clone(), &hero, Condition::Always).expect("a struct is an item");
        bench.done(Commit::one(write)).await;
        let read = bench.get(&key).await.expect("the item was put");
        assert_eq!(decode::<Hero>(read), Ok(hero));
    }
}

pub(super) async fn expired_items_are_still_readable(bench: Bench) {
    let key = bench.key("a");
    bench.given(&key, [("expires_at", 1u64)]).await;
    assert_eq!(bench.get(&key).await, Some(stored(&key, [("expires_at", 1u64)])), "TTL deletes late, never at once");
}

pub(super) async fn an_item_up_to_the_limit_is_stored(bench: Bench) {
    let key = bench.key("a");
    let others = "pk".len() + key.pk.len() + "sk".len() + key.sk.len() + "text".len();
    let text = "x".repeat(ITEM_BYTES_MAX - others);
    bench.given(&key, [("text", text.as_str())]).await;
    let read = bench.get(&key).await.expect("the item was put");
    assert_eq!(read.get("text"), Some(&AttributeValue::S(text)));
}

pub(super) async fn an_item_above_the_limit_is_too_large(bench: Bench) {
    let key = bench.key("a");
    let others = "pk".len() + key.pk.len() + "sk".len() + key.sk.len() + "text".len();
    let text = "x".repeat(ITEM_BYTES_MAX - others + 1);
    bench.too_large(Commit::one(Write::put_item(key.clone(), item([("text", text)]), Condition::Always))).await;
    assert_eq!(bench.get(&key).await, None);
}

pub(super) async fn keys_without_text_are_invalid(bench: Bench) {
    for key in [bench.key(""), Key::new(TableName::Characters, "", "a")] {
        let read = bench.table.get(&key, Consistency::Strong).await;
        assert!(matches!(read, Err(StorageError::Invalid(_))), "{read:?}");
        bench.invalid(Commit::one(Write::delete(key, Condition::Always))).await;
    }
}

pub(super) async fn keys_above_the_limit_are_too_large(bench: Bench) {
    let long = "x".repeat(PARTITION_KEY_BYTES_MAX + 1);
    for key in [bench.key(&long), Key::new(TableName::Characters, long.as_str(), "a")] {
        bench.too_large(Commit::one(Write::delete(key, Condition::Always))).await;
    }
}
