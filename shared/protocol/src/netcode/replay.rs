//! The replay window: which of the last 256 sequence numbers have been seen. It moves only when a packet has proved
//! authentic, so that a forged number cannot push the honest ones out.

use super::REPLAY_WINDOW_PACKETS;

#[derive(Debug, Default)]
pub(crate) struct ReplayWindow {
    newest: Option<u64>,
    /// One bit per number in the window, at the number modulo the window.
    seen: [u64; WORDS],
}

const WORDS: usize = (REPLAY_WINDOW_PACKETS / 64) as usize;

impl ReplayWindow {
    /// The highest number so far.
    pub(crate) const fn newest(&self) -> Option<u64> {
        self.newest
    }

    /// Whether a packet with this number may be new.
    pub(crate) fn is_new(&self, sequence: u64) -> bool {
        match self.newest {
            Some(newest) if sequence <= newest => newest - sequence < REPLAY_WINDOW_PACKETS && !self.bit(sequence),
            _ => true,
        }
    }

    /// Notes the number of an authentic packet, for which [`Self::is_new`] held.
    pub(crate) fn accept(&mut self, sequence: u64) {
        match self.newest {
            Some(newest) if sequence <= newest => {}
            Some(newest) if sequence - newest < REPLAY_WINDOW_PACKETS => {
                (newest + 1..=sequence).for_each(|skipped| self.set_bit(skipped, false));
                self.newest = Some(sequence);
            }
            _ => {
                self.seen = [0; WORDS];
                self.newest = Some(sequence);
            }
        }
        self.set_bit(sequence, true);
    }

    fn bit(&self, sequence: u64) -> bool {
        self.seen.get(word_of(sequence)).is_some_and(|word| word & mask_of(sequence) != 0)
    }

    fn set_bit(&mut self, sequence: u64, seen: bool) {
        if let Some(word) = self.seen.get_mut(word_of(sequence)) {
            *word = if seen { *word | mask_of(sequence) } else { *word & !mask_of(sequence) };
        }
    }
}

fn word_of(sequence: u64) -> usize {
    (sequence / 64) as usize % WORDS
}

fn mask_of(sequence: u64) -> u64 {
    1 << (sequence % 64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        /// Against a model that remembers everything, near zero and near the end of the numbers.
        #[test]
        fn the_window_agrees_with_a_perfect_memory(start in prop_oneof![Just(0), Just(u64::MAX - 2_000)], steps in prop::collection::vec(0u64..2_000, 0..400)) {
            let mut window = ReplayWindow::default();
            let mut memory = BTreeSet::new();
            for step in steps {
                let sequence = start + step / 3;
                let too_old = memory.last().is_some_and(|newest: &u64| newest.saturating_sub(sequence) >= REPLAY_WINDOW_PACKETS);
                let expected = !too_old && !memory.contains(&sequence);
                prop_assert_eq!(window.is_new(sequence), expected);
                if expected {
                    window.accept(sequence);
                    memory.insert(sequence);
                }
            }
        }
    }

    #[test]
    fn the_last_number_of_all_is_taken_once() {
        let mut window = ReplayWindow::default();
        window.accept(0);
        assert!(window.is_new(u64::MAX));
        window.accept(u64::MAX);
        assert!(
            !window.is_new(u64::MAX)
                && !window.is_new(0)
                && window.is_new(u64::MAX - 255)
                && !window.is_new(u64::MAX - 256)
        );
    }
}
