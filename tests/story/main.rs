//! The whole product, with real processes, real UDP and real time: each test is a story that a studio would tell of it.

mod command_line;
mod crash;
mod dungeon;

/// The product's command line, which is also what a game-sim process runs.
const EXE: &str = env!("CARGO_BIN_EXE_guildhall-under-test");
