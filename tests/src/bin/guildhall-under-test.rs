//! The product's own command line, built beside the tests so that they can start it as a process.

fn main() -> std::process::ExitCode {
    guildhall_local::main()
}
