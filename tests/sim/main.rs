//! A game sim as a process, under hostile and unlucky clients: real UDP, a real API, the metrics page as the witness. Every
//! wait is for a condition, with a bound that only a broken product reaches.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod away;
mod cheating;
mod junk;
mod missed;
mod page;
mod prediction;
mod program;
mod recording;
mod ruleset;
mod scene;
mod steady;
mod tokens;
mod zombie;

/// The product's command line, which is also what a game-sim process runs.
const EXE: &str = env!("CARGO_BIN_EXE_guildhall-under-test");
/// How long anything may take before the product counts as broken, in seconds.
const PATIENCE_S: u64 = 30;
