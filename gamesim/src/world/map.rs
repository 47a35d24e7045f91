//! The walkable floor: the chambers and the passages of open doors, and how to get from one to another.
//!
//! Walls are everything else. Because floors are rectangles, a straight line within one floor never meets a wall, and a walk
//! over several floors goes through where they overlap.

use guildhall_domain::content::{Area, Dungeon, Point, is_clear};

/// The distance to a floor that cannot be reached.
const UNREACHABLE: u8 = u8::MAX;

/// The open floors and the number of crossings between any two.
#[derive(Debug, Clone)]
pub(super) struct Map {
    floors: Vec<Area>,
    /// Crossings from floor to floor, row by row; each row has `width` columns.
    crossings: Vec<u8>,
    width: usize,
}

/// One of the two directions in which floors extend.
#[derive(Clone, Copy)]
enum Axis {
    X,
    Y,
}

impl Map {
    /// The map of a dungeon whose doors are all closed.
    pub(super) fn of(template: &Dungeon) -> Self {
        let width = template.chambers.len() + template.doors.len();
        let mut map = Self { floors: Vec::with_capacity(width), crossings: vec![UNREACHABLE; width * width], width };
        for chamber in &template.chambers {
            map.open(chamber.area);
        }
        map
    }

    /// The map of a zone, which has no doors.
    pub(super) fn open_floors(floors: &[Area]) -> Self {
        let width = floors.len();
        let mut map = Self { floors: Vec::with_capacity(width), crossings: vec![UNREACHABLE; width * width], width };
        floors.iter().for_each(|floor| map.open(*floor));
        map
    }

    /// Adds a floor and every way that leads over it.
    pub(super) fn open(&mut self, area: Area) {
        let new = self.floors.len();
        if new >= self.width {
            return;
        }
        self.floors.push(area);
        self.connect(new, new, 0);
        for other in 0..new {
            let to = |map: &Self, via: usize| map.crossings_between(via, other).saturating_add(1);
            let neighbours = (0..new).filter(|&floor| self.floors[floor].touches(&area));
            let nearest = neighbours.map(|floor| to(self, floor)).min().unwrap_or(UNREACHABLE);
            self.connect(new, other, nearest);
        }
        for a in 0..new {
            for b in 0..a {
                let over_new = self.crossings_between(a, new).saturating_add(self.crossings_between(new, b));
                self.connect(a, b, over_new.min(self.crossings_between(a, b)));
            }
        }
    }

    /// Whether one can stand here.
    pub(super) fn is_floor(&self, point: Point) -> bool {
        self.floor_at(point).is_some()
    }

    /// Whether one can walk from one point to the other.
    pub(super) fn reaches(&self, from: Point, to: Point) -> bool {
        self.share_floor(from, to) || self.crosses(from, to)
    }

    /// The same for points of two floors.
    #[cold]
    fn crosses(&self, from: Point, to: Point) -> bool {
        let (from, to) = (self.floor_at(from), self.floor_at(to));
        from.zip(to).is_some_and(|(from, to)| self.crossings_between(from, to) != UNREACHABLE)
    }

    /// The point to head for in a straight line, without meeting a wall, on the shortest way from floor to floor.
    pub(super) fn steer(&self, from: Point, to: Point) -> Point {
        let Some(goal) = self.floor_at(to) else { return from };
        if self.floors[goal].contains(from) {
            return to;
        }
        let floors_here = (0..self.floors.len()).filter(|&floor| self.floors[floor].contains(from));
        let Some(here) = floors_here.min_by_key(|&floor| self.crossings_between(floor, goal)) else { return from };
        let left = match self.crossings_between(here, goal) {
            0 => return to,
            UNREACHABLE => return from,
            crossings => crossings - 1,
        };
        let leads_on =
            |&next: &usize| self.crossings_between(next, goal) == left && self.floors[next].touches(&self.floors[here]);
        let next = (0..self.floors.len()).find(leads_on);
        next.map_or(from, |next| clamp(clamp(to, &self.floors[next]), &self.floors[here]))
    }

    /// Whether one can see, strike and shoot from one point to the other.
    pub(super) fn sees(&self, from: Point, to: Point) -> bool {
        self.share_floor(from, to) || is_clear(&self.floors, from, to)
    }

    /// Whether one floor has both points, so that nothing stands between them: most looks and strides are such.
    fn share_floor(&self, a: Point, b: Point) -> bool {
        self.floors.iter().any(|floor| floor.contains(a) && floor.contains(b))
    }

    /// Where a walk by this much ends: first eastward or westward, then northward or southward, each as far as the floors
    /// go, which makes walkers slide along walls. It never ends outside the floors and never jumps over a wall.
    pub(super) fn walk(&self, from: Point, (dx, dy): (i32, i32)) -> Point {
        let goal = Point { x: from.x.saturating_add(dx), y: from.y.saturating_add(dy) };
        if self.share_floor(from, goal) {
            return goal;
        }
        let at = self.advance(from, dx, Axis::X);
        self.advance(at, dy, Axis::Y)
    }

    fn advance(&self, from: Point, by: i32, axis: Axis) -> Point {
        if by == 0 {
            return from;
        }
        let goal = axis.of(from).saturating_add(by);
        let mut at = from;
        loop {
            let ends = self.floors.iter().filter(|floor| floor.contains(at)).map(|floor| {
                let (low, high) = axis.span(floor);
                goal.clamp(low, high)
            });
            match ends.min_by_key(|end| end.abs_diff(goal)) {
                Some(end) if end == goal => return axis.moved(at, end),
                Some(end) if end != axis.of(at) => at = axis.moved(at, end),
                _ => return at,
            }
        }
    }

    fn floor_at(&self, point: Point) -> Option<usize> {
        self.floors.iter().position(|floor| floor.contains(point))
    }

    fn crossings_between(&self, a: usize, b: usize) -> u8 {
        self.crossings.get(a * self.width + b).copied().unwrap_or(UNREACHABLE)
    }

    fn connect(&mut self, a: usize, b: usize, crossings: u8) {
        for index in [a * self.width + b, b * self.width + a] {
            if let Some(entry) = self.crossings.get_mut(index) {
                *entry = crossings;
            }
        }
    }
}

impl Axis {
    fn of(self, point: Point) -> i32 {
        match self {
            Self::X => point.x,
            Self::Y => point.y,
        }
    }

    fn span(self, area: &Area) -> (i32, i32) {
        match self {
            Self::X => (area.x, area.x.saturating_add(area.width)),
            Self::Y => (area.y, area.y.saturating_add(area.height)),
        }
    }

    fn moved(self, point: Point, to: i32) -> Point {
        match self {
            Self::X => Point { x: to, ..point },
            Self::Y => Point { y: to, ..point },
        }
    }
}

/// The point of the area that is nearest.
fn clamp(point: Point, area: &Area) -> Point {
    let (west, east) = Axis::X.span(area);
    let (north, south) = Axis::Y.span(area);
    Point { x: point.x.clamp(west, east), y: point.y.clamp(north, south) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two rooms, 10 m square and 4 m apart, and the passage between them, 2 m wide.
    fn rooms() -> (Map, Area) {
        let area = |x, y, width, height| Area { x, y, width, height };
        let mut map = Map { floors: vec![], crossings: vec![UNREACHABLE; 9], width: 3 };
        map.open(area(0, 0, 10_000, 10_000));
        map.open(area(14_000, 0, 10_000, 10_000));
        (map, area(10_000, 4_000, 4_000, 2_000))
    }

    fn point(x: i32, y: i32) -> Point {
        Point { x, y }
    }

    #[test]
    fn a_closed_passage_is_a_wall_even_for_the_fastest() {
        let (map, _) = rooms();
        assert_eq!(map.walk(point(9_000, 5_000), (100_000, 0)), point(10_000, 5_000));
        assert!(!map.reaches(point(0, 0), point(14_000, 0)));
        assert_eq!(map.steer(point(0, 0), point(14_000, 0)), point(0, 0));
    }

    #[test]
    fn an_open_passage_lets_through_whoever_is_in_front_of_it() {
        let (mut map, passage) = rooms();
        map.open(passage);
        assert_eq!(map.walk(point(9_000, 5_000), (100_000, 0)), point(24_000, 5_000));
        assert_eq!(map.walk(point(9_000, 3_000), (100_000, 0)), point(10_000, 3_000));
        assert!(map.reaches(point(0, 0), point(14_000, 0)));
    }

    #[test]
    fn walkers_slide_along_walls() {
        let (map, _) = rooms();
        assert_eq!(map.walk(point(10_000, 5_000), (300, -400)), point(10_000, 4_600));
    }

    #[test]
    fn steering_leads_from_any_corner_to_any_corner() {
        let (mut map, passage) = rooms();
        map.open(passage);
        let corners =
            [point(0, 0), point(10_000, 10_000), point(12_000, 4_500), point(14_000, 0), point(24_000, 10_000)];
        for from in corners {
            for to in corners {
                let mut at = from;
                for _ in 0..4 {
                    let next = map.steer(at, to);
                    assert_eq!(
                        map.walk(at, (next.x - at.x, next.y - at.y)),
                        next,
                        "a wall between {at:?} and {next:?}"
                    );
                    at = next;
                }
                assert_eq!(at, to, "lost on the way from {from:?}");
            }
        }
    }
}
