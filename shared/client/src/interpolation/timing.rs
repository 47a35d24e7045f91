//! The clock by which others are shown. It runs behind the server's ticks by a lag that suits the network.
//!
//! The lag is measured, not computed from a round trip: when a snapshot arrives, the one before it has had to last until
//! then, and a lag of as much would have sufficed. Taken over the last seconds, that one number has the interval of the
//! snapshots, their jitter and their losses in it. The lag moves slowly, so that nobody is seen to hurry or to hesitate.

use guildhall_domain::limits::TICK_MS;
use std::collections::VecDeque;

/// The shortest delay behind the fastest snapshot, in milliseconds: the interval of snapshots.
pub const DELAY_MS_MIN: u64 = TICK_MS as u64;
/// The longest, in milliseconds: a worse network is better shown by standing still now and then than ever later.
pub const DELAY_MS_MAX: u64 = 400;
/// The delay before anything is measured, in milliseconds.
const DELAY_MS_FIRST: i64 = 2 * TICK_MS as i64;
/// Snapshots that the lag is measured on: 3.2 seconds.
const ARRIVALS_MAX: usize = 64;
/// Of these, how many may come too late, in percent. Who waits for the worst makes all others wait with them.
const LATE_PERCENT: usize = 5;
/// The part of the passing time by which the clock may run faster or slower, as a divisor.
const DRIFT_DIVISOR: u64 = 10;
/// A lag that is off by this much is not made up for but set, in milliseconds.
const RESET_MS: i64 = 1_000;

const _: () = assert!(DELAY_MS_MIN < DELAY_MS_MAX);

/// The lag of what is shown behind the server's ticks, on a clock of the owner's. Offsets of the two clocks are part of it.
#[derive(Debug, Clone, Default)]
pub(super) struct Timing {
    arrivals: VecDeque<Arrival>,
    /// The lag at a time, and where it is bound for; in milliseconds.
    lag_ms: i64,
    at_ms: u64,
    target_ms: i64,
}

/// One snapshot's arrival.
#[derive(Debug, Clone, Copy)]
struct Arrival {
    /// How much later than its tick it came.
    late_ms: i64,
    /// The lag that would have sufficed for the snapshot before to last until then.
    sufficient_ms: i64,
}

impl Timing {
    /// Notes when a snapshot came, and which one it followed.
    pub(super) fn handle_snapshot(&mut self, now_ms: u64, tick: u32, before: Option<u32>) {
        let late_ms = lag_behind(now_ms, tick);
        let sufficient_ms = before.map_or(late_ms + DELAY_MS_FIRST, |before| lag_behind(now_ms, before));
        if self.arrivals.len() >= ARRIVALS_MAX {
            self.arrivals.pop_front();
        }
        self.arrivals.push_back(Arrival { late_ms, sufficient_ms });
        let lag_ms = self.lag_at(now_ms);
        let fastest_ms = self.fastest_ms();
        self.target_ms = self
            .sufficient_ms()
            .clamp(fastest_ms.saturating_add_unsigned(DELAY_MS_MIN), fastest_ms.saturating_add_unsigned(DELAY_MS_MAX));
        let is_lost = before.is_none() || (self.target_ms - lag_ms).abs() > RESET_MS;
        (self.lag_ms, self.at_ms) = (if is_lost { self.target_ms } else { lag_ms }, now_ms);
    }

    /// The moment that is shown, in milliseconds of the server's ticks.
    pub(super) fn shown_ms(&self, now_ms: u64) -> u64 {
        0_u64.saturating_add_signed(signed(now_ms).saturating_sub(self.lag_at(now_ms)))
    }

    /// How far what is shown is behind the fastest snapshot.
    pub(super) fn delay_ms(&self, now_ms: u64) -> u64 {
        0_u64.saturating_add_signed(self.lag_at(now_ms).saturating_sub(self.fastest_ms()))
    }

    fn lag_at(&self, now_ms: u64) -> i64 {
        let drift_ms = signed(now_ms.saturating_sub(self.at_ms) / DRIFT_DIVISOR);
        self.lag_ms + (self.target_ms - self.lag_ms).clamp(-drift_ms, drift_ms)
    }

    fn fastest_ms(&self) -> i64 {
        self.arrivals.iter().map(|arrival| arrival.late_ms).min().unwrap_or(0)
    }

    /// The lag that suffices for all but the latest few.
    fn sufficient_ms(&self) -> i64 {
        let mut sufficient: Vec<i64> = self.arrivals.iter().map(|arrival| arrival.sufficient_ms).collect();
        sufficient.sort_unstable();
        let late = sufficient.len() * LATE_PERCENT / 100;
        sufficient.iter().rev().nth(late).copied().unwrap_or(0)
    }
}

fn lag_behind(now_ms: u64, tick: u32) -> i64 {
    signed(now_ms) - i64::from(tick) * i64::from(TICK_MS)
}

fn signed(ms: u64) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX)
}
