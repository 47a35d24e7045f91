//! One datagram per system call.

use super::{BATCH_DATAGRAMS, Envelope};
use guildhall_protocol::netcode::{PACKET_BYTES_MAX, Transmit};
use std::io;
use std::net::UdpSocket;

#[derive(Debug)]
pub(super) struct ReceiveCalls;

impl ReceiveCalls {
    pub(super) const fn new() -> Self {
        Self
    }

    pub(super) fn receive(
        &mut self,
        socket: &UdpSocket,
        buffers: &mut [[u8; PACKET_BYTES_MAX]],
        envelopes: &mut Vec<Envelope>,
    ) -> io::Result<()> {
        for buffer in buffers.iter_mut().take(BATCH_DATAGRAMS) {
            match socket.recv_from(buffer) {
                Ok((length, from)) => envelopes.push((Some(from), length)),
                Err(error) if envelopes.is_empty() => return Err(error),
                // What has come is good; the next call meets the fault again, if it lasts.
                Err(_) => break,
            }
        }
        Ok(())
    }
}

#[derive(Debug)]
pub(super) struct SendCalls;

impl SendCalls {
    pub(super) const fn new() -> Self {
        Self
    }

    /// Sends the first of these datagrams; returns 1.
    pub(super) fn send(&mut self, socket: &UdpSocket, transmits: &[Transmit]) -> io::Result<usize> {
        match transmits.first() {
            Some(transmit) => socket.send_to(&transmit.bytes, transmit.to).map(|_| 1),
            None => Ok(0),
        }
    }
}
