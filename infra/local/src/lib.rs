//! The whole backend on one machine, with one command: the embedded database, API Gateway's twin, game sims as processes of
//! their own, and a party of bots that plays. The functions, the game sim and the client are the product itself; only what
//! Amazon provides has a stand-in here.
//!
//! Read `stack` first; `front` is the way of a request, `engine` the database, `object_store` where game sims keep
//! checkpoints, `precedence` who goes first, `stream` and `event_file` how domain events come about, `meter` and `bill` what all of it would cost, `demo` and
//! `view` what a newcomer sees, and `cli` ties them together. Nothing here runs in the cloud.

pub mod bill;
mod calendar;
mod cli;
pub mod content;
pub mod demo;
pub mod engine;
pub mod event_file;
pub mod front;
mod meter;
pub mod object_store;
mod precedence;
pub mod schedule;
#[cfg(test)]
mod scratch;
pub mod secrets;
pub mod sigv4;
pub mod stack;
pub mod stream;
pub mod view;

pub use cli::main;
pub use stack::{Signal, Stack, StackConfig, StartError};
