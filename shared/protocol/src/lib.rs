//! The UDP protocol as values: bytes in, decisions and bytes out. Nothing here owns a socket, a clock or a source of
//! randomness: addresses, time and keys arrive as arguments, which is why two ends can be driven through loss, reordering
//! and time-outs in a test that takes microseconds.
//!
//! There are two layers, specified in `docs/PROTOCOL.md`. [`netcode`] is the transport, NETCODE 1.02: connect tokens,
//! handshake, sealed packets, both ends. [`payload`] is what the game says inside a payload packet: inputs, snapshots,
//! events. [`user_data`] joins them to the control plane: it is what a connect token says about its bearer.

pub mod netcode;
pub mod payload;
pub mod user_data;

pub use user_data::UserData;

/// The netcode protocol id of Guildhall: "GUILDHAL" in ASCII, read as a big-endian number.
pub const PROTOCOL_ID: u64 = 0x4755_494c_4448_414c;

/// Version of the payload layer. Both ends must agree exactly; a connect token carries the client's.
pub const PROTOCOL_VERSION: u16 = 3;
