//! Each kind of condition, on the same item: once in front of a lone write and once as a transaction's check.

use super::Bench;
use crate::{Action, Commit, CommitError, Condition, IntoValue, Key, Path, Write, value_of};
use serde::Serialize;
use std::collections::BTreeMap;

/// Stores the item that all conditions of this file are asked about.
async fn given_hero(bench: &Bench) -> Key {
    #[derive(Serialize)]
    struct Hero {
        name: &'static str,
        level: u64,
        alive: bool,
        none: Option<u64>,
        stacks: Vec<&'static str>,
        sessions: BTreeMap<&'static str, BTreeMap<&'static str, u64>>,
    }
    let hero = Hero {
        name: "Mira",
        level: 9,
        alive: true,
        none: None,
        stacks: vec!["potion", "sword", "rope"],
        sessions: BTreeMap::from([("s-1", BTreeMap::from([("epoch", 4), ("seat", 0)]))]),
    };
    let key = bench.key("hero");
    let write = Write::put(key.clone(), &hero, Condition::Always).expect("a struct is an item");
    bench.done(Commit::one(write)).await;
    key
}

/// Asserts for each condition whether it holds of the item under `key`.
async fn assert_holds(bench: &Bench, key: &Key, cases: impl IntoIterator<Item = (Condition, bool)>) {
    for (condition, expected) in cases {
        let touch = Write::update(key.clone(), [Action::set("touched", true)], condition.clone());
        assert_eq!(is_done(bench, Commit::one(touch)).await, expected, "lone write under {condition:?}");
        let check = Write::check(key.clone(), condition.clone());
        let other = Write::update(bench.key("other"), [Action::add("count", 1)], Condition::Always);
        assert_eq!(is_done(bench, Commit::all([check, other])).await, expected, "check of {condition:?}");
    }
}

async fn is_done(bench: &Bench, commit: Commit) -> bool {
    match bench.commit(commit).await {
        Ok(_) => true,
        Err(CommitError::Refused(_)) => false,
        Err(error) => panic!("neither done nor refused: {error:?}"),
    }
}

pub(super) async fn existence(bench: Bench) {
    let hero = given_hero(&bench).await;
    assert_holds(&bench, &hero, [(Condition::Always, true), (Condition::Exists, true), (Condition::NotExists, false)])
        .await;
    // The update that succeeds creates the item, so absence is asked for with a check alone.
    let absent = Write::check(bench.key("absent"), Condition::NotExists);
    let other = Write::update(bench.key("other"), [Action::add("count", 1)], Condition::Always);
    assert!(is_done(&bench, Commit::all([absent, other.clone()])).await);
    let absent = Write::check(bench.key("absent"), Condition::Exists);
    assert!(!is_done(&bench, Commit::all([absent, other])).await);
}

pub(super) async fn presence(bench: Bench) {
    let hero = given_hero(&bench).await;
    let cases = [
        (Condition::present("level"), true),
        (Condition::present("none"), true),
        (Condition::present("missing"), false),
        (Condition::absent("level"), false),
        (Condition::absent("missing"), true),
    ];
    assert_holds(&bench, &hero, cases).await;
}

pub(super) async fn equality(bench: Bench) {
    let hero = given_hero(&bench).await;
    let cases = [
        (Condition::equals("level", 9u64), true),
        (Condition::equals("level", 10u64), false),
        (Condition::equals("name", "Mira"), true),
        (Condition::equals("name", "mira"), false),
        (Condition::equals("alive", true), true),
        (Condition::equals("alive", false), false),
        (Condition::equals("missing", ""), false),
        (Condition::equals("pk", hero.pk.as_str()), true),
    ];
    assert_holds(&bench, &hero, cases).await;
}

pub(super) async fn equality_of_lists_and_maps(bench: Bench) {
    let hero = given_hero(&bench).await;
    let list = |items: &[&str]| value_of(items).expect("a list is a value");
    let map = |epoch: u64| value_of(&BTreeMap::from([("seat", 0), ("epoch", epoch)])).expect("a map is a value");
    let session = || Path::nested(["sessions", "s-1"]);
    let cases = [
        (Condition::equals("stacks", list(&["potion", "sword", "rope"])), true),
        (Condition::equals("stacks", list(&["sword", "potion", "rope"])), false),
        (Condition::equals("stacks", list(&["potion", "sword"])), false),
        (Condition::equals(session(), map(4)), true),
        (Condition::equals(session(), map(5)), false),
    ];
    assert_holds(&bench, &hero, cases).await;
}

pub(super) async fn difference(bench: Bench) {
    let hero = given_hero(&bench).await;
    let cases = [
        (Condition::differs("level", 8u64), true),
        (Condition::differs("level", 9u64), false),
        (Condition::differs("missing", 9u64), true),
    ];
    assert_holds(&bench, &hero, cases).await;
}

pub(super) async fn order_of_numbers(bench: Bench) {
    let hero = given_hero(&bench).await;
    let cases = [
        // As text, "9" would be greater than "10".
        (Condition::less("level", 10u64), true),
        (Condition::less("level", 9u64), false),
        (Condition::less_or_equal("level", 9u64), true),
        (Condition::less_or_equal("level", 8u64), false),
        (Condition::greater("level", -10i64), true),
        (Condition::greater("level", 9u64), false),
        (Condition::greater_or_equal("level", 9u64), true),
        (Condition::greater_or_equal("level", u64::MAX), false),
        (Condition::less("missing", 1u64), false),
        (Condition::greater("missing", -1i64), false),
        (Condition::less_or_equal("missing", 1u64), false),
        (Condition::greater_or_equal("missing", -1i64), false),
    ];
    assert_holds(&bench, &hero, cases).await;
}

pub(super) async fn order_of_text(bench: Bench) {
    let hero = given_hero(&bench).await;
    let cases = [
        (Condition::less("name", "Mirb"), true),
        (Condition::less("name", "Mir"), false),
        (Condition::greater("name", "Mir"), true),
        (Condition::greater("name", "Ähre"), false),
        (Condition::greater_or_equal("name", "Mira"), true),
    ];
    assert_holds(&bench, &hero, cases).await;
}

pub(super) async fn values_of_different_types(bench: Bench) {
    let hero = given_hero(&bench).await;
    let cases = [
        (Condition::equals("level", "9"), false),
        (Condition::differs("level", "9"), true),
        (Condition::less("level", "99"), false),
        (Condition::greater("level", ""), false),
        (Condition::equals("none", 0u64), false),
    ];
    assert_holds(&bench, &hero, cases).await;
}

pub(super) async fn size(bench: Bench) {
    let hero = given_hero(&bench).await;
    let cases = [
        (Condition::size_below("stacks", 4), true),
        (Condition::size_below("stacks", 3), false),
        (Condition::size_below("sessions", 2), true),
        (Condition::size_below("sessions", 1), false),
        (Condition::size_below("name", 5), true),
        (Condition::size_below("name", 4), false),
        (Condition::size_below("missing", 1), false),
    ];
    assert_holds(&bench, &hero, cases).await;
}

pub(super) async fn nested_places(bench: Bench) {
    let hero = given_hero(&bench).await;
    let epoch = || Path::from("sessions").child("s-1").child("epoch");
    let cases = [
        (Condition::equals(epoch(), 4u64), true),
        (Condition::less(epoch(), 4u64), false),
        (Condition::present(epoch()), true),
        (Condition::absent(Path::nested(["sessions", "s-2"])), true),
        (Condition::absent(Path::nested(["sessions", "s-2", "epoch"])), true),
        (Condition::present(Path::nested(["missing", "s-1"])), false),
        (Condition::present(Path::nested(["level", "digit"])), false),
        (Condition::size_below(Path::nested(["sessions", "s-1"]), 3), true),
        (Condition::equals("sessions.s-1.epoch", 4u64), false),
    ];
    assert_holds(&bench, &hero, cases).await;
}

pub(super) async fn combinations(bench: Bench) {
    let hero = given_hero(&bench).await;
    let yes = || Condition::equals("level", 9u64);
    let no = || Condition::equals("level", 0u64);
    let cases = [
        (Condition::all([yes(), yes()]), true),
        (Condition::all([yes(), no()]), false),
        (Condition::any([no(), yes()]), true),
        (Condition::any([no(), no()]), false),
        (Condition::not(no()), true),
        (Condition::not(yes()), false),
        (Condition::not(Condition::less("missing", 1u64)), true),
        (Condition::not(Condition::any([no(), Condition::all([yes(), no()])])), true),
        (Condition::any([Condition::all([no(), no()]), yes()]), true),
        (Condition::all([Condition::any([yes(), no()]), no()]), false),
        (Condition::all([Condition::Exists, Condition::equals("name", "Mira".into_value()), yes()]), true),
    ];
    assert_holds(&bench, &hero, cases).await;
}

pub(super) async fn empty_combinations(bench: Bench) {
    let hero = given_hero(&bench).await;
    let cases = [
        (Condition::all([]), true),
        (Condition::any([]), false),
        (Condition::not(Condition::Always), false),
        (Condition::all([Condition::Always, Condition::present("level")]), true),
        (Condition::any([Condition::Always, Condition::absent("level")]), true),
    ];
    assert_holds(&bench, &hero, cases).await;
}
