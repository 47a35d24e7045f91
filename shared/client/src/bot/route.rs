//! Ways over the floor: straight within a rectangle, and through the middle of where two rectangles meet.
//!
//! [`Routes`] is the result of one search from one point (Dijkstra over those meeting places); asking it for many goals is
//! cheap. Dungeons have a few dozen rectangles, so the search keeps no heap.

use crate::floor::{Floor, POSITION_QUANTUM_MM, distance_mm};
use guildhall_domain::content::{Area, Point};

/// Where two rectangles of the floor meet.
#[derive(Debug, Clone)]
struct Crossing {
    at: Point,
    between: [usize; 2],
    /// Length of the way from the start, in millimetres.
    length_mm: u32,
    /// The crossing before this one on that way.
    before: Option<usize>,
}

/// The shortest ways from one point.
#[derive(Debug, Clone)]
pub struct Routes<'a> {
    areas: &'a [Area],
    start: Point,
    crossings: Vec<Crossing>,
}

impl<'a> Routes<'a> {
    /// Searches from this point.
    pub fn from(floor: &'a Floor, start: Point) -> Self {
        let areas = floor.areas();
        let mut routes = Self { areas, start, crossings: crossings(areas) };
        routes.search();
        routes
    }

    fn search(&mut self) {
        let start = self.start;
        for crossing in &mut self.crossings {
            let [a, b] = crossing.between;
            let here = [a, b].iter().filter_map(|&area| self.areas.get(area)).any(|area| holds(area, start));
            if here {
                crossing.length_mm = distance_mm(start, crossing.at);
            }
        }
        let mut open: Vec<usize> = (0..self.crossings.len()).collect();
        while let Some(place) = (0..open.len()).min_by_key(|&place| self.length_at(open.get(place).copied())) {
            let nearest = open.swap_remove(place);
            let Some(settled) = self.crossings.get(nearest).cloned() else { continue };
            if settled.length_mm == u32::MAX {
                return;
            }
            for &next in &open {
                let Some(crossing) = self.crossings.get_mut(next) else { continue };
                let over = settled.length_mm.saturating_add(distance_mm(settled.at, crossing.at));
                let adjoin = crossing.between.iter().any(|area| settled.between.contains(area));
                if adjoin && over < crossing.length_mm {
                    crossing.length_mm = over;
                    crossing.before = Some(nearest);
                }
            }
        }
    }

    fn length_at(&self, crossing: Option<usize>) -> u32 {
        crossing.and_then(|index| self.crossings.get(index)).map_or(u32::MAX, |crossing| crossing.length_mm)
    }

    /// Length of the way to a goal in millimetres, or `None` if there is none.
    pub fn length_mm(&self, goal: Point) -> Option<u32> {
        self.last_crossing(goal).map(|(_, length_mm)| length_mm)
    }

    /// The point to head for in a straight line to get to the goal, or `None` if there is no way.
    pub fn next_point(&self, goal: Point) -> Option<Point> {
        let (mut crossing, _) = self.last_crossing(goal)?;
        let mut next = goal;
        // From the goal backwards: the first point that can be seen from the start.
        while !self.sees(next) {
            let before = self.crossings.get(crossing?)?;
            next = before.at;
            crossing = before.before;
        }
        Some(next)
    }

    /// The last crossing of the way to the goal (none: straight ahead), and the length of the whole way.
    fn last_crossing(&self, goal: Point) -> Option<(Option<usize>, u32)> {
        if self.sees(goal) {
            return Some((None, distance_mm(self.start, goal)));
        }
        let last = self.crossings.iter().enumerate().filter(|(_, crossing)| crossing.length_mm != u32::MAX);
        let leads = last.filter(|(_, crossing)| {
            crossing.between.iter().filter_map(|&area| self.areas.get(area)).any(|area| holds(area, goal))
        });
        let lengths = leads
            .map(|(index, crossing)| (Some(index), crossing.length_mm.saturating_add(distance_mm(crossing.at, goal))));
        lengths.min_by_key(|(_, length_mm)| *length_mm)
    }

    /// Whether one rectangle holds both the start and this point.
    fn sees(&self, point: Point) -> bool {
        self.areas.iter().any(|area| holds(area, self.start) && holds(area, point))
    }
}

/// Where any two rectangles share an edge or an area.
fn crossings(areas: &[Area]) -> Vec<Crossing> {
    let mut crossings = Vec::new();
    for (a, first) in areas.iter().enumerate() {
        for (b, second) in areas.iter().enumerate().skip(a + 1) {
            if let Some(at) = meeting(first, second) {
                crossings.push(Crossing { at, between: [a, b], length_mm: u32::MAX, before: None });
            }
        }
    }
    crossings
}

/// The middle of what two rectangles share. A mere corner is too narrow for anybody.
fn meeting(a: &Area, b: &Area) -> Option<Point> {
    let (west, north) = (a.x.max(b.x), a.y.max(b.y));
    let east = a.x.saturating_add(a.width).min(b.x.saturating_add(b.width));
    let south = a.y.saturating_add(a.height).min(b.y.saturating_add(b.height));
    let shared = Area { x: west, y: north, width: east.checked_sub(west)?, height: south.checked_sub(north)? };
    let wide = shared.width.min(shared.height) >= 0 && shared.width.max(shared.height) > 0;
    wide.then(|| shared.centre())
}

/// Whether the rectangle holds the point, which may be off by a quantum.
fn holds(area: &Area, point: Point) -> bool {
    let quantum = POSITION_QUANTUM_MM;
    let wider = Area {
        x: area.x.saturating_sub(quantum),
        y: area.y.saturating_sub(quantum),
        width: area.width.saturating_add(2 * quantum),
        height: area.height.saturating_add(2 * quantum),
    };
    wider.contains(point)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(x: i32, y: i32, width: i32, height: i32) -> Area {
        Area { x, y, width, height }
    }

    fn point(x: i32, y: i32) -> Point {
        Point { x, y }
    }

    #[test]
    fn rectangles_meet_along_edges_and_overlaps_but_not_in_corners() {
        let room = area(0, 0, 10_000, 10_000);
        assert_eq!(meeting(&room, &area(10_000, 4_000, 4_000, 2_000)), Some(point(10_000, 5_000)));
        assert_eq!(meeting(&room, &area(8_000, 4_000, 4_000, 2_000)), Some(point(9_000, 5_000)));
        assert_eq!(meeting(&room, &area(10_000, 10_000, 5, 5)), None);
        assert_eq!(meeting(&room, &area(10_001, 0, 5, 5)), None);
    }

    #[test]
    fn lengths_are_those_of_the_way_and_not_of_the_crow() {
        assert_eq!(distance_mm(point(0, 0), point(-3_000, 4_000)), 5_000);
    }
}
