//! `recvmmsg` and `sendmmsg`.

use super::{BATCH_DATAGRAMS, Envelope};
use guildhall_protocol::netcode::{PACKET_BYTES_MAX, Transmit};
use nix::sys::socket::{MsgFlags, MultiHeaders, SockaddrStorage, recvmmsg, sendmmsg};
use std::array;
use std::io::{self, IoSlice, IoSliceMut};
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;

#[derive(Debug)]
pub(super) struct ReceiveCalls(MultiHeaders<SockaddrStorage>);

impl ReceiveCalls {
    pub(super) fn new() -> Self {
        Self(MultiHeaders::preallocate(BATCH_DATAGRAMS, None))
    }

    pub(super) fn receive(
        &mut self,
        socket: &UdpSocket,
        buffers: &mut [[u8; PACKET_BYTES_MAX]],
        envelopes: &mut Vec<Envelope>,
    ) -> io::Result<()> {
        let mut buffers = buffers.iter_mut();
        let mut slices: [_; BATCH_DATAGRAMS] =
            array::from_fn(|_| [IoSliceMut::new(buffers.next().map_or(&mut [], |buffer| buffer.as_mut_slice()))]);
        let flags = MsgFlags::MSG_DONTWAIT;
        let received = recvmmsg(socket.as_raw_fd(), &mut self.0, slices.iter_mut(), flags, None)?;
        envelopes.extend(received.map(|datagram| (datagram.address.as_ref().and_then(address), datagram.bytes)));
        Ok(())
    }
}

fn address(storage: &SockaddrStorage) -> Option<SocketAddr> {
    let v4 = || storage.as_sockaddr_in().map(|address| SocketAddr::V4((*address).into()));
    let v6 = || storage.as_sockaddr_in6().map(|address| SocketAddr::V6((*address).into()));
    v4().or_else(v6)
}

#[derive(Debug)]
pub(super) struct SendCalls(MultiHeaders<SockaddrStorage>);

impl SendCalls {
    pub(super) fn new() -> Self {
        Self(MultiHeaders::preallocate(BATCH_DATAGRAMS, None))
    }

    /// Sends the first of these datagrams, at least one; returns how many.
    pub(super) fn send(&mut self, socket: &UdpSocket, transmits: &[Transmit]) -> io::Result<usize> {
        let transmit = |index: usize| transmits.get(index);
        let slices: [_; BATCH_DATAGRAMS] =
            array::from_fn(|index| [IoSlice::new(transmit(index).map_or(&[], |transmit| transmit.bytes.as_slice()))]);
        let addresses: [Option<SockaddrStorage>; BATCH_DATAGRAMS] =
            array::from_fn(|index| transmit(index).map(|transmit| transmit.to.into()));
        let present = addresses.get(..transmits.len()).unwrap_or(&addresses);
        let flags = MsgFlags::MSG_DONTWAIT;
        Ok(sendmmsg(socket.as_raw_fd(), &mut self.0, &slices, present, [], flags)?.count())
    }
}
