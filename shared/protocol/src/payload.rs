//! What the game says inside netcode payload packets: bit-packed messages, one datagram per tick and direction.
//!
//! [`ClientMessage`] goes up, [`ServerMessage`] comes down. A server message carries a [`Snapshot`] as the difference from
//! an older one that the client acknowledged, and the reliable [`GameEvent`]s it has not acknowledged yet. All decoders are
//! total: whatever arrives, they answer with a value or a [`DecodeError`]. This layer knows nothing of connections or keys.
//!
//! Read `snapshot` and `event` for the vocabulary, `client_message` and `server_message` for the layouts, `delta` for how
//! entities are squeezed, `reliable` for how events survive loss.

mod bits;
mod client_message;
mod delta;
mod event;
mod event_codec;
mod reason;
mod reliable;
mod server_message;
mod snapshot;

pub use client_message::{Action, ClientMessage, INPUTS_MAX, InputFrame};
pub use event::{GameEvent, Inventory, ItemUnits, NAME_BYTES_MAX};
pub use reason::{EndingReason, RefusalReason};
pub use reliable::{EventInbox, EventOutbox, OutboxFull};
pub use server_message::{
    EVENT_BYTES_RESERVED, EncodedServerMessage, Encoder, ServerHeader, ServerMessage, decode_server, encode_server,
};
pub use snapshot::{Entities, EntityKind, EntityState, OwnState, SNAPSHOTS_KEPT, Snapshot, SnapshotRing, flags};

use crate::netcode::PACKET_OVERHEAD_BYTES_MAX;

/// Largest datagram that carries a game message, in bytes: it crosses every common path without being fragmented.
pub const DATAGRAM_BYTES_MAX: usize = 1_200;

/// Largest game message, in bytes: a datagram less what netcode adds to it.
pub const PAYLOAD_BYTES_MAX: usize = DATAGRAM_BYTES_MAX - PACKET_OVERHEAD_BYTES_MAX;

const _: () = assert!(PAYLOAD_BYTES_MAX <= crate::netcode::PAYLOAD_PACKET_BYTES_MAX);

/// Why a message could not be read. The sender is broken, hostile or of another version; the message is dropped whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The message ends in the middle of a field.
    #[error("the message ends too early")]
    Truncated,
    /// Something follows the end of the message.
    #[error("the message goes on after its end")]
    Trailing,
    /// A field has a value that it must not have.
    #[error("{0} is out of range")]
    OutOfRange(&'static str),
    /// The snapshot that the message builds on is not held here.
    #[error("the baseline of tick {0} is not held")]
    UnknownBaseline(u32),
}
