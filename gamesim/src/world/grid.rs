//! Who is where, by squares, so that whoever looks for somebody near looks at a few squares and not at everybody.

use guildhall_domain::content::Point;

/// Side of a square, in millimetres.
const CELL_MM: i32 = 16_000;

/// Members by square. Filled anew whenever they have moved: that costs less than to follow each of them.
#[derive(Debug, Clone, Default)]
pub(super) struct Grid {
    columns: usize,
    rows: usize,
    /// By square, row by row, where its members begin; one more at the end.
    starts: Vec<u32>,
    members: Vec<u16>,
}

impl Grid {
    /// An empty grid over the map from its corner to this point.
    pub(super) fn over(end: Point) -> Self {
        let cells = |extent: i32| cell(extent) + 1;
        let (columns, rows) = (cells(end.x), cells(end.y));
        Self { columns, rows, starts: vec![0; columns * rows + 1], members: Vec::new() }
    }

    /// Forgets everybody and takes these in, under their places in the list; those without a point are nowhere.
    pub(super) fn fill(&mut self, points: impl Iterator<Item = Option<Point>> + Clone) {
        let Self { columns, rows, starts, members } = self;
        let of = |point: Point| cell(point.y).min(*rows - 1) * *columns + cell(point.x).min(*columns - 1);
        starts.fill(0);
        // Each square's end first, which then moves down to its start as the members are put in from behind.
        for square in points.clone().flatten().map(of) {
            starts[square] += 1;
        }
        let mut sum = 0;
        for start in starts.iter_mut() {
            sum += *start;
            *start = sum;
        }
        members.clear();
        members.resize(sum as usize, 0);
        for (place, point) in points.enumerate() {
            let Some(square) = point.map(of) else { continue };
            starts[square] -= 1;
            members[starts[square] as usize] = u16::try_from(place).unwrap_or(u16::MAX);
        }
    }

    /// Everybody in the squares that this reach about the point touches, and perhaps a few more.
    pub(super) fn about(&self, at: Point, reach_mm: u32) -> impl Iterator<Item = usize> + '_ {
        let reach = i32::try_from(reach_mm).unwrap_or(i32::MAX);
        let span = |at: i32, cells: usize| {
            (cell(at.saturating_sub(reach)), cell(at.saturating_add(reach)).min(cells.saturating_sub(1)))
        };
        let ((left, right), (top, bottom)) = (span(at.x, self.columns), span(at.y, self.rows));
        (top..=bottom).flat_map(move |row| {
            // The squares of one row lie one after the other, and so do their members.
            let first = self.starts.get(row * self.columns + left).copied().unwrap_or_default();
            let end = self.starts.get(row * self.columns + right + 1).copied().unwrap_or_default();
            self.members.get(first as usize..end as usize).unwrap_or_default().iter().map(|place| usize::from(*place))
        })
    }
}

fn cell(at: i32) -> usize {
    usize::try_from(at.max(0) / CELL_MM).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::geometry::within;
    use crate::world::random::Random;

    #[test]
    fn whoever_is_near_is_found_and_nobody_twice() {
        let end = Point { x: 200_000, y: 100_000 };
        let mut random = Random::seeded(1);
        let mut grid = Grid::over(end);
        for round in 0..2_000 {
            let mut point = || Point { x: random.between(0, 200_000) as i32, y: random.between(0, 100_000) as i32 };
            let at = point();
            let points: Vec<_> = (0..round % 60).map(|n| (n % 9 != 8).then(&mut point)).collect();
            let reach_mm = random.between(0, 60_000);
            grid.fill(points.iter().copied());
            let mut found: Vec<_> = grid.about(at, reach_mm).collect();
            let all = found.len();
            found.sort_unstable();
            found.dedup();
            assert_eq!(found.len(), all, "somebody was found twice");
            for (place, other) in points.iter().enumerate() {
                let is_near = other.is_some_and(|other| within(at, other, reach_mm));
                assert!(!is_near || found.contains(&place), "{other:?} is within {reach_mm} of {at:?}");
                assert!(other.is_some() || !found.contains(&place), "somebody who is nowhere was found");
            }
        }
    }
}
