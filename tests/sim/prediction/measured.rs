//! What the players' screens have shown, as sizes of errors.

use std::fmt::{Display, Formatter};

/// Sizes, in millimetres unless said otherwise.
#[derive(Debug, Default)]
pub(super) struct Sizes(Vec<u32>);

impl Sizes {
    pub(super) fn note(&mut self, size: u32) {
        self.0.push(size);
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The size that so many in a thousand stay below.
    pub(super) fn at_permille(&self, permille: usize) -> u32 {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let place = (sorted.len() * permille / 1_000).min(sorted.len().saturating_sub(1));
        sorted.get(place).copied().unwrap_or(0)
    }

    pub(super) fn largest(&self) -> u32 {
        self.at_permille(1_000)
    }
}

impl Display for Sizes {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let [half, most, nearly_all] = [500, 950, 990].map(|permille| self.at_permille(permille));
        write!(f, "p50 {half}, p95 {most}, p99 {nearly_all}, largest {} of {}", self.largest(), self.len())
    }
}

/// What was measured of one player.
#[derive(Debug, Default)]
pub(super) struct Measured {
    /// The largest correction of every tick, zero for most.
    pub(super) corrections: Sizes,
    /// How far from where an input has led it was predicted to lead, when it was made.
    pub(super) predicted_off: Sizes,
    /// How far from there the last word of the server was at that time.
    pub(super) heard_off: Sizes,
    /// How far the own character moved from frame to frame, but for jumps.
    pub(super) frames: Sizes,
    /// How far from where they had been at that moment others were shown, between two snapshots and beyond the last.
    pub(super) interpolated_off: Sizes,
    pub(super) extrapolated_off: Sizes,
    /// How long ago the moment was that was shown of others, in milliseconds.
    pub(super) ages_ms: Sizes,
    pub(super) walked_mm: u64,
    pub(super) deaths: u32,
}

impl Display for Measured {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{} m walked, {} deaths", self.walked_mm / 1_000, self.deaths)?;
        writeln!(f, "  corrections      {}", self.corrections)?;
        writeln!(f, "  predicted off by {}", self.predicted_off)?;
        writeln!(f, "  last word off by {}", self.heard_off)?;
        writeln!(f, "  frames           {}", self.frames)?;
        writeln!(f, "  interpolated off {}", self.interpolated_off)?;
        writeln!(f, "  extrapolated off {}", self.extrapolated_off)?;
        write!(f, "  ages, ms         {}", self.ages_ms)
    }
}
