//! What a room needs for a step and not afterwards. A shard has one [`Desk`] and lends it to its rooms in turn, so that they
//! take no memory of their own for it, and none anew.

use crate::world::{Command, Effect};
use guildhall_protocol::netcode::ConnectionId;
use guildhall_protocol::payload::Encoder;

/// Room for a tick's commands and for what comes of them, and the messages about it, side by side.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    pub(super) commands: Vec<(u16, Command)>,
    pub(super) happened: Vec<Effect>,
    pub(super) encoder: Encoder,
    bytes: Vec<u8>,
    /// Whom each is for, and where it ends.
    letters: Vec<(ConnectionId, usize)>,
}

impl Desk {
    /// Has a message written, and keeps it.
    pub(crate) fn write<'a>(&'a mut self, to: ConnectionId, write: impl FnOnce(&'a mut Encoder) -> &'a [u8]) {
        self.bytes.extend_from_slice(write(&mut self.encoder));
        self.letters.push((to, self.bytes.len()));
    }

    /// Whom there are messages for.
    pub(crate) fn addressees(&self) -> impl Iterator<Item = ConnectionId> {
        self.letters.iter().map(|(to, _)| *to)
    }

    /// Hands every message over; there are none then.
    pub(crate) fn send_all(&mut self, mut send: impl FnMut(ConnectionId, &[u8])) {
        let mut start = 0;
        for (to, end) in self.letters.drain(..) {
            send(to, self.bytes.get(start..end).unwrap_or_default());
            start = end;
        }
        self.bytes.clear();
    }
}
