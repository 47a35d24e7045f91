//! Pauses between attempts: doubling, capped, with jitter, so that what failed together does not come back together. The
//! randomness is seeded by the caller.

use crate::limits::{RETRY_MS_MAX, RETRY_MS_MIN};

/// How long to wait before the next attempt.
#[derive(Debug, Clone)]
pub(crate) struct Backoff {
    attempts: u32,
    random: u64,
}

impl Backoff {
    pub(crate) const fn seeded(seed: u64) -> Self {
        Self { attempts: 0, random: seed }
    }

    /// The pause before the next attempt, in milliseconds: between half and all of a span that doubles each time.
    pub(crate) fn next_ms(&mut self) -> u64 {
        let span = RETRY_MS_MIN.saturating_mul(1 << self.attempts.min(16)).min(RETRY_MS_MAX);
        self.attempts = self.attempts.saturating_add(1);
        span / 2 + self.draw() % (span / 2 + 1)
    }

    /// The attempt succeeded.
    pub(crate) const fn reset(&mut self) {
        self.attempts = 0;
    }

    /// A number that is different each time (SplitMix64).
    pub(crate) const fn draw(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.random ^ (self.random >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_their_limit_and_differ_between_seeds() {
        let pauses = |seed| {
            let mut backoff = Backoff::seeded(seed);
            (0..40).map(|_| backoff.next_ms()).collect::<Vec<_>>()
        };
        let one = pauses(1);
        assert!((RETRY_MS_MIN / 2..=RETRY_MS_MIN).contains(&one[0]), "{one:?}");
        assert!(one.iter().all(|pause| *pause <= RETRY_MS_MAX), "{one:?}");
        assert!(one[10..].iter().all(|pause| *pause >= RETRY_MS_MAX / 2), "{one:?}");
        assert_ne!(one, pauses(2));
        let mut backoff = Backoff::seeded(1);
        backoff.next_ms();
        backoff.next_ms();
        backoff.reset();
        assert!(backoff.next_ms() <= RETRY_MS_MIN);
    }
}
