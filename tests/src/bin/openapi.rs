//! Prints what `docs/openapi.yaml` should be.

#![allow(clippy::print_stdout, reason = "that is all it does")]

fn main() {
    print!("{}", guildhall_tests::openapi::document());
}
