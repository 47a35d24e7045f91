//! Runs one target of [`guildhall_tests::fuzzed`] under libFuzzer: the one that `FUZZ_TARGET` names. It knows nothing of what
//! the targets do.

#![no_main]

use guildhall_tests::fuzzed::{self, Target};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static TARGET: LazyLock<&Target> = LazyLock::new(|| {
    let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
    fuzzed::target(&name).unwrap_or_else(|| panic!("FUZZ_TARGET={name} is none of the targets"))
});

fuzz_target!(|bytes: &[u8]| (TARGET.run)(bytes));
