//! The whole product, with real processes, real UDP and real time: each test is a story that a studio would tell of it.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod collected;
mod command_line;
mod crash;
mod dungeon;
mod events;
mod rollout;
mod torture;
mod traced;
mod watched;
mod zone;

/// The product's command line, which is also what a game-sim process runs.
const EXE: &str = env!("CARGO_BIN_EXE_guildhall-under-test");
