//! Drives one shard: the only file with a game socket. A plain loop on a thread of its own over the slots of a [`Wheel`]: one
//! [`turn`](Driver::turn) (read the socket, carry out orders, move on by a slot or a few, send), then sleep. Datagrams go in
//! and out in batches ([`crate::datagrams`]).
//!
//! A shard with little to read looks at its socket less often ([`slots_per_look`]): waking up costs more than a datagram.

use crate::clock::Clock;
use crate::datagrams::{BATCH_DATAGRAMS, Inbox, Outbox, Sent, keep_whole};
use crate::exchange::{Order, Request};
use crate::limits::{DATAGRAMS_PER_LOOK_MAX, READ_US_MAX, RECEIVE_BUFFER_BYTES, REPORT_SLOTS, SLOT_MS};
use crate::metrics::ShardMetrics;
use crate::rim::{Berth, Received, Wire};
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

/// What gives a shard its turns. The channels have no bound of their own: what is in them is bounded by the shard's
/// rooms and arrivals, each of which has one request out at a time.
#[derive(Debug)]
pub struct Driver {
    pub(crate) number: usize,
    pub(crate) shard: Shard,
    pub(crate) orders: Receiver<Order>,
    pub(crate) requests: mpsc::UnboundedSender<Asked>,
    pub(crate) clock: Arc<Clock>,
    pub(crate) metrics: ShardMetrics,
    pub(crate) pace: Pace,
    /// Told when the shard has finished; gone without a word if it has crashed.
    pub(crate) finished: oneshot::Sender<()>,
}

/// How far a driver is.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    /// Slots of the last turn.
    slots: u32,
    /// Slots since the last report.
    unreported: u32,
    /// Whether nobody is left to give orders.
    is_orphaned: bool,
    reported: ShardReport,
}

/// A socket with what it takes to read and write it in batches.
#[derive(Debug)]
struct Socket {
    socket: UdpSocket,
    inbox: Inbox,
    outbox: Outbox,
}

/// Opens the sockets of all shards, on ports that follow each other or on any.
pub(crate) fn bind(address: IpAddr, first_port: u16, shards: usize) -> io::Result<Vec<UdpSocket>> {
    (0..shards)
        .map(|shard| {
            let port = if first_port == 0 { 0 } else { first_port + u16::try_from(shard).unwrap_or_default() };
            let socket = UdpSocket::bind(SocketAddr::new(address, port))?;
            socket.set_nonblocking(true)?;
            keep_whole(&socket);
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

/// A thread of its own.
impl Berth for UdpSocket {
    fn port(&self) -> io::Result<u16> {
        Ok(self.local_addr()?.port())
    }

    fn start(self: Box<Self>, driver: Driver) -> io::Result<()> {
        let name = format!("shard-{}", driver.number);
        std::thread::Builder::new().name(name).spawn(move || driver.run(&mut Socket::new(*self))).map(drop)
    }
}

impl Socket {
    fn new(socket: UdpSocket) -> Self {
        Self { socket, inbox: Inbox::new(), outbox: Outbox::new() }
    }
}

impl Wire for Socket {
    fn receive(&mut self, now_ms: u64, shard: &mut Shard) -> io::Result<Received> {
        let datagrams = self.inbox.receive(&self.socket)?;
        let bytes = self.inbox.datagrams().map(|(_, datagram)| datagram.len() as u64).sum();
        shard.prefetch(self.inbox.datagrams().map(|(from, _)| from));
        for (from, datagram) in self.inbox.datagrams() {
            shard.handle_datagram(now_ms, from, datagram);
        }
        Ok(Received { datagrams, bytes })
    }

    fn send(&mut self, shard: &mut Shard) -> Sent {
        let mut sent = Sent::default();
        while let Some(transmit) = shard.poll_transmit() {
            self.outbox.push(transmit);
            if self.outbox.is_full() {
                sent += self.outbox.send(&self.socket, |bytes| shard.recycle(bytes));
            }
        }
        sent += self.outbox.send(&self.socket, |bytes| shard.recycle(bytes));
        sent
    }
}

impl Driver {
    fn run(mut self, wire: &mut dyn Wire) {
        let mut wheel = Wheel::start(SLOT);
        loop {
            record(&self.metrics.lateness_us, wheel.since_start());
            let slots = self.turn(wire);
            record(&self.metrics.sent_us, wheel.since_start());
            if !self.hand_over() {
                break;
            }
            self.metrics.slots_skipped.inc_by(wheel.turn(slots));
        }
        self.end();
    }

    /// Takes in what has come, moves the shard on and sends. Returns by how many slots: the next turn is to come when they
    /// have passed. [`Self::hand_over`] is to be called after each turn.
    pub fn turn(&mut self, wire: &mut dyn Wire) -> u32 {
        let read = self.read(wire);
        self.pace.is_orphaned = self.take_orders();
        self.pace.slots = slots_per_look(read, self.pace.slots);
        for _ in 0..self.pace.slots {
            self.shard.handle_slot(self.clock.now_ms());
        }
        let Sent { datagrams, bytes, unsent, calls } = wire.send(&mut self.shard);
        self.metrics.datagrams_out.inc_by(datagrams);
        self.metrics.bytes_out.inc_by(bytes);
        self.metrics.datagrams_unsent.inc_by(unsent);
        self.metrics.calls_out.inc_by(calls);
        self.pace.slots
    }

    /// Passes the shard's requests on, and says now and then how it is doing. Returns whether there is another turn;
    /// [`Self::end`] if not.
    pub fn hand_over(&mut self) -> bool {
        while let Some(request) = self.shard.poll_request() {
            // The control plane outlives its shards; if it does not, `take_orders` ends this.
            let _ = self.requests.send((self.number, request));
        }
        self.pace.unreported += self.pace.slots;
        if self.pace.unreported >= REPORT_SLOTS || self.shard.is_idle() {
            self.pace.unreported = 0;
            self.report();
        }
        !self.shard.is_finished() && !self.pace.is_orphaned
    }

    /// There is no further turn.
    pub fn end(mut self) {
        self.report();
        // Whoever no longer listens does not need to know.
        let _ = self.finished.send(());
    }

    /// Returns how many datagrams there were.
    fn read(&mut self, wire: &mut dyn Wire) -> usize {
        let now_ms = self.clock.now_ms();
        let began = Instant::now();
        let mut read = 0;
        while read < DATAGRAMS_PER_LOOK_MAX {
            self.metrics.calls_in.inc();
            match wire.receive(now_ms, &mut self.shard) {
                Ok(Received { datagrams, bytes }) => {
                    read += datagrams;
                    self.metrics.datagrams_in.inc_by(datagrams as u64);
                    self.metrics.bytes_in.inc_by(bytes);
                    // A batch with room left has emptied the socket.
                    if datagrams < BATCH_DATAGRAMS {
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

    fn report(&mut self) {
        let report = self.shard.report();
        self.metrics.update(self.clock.now_ms(), &self.pace.reported, &report);
        self.pace.reported = report;
    }
}

fn record(histogram: &Histogram, time: Duration) {
    histogram.record(u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
}
