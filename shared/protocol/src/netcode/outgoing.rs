//! Datagrams on their way out, and the buffers they travel in.

use std::collections::VecDeque;
use std::net::SocketAddr;

/// Buffers kept for reuse.
const SPARE_BUFFERS_MAX: usize = 1_024;

/// A datagram to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transmit {
    /// Where to.
    pub to: SocketAddr,
    /// What.
    pub bytes: Vec<u8>,
}

/// Why a payload was not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// There is no such connection, or it is not established.
    #[error("not connected")]
    NotConnected,
    /// A payload has 1 to 1,200 bytes.
    #[error("a payload of {0} bytes cannot be sent")]
    PayloadSize(usize),
    /// Every sequence number of the connection is used up, after 292 million years at 1,000 packets per second.
    #[error("the connection has used up its sequence numbers")]
    Exhausted,
}

/// The queue that `poll_transmit` empties.
#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    queue: VecDeque<Transmit>,
    spare: Vec<Vec<u8>>,
}

impl Outgoing {
    /// Queues the datagram that `write` puts into an empty buffer.
    pub(crate) fn push(&mut self, to: SocketAddr, write: impl FnOnce(&mut Vec<u8>)) {
        let mut bytes = self.spare.pop().unwrap_or_default();
        bytes.clear();
        write(&mut bytes);
        self.queue.push_back(Transmit { to, bytes });
    }

    pub(crate) fn pop(&mut self) -> Option<Transmit> {
        self.queue.pop_front()
    }

    /// Takes back the buffer of a datagram that was sent.
    pub(crate) fn recycle(&mut self, bytes: Vec<u8>) {
        if self.spare.len() < SPARE_BUFFERS_MAX {
            self.spare.push(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_buffers_are_kept_and_no_more() {
        let mut outgoing = Outgoing::default();
        for _ in 0..SPARE_BUFFERS_MAX + 5 {
            outgoing.recycle(vec![1]);
        }
        assert_eq!(outgoing.spare.len(), SPARE_BUFFERS_MAX);
        outgoing.push(SocketAddr::from(([127, 0, 0, 1], 9)), |bytes| bytes.push(2));
        assert_eq!(outgoing.spare.len(), SPARE_BUFFERS_MAX - 1);
        assert_eq!(outgoing.pop().unwrap().bytes, [2]);
    }
}
