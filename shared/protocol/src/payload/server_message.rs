//! Server to client: the world as this player sees it, and what has happened.

use super::{DecodeError, GameEvent, Snapshot};

/// The numbers in front of every server message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ServerHeader {
    /// Number of the last input applied; 0 is none yet.
    pub input_ack: u32,
    /// How many times the player's character has changed in this session.
    pub progress_seq: u64,
    /// How many of those changes are stored durably.
    pub durable_seq: u64,
}

/// One datagram from the server, with its snapshot made whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerMessage {
    /// The tick it shows.
    pub tick: u32,
    /// Number of the last input applied; 0 is none yet.
    pub input_ack: u32,
    /// How many times the player's character has changed in this session.
    pub progress_seq: u64,
    /// How many of those changes are stored durably.
    pub durable_seq: u64,
    /// Tick of the snapshot it built on; 0 is none: it was complete in itself.
    pub baseline: u32,
    /// What the client sees.
    pub snapshot: Snapshot,
    /// Number of the first event in `events`.
    pub first_event_seq: u32,
    /// Reliable events that the server does not know to have arrived.
    pub events: Vec<GameEvent>,
}

/// A server message ready to be sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodedServerMessage {
    /// The message, at most [`super::PAYLOAD_BYTES_MAX`] bytes.
    pub bytes: Vec<u8>,
    /// The snapshot that the client holds once it has read the message: the current one, unless changes had to be left
    /// out. The server keeps **this** one as the future baseline.
    pub held: Snapshot,
    /// How many of the events fitted.
    pub events_sent: usize,
}

/// Writes the message that shows `current` to a client which holds `baseline` (`None`: nothing, or nothing recent).
pub fn encode_server(
    _header: &ServerHeader,
    _current: &Snapshot,
    _baseline: Option<&Snapshot>,
    _first_event_seq: u32,
    _events: &[GameEvent],
) -> EncodedServerMessage {
    unimplemented!()
}

/// Reads a server message; `held` finds the snapshot of a tick among those that the client keeps.
pub fn decode_server<'held>(
    _bytes: &[u8],
    _held: impl FnOnce(u32) -> Option<&'held Snapshot>,
) -> Result<ServerMessage, DecodeError> {
    unimplemented!()
}
