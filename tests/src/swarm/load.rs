//! The clients and their common thread. Over slots of one millisecond it takes in what has come, lets a fiftieth of the
//! clients have their tick, and sends; so their ticks are spread evenly and each client's come 50 ms apart.

use super::client::{Arrival, Client};
use super::figures::{Played, Times};
use super::weather::Weather;
use super::wire::Wire;
use super::{Options, Outcome};
use crate::Dice;
use guildhall_domain::limits::TICK_MS;
use guildhall_gamesim::wheel::Wheel;
use guildhall_telemetry::{Histogram, HistogramSnapshot};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Name of the thread.
pub(super) const THREAD: &str = "load-0";
const SLOT: Duration = Duration::from_millis(1);
/// Clients that set out in one slot: fewer than a server's budget for strangers.
const STARTS_PER_SLOT: u32 = 2;
/// Slots of a second, and the hundredths of a percentage.
const SLOTS_PER_S_PERCENT: u64 = 1_000 * 100;

/// What the clients have counted since they set out.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// Clients that have heard news.
    pub(super) there: AtomicU64,
    sent: AtomicU64,
    received: AtomicU64,
    delivered: AtomicU64,
    bad: AtomicU64,
    /// Connections that ended though nobody wanted it.
    lost: AtomicU64,
    interval_us: Histogram,
    late_us: Histogram,
}

/// The counts at one moment.
#[derive(Debug)]
pub(super) struct Mark {
    at: Instant,
    numbers: [u64; 5],
    histograms: [HistogramSnapshot; 2],
}

impl Counts {
    pub(super) fn mark(&self) -> Mark {
        let numbers =
            [&self.sent, &self.received, &self.delivered, &self.bad, &self.lost].map(|number| number.load(Relaxed));
        Mark { at: Instant::now(), numbers, histograms: [self.interval_us.snapshot(), self.late_us.snapshot()] }
    }
}

impl Mark {
    /// What happened between an earlier mark and this one, and how long that took in seconds.
    pub(super) fn since(&self, earlier: &Self) -> (Played, f64) {
        let [sent, received, delivered, bad, lost] =
            std::array::from_fn(|index| self.numbers[index] - earlier.numbers[index]);
        let [interval_us, generator_late_us] = std::array::from_fn(|index| {
            let between = self.histograms[index].since(&earlier.histograms[index]);
            let [p50, p99, p999, max] = [0.5, 0.99, 0.999, 1.0].map(|q| between.quantile(q));
            Times { p50, p99, p999, max }
        });
        let played = Played { sent, received, delivered, bad, lost, interval_us, generator_late_us };
        (played, self.at.duration_since(earlier.at).as_secs_f64())
    }
}

/// The thread, from outside.
pub(super) struct Load {
    pub(super) counts: Arc<Counts>,
    is_over: Arc<AtomicBool>,
    thread: JoinHandle<Outcome<()>>,
}

impl Load {
    /// Lets so many clients set out for a server. `make` makes one, whenever it sets out or comes back; it is told which one,
    /// and the time on the clients' common clock, in microseconds.
    pub(super) fn start<C: Client + 'static>(
        options: &Options,
        players: u32,
        server: SocketAddr,
        make: impl FnMut(u32, u64) -> Outcome<C> + Send + 'static,
    ) -> Outcome<Self> {
        let (counts, is_over) = (Arc::<Counts>::default(), Arc::new(AtomicBool::new(false)));
        let options = options.clone();
        let (their_counts, their_end) = (Arc::clone(&counts), Arc::clone(&is_over));
        let thread = std::thread::Builder::new()
            .name(THREAD.to_owned())
            .spawn(move || Crowd::new(&options, players, Wire::open(server)?, their_counts, make).run(&their_end))?;
        Ok(Self { counts, is_over, thread })
    }

    /// Whether the thread is at work.
    pub(super) fn is_running(&self) -> bool {
        !self.thread.is_finished()
    }

    /// Ends it.
    pub(super) fn stop(self) -> Outcome<()> {
        self.is_over.store(true, Relaxed);
        self.thread.join().map_err(|_| "the clients have crashed")?
    }
}

/// A client, and when it last heard news.
struct Seat<C> {
    client: C,
    news_us: Option<u64>,
}

struct Crowd<C, M> {
    seats: Vec<Seat<C>>,
    players: u32,
    wire: Wire,
    up: Weather,
    down: Weather,
    churn_percent: u64,
    churn: u64,
    dice: Dice,
    counts: Arc<Counts>,
    began: Instant,
    make: M,
}

impl<C: Client, M: FnMut(u32, u64) -> Outcome<C>> Crowd<C, M> {
    fn new(options: &Options, players: u32, wire: Wire, counts: Arc<Counts>, make: M) -> Self {
        let weather = |seed| Weather::new(seed, options.loss_percent, options.latency_ms);
        Self {
            seats: Vec::with_capacity(players as usize),
            players,
            wire,
            up: weather(1),
            down: weather(2),
            churn_percent: options.churn_percent,
            churn: 0,
            dice: Dice(3),
            counts,
            began: Instant::now(),
            make,
        }
    }

    fn run(mut self, is_over: &AtomicBool) -> Outcome<()> {
        let mut wheel = Wheel::start(SLOT);
        let mut slot = 0;
        while !is_over.load(Relaxed) {
            let late = wheel.since_start();
            self.counts.late_us.record(u64::try_from(late.as_micros()).unwrap_or(u64::MAX));
            self.receive()?;
            self.let_in()?;
            self.swap()?;
            self.tick(slot)?;
            self.wire.flush()?;
            slot = (slot + 1) % TICK_MS;
            wheel.turn(1);
        }
        Ok(())
    }

    fn now_us(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    fn receive(&mut self) -> Outcome<()> {
        loop {
            let has_more = self.wire.receive()?;
            let now_us = self.now_us();
            for (client, datagram) in self.wire.arrived() {
                self.counts.received.fetch_add(1, Relaxed);
                if self.down.loses() {
                    continue;
                }
                if self.down.delays() {
                    self.down.push(now_us, client, datagram.to_vec());
                } else if let Some(seat) = self.seats.get_mut(client as usize) {
                    seat.take_in(now_us, datagram, &self.counts);
                }
            }
            if !has_more {
                break;
            }
        }
        let now_us = self.now_us();
        while let Some((client, mut datagram)) = self.down.pop(now_us) {
            if let Some(seat) = self.seats.get_mut(client as usize) {
                seat.take_in(now_us, &mut datagram, &self.counts);
            }
        }
        Ok(())
    }

    fn let_in(&mut self) -> Outcome<()> {
        for _ in 0..STARTS_PER_SLOT {
            let client = self.seats.len() as u32;
            if client < self.players {
                let now_us = self.now_us();
                self.seats.push(Seat { client: (self.make)(client, now_us)?, news_us: None });
            }
        }
        Ok(())
    }

    /// Lets some leave and come back at once.
    fn swap(&mut self) -> Outcome<()> {
        if self.seats.len() < self.players as usize {
            return Ok(());
        }
        self.churn += u64::from(self.players) * self.churn_percent;
        while self.churn >= SLOTS_PER_S_PERCENT {
            self.churn -= SLOTS_PER_S_PERCENT;
            let client = self.dice.below(self.players.into()) as u32;
            self.seats[client as usize].client.leave();
            self.transmit(client)?;
            let now_us = self.now_us();
            self.seats[client as usize] = Seat { client: (self.make)(client, now_us)?, news_us: None };
        }
        Ok(())
    }

    fn tick(&mut self, slot: u32) -> Outcome<()> {
        let now_us = self.now_us();
        for client in (slot..self.seats.len() as u32).step_by(TICK_MS as usize) {
            let seat = &mut self.seats[client as usize];
            if seat.client.is_over() {
                // As a player does: with a new token, back to the same seat.
                self.counts.lost.fetch_add(1, Relaxed);
                seat.client = (self.make)(client, now_us)?;
            }
            seat.client.handle_tick(now_us);
            self.transmit(client)?;
        }
        while let Some((client, datagram)) = self.up.pop(now_us) {
            self.send(client, datagram)?;
        }
        Ok(())
    }

    fn transmit(&mut self, client: u32) -> Outcome<()> {
        while let Some(datagram) = self.seats[client as usize].client.poll_transmit() {
            if self.up.loses() {
                continue;
            }
            if self.up.delays() {
                let now_us = self.now_us();
                self.up.push(now_us, client, datagram);
            } else {
                self.send(client, datagram)?;
            }
        }
        Ok(())
    }

    fn send(&mut self, client: u32, datagram: Vec<u8>) -> Outcome<()> {
        self.counts.sent.fetch_add(1, Relaxed);
        Ok(self.wire.push(client, datagram)?)
    }
}

impl<C: Client> Seat<C> {
    fn take_in(&mut self, now_us: u64, datagram: &mut [u8], counts: &Counts) {
        match self.client.handle_datagram(now_us, datagram) {
            Arrival::News => {
                counts.delivered.fetch_add(1, Relaxed);
                match self.news_us.replace(now_us) {
                    Some(before_us) => counts.interval_us.record(now_us - before_us),
                    None => drop(counts.there.fetch_add(1, Relaxed)),
                }
            }
            Arrival::Other => {}
            Arrival::Bad => drop(counts.bad.fetch_add(1, Relaxed)),
        }
    }
}
