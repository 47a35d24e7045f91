//! One socket for all clients. It is bound to every address, and each datagram names the client's own, from 127.64.0.1 on, or
//! from 10.64.0.1 on where the server is behind a link, as its source; what comes back names it as its destination (`IP_PKTINFO`). So thousands of clients are read and written
//! in batches, as no two sockets could be.

use super::Outcome;
use guildhall_gamesim::datagrams::{BATCH_DATAGRAMS, keep_whole};
use guildhall_protocol::netcode::PACKET_BYTES_MAX;
use nix::libc::{in_addr, in_pktinfo};
use nix::sys::socket::{
    ControlMessage, ControlMessageOwned, MsgFlags, MultiHeaders, SockaddrIn, recvmmsg, sendmmsg, setsockopt, sockopt,
};
use std::array;
use std::cell::Cell;
use std::io::{self, IoSlice, IoSliceMut};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket};
use std::os::fd::AsRawFd;

/// The address before the first client's, of a server on this machine, and of one behind a link.
const BASE: u32 = Ipv4Addr::new(127, 64, 0, 0).to_bits();
const BASE_BEHIND_A_LINK: u32 = Ipv4Addr::new(10, 64, 0, 0).to_bits();
/// Clients that the range has room for.
pub(super) const CLIENTS_MAX: u32 = 1 << 22;
/// As much as the system allows, up to this.
const BUFFER_BYTES: usize = 32 << 20;

/// The socket, and what it is worked with.
pub(super) struct Wire {
    socket: UdpSocket,
    server: SocketAddrV4,
    base: u32,
    receiving: MultiHeaders<SockaddrIn>,
    sending: MultiHeaders<SockaddrIn>,
    buffers: Box<[[u8; PACKET_BYTES_MAX]]>,
    arrived: Vec<(u32, usize)>,
    waiting: Vec<(u32, Vec<u8>)>,
}

impl Wire {
    /// A socket that hears this server alone.
    pub(super) fn open(server: SocketAddr) -> Outcome<Self> {
        let SocketAddr::V4(server) = server else { return Err("the server has no IPv4 address".into()) };
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
        keep_whole(&socket);
        setsockopt(&socket, sockopt::Ipv4PacketInfo, &true)?;
        // Beyond the system's limit where this process may, up to it where not.
        if setsockopt(&socket, sockopt::RcvBufForce, &BUFFER_BYTES).is_err() {
            setsockopt(&socket, sockopt::RcvBuf, &BUFFER_BYTES)?;
        }
        let headers = || MultiHeaders::preallocate(BATCH_DATAGRAMS, Some(nix::cmsg_space!(in_pktinfo)));
        Ok(Self {
            socket,
            server,
            base: if server.ip().is_loopback() { BASE } else { BASE_BEHIND_A_LINK },
            receiving: headers(),
            sending: headers(),
            buffers: vec![[0; PACKET_BYTES_MAX]; BATCH_DATAGRAMS].into_boxed_slice(),
            arrived: Vec::with_capacity(BATCH_DATAGRAMS),
            waiting: Vec::with_capacity(BATCH_DATAGRAMS),
        })
    }

    /// Takes in what waits, in place of what came before. Returns whether there may be more.
    pub(super) fn receive(&mut self) -> io::Result<bool> {
        self.arrived.clear();
        let mut buffers = self.buffers.iter_mut();
        let mut slices: [_; BATCH_DATAGRAMS] =
            array::from_fn(|_| [IoSliceMut::new(buffers.next().map_or(&mut [], |buffer| buffer.as_mut_slice()))]);
        let flags = MsgFlags::MSG_DONTWAIT;
        let received = match recvmmsg(self.socket.as_raw_fd(), &mut self.receiving, slices.iter_mut(), flags, None) {
            Ok(received) => received,
            Err(nix::errno::Errno::EAGAIN | nix::errno::Errno::EINTR) => return Ok(false),
            Err(error) => return Err(error.into()),
        };
        let server = SockaddrIn::from(self.server);
        for datagram in received {
            let is_servers = datagram.address == Some(server);
            let client = datagram.cmsgs()?.find_map(|message| match message {
                ControlMessageOwned::Ipv4PacketInfo(info) => client_at(self.base, u32::from_be(info.ipi_addr.s_addr)),
                _ => None,
            });
            // A length of 0 is nobody's packet.
            let envelope = client.filter(|_| is_servers).map_or((CLIENTS_MAX, 0), |client| (client, datagram.bytes));
            self.arrived.push(envelope);
        }
        Ok(self.arrived.len() == BATCH_DATAGRAMS)
    }

    /// What came, and for which client.
    pub(super) fn arrived(&mut self) -> impl Iterator<Item = (u32, &mut [u8])> {
        let envelopes = self.arrived.iter().zip(&mut self.buffers);
        envelopes
            .filter(|((client, _), _)| *client < CLIENTS_MAX)
            .map(|((client, length), buffer)| (*client, &mut buffer[..*length]))
    }

    /// Sends a client's datagram, once there are enough for a batch or [`Self::flush`] is called.
    pub(super) fn push(&mut self, client: u32, bytes: Vec<u8>) -> io::Result<()> {
        self.waiting.push((client, bytes));
        if self.waiting.len() >= BATCH_DATAGRAMS { self.flush() } else { Ok(()) }
    }

    /// Sends what waits.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        let mut done = 0;
        while done < self.waiting.len() {
            match self.send(done) {
                Ok(count) => done += count,
                Err(nix::errno::Errno::EINTR | nix::errno::Errno::EAGAIN) => {}
                Err(error) => return Err(error.into()),
            }
        }
        self.waiting.clear();
        Ok(())
    }

    fn send(&mut self, first: usize) -> nix::Result<usize> {
        let waiting = &self.waiting[first..];
        let datagram = |index: usize| waiting.get(index);
        let slices: [_; BATCH_DATAGRAMS] =
            array::from_fn(|index| [IoSlice::new(datagram(index).map_or(&[], |(_, bytes)| bytes.as_slice()))]);
        let sources: [in_pktinfo; BATCH_DATAGRAMS] = array::from_fn(|index| in_pktinfo {
            ipi_ifindex: 0,
            ipi_spec_dst: in_addr { s_addr: datagram(index).map_or(0, |(client, _)| (self.base + 1 + client).to_be()) },
            ipi_addr: in_addr { s_addr: 0 },
        });
        let messages: [_; BATCH_DATAGRAMS] = array::from_fn(|index| [ControlMessage::Ipv4PacketInfo(&sources[index])]);
        let sources = Sources { messages: &messages, next: Cell::new(0) };
        let to = [Some(SockaddrIn::from(self.server)); BATCH_DATAGRAMS];
        let to = &to[..waiting.len().min(BATCH_DATAGRAMS)];
        let flags = MsgFlags::empty();
        Ok(sendmmsg(self.socket.as_raw_fd(), &mut self.sending, &slices, to, sources, flags)?.count())
    }
}

/// The control messages of a batch. `sendmmsg` takes them to be the same for every datagram, but asks for them anew each
/// time; the test below notices if it ever asks only once.
struct Sources<'a> {
    messages: &'a [[ControlMessage<'a>; 1]],
    next: Cell<usize>,
}

impl<'a> AsRef<[ControlMessage<'a>]> for Sources<'a> {
    fn as_ref(&self) -> &[ControlMessage<'a>] {
        let index = self.next.replace(self.next.get() + 1);
        self.messages.get(index).map_or(&[], |message| message.as_slice())
    }
}

fn client_at(base: u32, address: u32) -> Option<u32> {
    address.checked_sub(base + 1).filter(|client| *client < CLIENTS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn every_client_has_an_address_of_its_own_and_hears_what_is_sent_there() {
        let server = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        server.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let mut wire = Wire::open(server.local_addr().unwrap()).unwrap();
        let clients: Vec<u32> = (0..150).map(|number| number * 997).collect();
        for client in &clients {
            wire.push(*client, client.to_le_bytes().to_vec()).unwrap();
        }
        wire.flush().unwrap();
        let mut buffer = [0; 64];
        for client in &clients {
            let (length, from) = server.recv_from(&mut buffer).unwrap();
            assert_eq!(buffer[..length], client.to_le_bytes());
            let SocketAddr::V4(from) = from else { panic!("{from}") };
            assert_eq!(client_at(BASE, from.ip().to_bits()), Some(*client));
            server.send_to(&[&buffer[..length], &[9]].concat(), from).unwrap();
        }
        let stranger = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = wire.socket.local_addr().unwrap().port();
        stranger.send_to(&[1], (Ipv4Addr::from(BASE + 1), port)).unwrap();
        let mut heard = Vec::new();
        while wire.receive().unwrap() || wire.arrived().count() > 0 {
            heard.extend(wire.arrived().map(|(client, bytes)| (client, bytes.to_vec())));
        }
        let expected: Vec<_> =
            clients.iter().map(|client| (*client, [&client.to_le_bytes()[..], &[9]].concat())).collect();
        assert_eq!(heard, expected);
    }
}
