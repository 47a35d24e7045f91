//! What the tree promises about itself: sizes, layers, and that everything derived from `ROUTES` agrees with it. A broken
//! promise names the file and the line.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod corpus;
mod guards;
mod openapi;
mod promises;
mod watched;

use guildhall_functions::ROUTES;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const FILE_LINES_MAX: usize = 500;
const FUNCTION_LINES_MAX: usize = 70;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every source file, as its path below the root and its text.
fn sources() -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if path.is_dir() && name != "target" && !name.starts_with('.') {
                folders.push(path);
            } else if name.ends_with(".rs") {
                let short = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
                found.push((short, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

fn expect_none(what: &str, offenders: &[String]) {
    assert!(offenders.is_empty(), "{what}:\n  {}", offenders.join("\n  "));
}

#[test]
fn every_file_says_what_it_is_and_stays_readable() {
    let sources = sources();
    assert!(sources.len() > 50, "the walk found only {} files", sources.len());
    let silent = sources.iter().filter(|(_, text)| !text.starts_with("//!")).map(|(path, _)| path.clone());
    expect_none("files that do not open with //!", &silent.collect::<Vec<_>>());
    let long = sources.iter().filter(|(_, text)| text.lines().count() > FILE_LINES_MAX).map(|(path, _)| path.clone());
    expect_none("files over 500 lines", &long.collect::<Vec<_>>());
}

#[test]
fn no_function_is_over_seventy_lines() {
    let mut offenders = Vec::new();
    for (path, text) in sources() {
        let mut open: Option<(usize, String, usize)> = None;
        for (number, line) in text.lines().enumerate() {
            let indent = line.len() - line.trim_start().len();
            let code = line.trim_start();
            let is_function = code.contains("fn ") && !code.starts_with("//") && !code.ends_with(';');
            if open.is_none() && is_function && !code.contains('}') {
                open = Some((indent, code.to_owned(), number));
            } else if let Some((depth, name, start)) = &open
                && indent == *depth
                && code.starts_with('}')
            {
                if number - start > FUNCTION_LINES_MAX {
                    offenders.push(format!("{path}:{} {name} has {} lines", start + 1, number - start));
                }
                open = None;
            }
        }
    }
    expect_none("functions over 70 lines", &offenders);
}

#[test]
fn layers_hold() {
    // A word, and the folders in whose code alone it may appear.
    let rules: &[(&str, &[&str])] = &[
        ("aws_sdk_dynamodb", &["shared/storage/", "infra/local/", "tests/"]),
        ("aws_sdk_cloudwatch", &["shared/telemetry/src/cloudwatch.rs", "tests/"]),
        ("aws_sdk_eventbridge", &["functions/src/forwarding.rs", "tests/"]),
        ("aws_sdk_s3", &["gamesim/", "infra/local/tests/", "tests/"]),
        ("s3s", &["gamesim/src/bucket/tests.rs", "infra/local/", "tests/"]),
        ("lambda_http", &["functions/", "infra/local/", "tests/"]),
        ("dynoxide", &["infra/local/", "tests/"]),
        ("guildhall_functions::", &["functions/", "infra/local/", "tests/"]),
        ("guildhall_gamesim::", &["gamesim/", "infra/local/", "tests/"]),
        ("guildhall_storage::", &["shared/storage/", "functions/", "infra/local/", "tests/"]),
        ("jsonwebtoken", &["shared/auth/", "tests/"]),
    ];
    let mut offenders = Vec::new();
    for (path, text) in sources() {
        for (word, homes) in rules {
            if text.contains(word) && !homes.iter().any(|home| path.starts_with(home)) {
                offenders.push(format!("{path} uses {word}"));
            }
        }
        let pure = path.starts_with("shared/domain/") || path.starts_with("shared/protocol/src/");
        for word in ["tokio::", "Instant::now", "SystemTime::now", "std::net::UdpSocket", "thread::sleep"] {
            if pure && text.contains(word) {
                offenders.push(format!("{path} uses {word}"));
            }
        }
    }
    expect_none("layers that leak", &offenders);
}

#[test]
fn only_the_driver_owns_a_game_socket() {
    let sources = sources();
    let sockets = sources.iter().filter(|(path, text)| {
        path.starts_with("gamesim/src/") && !path.ends_with("tests.rs") && text.contains("UdpSocket::bind")
    });
    let paths: Vec<&str> = sockets.map(|(path, _)| path.as_str()).collect();
    assert!(!paths.is_empty() && paths.iter().all(|path| path.starts_with("gamesim/src/driver")), "{paths:?}");
}

#[test]
fn each_route_has_its_binary_of_three_lines() {
    let manifest = read("functions/Cargo.toml");
    let mut expected = BTreeSet::new();
    for route in ROUTES {
        let path = format!("functions/src/bin/{}.rs", route.name);
        let text = read(&path);
        let constant = route.name.replace('-', "_").to_uppercase();
        assert!(text.contains(&format!("::{constant}).await")), "{path} does not start {constant}");
        let body = text.lines().filter(|line| line.starts_with("    ")).count();
        assert_eq!(body, 1, "{path} does more than start its route");
        assert!(manifest.contains(&format!("name = \"{}\"", route.name)), "functions/Cargo.toml lacks {}", route.name);
        expected.insert(format!("{}.rs", route.name));
    }
    // The one that has no route: DynamoDB's streams call it.
    let streams: serde_json::Value = serde_json::from_str(&read("infra/streams.json")).unwrap();
    let forwarder = streams["function"].as_str().unwrap();
    assert!(manifest.contains(&format!("name = \"{forwarder}\"")), "functions/Cargo.toml lacks {forwarder}");
    expected.insert(format!("{forwarder}.rs"));
    let present: BTreeSet<String> = fs::read_dir(root().join("functions/src/bin"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(present, expected, "binaries and ROUTES differ");
}

#[test]
fn routes_are_distinct_and_live_where_their_callers_look() {
    let mut seen = BTreeSet::new();
    for route in ROUTES {
        assert!(seen.insert((route.method.as_str(), route.path)), "{route:?} is there twice");
        let internal = route.path.starts_with("/internal/");
        assert_eq!(internal, route.access.is_signed(), "{route:?}");
        // Whoever watches a process looks where every platform looks.
        let watched = route.path.starts_with("/health/") || route.path == "/metrics";
        assert_eq!(watched, ["check-live", "check-ready", "get-metrics"].contains(&route.name), "{route:?}");
        assert!(internal || watched || route.path.starts_with("/v1/"), "{route:?}");
    }
}

#[test]
fn each_route_has_its_test_and_its_line_in_the_documents() {
    let is_test = |path: &str| path.starts_with("tests/api/") || path == "tests/src/backend.rs";
    let tests: String = sources().into_iter().filter(|(path, _)| is_test(path)).map(|(_, text)| text).collect();
    let architecture = read("ARCHITECTURE.md");
    for route in ROUTES {
        assert!(tests.contains(&format!("\"{}\"", route.name)), "no test in tests/api names {}", route.name);
        assert!(architecture.contains(route.path), "ARCHITECTURE.md does not list {}", route.path);
    }
}

#[test]
fn the_readme_gives_the_two_commands() {
    let readme = read("README.md");
    for command in ["make run", "make test"] {
        assert!(readme.contains(command), "README.md does not give `{command}`");
    }
    assert!(read(".ci/run").contains("make test"));
}

#[test]
fn nothing_is_left_unfinished() {
    let words = [concat!("todo", "!("), concat!("unimplemented", "!("), concat!("FIX", "ME"), concat!("#[ig", "nore")];
    let mut offenders = Vec::new();
    for (path, text) in sources() {
        for (number, line) in text.lines().enumerate() {
            if words.iter().any(|word| line.contains(word)) {
                offenders.push(format!("{path}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    expect_none("unfinished places", &offenders);
}
