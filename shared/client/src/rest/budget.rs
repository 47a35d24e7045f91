//! How often calls may be sent again, over all of them: what fails for everybody is not made worse by everybody.

use std::sync::atomic::{AtomicU32, Ordering};

/// Repetitions that may be saved up, and that there are to begin with.
const REPEATS_SAVED_MAX: u32 = 5;
/// Parts of a repetition that an answer earns, of [`PARTS`].
const PARTS_PER_ANSWER: u32 = 1;
/// Parts that one repetition is made of.
const PARTS: u32 = 20;

/// What is left. Whoever gets answers earns repetitions, one for every twenty answers; whoever gets none soon has none left, and
/// then asks once and hears that it failed. So an API that turns nearly everybody away hears at most a twentieth more than was
/// meant for it, and a network that loses a call now and then is not noticed.
#[derive(Debug)]
pub(super) struct Budget {
    parts: AtomicU32,
}

impl Default for Budget {
    fn default() -> Self {
        Self { parts: AtomicU32::new(REPEATS_SAVED_MAX * PARTS) }
    }
}

impl Budget {
    /// The API has answered, whatever it said, other than that it is too busy.
    pub(super) fn earn(&self) {
        let earn = |parts: u32| Some((parts + PARTS_PER_ANSWER).min(REPEATS_SAVED_MAX * PARTS));
        let _ = self.parts.fetch_update(Ordering::Relaxed, Ordering::Relaxed, earn);
    }

    /// Takes one repetition, if one is left.
    #[must_use]
    pub(super) fn spend(&self) -> bool {
        self.parts.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |parts| parts.checked_sub(PARTS)).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_gets_no_answer_repeats_five_calls_and_no_more() {
        let budget = Budget::default();
        assert_eq!((0..100).filter(|_| budget.spend()).count(), 5);
    }

    #[test]
    fn twenty_answers_are_worth_a_repetition_and_no_more_than_five_are_kept() {
        let budget = Budget::default();
        while budget.spend() {}
        let repeated = (0..1_000).filter(|_| {
            budget.earn();
            budget.spend()
        });
        assert_eq!(repeated.count(), 50);
        (0..1_000).for_each(|_| budget.earn());
        assert_eq!((0..100).filter(|_| budget.spend()).count(), 5);
    }
}
