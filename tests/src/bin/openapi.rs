//! Prints what `docs/openapi.yaml` should be; with the word `content`, what `seed-data/schema.json` should be; with the word
//! `routes`, what `infra/routes.json`, and with the word `events`, what `infra/events.json` should be.

#![allow(clippy::print_stdout, reason = "that is all it does")]

fn main() {
    let text = match std::env::args().nth(1).as_deref() {
        Some("content") => guildhall_tests::openapi::content_schema(),
        Some("routes") => guildhall_tests::routes::document(),
        Some("events") => guildhall_tests::catalogue::catalogue(),
        _ => guildhall_tests::openapi::document(),
    };
    print!("{text}");
}
