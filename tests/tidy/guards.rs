//! tests/guards.json names guards by their code, which must still be there, and tests, which must be, too: else `make guards`
//! would take away what is gone already.

use super::promises::is_kept;
use super::{expect_none, read};
use serde_json::Value;
use std::collections::BTreeSet;

/// Fewer are a sign that the list was not found.
const GUARDS_MIN: usize = 30;

#[test]
fn every_guard_is_where_the_list_says_and_has_its_test() {
    let guards: Vec<Value> = serde_json::from_str(&read("tests/guards.json")).unwrap();
    assert!(guards.len() >= GUARDS_MIN, "the list has only {} guards", guards.len());
    let mut seen = BTreeSet::new();
    let mut offenders = Vec::new();
    for guard in &guards {
        let [name, file, code] = ["name", "file", "code"].map(|field| guard[field].as_str().unwrap());
        assert!(seen.insert(name), "{name} is there twice");
        let times = read(file).matches(&code.replace(['«', '»'], "")).count();
        if times != 1 {
            offenders.push(format!("{name}: {file} has its code {times} times"));
        }
        let guarded =
            code.split_once('«').and_then(|(_, rest)| rest.split_once('»')).map_or(code, |(guarded, _)| guarded);
        let is_whole = |text: &str| ["()", "[]", "{}"].iter().all(|pair| is_even(text, pair));
        if !is_whole(guarded) || !is_whole(guard["without"].as_str().unwrap()) {
            offenders.push(format!("{name}: what is switched is no expression"));
        }
        let tests = guard["caught_by"].as_array().unwrap();
        assert!(!tests.is_empty(), "{name} names no test");
        for test in tests.iter().map(|test| test.as_str().unwrap()) {
            if test.split_once("::").is_none_or(|(path, function)| !is_kept(path, function)) {
                offenders.push(format!("{name}: {test} is no test"));
            }
        }
    }
    expect_none("guards that are not as the list says", &offenders);
}

/// Whether as many of these open as close.
fn is_even(text: &str, pair: &str) -> bool {
    let (open, close) = pair.split_at(1);
    text.matches(open).count() == text.matches(close).count()
}
