//! Drives one shard: the only file with a game socket and a clock for the data plane. A plain loop on a thread of its own,
//! over absolute time, so that lateness does not add up: read the socket, carry out orders, move one slot on, send, sleep.
//!
//! A shard that falls behind makes up for a few slots and then lets the rest go: the world runs slower rather than in leaps.
//! One that nobody plays on looks at its socket less often, so that an idle process costs next to nothing.

use crate::clock::Clock;
use crate::exchange::{Order, Request};
use crate::limits::{
    DATAGRAMS_PER_LOOK, DATAGRAMS_PER_SLOT_MAX, READ_US_MAX, RECEIVE_BUFFER_BYTES, SLOT_MS, SLOTS_BEHIND_MAX,
    SLOTS_IDLE, SLOTS_PER_TICK,
};
use crate::metrics::ShardMetrics;
use crate::shard::{Shard, ShardReport};
use guildhall_protocol::netcode::PACKET_BYTES_MAX;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};

const SLOT: Duration = Duration::from_millis(SLOT_MS);
const READ_TIME_MAX: Duration = Duration::from_micros(READ_US_MAX);

/// A request, and the number of the shard that asks.
pub(crate) type Asked = (usize, Request);

/// What a shard's thread works with. The channels have no bound of their own: what is in them is bounded by the shard's
/// rooms and arrivals, each of which has one request out at a time.
#[derive(Debug)]
pub(crate) struct Driver {
    pub(crate) number: usize,
    pub(crate) shard: Shard,
    pub(crate) socket: UdpSocket,
    pub(crate) orders: Receiver<Order>,
    pub(crate) requests: mpsc::UnboundedSender<Asked>,
    pub(crate) clock: Arc<Clock>,
    pub(crate) metrics: ShardMetrics,
}

/// Opens the sockets of all shards, on ports that follow each other or on any.
pub(crate) fn bind(address: IpAddr, first_port: u16, shards: usize) -> io::Result<Vec<UdpSocket>> {
    (0..shards)
        .map(|shard| {
            let port = if first_port == 0 { 0 } else { first_port + u16::try_from(shard).unwrap_or_default() };
            let socket = UdpSocket::bind(SocketAddr::new(address, port))?;
            socket.set_nonblocking(true)?;
            // As much as the system allows; less is no reason not to start.
            if let Err(error) = rustix::net::sockopt::set_socket_recv_buffer_size(&socket, RECEIVE_BUFFER_BYTES) {
                tracing::warn!(%error, "the receive buffer keeps its size");
            }
            Ok(socket)
        })
        .collect()
}

impl Driver {
    /// Starts the thread. The receiver yields when the shard has finished, and fails if it has crashed.
    pub(crate) fn start(self) -> io::Result<oneshot::Receiver<()>> {
        let (finished, is_finished) = oneshot::channel();
        let name = format!("shard-{}", self.number);
        std::thread::Builder::new().name(name).spawn(move || {
            self.run();
            // Whoever no longer listens does not need to know.
            let _ = finished.send(());
        })?;
        Ok(is_finished)
    }

    fn run(mut self) {
        let mut buffer = [0; PACKET_BYTES_MAX];
        let mut reported = ShardReport::default();
        let mut slot_start = Instant::now();
        let mut slots = 0_usize;
        loop {
            let late = slot_start.elapsed();
            self.metrics.lateness_us.record(u64::try_from(late.as_micros()).unwrap_or(u64::MAX));
            self.read_socket(&mut buffer);
            let is_orphaned = self.take_orders();
            self.shard.handle_slot(self.clock.now_ms());
            self.send();
            if self.shard.is_finished() || is_orphaned {
                break;
            }
            slots = slots.wrapping_add(1);
            let is_idle = self.shard.is_idle();
            if is_idle || slots.is_multiple_of(SLOTS_PER_TICK) {
                self.report(&mut reported);
            }
            slot_start = self.next_slot(slot_start + if is_idle { SLOT * SLOTS_IDLE } else { SLOT });
            std::thread::sleep(slot_start.saturating_duration_since(Instant::now()));
        }
        self.report(&mut reported);
    }

    fn read_socket(&mut self, buffer: &mut [u8]) {
        let now_ms = self.clock.now_ms();
        let began = Instant::now();
        for read in 1..=DATAGRAMS_PER_SLOT_MAX {
            match self.socket.recv_from(buffer) {
                Ok((length, from)) => {
                    self.metrics.datagrams_in.inc();
                    self.metrics.bytes_in.inc_by(length as u64);
                    let datagram = buffer.get_mut(..length).unwrap_or_default();
                    self.shard.handle_datagram(now_ms, from, datagram);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // Nothing to read, or a fault that concerns one datagram; the next slot looks again either way.
                Err(_) => break,
            }
            if read.is_multiple_of(DATAGRAMS_PER_LOOK) && began.elapsed() >= READ_TIME_MAX {
                break;
            }
        }
    }

    /// Returns whether nobody is left to give orders.
    fn take_orders(&mut self) -> bool {
        loop {
            match self.orders.try_recv() {
                Ok(order) => self.shard.handle_order(self.clock.now_ms(), order),
                Err(TryRecvError::Empty) => return false,
                Err(TryRecvError::Disconnected) => return true,
            }
        }
    }

    fn send(&mut self) {
        while let Some(transmit) = self.shard.poll_transmit() {
            // A datagram that the socket does not take is lost, as it might be on the way; it is never waited for.
            match self.socket.send_to(&transmit.bytes, transmit.to) {
                Ok(length) => {
                    self.metrics.datagrams_out.inc();
                    self.metrics.bytes_out.inc_by(length as u64);
                }
                Err(_) => {
                    self.metrics.datagrams_unsent.inc();
                }
            }
            self.shard.recycle(transmit.bytes);
        }
        while let Some(request) = self.shard.poll_request() {
            // The control plane outlives its shards; if it does not, `take_orders` ends this loop.
            let _ = self.requests.send((self.number, request));
        }
    }

    fn report(&self, reported: &mut ShardReport) {
        let report = self.shard.report();
        self.metrics.update(self.clock.now_ms(), reported, &report);
        *reported = report;
    }

    /// When the next slot begins: at its time, unless too many are overdue.
    fn next_slot(&self, planned: Instant) -> Instant {
        let now = Instant::now();
        if now.saturating_duration_since(planned) <= SLOT * SLOTS_BEHIND_MAX {
            return planned;
        }
        let skipped = now.saturating_duration_since(planned).as_millis() / u128::from(SLOT_MS);
        self.metrics.slots_skipped.inc_by(u64::try_from(skipped).unwrap_or(u64::MAX));
        now
    }
}
