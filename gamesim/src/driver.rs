//! Drives one shard: the only file with a game socket and a clock for the data plane. A plain loop on a thread of its own
//! over the slots of a [`Wheel`]: read the socket, carry out orders, move on by a slot or a few, send, sleep. Datagrams go in
//! and out in batches ([`crate::datagrams`]).
//!
//! A shard with little to read looks at its socket less often ([`slots_per_look`]): waking up costs more than a datagram.

use crate::clock::Clock;
use crate::datagrams::{BATCH_DATAGRAMS, Inbox, Outbox, Sent};
use crate::exchange::{Order, Request};
use crate::limits::{DATAGRAMS_PER_LOOK_MAX, READ_US_MAX, RECEIVE_BUFFER_BYTES, REPORT_SLOTS, SLOT_MS};
use crate::metrics::ShardMetrics;
use crate::shard::{Shard, ShardReport};
use crate::wheel::{Wheel, slots_per_look};
use guildhall_telemetry::Histogram;
use rustix::net::sockopt::{set_socket_recv_buffer_size, socket_recv_buffer_size};
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
            // As much as the system allows; less is no reason not to start. Where it allows less, it does not say so.
            let granted = set_socket_recv_buffer_size(&socket, RECEIVE_BUFFER_BYTES)
                .and_then(|()| socket_recv_buffer_size(&socket));
            if !granted.is_ok_and(|bytes| bytes >= RECEIVE_BUFFER_BYTES) {
                tracing::warn!(?granted, wanted = RECEIVE_BUFFER_BYTES, "bursts of datagrams do not fit the socket");
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
        let (mut inbox, mut outbox) = (Inbox::new(), Outbox::new());
        let mut reported = ShardReport::default();
        let mut wheel = Wheel::start(SLOT);
        let (mut slots, mut unreported) = (1, 0);
        loop {
            record(&self.metrics.lateness_us, wheel.since_start());
            let read = self.read_socket(&mut inbox);
            let is_orphaned = self.take_orders();
            slots = slots_per_look(read, slots);
            for _ in 0..slots {
                self.shard.handle_slot(self.clock.now_ms());
            }
            self.send(&mut outbox);
            record(&self.metrics.sent_us, wheel.since_start());
            self.pass_requests_on();
            if self.shard.is_finished() || is_orphaned {
                break;
            }
            unreported += slots;
            if unreported >= REPORT_SLOTS || self.shard.is_idle() {
                unreported = 0;
                self.report(&mut reported);
            }
            self.metrics.slots_skipped.inc_by(wheel.turn(slots));
        }
        self.report(&mut reported);
    }

    /// Returns how many datagrams there were.
    fn read_socket(&mut self, inbox: &mut Inbox) -> usize {
        let now_ms = self.clock.now_ms();
        let began = Instant::now();
        let mut read = 0;
        while read < DATAGRAMS_PER_LOOK_MAX {
            self.metrics.calls_in.inc();
            match inbox.receive(&self.socket) {
                Ok(count) => {
                    read += count;
                    self.metrics.datagrams_in.inc_by(count as u64);
                    let bytes = inbox.datagrams().map(|(_, datagram)| datagram.len() as u64).sum();
                    self.metrics.bytes_in.inc_by(bytes);
                    for (from, datagram) in inbox.datagrams() {
                        self.shard.handle_datagram(now_ms, from, datagram);
                    }
                    // A batch with room left has emptied the socket.
                    if count < BATCH_DATAGRAMS {
                        break;
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // Nothing to read, or a fault that concerns one datagram; the next look comes either way.
                Err(_) => break,
            }
            if began.elapsed() >= READ_TIME_MAX {
                break;
            }
        }
        read
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

    fn send(&mut self, outbox: &mut Outbox) {
        while let Some(transmit) = self.shard.poll_transmit() {
            outbox.push(transmit);
            if outbox.is_full() {
                self.send_batch(outbox);
            }
        }
        self.send_batch(outbox);
    }

    fn send_batch(&mut self, outbox: &mut Outbox) {
        let Sent { datagrams, bytes, unsent, calls } = outbox.send(&self.socket, |bytes| self.shard.recycle(bytes));
        self.metrics.datagrams_out.inc_by(datagrams);
        self.metrics.bytes_out.inc_by(bytes);
        self.metrics.datagrams_unsent.inc_by(unsent);
        self.metrics.calls_out.inc_by(calls);
    }

    fn pass_requests_on(&mut self) {
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
}

fn record(histogram: &Histogram, time: Duration) {
    histogram.record(u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
}
