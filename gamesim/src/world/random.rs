//! The session's source of chance. It is seeded with the session and counts what it gave, so that a replay draws the same.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A seeded generator of whole numbers.
#[derive(Debug, Clone)]
pub(super) struct Random {
    generator: ChaCha8Rng,
    draws: u64,
}

impl Random {
    /// The generator that this seed decides.
    pub(super) fn seeded(seed: u64) -> Self {
        Self { generator: ChaCha8Rng::seed_from_u64(seed), draws: 0 }
    }

    /// A number from 0 up to but not including `bound`; 0 if `bound` is 0. The bias is below `bound` in 2⁶⁴.
    pub(super) fn below(&mut self, bound: u32) -> u32 {
        self.draws += 1;
        let product = u128::from(self.generator.next_u64()) * u128::from(bound);
        u32::try_from(product >> 64).unwrap_or(0)
    }

    /// A number from `least` to `most`, both included.
    pub(super) fn between(&mut self, least: u32, most: u32) -> u32 {
        least + self.below(most.saturating_sub(least).saturating_add(1))
    }

    /// How many numbers were drawn, and the next one that will be: together they stand for the whole state.
    pub(super) fn state(&self) -> (u64, u64) {
        (self.draws, self.generator.clone().next_u64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_of_the_range_comes_up_about_equally_often() {
        let mut random = Random::seeded(7);
        let mut seen = [0_u32; 5];
        for _ in 0..5_000 {
            seen[random.between(3, 7) as usize - 3] += 1;
        }
        assert!(seen.iter().all(|count| (900..=1_100).contains(count)), "{seen:?}");
        assert_eq!((random.below(0), random.between(4, 4)), (0, 4));
    }
}
