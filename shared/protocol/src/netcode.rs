//! NETCODE 1.02, both ends, as values: connect tokens minted by a web backend, a handshake that proves the client's address
//! before it costs the server anything, and sealed packets.
//!
//! The wire is the standard's, byte for byte, and interoperates with the reference implementation. Where the standard
//! leaves room, [`Server`] is stricter; `docs/PROTOCOL.md` lists those rules under "Beyond the standard". This module
//! neither reads a clock nor draws randomness nor interprets payloads.
//!
//! Read `token` for what the backend mints, `packet` for the wire, `server` and `client` for the two state machines.
//! A driver feeds datagrams to `handle_datagram`, calls `handle_timeout` regularly, and sends what `poll_transmit` yields.

mod admission;
mod bytes;
mod client;
mod connections;
mod crypto;
mod ledger;
mod limits;
mod outgoing;
mod packet;
mod replay;
mod server;
mod server_state;
#[cfg(test)]
mod tests;
mod token;

pub use client::{Client, ClientDisconnect, ClientState};
pub use connections::ConnectionId;
pub use limits::*;
pub use outgoing::{SendError, Transmit};
pub use server::Server;
pub use server_state::{DisconnectReason, ReceivedPayload, ServerConfig, ServerCounters, ServerEvent};
pub use token::{ConnectToken, ConnectTokenParameters, TokenEntropy, TokenError};

/// A ChaCha20-Poly1305 key.
pub type Key = [u8; KEY_BYTES];
