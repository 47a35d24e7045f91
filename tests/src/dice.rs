//! Chance that comes again: whatever is drawn is a function of the seed.

/// Numbers that look random (SplitMix64).
#[derive(Debug)]
pub struct Dice(
    /// The seed, and then where it has got to.
    pub u64,
);

impl Dice {
    /// A number below `bound`.
    pub const fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    /// Whether something of this likelihood happens.
    pub const fn percent(&mut self, likelihood: u64) -> bool {
        self.below(100) < likelihood
    }

    /// One of these, if there are any.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        from.get(usize::try_from(self.below(from.len().max(1) as u64)).unwrap_or_default())
    }
}
