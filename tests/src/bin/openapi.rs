//! Prints what `docs/openapi.yaml` should be; with the word `content`, what `seed-data/schema.json` should be; with the word
//! `routes`, what `infra/routes.json`, with the word `events`, what `infra/events.json`, and with the word `manifest`, what
//! `functions/Cargo.toml` should be, given what it is on standard input.

#![allow(clippy::print_stdout, reason = "that is all it does")]

use std::io;

fn main() {
    let text = match std::env::args().nth(1).as_deref() {
        Some("content") => guildhall_tests::openapi::content_schema(),
        Some("routes") => guildhall_tests::routes::document(),
        Some("events") => guildhall_tests::catalogue::catalogue(),
        Some("manifest") => guildhall_tests::routes::manifest(&io::read_to_string(io::stdin()).expect("a manifest")),
        _ => guildhall_tests::openapi::document(),
    };
    print!("{text}");
}
