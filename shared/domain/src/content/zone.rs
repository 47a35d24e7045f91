//! Zones: large maps that many parties share, without doors and without an end. Enemies stand in camps and come back.

use super::{Area, Point};
use serde::{Deserialize, Serialize};

/// A zone. All coordinates are millimetres from its north-west corner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Zone {
    /// Name to show.
    pub name: String,
    /// Where players appear and come back after death: each party has one of these places.
    pub spawns: Vec<Point>,
    /// Time from a player's death to their return, in milliseconds.
    pub respawn_ms: u32,
    /// Slots of the inventory that fall to the ground when their player dies, from the last one on.
    #[serde(default)]
    pub death_drops_slots: u32,
    /// Where one can walk: rectangles that touch or overlap one another.
    pub floors: Vec<Area>,
    /// Who lives there.
    pub camps: Vec<Camp>,
}

/// Some enemies of one kind that stand about a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Camp {
    /// Id of the kind of enemy.
    pub enemy: String,
    /// The middle.
    pub at: Point,
    /// How many.
    pub count: u32,
    /// Half the side of the square in which they stand, in rows, in millimetres.
    pub spread_mm: u32,
    /// Time from a death to the next of its kind in the same place, in milliseconds.
    pub respawn_ms: u32,
}

impl Camp {
    /// Where its enemies stand: in rows over the square, as evenly as can be.
    pub fn places(&self) -> impl Iterator<Item = Point> + '_ {
        let side = self.count.isqrt() + u32::from(self.count.isqrt().pow(2) < self.count);
        let spread = i64::from(self.spread_mm);
        let along =
            move |nth: u32| if side > 1 { 2 * spread * i64::from(nth) / i64::from(side - 1) - spread } else { 0 };
        let moved = |from: i32, by: i64| i32::try_from(i64::from(from) + by).unwrap_or(i32::MAX);
        (0..self.count)
            .map(move |nth| Point { x: moved(self.at.x, along(nth % side)), y: moved(self.at.y, along(nth / side)) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_camp_stands_in_rows_about_its_middle() {
        let camp = |count| Camp {
            enemy: "goblin".into(),
            at: Point { x: 1_000, y: 2_000 },
            count,
            spread_mm: 500,
            respawn_ms: 0,
        };
        assert_eq!(camp(1).places().collect::<Vec<_>>(), [Point { x: 1_000, y: 2_000 }]);
        let four: Vec<_> = camp(4).places().map(|place| (place.x, place.y)).collect();
        assert_eq!(four, [(500, 1_500), (1_500, 1_500), (500, 2_500), (1_500, 2_500)]);
        let mut five: Vec<_> = camp(5).places().map(|place| (place.x, place.y)).collect();
        assert_eq!(five[1], (1_000, 1_500));
        five.sort_unstable();
        five.dedup();
        assert_eq!(five.len(), 5, "two stand in one place");
    }
}
