//! The authoritative UDP game server.

mod backoff;
pub mod exchange;
pub mod limits;
mod room;
pub mod shard;
mod view;
pub mod world;
mod writer;
