//! The API's description is what the routes and the types say.

use super::read;

#[test]
fn the_openapi_document_is_current() {
    let written = read("docs/openapi.yaml");
    let current = guildhall_tests::openapi::document();
    let first = written.lines().zip(current.lines()).position(|(a, b)| a != b);
    assert!(written == current, "docs/openapi.yaml is stale from line {first:?} on; `make openapi` writes it anew");
}
