//! Absolute time in slots: no slot begins before its time, and being late does not move those that follow.

use std::thread;
use std::time::{Duration, Instant};

/// Time between two ticks.
pub const TICK: Duration = Duration::from_millis(50);
/// Slots of a load, each of which lets a fiftieth of the clients have their tick.
pub const LOAD_SLOT: Duration = Duration::from_millis(1);
pub const LOAD_SLOTS: usize = 50;

/// A clock of slots.
pub struct Pace {
    slot: Duration,
    due: Instant,
}

impl Pace {
    /// The first slot begins at once.
    pub fn start(slot: Duration) -> Self {
        Self { slot, due: Instant::now() }
    }

    /// When the slot was to begin.
    pub fn due(&self) -> Instant {
        self.due
    }

    /// Goes to the next slot. Returns how many are given up, because their time is wholly over.
    pub fn skip(&mut self) -> u64 {
        self.due += self.slot;
        let behind = self.due.elapsed().as_nanos() / self.slot.as_nanos();
        self.due += self.slot * behind as u32;
        behind as u64
    }

    /// Goes to the next slot. If its time is over too, it is made up for, unless the clock is a whole tick behind: then it
    /// goes on from here.
    pub fn advance(&mut self) {
        self.due += self.slot;
        if self.due.elapsed() > TICK {
            self.due = Instant::now();
        }
    }

    /// Waits until the slot begins.
    pub fn wait(&self) {
        thread::sleep(self.due.saturating_duration_since(Instant::now()));
    }
}
