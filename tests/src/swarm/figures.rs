//! What was counted: by the server, by the clients, and together.

use super::Options;
use super::processor::Usage;
use serde::{Deserialize, Serialize};

/// Part of the datagrams that must arrive for a measurement to count.
const ARRIVED_MIN: f64 = 0.999;
/// Lateness of the generator, p99, beyond which a measurement says more of it than of the server, in microseconds.
const GENERATOR_LATE_US_MAX: u64 = 10_000;
/// Lateness at the end of the send, p99, that players do not notice, in microseconds.
const SENT_US_MAX: u64 = 5_000;
/// Part of the ticks that must reach their players.
pub(super) const PACE_MIN: f64 = 0.99;
/// Ticks of a second.
const TICKS_PER_S: f64 = 20.0;

/// Quantiles of a time.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(super) struct Times {
    pub(super) p50: u64,
    pub(super) p99: u64,
    pub(super) p999: u64,
    pub(super) max: u64,
}

/// What a server counted in one interval. Times in microseconds after the slot's own.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Served {
    pub(super) players: u64,
    pub(super) lateness_us: Times,
    pub(super) sent_us: Times,
    pub(super) slots_skipped: u64,
    pub(super) datagrams_in: u64,
    pub(super) bytes_in: u64,
    pub(super) receive_calls: u64,
    pub(super) datagrams_out: u64,
    pub(super) bytes_out: u64,
    pub(super) send_calls: u64,
    pub(super) datagrams_unsent: u64,
    pub(super) datagrams_bad: u64,
}

/// What the clients counted in the same interval.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Played {
    /// Datagrams handed to the system.
    pub(super) sent: u64,
    /// Datagrams taken from it.
    pub(super) received: u64,
    /// Player-ticks: snapshots, or echoes, that arrived where they belong and were new.
    pub(super) delivered: u64,
    /// Datagrams that no client could open.
    pub(super) bad: u64,
    /// Connections that ended though nobody wanted it.
    pub(super) lost: u64,
    /// Time between two of one client's snapshots, in microseconds.
    pub(super) interval_us: Times,
    /// How late the clients' own ticks were, in microseconds.
    pub(super) generator_late_us: Times,
}

/// One measurement.
#[derive(Debug, Clone)]
pub(super) struct Measurement {
    pub(super) players: u32,
    pub(super) seconds: f64,
    pub(super) served: Served,
    pub(super) played: Played,
    pub(super) cpu: Usage,
    pub(super) generator_cpu: Usage,
    /// Forged datagrams that were sent to the server meanwhile.
    pub(super) forged: u64,
    /// Datagrams with which the server answered forged ones.
    pub(super) answered: u64,
    /// Growth of the server's memory since before the first client came, in bytes.
    pub(super) memory_bytes: u64,
}

impl Measurement {
    /// Processor time of the server for one delivered player-tick, in nanoseconds: all of it, and that in user space.
    pub(super) fn cpu_ns(&self) -> (f64, f64) {
        let delivered = self.played.delivered.max(1) as f64;
        (self.cpu.total_ns as f64 / delivered, self.cpu.user_ns() / delivered)
    }

    /// Part of a processor that the server, and the generator, kept busy.
    pub(super) fn busy(&self) -> (f64, f64) {
        let share = |usage: Usage| usage.total_ns as f64 / 1e9 / self.seconds;
        (share(self.cpu), share(self.generator_cpu))
    }

    /// Bytes that a player causes in each second, to the server and from it, without IP and UDP headers.
    pub(super) fn bytes_per_player_s(&self) -> (f64, f64) {
        let player_s = f64::from(self.players) * self.seconds;
        (self.served.bytes_in as f64 / player_s, self.served.bytes_out as f64 / player_s)
    }

    /// Mean size of the datagrams to the server and from it, without IP and UDP headers.
    pub(super) fn bytes_per_datagram(&self) -> (usize, usize) {
        let mean = |bytes: u64, datagrams: u64| (bytes / datagrams.max(1)) as usize;
        let Served { datagrams_in, bytes_in, datagrams_out, bytes_out, .. } = self.served;
        (mean(bytes_in, datagrams_in), mean(bytes_out, datagrams_out))
    }

    /// Datagrams per system call: read, and written.
    pub(super) fn per_call(&self) -> (f64, f64) {
        let ratio = |datagrams: u64, calls: u64| datagrams as f64 / calls.max(1) as f64;
        let Served { datagrams_in, receive_calls, datagrams_out, send_calls, .. } = self.served;
        (ratio(datagrams_in, receive_calls), ratio(datagrams_out, send_calls))
    }

    /// Why this measurement says nothing, if it does not.
    pub(super) fn faults(&self, options: &Options) -> Vec<String> {
        let Self { served, played, .. } = self;
        let part = |of: u64, all: u64| of as f64 / all.max(1) as f64;
        let mut faults = Vec::new();
        let mut check = |is_fine: bool, fault: String| faults.extend((!is_fine).then_some(fault));
        let (up, down) = (part(served.datagrams_in, played.sent), part(played.received, served.datagrams_out));
        check(up >= ARRIVED_MIN, format!("{:.2} % arrived at the server", 100.0 * up));
        check(down >= ARRIVED_MIN, format!("{:.2} % arrived at the clients", 100.0 * down));
        check(played.lost == 0, format!("{} connections were lost", played.lost));
        check(served.datagrams_unsent == 0, format!("{} were not sent", served.datagrams_unsent));
        let is_steady = options.churn_percent == 0;
        let bad = (served.datagrams_bad, played.bad);
        // Who comes back has other keys, and what is under way to the former ones makes no sense to them.
        let is_calm = self.forged == 0;
        check(
            !is_steady || (!is_calm || bad.0 == 0) && bad.1 == 0,
            format!("{} bad at the server, {} at the clients", bad.0, bad.1),
        );
        check(
            !is_steady || served.players == u64::from(self.players),
            format!("{} of {} players are there", served.players, self.players),
        );
        let late = played.generator_late_us.p99;
        check(late <= GENERATOR_LATE_US_MAX, format!("the generator was {:.1} ms late", late as f64 / 1e3));
        faults
    }

    /// Part of the ticks whose news has come to its player; a little over 1 at times, because a measurement has two ends.
    pub(super) fn pace(&self) -> f64 {
        self.played.delivered as f64 / (f64::from(self.players) * TICKS_PER_S * self.seconds)
    }

    /// Whether every player was served as they should be.
    pub(super) fn holds(&self, options: &Options) -> bool {
        let kept_pace = self.pace() >= PACE_MIN;
        self.faults(options).is_empty()
            && self.served.sent_us.p99 <= SENT_US_MAX
            && self.served.slots_skipped == 0
            && (kept_pace || options.loss_percent + options.churn_percent > 0)
    }
}
