//! Drives one shard: the only file with a game socket. A plain loop on a thread of its own over the slots of a [`Wheel`]: one
//! [`turn`](Driver::turn) (read the socket, carry out orders, move on by a slot or a few, send), then sleep. Datagrams go in
//! and out in batches ([`crate::datagrams`]). Of a rush only one batch per slot is read before the slot's players are sent to, and
//! the others after it ([`Driver::read_on`]): a flood delays nobody by more than that.
//!
//! A shard with little to do takes several slots at once ([`Cadence`]): waking up costs more than a few datagrams. While somebody
//! is at the door it takes one, so that each step of their way in waits for one slot and no longer.

use crate::clock::Clock;
use crate::datagrams::{BATCH_DATAGRAMS, Inbox, Outbox, Sent, keep_whole};
use crate::exchange::{Order, Request};
use crate::limits::{DATAGRAMS_PER_LOOK_MAX, READ_US_MAX, RECEIVE_BUFFER_BYTES, REPORT_SLOTS, SLOT_MS};
use crate::metrics::ShardMetrics;
use crate::rim::{Berth, Received, Wire};
use crate::shard::{Shard, ShardReport};
use crate::wheel::{Cadence, Wheel};
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
    /// When the turns are.
    cadence: Cadence,
    /// Slots since the last report.
    unreported: u32,
    /// Whether nobody is left to give orders.
    is_orphaned: bool,
    /// The last look at the socket.
    look: Look,
    /// Datagrams that the last turn has sent.
    sent: usize,
    reported: ShardReport,
}

/// How much of what waits at a socket has been read.
#[derive(Debug, Default)]
struct Look {
    datagrams: usize,
    time: Duration,
    /// Whether nothing is left, as far as anybody knows.
    is_over: bool,
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
        shard.prefetch(self.inbox.datagrams().map(|(from, _)| *from));
        for (from, datagram) in self.inbox.datagrams() {
            shard.handle_datagram(now_ms, *from, datagram);
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
            self.read_on(wire);
            if !self.hand_over() {
                break;
            }
            self.metrics.slots_skipped.inc_by(wheel.turn(slots));
        }
        self.end();
    }

    /// Takes in what has come, moves the shard on and sends. Returns by how many slots: the next turn is to come when they
    /// have passed. [`Self::read_on`] and [`Self::hand_over`] are to be called after each turn.
    pub fn turn(&mut self, wire: &mut dyn Wire) -> u32 {
        let read_before = std::mem::take(&mut self.pace.look).datagrams;
        self.read(wire, BATCH_DATAGRAMS * self.pace.cadence.slots());
        self.pace.is_orphaned = self.take_orders();
        if self.shard.is_awaited() {
            self.pace.cadence.hurry();
        }
        let datagrams = self.pace.look.datagrams.max(read_before).max(self.pace.sent);
        let slots = self.pace.cadence.advance(datagrams) as u32;
        self.pace.unreported += slots;
        for _ in 0..slots {
            self.shard.handle_slot(self.clock.now_ms());
        }
        let Sent { datagrams, bytes, unsent, calls } = wire.send(&mut self.shard);
        self.pace.sent = usize::try_from(datagrams).unwrap_or(usize::MAX);
        self.metrics.datagrams_out.inc_by(datagrams);
        self.metrics.bytes_out.inc_by(bytes);
        self.metrics.datagrams_unsent.inc_by(unsent);
        self.metrics.calls_out.inc_by(calls);
        slots
    }

    /// Passes the shard's requests on, and says now and then how it is doing. Returns whether there is another turn;
    /// [`Self::end`] if not.
    pub fn hand_over(&mut self) -> bool {
        while let Some(request) = self.shard.poll_request() {
            // The control plane outlives its shards; if it does not, `take_orders` ends this.
            let _ = self.requests.send((self.number, request));
        }
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

    /// Takes in what the turn has left at the socket, within the limits of one look.
    pub fn read_on(&mut self, wire: &mut dyn Wire) {
        self.read(wire, DATAGRAMS_PER_LOOK_MAX);
    }

    /// Goes on with the look until it is over or has brought as many datagrams.
    fn read(&mut self, wire: &mut dyn Wire, datagrams_max: usize) {
        let look = &mut self.pace.look;
        if look.is_over {
            return;
        }
        let now_ms = self.clock.now_ms();
        let (began, time_before) = (Instant::now(), look.time);
        while !look.is_over && look.datagrams < datagrams_max {
            self.metrics.calls_in.inc();
            match wire.receive(now_ms, &mut self.shard) {
                Ok(Received { datagrams, bytes }) => {
                    look.datagrams += datagrams;
                    self.metrics.datagrams_in.inc_by(datagrams as u64);
                    self.metrics.bytes_in.inc_by(bytes);
                    // A batch with room left has emptied the socket.
                    look.is_over = datagrams < BATCH_DATAGRAMS;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // Nothing to read, or a fault that concerns one datagram; the next look comes either way.
                Err(_) => look.is_over = true,
            }
            look.time = time_before + began.elapsed();
            look.is_over |= look.time >= READ_TIME_MAX;
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

    fn report(&mut self) {
        let report = self.shard.report();
        self.metrics.update(self.clock.now_ms(), &self.pace.reported, &report);
        self.pace.reported = report;
    }
}

fn record(histogram: &Histogram, time: Duration) {
    histogram.record(u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::game;
    use crate::limits::{DATAGRAMS_PER_LOOK, LOOKS_PER_TICK_MIN, SLOTS_PER_TICK};
    use crate::metrics::SimMetrics;
    use crate::shard::ShardConfig;
    use guildhall_protocol::PROTOCOL_ID;
    use guildhall_protocol::netcode::{Client, ClientState, ConnectToken, ConnectTokenParameters, TokenEntropy};
    use guildhall_telemetry::Tracer;

    const ADDRESS: &str = "127.0.0.1:1";
    const KEY: [u8; 32] = [1; 32];

    #[derive(Debug, PartialEq, Eq)]
    enum Step {
        Read,
        Sent,
    }

    /// A wire at which so many datagrams wait at each look, and as many are said to be sent.
    #[derive(Debug, Default)]
    struct Busy {
        waiting: usize,
        sent: u64,
        steps: Vec<Step>,
    }

    impl Wire for Busy {
        fn receive(&mut self, _now_ms: u64, _shard: &mut Shard) -> io::Result<Received> {
            self.steps.push(Step::Read);
            let datagrams = self.waiting.min(BATCH_DATAGRAMS);
            self.waiting -= datagrams;
            Ok(Received { datagrams, bytes: 0 })
        }

        fn send(&mut self, _shard: &mut Shard) -> Sent {
            self.steps.push(Step::Sent);
            Sent { datagrams: self.sent, ..Sent::default() }
        }
    }

    fn driver() -> Driver {
        let config = ShardConfig {
            public_address: ADDRESS.parse().unwrap(),
            private_key: KEY,
            challenge_key: [2; 32],
            gamesim_epoch: 1,
            game: game(),
            content_version: 1,
            connections_max: 4,
            keeps_checkpoints: false,
            keeps_recordings: false,
            seed: 1,
        };
        let clock = Arc::new(Clock::start());
        Driver {
            number: 0,
            shard: Shard::new(config, clock.now_ms()),
            orders: std::sync::mpsc::channel().1,
            requests: mpsc::unbounded_channel().0,
            clock,
            metrics: SimMetrics::new(1, &Tracer::default()).shards()[0].clone(),
            pace: Pace::default(),
            finished: oneshot::channel().0,
        }
    }

    #[test]
    fn a_rush_is_read_on_only_after_the_slot_has_been_sent_and_never_to_its_end() {
        let mut driver = driver();
        let batches_max = DATAGRAMS_PER_LOOK_MAX / BATCH_DATAGRAMS;
        // A look ends early where the test is kept from running for as long as reading may take.
        let full = (0..1_000).find(|_| {
            let mut wire = Busy { waiting: 2 * DATAGRAMS_PER_LOOK_MAX, ..Busy::default() };
            driver.turn(&mut wire);
            assert_eq!(wire.steps, [Step::Read, Step::Sent]);
            driver.read_on(&mut wire);
            assert!(wire.steps[2..].iter().all(|step| *step == Step::Read) && wire.steps.len() <= 1 + batches_max);
            wire.steps.len() == 1 + batches_max
        });
        assert!(full.is_some(), "no look was ever a whole one");
    }

    #[test]
    fn what_few_players_send_is_read_at_once_and_nothing_after_it() {
        let mut driver = driver();
        for _ in 0..SLOTS_PER_TICK {
            let mut wire = Busy { waiting: BATCH_DATAGRAMS - 1, ..Busy::default() };
            driver.turn(&mut wire);
            driver.read_on(&mut wire);
            assert_eq!(wire.steps, [Step::Read, Step::Sent]);
        }
        while driver.pace.cadence.slots() < SLOTS_PER_TICK / LOOKS_PER_TICK_MIN {
            driver.turn(&mut Busy::default());
        }
        let mut wire = Busy { waiting: DATAGRAMS_PER_LOOK - 1, ..Busy::default() };
        driver.turn(&mut wire);
        driver.read_on(&mut wire);
        let sent = wire.steps.iter().position(|step| *step == Step::Sent);
        assert_eq!(sent.map(|nth| nth + 1), Some(wire.steps.len()));
    }

    #[test]
    fn who_has_many_to_answer_moves_on_by_one_slot_however_little_comes() {
        let mut driver = driver();
        let mut turn = |sent| driver.turn(&mut Busy { sent, ..Busy::default() });
        assert!((0..SLOTS_PER_TICK).all(|_| turn(0) == 1));
        assert_eq!([turn(0), turn(0), turn(600), turn(600)], [12, 13, 12, 1]);
        assert!((0..2 * SLOTS_PER_TICK).all(|_| turn(600) == 1));
    }

    /// A wire at whose other end a client with a token is.
    #[derive(Debug)]
    struct Caller {
        client: Client,
        packets: Vec<Vec<u8>>,
    }

    impl Caller {
        fn new(now_ms: u64) -> Self {
            let token = ConnectTokenParameters {
                protocol_id: PROTOCOL_ID,
                client_id: 1,
                server_address: ADDRESS.parse().unwrap(),
                create_s: now_ms / 1_000,
                expire_s: now_ms / 1_000 + 30,
                timeout_s: 5,
                user_data: &[0; 256],
                private_key: &KEY,
            };
            let entropy = TokenEntropy { nonce: [3; 24], client_to_server_key: [4; 32], server_to_client_key: [5; 32] };
            Self { client: Client::new(ConnectToken::generate(&token, &entropy), now_ms), packets: Vec::new() }
        }
    }

    impl Wire for Caller {
        fn receive(&mut self, now_ms: u64, shard: &mut Shard) -> io::Result<Received> {
            for mut packet in self.packets.drain(..) {
                self.client.handle_datagram(now_ms, ADDRESS.parse().unwrap(), &mut packet);
            }
            self.client.handle_timeout(now_ms);
            let mut received = Received { datagrams: 0, bytes: 0 };
            while let Some(mut transmit) = self.client.poll_transmit() {
                shard.handle_datagram(now_ms, "127.0.0.1:2".parse().unwrap(), &mut transmit.bytes);
                received.datagrams += 1;
            }
            Ok(received)
        }

        fn send(&mut self, shard: &mut Shard) -> Sent {
            self.packets.extend(std::iter::from_fn(|| shard.poll_transmit()).map(|transmit| transmit.bytes));
            Sent::default()
        }
    }

    #[test]
    fn who_is_at_the_door_waits_for_one_slot_per_step() {
        let mut driver = driver();
        while driver.turn(&mut Busy::default()) == 1 {}
        let mut caller = Caller::new(driver.clock.now_ms());
        assert_eq!([driver.turn(&mut caller), driver.turn(&mut caller)], [1, 1], "a request and a response");
        driver.turn(&mut caller);
        assert_eq!(caller.client.state(), ClientState::Connected);
        // Its user data is nobody's, so it is shown out and nobody is at the door any more.
        assert!(!driver.shard.is_awaited());
        assert!((0..=SLOTS_PER_TICK).any(|_| driver.turn(&mut Busy::default()) > 1));
    }
}
