//! The whole backend on one machine.
pub mod engine;
pub mod front;
pub mod sigv4;
pub mod content;
pub mod secrets;
mod calendar;
#[cfg(test)]
mod scratch;
pub mod stack;
