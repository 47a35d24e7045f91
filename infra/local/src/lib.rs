//! The whole backend on one machine.
pub mod engine;
pub mod front;
pub mod sigv4;
mod calendar;
