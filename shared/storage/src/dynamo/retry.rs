//! The only retry layer of Guildhall: the SDK's own is off. At most three attempts, full jitter between them, and retries
//! never more than a tenth of the traffic.
//!
//! What may be repeated depends on what is known. A throttled or conflicting call wrote nothing. After a lost answer, reads
//! may be repeated; so may transactions, which carry a token; so may a lone write that cannot happen twice, see
//! [`Commit::is_repeatable`].

use crate::{Commit, CommitError, StorageError};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// Attempts at one call, the first included.
const ATTEMPTS_MAX: u32 = 3;
/// Retries that one first attempt earns, in tenths.
const RETRY_TENTHS_PER_CALL: i64 = 1;
/// Retries saved up at most, in tenths: a burst of faults after a quiet hour is retried, an outage is not.
const RETRY_TENTHS_MAX: i64 = 1_000;

/// How long to wait between attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// Longest pause before the first retry, in milliseconds; it doubles with each retry. Zero in tests.
    pub pause_max_ms: u64,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { pause_max_ms: 50 }
    }
}

/// When a call may be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeat {
    /// Whatever became of it.
    Always,
    /// Unless another transaction stood in its way.
    UnlessContended,
    /// Only if it is known to have had no effect.
    IfNothingHappened,
}

impl Repeat {
    pub(super) fn of(commit: &Commit) -> Self {
        match (commit.is_repeatable(), commit.gives_way) {
            (false, _) => Self::IfNothingHappened,
            (true, true) => Self::UnlessContended,
            (true, false) => Self::Always,
        }
    }
}

/// Whether to try again, as a value: it neither waits nor draws entropy.
#[derive(Debug)]
pub(super) struct Retries {
    backoff: Backoff,
    saved_tenths: AtomicI64,
}

impl Retries {
    pub(super) fn new(backoff: Backoff) -> Self {
        Self { backoff, saved_tenths: AtomicI64::new(RETRY_TENTHS_MAX) }
    }

    /// A first attempt earns its share of a retry.
    pub(super) fn begin(&self) {
        let earn = |saved: i64| Some((saved + RETRY_TENTHS_PER_CALL).min(RETRY_TENTHS_MAX));
        let _ = self.saved_tenths.fetch_update(Ordering::Relaxed, Ordering::Relaxed, earn);
    }

    /// How long to wait before attempt `failed + 1`, or `None` to give up. `random` is uniform over all of `u64`.
    pub(super) fn pause(&self, failed: u32, error: &CommitError, repeat: Repeat, random: u64) -> Option<Duration> {
        let allowed = match error {
            CommitError::Conflict => repeat != Repeat::UnlessContended,
            CommitError::Storage(StorageError::Throttled) => true,
            CommitError::Storage(StorageError::Unavailable(_)) => repeat != Repeat::IfNothingHappened,
            CommitError::Storage(_) | CommitError::Refused(_) => false,
        };
        if !allowed || failed >= ATTEMPTS_MAX || !self.spend() {
            return None;
        }
        let pause_max_ms = self.backoff.pause_max_ms << (failed - 1);
        let share = (u128::from(random) * u128::from(pause_max_ms)) >> 64;
        Some(Duration::from_millis(u64::try_from(share).unwrap_or(pause_max_ms)))
    }

    fn spend(&self) -> bool {
        let spend = |saved: i64| (saved >= 10).then_some(saved - 10);
        self.saved_tenths.fetch_update(Ordering::Relaxed, Ordering::Relaxed, spend).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lost() -> CommitError {
        StorageError::Unavailable("lost".to_owned()).into()
    }

    #[test]
    fn attempts_are_three_and_pauses_double_under_full_jitter() {
        let retries = Retries::new(Backoff { pause_max_ms: 100 });
        assert_eq!(retries.pause(1, &lost(), Repeat::Always, u64::MAX), Some(Duration::from_millis(99)));
        assert_eq!(retries.pause(2, &lost(), Repeat::Always, u64::MAX / 2), Some(Duration::from_millis(99)));
        assert_eq!(retries.pause(1, &lost(), Repeat::Always, 0), Some(Duration::ZERO));
        assert_eq!(retries.pause(3, &lost(), Repeat::Always, 0), None);
    }

    #[test]
    fn only_what_wrote_nothing_or_cannot_happen_twice_is_repeated() {
        let retries = Retries::new(Backoff::default());
        assert_eq!(retries.pause(1, &lost(), Repeat::IfNothingHappened, 0), None);
        assert!(retries.pause(1, &CommitError::Conflict, Repeat::IfNothingHappened, 0).is_some());
        assert_eq!(retries.pause(1, &CommitError::Conflict, Repeat::UnlessContended, 0), None);
        assert!(retries.pause(1, &StorageError::Throttled.into(), Repeat::IfNothingHappened, 0).is_some());
        assert_eq!(retries.pause(1, &CommitError::Refused(Vec::new()), Repeat::Always, 0), None);
        assert_eq!(retries.pause(1, &StorageError::Invalid(String::new()).into(), Repeat::Always, 0), None);
    }

    #[test]
    fn retries_are_a_tenth_of_the_traffic() {
        let retries = Retries::new(Backoff { pause_max_ms: 0 });
        let burst = (0..10_000).take_while(|_| retries.pause(1, &lost(), Repeat::Always, 0).is_some()).count();
        assert_eq!(burst, 100);
        let mut retried = 0;
        for _ in 0..1_000 {
            retries.begin();
            retried += u32::from(retries.pause(1, &lost(), Repeat::Always, 0).is_some());
        }
        assert_eq!(retried, 100);
    }
}
