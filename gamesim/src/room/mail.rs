//! The messages of one room's step, side by side in one piece of memory, and what writes them. A shard has one [`Mail`] and
//! lends it to its rooms in turn.

use guildhall_protocol::netcode::ConnectionId;
use guildhall_protocol::payload::Encoder;

/// Messages to be sent.
#[derive(Debug, Default)]
pub(crate) struct Mail {
    pub(super) encoder: Encoder,
    bytes: Vec<u8>,
    /// Whom each is for, and where it ends.
    letters: Vec<(ConnectionId, usize)>,
}

impl Mail {
    /// Has a message written, and adds it.
    pub(crate) fn write<'a>(&'a mut self, to: ConnectionId, write: impl FnOnce(&'a mut Encoder) -> &'a [u8]) {
        self.bytes.extend_from_slice(write(&mut self.encoder));
        self.letters.push((to, self.bytes.len()));
    }

    /// Hands every message over, and is empty then.
    pub(crate) fn drain(&mut self, mut send: impl FnMut(ConnectionId, &[u8])) {
        let mut start = 0;
        for (to, end) in self.letters.drain(..) {
            send(to, self.bytes.get(start..end).unwrap_or_default());
            start = end;
        }
        self.bytes.clear();
    }
}
