//! Many datagrams per system call. An [`Inbox`] takes in what waits at a socket, an [`Outbox`] hands over what is to be sent;
//! both keep what they work with, so that neither allocates once it exists. On systems without such calls they go one by one.

use guildhall_protocol::netcode::{PACKET_BYTES_MAX, Transmit};
use std::io;
use std::net::{SocketAddr, UdpSocket};

#[cfg(target_os = "linux")]
mod batch;
#[cfg(target_os = "linux")]
use batch as system;
#[cfg(any(test, not(target_os = "linux")))]
mod single;
#[cfg(not(target_os = "linux"))]
use single as system;
#[cfg(test)]
mod tests;

/// Datagrams per system call.
pub const BATCH_DATAGRAMS: usize = 64;

/// Has the network carry a socket's datagrams whole or not at all, as it does those of QUIC (RFC 9000, section 14): no packet is
/// longer than every path takes. Linux, which has no parts to number then, sends for a fifth less; systems without such an
/// option cut where they must.
pub fn keep_whole(socket: &UdpSocket) {
    #[cfg(target_os = "linux")]
    {
        use rustix::net::sockopt::{
            Ipv4PathMtuDiscovery, Ipv6PathMtuDiscovery, set_ip_mtu_discover, set_ipv6_mtu_discover,
        };
        // Which of the two a socket knows depends on its address; without them everything works as well.
        let _ = set_ip_mtu_discover(socket, Ipv4PathMtuDiscovery::PROBE);
        let _ = set_ipv6_mtu_discover(socket, Ipv6PathMtuDiscovery::PROBE);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = socket;
}

/// A datagram that came in: whom from, and its length in bytes. `None`: nobody can tell.
type Envelope = (Option<SocketAddr>, usize);

/// What one look at a socket has brought.
#[derive(Debug)]
pub struct Inbox {
    calls: system::ReceiveCalls,
    buffers: Box<[[u8; PACKET_BYTES_MAX]]>,
    envelopes: Vec<Envelope>,
}

impl Inbox {
    /// An empty one.
    pub fn new() -> Self {
        Self {
            calls: system::ReceiveCalls::new(),
            buffers: vec![[0; PACKET_BYTES_MAX]; BATCH_DATAGRAMS].into_boxed_slice(),
            envelopes: Vec::with_capacity(BATCH_DATAGRAMS),
        }
    }

    /// Takes in what waits at the socket, at most [`BATCH_DATAGRAMS`], in place of what was there before. Never waits for
    /// anything. Returns how many datagrams came; what is longer than any packet is cut.
    ///
    /// # Errors
    /// Nothing waits (`WouldBlock`), or the socket reports a fault.
    pub fn receive(&mut self, socket: &UdpSocket) -> io::Result<usize> {
        self.envelopes.clear();
        self.calls.receive(socket, &mut self.buffers, &mut self.envelopes)?;
        Ok(self.envelopes.len())
    }

    /// What came, and whom from: an address that was copied a moment ago is waited for when it is copied on.
    pub fn datagrams(&mut self) -> impl Iterator<Item = (&SocketAddr, &mut [u8])> {
        self.envelopes
            .iter()
            .zip(&mut self.buffers)
            .filter_map(|((from, length), buffer)| Some((from.as_ref()?, buffer.get_mut(..*length)?)))
    }
}

impl Default for Inbox {
    fn default() -> Self {
        Self::new()
    }
}

/// What became of datagrams that were to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sent {
    /// Datagrams that the system took.
    pub datagrams: u64,
    /// Their bytes, without IP and UDP headers.
    pub bytes: u64,
    /// Datagrams that it did not take; they are lost, as they might be on the way.
    pub unsent: u64,
    /// System calls that this took.
    pub calls: u64,
}

impl std::ops::AddAssign for Sent {
    fn add_assign(&mut self, more: Self) {
        self.datagrams += more.datagrams;
        self.bytes += more.bytes;
        self.unsent += more.unsent;
        self.calls += more.calls;
    }
}

/// Datagrams that wait to be sent together.
#[derive(Debug)]
pub struct Outbox {
    calls: system::SendCalls,
    waiting: Vec<Transmit>,
}

impl Outbox {
    /// An empty one.
    pub fn new() -> Self {
        Self { calls: system::SendCalls::new(), waiting: Vec::with_capacity(BATCH_DATAGRAMS) }
    }

    /// Adds a datagram. Whoever adds [`BATCH_DATAGRAMS`] sends before adding more.
    pub fn push(&mut self, transmit: Transmit) {
        self.waiting.push(transmit);
    }

    /// Whether there are as many as one system call takes.
    pub fn is_full(&self) -> bool {
        self.waiting.len() >= BATCH_DATAGRAMS
    }

    /// Sends all that wait and gives their buffers back. A datagram that the socket does not take is never waited for.
    pub fn send(&mut self, socket: &UdpSocket, mut recycle: impl FnMut(Vec<u8>)) -> Sent {
        let mut sent = Sent::default();
        let mut rest = self.waiting.as_slice();
        while let Some((first, others)) = rest.split_first() {
            sent.calls += 1;
            match self.calls.send(socket, rest) {
                Ok(count) => {
                    let (taken, left) = rest.split_at(count.min(rest.len()));
                    sent.datagrams += taken.len() as u64;
                    sent.bytes += taken.iter().map(|transmit| transmit.bytes.len() as u64).sum::<u64>();
                    rest = left;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    tracing::trace!(%error, to = %first.to, "a datagram was not sent");
                    sent.unsent += 1;
                    rest = others;
                }
            }
        }
        self.waiting.drain(..).for_each(|transmit| recycle(transmit.bytes));
        sent
    }
}

impl Default for Outbox {
    fn default() -> Self {
        Self::new()
    }
}
