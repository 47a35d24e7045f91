//! Client to server: what the player wants, and what has arrived.

use super::DecodeError;

/// Most inputs in one message. The latest are repeated in every datagram, so that a lost one costs nothing.
pub const INPUTS_MAX: usize = 32;

/// What a player does besides moving.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Action {
    /// Nothing.
    #[default]
    None,
    /// Strike an entity.
    Attack {
        /// The entity.
        target: u16,
    },
    /// Take loot from the ground.
    PickUp {
        /// The loot's entity.
        target: u16,
    },
    /// Leave the session for good.
    Leave,
}

/// The wish of one tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct InputFrame {
    /// Number of the input; starts at 1 and rises by one.
    pub seq: u32,
    /// Direction eastwards; 0, 0 is to stand. Only the direction counts, never the length: speed is the server's.
    pub move_x: i8,
    /// Direction northwards.
    pub move_y: i8,
    /// What else.
    pub action: Action,
}

/// One datagram from a client.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClientMessage {
    /// Tick of the latest snapshot applied; 0 is none yet.
    pub ack_tick: u32,
    /// Number of reliable events received in order so far.
    pub event_ack: u32,
    /// The latest inputs, oldest first, with consecutive numbers, at most [`INPUTS_MAX`].
    pub inputs: Vec<InputFrame>,
}

impl ClientMessage {
    /// The message as bytes. Of the inputs it carries the longest tail with consecutive numbers, at most [`INPUTS_MAX`].
    pub fn encode(&self) -> Vec<u8> {
        unimplemented!()
    }

    /// The inverse of [`Self::encode`], for bytes that anybody may have made up.
    pub fn decode(_bytes: &[u8]) -> Result<Self, DecodeError> {
        unimplemented!()
    }
}
