//! The session's source of chance. It is seeded with the session and counts what it gave, so that a replay draws the same.

use guildhall_domain::ruleset::Chance;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A seeded generator of whole numbers.
#[derive(Debug, Clone)]
pub(super) struct Random {
    generator: ChaCha8Rng,
    seed: u64,
    draws: u64,
}

/// What of the generator's words one number takes.
const WORDS_PER_DRAW: u128 = 2;

impl Random {
    /// The generator that this seed decides.
    pub(super) fn seeded(seed: u64) -> Self {
        Self { generator: ChaCha8Rng::seed_from_u64(seed), seed, draws: 0 }
    }

    /// The generator as it is once it has given so many numbers.
    pub(super) fn resumed((seed, draws): (u64, u64)) -> Self {
        let mut random = Self { draws, ..Self::seeded(seed) };
        random.generator.set_word_pos(u128::from(draws) * WORDS_PER_DRAW);
        random
    }

    /// What [`Self::resumed`] needs: the seed, and how many numbers were given.
    pub(super) const fn position(&self) -> (u64, u64) {
        (self.seed, self.draws)
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

impl Chance for Random {
    fn between(&mut self, least: u32, most: u32) -> u32 {
        Self::between(self, least, most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resumed_generator_goes_on_where_the_first_one_was() {
        let mut random = Random::seeded(7);
        for draws in 0..100 {
            let mut resumed = Random::resumed(random.position());
            assert_eq!((resumed.state(), resumed.below(1_000)), (random.state(), random.below(1_000)), "{draws}");
        }
    }

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
