//! The time that all threads of a game sim share: milliseconds since 1970, never running backwards. It follows the monotonic
//! clock, and the system's clock where that one jumps ahead, as after a laptop's sleep: connect tokens are dated by others.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// A difference to the system's clock that is worth following, in milliseconds.
const DRIFT_MS_MAX: u64 = 500;

/// The shared time.
#[derive(Debug)]
pub(crate) struct Clock {
    started: Instant,
    /// What `started` is in milliseconds since 1970.
    base_ms: AtomicU64,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self { started: Instant::now(), base_ms: AtomicU64::new(system_ms()) }
    }

    /// Milliseconds since 1970.
    pub(crate) fn now_ms(&self) -> u64 {
        self.base_ms.load(Ordering::Relaxed).saturating_add(self.elapsed_ms())
    }

    /// Catches up with the system's clock. To be called now and then.
    pub(crate) fn adjust(&self) {
        self.follow(system_ms());
    }

    fn follow(&self, system_ms: u64) {
        if system_ms > self.now_ms().saturating_add(DRIFT_MS_MAX) {
            self.base_ms.fetch_max(system_ms.saturating_sub(self.elapsed_ms()), Ordering::Relaxed);
        }
    }

    fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

fn system_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_follows_leaps_ahead_and_never_goes_back() {
        let clock = Clock::start();
        let before = clock.now_ms();
        clock.follow(before - 3_600_000);
        assert!(clock.now_ms() >= before);
        clock.follow(before + 3_600_000);
        assert!(clock.now_ms() >= before + 3_600_000);
    }
}
