//! The time that all threads of a game sim share: milliseconds since 1970, never running backwards. It follows the monotonic
//! clock, and the system's clock where that one jumps ahead, as after a laptop's sleep: connect tokens are dated by others.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// A difference to the system's clock that is worth following, in milliseconds.
const DRIFT_MS_MAX: u64 = 500;

/// The shared time.
pub struct Clock(Source);

enum Source {
    System(System),
    Told(Box<dyn Fn() -> u64 + Send + Sync>),
}

struct System {
    started: Instant,
    /// What `started` is in milliseconds since 1970.
    base_ms: AtomicU64,
}

impl Clock {
    /// The machine's time.
    pub fn start() -> Self {
        Self(Source::System(System { started: Instant::now(), base_ms: AtomicU64::new(system_ms()) }))
    }

    /// Whatever time it is told, in milliseconds since 1970, which never runs backwards.
    pub fn told(now_ms: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        Self(Source::Told(Box::new(now_ms)))
    }

    /// Milliseconds since 1970.
    pub fn now_ms(&self) -> u64 {
        match &self.0 {
            Source::System(system) => system.now_ms(),
            Source::Told(now_ms) => now_ms(),
        }
    }

    /// Catches up with the system's clock. To be called now and then.
    pub(crate) fn adjust(&self) {
        if let Source::System(system) = &self.0 {
            system.follow(system_ms());
        }
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clock").field("now_ms", &self.now_ms()).finish()
    }
}

impl System {
    fn now_ms(&self) -> u64 {
        self.base_ms.load(Ordering::Relaxed).saturating_add(self.elapsed_ms())
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
        let clock = System { started: Instant::now(), base_ms: AtomicU64::new(system_ms()) };
        let before = clock.now_ms();
        clock.follow(before - 3_600_000);
        assert!(clock.now_ms() >= before);
        clock.follow(before + 3_600_000);
        assert!(clock.now_ms() >= before + 3_600_000);
    }
}
