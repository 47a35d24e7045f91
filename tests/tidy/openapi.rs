//! The descriptions of the API, of the content and of what the functions may reach are what the routes and the types say.

use super::read;

#[test]
fn the_openapi_document_is_current() {
    let written = read("docs/openapi.yaml");
    let current = guildhall_tests::openapi::document();
    let first = written.lines().zip(current.lines()).position(|(a, b)| a != b);
    assert!(written == current, "docs/openapi.yaml is stale from line {first:?} on; `make openapi` writes it anew");
}

#[test]
fn the_catalogue_of_events_is_current() {
    let current = guildhall_tests::catalogue::catalogue();
    assert!(read("infra/events.json") == current, "infra/events.json is stale; `make openapi` writes it anew");
}

#[test]
fn the_schema_of_the_content_is_current() {
    let current = guildhall_tests::openapi::content_schema();
    assert!(read("seed-data/schema.json") == current, "seed-data/schema.json is stale; `make openapi` writes it anew");
}

#[test]
fn what_the_functions_may_reach_is_current() {
    let current = guildhall_tests::routes::document();
    assert!(read("infra/routes.json") == current, "infra/routes.json is stale; `make routes` writes it anew");
}

#[test]
fn what_cargo_lambda_watch_serves_is_current() {
    let written = read("functions/Cargo.toml");
    let current = guildhall_tests::routes::manifest(&written);
    assert!(written == current, "functions/Cargo.toml is stale; `make routes` writes it anew");
}
