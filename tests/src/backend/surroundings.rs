//! The time and the entropy of a backend, which do what the test does and nothing else.

use super::START_MS;
use guildhall_domain::Timestamp;
use std::sync::atomic::{AtomicU64, Ordering};

/// What instances have in common: the time, and bytes that never repeat and are the same in every run, so that a test is a
/// function of what it does.
#[derive(Debug)]
pub(super) struct Surroundings {
    clock_ms: AtomicU64,
    drawn: AtomicU64,
}

impl Default for Surroundings {
    fn default() -> Self {
        Self { clock_ms: AtomicU64::new(START_MS), drawn: AtomicU64::default() }
    }
}

impl Surroundings {
    /// The time.
    pub(super) fn now(&self) -> Timestamp {
        Timestamp(self.clock_ms.load(Ordering::SeqCst))
    }

    /// Lets time pass.
    pub(super) fn pass_ms(&self, millis: u64) {
        self.clock_ms.fetch_add(millis, Ordering::SeqCst);
    }

    /// The next bytes.
    pub(super) fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let number = self.drawn.fetch_add(1, Ordering::SeqCst).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let mixed = (number ^ (number >> 32)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            chunk.copy_from_slice(&(mixed ^ (mixed >> 29)).to_le_bytes()[..chunk.len()]);
        }
    }
}
