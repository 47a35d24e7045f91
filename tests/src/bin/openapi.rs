//! Prints what `docs/openapi.yaml` should be, or with the word `content`, what `seed-data/schema.json`, or
//! with the word `events`, what `infra/events.json` should be.

#![allow(clippy::print_stdout, reason = "that is all it does")]

fn main() {
    let text = match std::env::args().nth(1).as_deref() {
        Some("content") => guildhall_tests::openapi::content_schema(),
        Some("events") => guildhall_tests::catalogue::catalogue(),
        _ => guildhall_tests::openapi::document(),
    };
    print!("{text}");
}
