//! The whole backend on one machine, with one command. Everything is in the library.

fn main() -> std::process::ExitCode {
    guildhall_local::main()
}
