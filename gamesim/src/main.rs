//! The game sim's process. Everything is in the library, so that other programs can be a game sim too.

fn main() -> std::process::ExitCode {
    guildhall_gamesim::serve()
}
