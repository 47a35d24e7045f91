//! Leaves the tables for unwinding out of the binaries that are built for size, which are those that Lambda gets: there a panic
//! prints its message and aborts, and nothing walks the stack. They are a tenth of the archive, and the compiler adds them all
//! the same, since the standard library comes compiled with them.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=no-unwinding.ld");
    let variable = |name: &str| env::var(name).unwrap_or_default();
    if variable("OPT_LEVEL") == "z" && variable("CARGO_CFG_TARGET_OS") == "linux" {
        println!("cargo::rustc-link-arg-bins=-Wl,-T,{}/no-unwinding.ld", variable("CARGO_MANIFEST_DIR"));
    }
}
