//! What the documents promise is kept by something that is there: every test, file and make target that they name exists, and
//! docs/SECURITY.md answers every requirement of the standard that it follows, once.

use super::{expect_none, read, root};
use std::collections::BTreeSet;

/// The documents that promise, and how many tests each names at least: fewer are a sign that they were not found.
const DOCUMENTS: [(&str, usize); 2] = [("docs/SECURITY.md", 150), ("docs/SPECIFICATION.md", 150)];

/// OWASP ASVS 5.0.0: how many requirements of level 1 and 2 each section has. Everywhere they come before those of level 3.
const ASVS: &str = "1.1 2, 1.2 9, 1.3 11, 1.4 3, 1.5 2, 2.1 3, 2.2 3, 2.3 4, 2.4 1, 3.2 2, 3.3 4, 3.4 6, 3.5 5, 3.7 2, \
    4.1 3, 4.2 1, 4.3 2, 4.4 4, 5.1 1, 5.2 3, 5.3 2, 5.4 3, 6.1 3, 6.2 12, 6.3 4, 6.4 4, 6.5 5, 6.6 3, 6.8 4, 7.1 3, 7.2 4, \
    7.3 2, 7.4 5, 7.5 2, 7.6 2, 8.1 2, 8.2 3, 8.3 1, 8.4 1, 9.1 3, 9.2 4, 10.1 2, 10.2 2, 10.3 4, 10.4 11, 10.5 5, 10.6 2, \
    10.7 3, 11.1 2, 11.2 3, 11.3 3, 11.4 4, 11.5 1, 11.6 1, 12.1 3, 12.2 2, 12.3 4, 13.1 1, 13.2 5, 13.3 2, 13.4 5, 14.1 2, \
    14.2 4, 14.3 3, 15.1 3, 15.2 3, 15.3 7, 16.1 1, 16.2 5, 16.3 4, 16.4 3, 16.5 3, 17.1 1, 17.2 4, 17.3 2";

/// What stands between backticks, line by line.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.lines().flat_map(|line| line.split('`').skip(1).step_by(2))
}

/// Whether a source file has a test of this name: a function under a test's attribute.
fn has_test(source: &str, name: &str) -> bool {
    let mut is_test = false;
    source.lines().map(str::trim_start).any(|line| {
        let code = line.strip_prefix("async ").unwrap_or(line);
        if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
            is_test = true;
        } else if let Some(function) = code.strip_prefix("fn ") {
            let is_named = function.strip_prefix(name).is_some_and(|rest| rest.starts_with('('));
            return std::mem::take(&mut is_test) && is_named;
        } else if !line.starts_with("#[") && !line.starts_with("//") {
            is_test = false;
        }
        false
    })
}

/// Whether the file of a promise keeps it: a test in Rust, or a run of Terraform's tests.
pub(super) fn is_kept(path: &str, name: &str) -> bool {
    root().join(path).is_file()
        && if path.ends_with(".tftest.hcl") {
            read(path).contains(&format!("run \"{name}\" {{"))
        } else {
            has_test(&read(path), name)
        }
}

#[test]
fn every_promise_names_what_keeps_it() {
    let makefile = read("Makefile");
    let mut offenders = Vec::new();
    for (document, tests_min) in DOCUMENTS {
        let text = read(document);
        let mut tests = BTreeSet::new();
        for word in quoted(&text) {
            let is_path = word.contains('/') && !word.contains([' ', '{', '*']) && !word.starts_with('/');
            let kept = if let Some((path, name)) = word.split_once("::").filter(|_| is_path) {
                tests.insert(word);
                is_kept(path, name)
            } else if let Some(target) = word.strip_prefix("make ") {
                let target = target.split(' ').next().unwrap_or_default();
                makefile.contains(&format!("\n{target}:"))
            } else {
                !is_path || root().join(word).exists()
            };
            if !kept {
                offenders.push(format!("{document}: {word}"));
            }
        }
        assert!(tests.len() >= tests_min, "{document} names only {} tests", tests.len());
    }
    expect_none("promises that nothing keeps", &offenders);
}

#[test]
fn every_requirement_of_the_standard_has_one_answer() {
    let expected = ASVS.split(", ").flat_map(|section| {
        let (section, count) = section.split_once(' ').unwrap();
        (1..=count.parse::<u32>().unwrap()).map(move |number| format!("v5.0.0-{section}.{number}"))
    });
    let expected: BTreeSet<String> = expected.collect();
    assert_eq!(expected.len(), 253, "70 of level 1 and 183 of level 2");
    let text = read("docs/SECURITY.md");
    let rows = text.lines().filter_map(|line| line.strip_prefix("| v5.0.0-")?.split_once(" | "));
    let answered: Vec<String> = rows.map(|(requirement, _)| format!("v5.0.0-{requirement}")).collect();
    let distinct: BTreeSet<String> = answered.iter().cloned().collect();
    assert_eq!(answered.len(), distinct.len(), "a requirement is answered twice");
    assert_eq!(distinct, expected);
}

#[test]
fn the_judge_tells_tests_from_other_functions() {
    let source =
        "#[test]\nfn a() {}\n#[tokio::test(flavor = \"multi_thread\")]\n/// Why.\nasync fn b_c() {}\nfn d() {}\n";
    assert!(has_test(source, "a") && has_test(source, "b_c"));
    assert!(!has_test(source, "b") && !has_test(source, "d") && !has_test(source, "e"));
    assert_eq!(quoted("a `b` c `d`\n`e").collect::<Vec<_>>(), ["b", "d", "e"]);
    assert!(
        !is_kept("tests/tidy/promises.rs", "has_test")
            && is_kept("tests/tidy/promises.rs", "every_promise_names_what_keeps_it")
    );
}
