//! How many requests are answered at once. Whoever finds no place is turned away at once instead of waiting in a line that only
//! grows: those who are in are answered at the full pace, and nobody waits for an answer that comes too late to be of use.
//!
//! Game sims have places of their own, so that no crowd of players can keep a heartbeat from being heard.

use guildhall_functions::{Access, ApiError};
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::sync::{Semaphore, SemaphorePermit};

/// Requests of players, and of anybody else, that are answered at once. A laptop's database answers some hundreds a second: with
/// so many at it, the last of them still hears within a tenth of its patience, and more would not be answered any faster.
pub const REQUESTS_AT_ONCE_MAX: usize = 64;
/// The same of game sims and operators.
pub const INTERNAL_REQUESTS_AT_ONCE_MAX: usize = 256;
/// Those who are turned away come back after one second, two or three, by turns.
const RETRY_AFTER_S_MAX: u32 = 3;

#[derive(Debug)]
pub(crate) struct Places {
    public: Semaphore,
    internal: Semaphore,
    turned_away: AtomicU32,
}

impl Places {
    pub(crate) const fn new() -> Self {
        Self {
            public: Semaphore::const_new(REQUESTS_AT_ONCE_MAX),
            internal: Semaphore::const_new(INTERNAL_REQUESTS_AT_ONCE_MAX),
            turned_away: AtomicU32::new(0),
        }
    }

    /// A place until it is dropped, or the answer for whom there is none.
    pub(crate) fn take(&self, access: Access) -> Result<SemaphorePermit<'_>, ApiError> {
        self.of(access).try_acquire().map_err(|_| self.turn_away())
    }

    /// The answer for whom there is no place, if there is none at the moment: it takes nothing of the request to know.
    pub(crate) fn look(&self, access: Access) -> Result<(), ApiError> {
        if self.of(access).available_permits() > 0 { Ok(()) } else { Err(self.turn_away()) }
    }

    const fn of(&self, access: Access) -> &Semaphore {
        if access.is_signed() { &self.internal } else { &self.public }
    }

    fn turn_away(&self) -> ApiError {
        let turn = self.turned_away.fetch_add(1, Ordering::Relaxed) % RETRY_AFTER_S_MAX;
        ApiError::busy("overloaded", "too many requests at once; try again in a moment", 1 + turn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crowd_is_turned_away_and_keeps_no_game_sim_out() {
        let places = Places::new();
        let crowd: Vec<_> = (0..REQUESTS_AT_ONCE_MAX).map(|_| places.take(Access::Player).unwrap()).collect();
        let again: Vec<_> = (0..4).map(|_| places.take(Access::Public).unwrap_err()).collect();
        let waits: Vec<_> = again.iter().map(|error| (error.status(), error.retry_after_s())).collect();
        assert_eq!(waits, [1, 2, 3, 1].map(|seconds| (503, Some(seconds))));
        assert_eq!(places.look(Access::Player).unwrap_err().retry_after_s(), Some(2));
        assert!(places.take(Access::Gamesim).is_ok() && places.take(Access::Operator).is_ok());
        assert!(places.look(Access::Gamesim).is_ok());
        drop(crowd);
        assert!(places.look(Access::Public).is_ok() && places.take(Access::Player).is_ok());
    }
}
