//! The authoritative UDP game server.

mod backoff;
pub mod exchange;
pub mod limits;
pub mod world;
mod writer;
