//! One shard with its socket and its thread, and no control plane: whoever measures the data plane answers its requests
//! and reads its numbers.

use crate::clock::Clock;
use crate::driver::{self, Driver, Pace};
use crate::exchange::{Order, Request};
use crate::metrics::{ShardMetrics, SimMetrics};
use crate::rim::Berth;
use crate::shard::{Shard, ShardConfig};
use guildhall_telemetry::HistogramSnapshot;
use guildhall_telemetry::Tracer;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, mpsc};
use tokio::sync::{mpsc as tokio_mpsc, oneshot};

/// A shard that runs. It ends when told to stop, or when this is dropped.
#[derive(Debug)]
pub struct LoneShard {
    address: SocketAddr,
    orders: mpsc::Sender<Order>,
    requests: tokio_mpsc::UnboundedReceiver<(usize, Request)>,
    metrics: ShardMetrics,
}

/// What a shard has counted since it started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counts {
    /// How late slots began, in microseconds.
    pub lateness_us: HistogramSnapshot,
    /// How long after their time slots had sent everything, in microseconds.
    pub sent_us: HistogramSnapshot,
    /// Slots given up because too many were overdue.
    pub slots_skipped: u64,
    /// Datagrams received.
    pub datagrams_in: u64,
    /// Their bytes, without IP and UDP headers.
    pub bytes_in: u64,
    /// System calls that read the socket.
    pub receive_calls: u64,
    /// Datagrams sent.
    pub datagrams_out: u64,
    /// Their bytes, without IP and UDP headers.
    pub bytes_out: u64,
    /// System calls that wrote to the socket.
    pub send_calls: u64,
    /// Datagrams that the socket did not take.
    pub datagrams_unsent: u64,
    /// Datagrams dropped as bad.
    pub datagrams_bad: u64,
}

impl LoneShard {
    /// Starts a shard on any port of this address. `config` is told which it has become.
    ///
    /// # Errors
    /// No socket or no thread.
    pub fn start(ip: IpAddr, config: impl FnOnce(SocketAddr) -> ShardConfig) -> io::Result<Self> {
        let mut sockets = driver::bind(ip, 0, 1)?;
        let socket = sockets.pop().ok_or(io::ErrorKind::AddrNotAvailable)?;
        let address = socket.local_addr()?;
        let metrics = SimMetrics::new(1, &Tracer::default());
        let metrics = metrics.shards().first().cloned().ok_or(io::ErrorKind::InvalidInput)?;
        let (orders, to_shard) = mpsc::channel();
        let (asks, requests) = tokio_mpsc::unbounded_channel();
        let clock = Arc::new(Clock::start());
        let shard = Shard::new(config(address), clock.now_ms());
        // It ends when `orders` is dropped; nobody has to be told.
        let (finished, _) = oneshot::channel();
        let driver = Driver {
            number: 0,
            shard,
            orders: to_shard,
            requests: asks,
            clock,
            metrics: metrics.clone(),
            pace: Pace::default(),
            finished,
        };
        Box::new(socket).start(driver)?;
        Ok(Self { address, orders, requests, metrics })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Tells it something. An order to a shard that has ended is lost.
    pub fn order(&self, order: Order) {
        let _ = self.orders.send(order);
    }

    /// The next thing that it wants, if there is any by now.
    pub fn poll_request(&mut self) -> Option<Request> {
        self.requests.try_recv().ok().map(|(_, request)| request)
    }

    /// What it has counted so far. What it drops as bad is counted every other tick.
    pub fn counts(&self) -> Counts {
        self.metrics.counts()
    }

    /// Players connected and seated, as of the last tick.
    pub fn players(&self) -> u64 {
        u64::try_from(self.metrics.players()).unwrap_or_default()
    }
}

impl Counts {
    /// What has happened since `earlier`.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            lateness_us: self.lateness_us.since(&earlier.lateness_us),
            sent_us: self.sent_us.since(&earlier.sent_us),
            slots_skipped: self.slots_skipped - earlier.slots_skipped,
            datagrams_in: self.datagrams_in - earlier.datagrams_in,
            bytes_in: self.bytes_in - earlier.bytes_in,
            receive_calls: self.receive_calls - earlier.receive_calls,
            datagrams_out: self.datagrams_out - earlier.datagrams_out,
            bytes_out: self.bytes_out - earlier.bytes_out,
            send_calls: self.send_calls - earlier.send_calls,
            datagrams_unsent: self.datagrams_unsent - earlier.datagrams_unsent,
            datagrams_bad: self.datagrams_bad - earlier.datagrams_bad,
        }
    }
}
