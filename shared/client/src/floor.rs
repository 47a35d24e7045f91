//! Where one can walk: the chambers of a dungeon and the passages of its open doors, or the floors of a zone; everything
//! else is wall.
//!
//! The rules are the game sim's, in the same whole millimetres, so that a predicted walk ends where the real one does.

use crate::game::View;
use guildhall_domain::content::{Area, Content, Door, Dungeon, Point, is_clear};
use guildhall_domain::limits::TICKS_PER_S;
use guildhall_protocol::payload::EntityState;

/// Positions travel in whole centimetres, so a position from a snapshot is up to this far from the true one, in millimetres.
pub const POSITION_QUANTUM_MM: i32 = 10;

/// Walkable rectangles. Within one of them a straight line never meets a wall.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Floor {
    areas: Vec<Area>,
}

impl Floor {
    /// The floor of a dungeon of which these doors are open.
    pub fn new(dungeon: &Dungeon, is_open: impl Fn(&Door) -> bool) -> Self {
        let doors = dungeon.doors.iter().filter(|door| is_open(door)).map(|door| door.area);
        Self { areas: dungeon.chambers.iter().map(|chamber| chamber.area).chain(doors).collect() }
    }

    /// The floor as a player sees it: a door of the content is the door entity at its middle.
    pub fn seen(dungeon: &Dungeon, view: &View) -> Self {
        let open: Vec<Point> = view.open_doors().map(position).collect();
        Self::new(dungeon, |door| {
            let middle = door.area.centre();
            let near = |at: &Point| {
                let (across, down) = (at.x.abs_diff(middle.x), at.y.abs_diff(middle.y));
                across.max(down) <= POSITION_QUANTUM_MM.unsigned_abs()
            };
            open.iter().any(near)
        })
    }

    /// The floor of the dungeon or zone with this id, as a player sees it; `None` if the content has none.
    pub fn of(content: &Content, id: &str, view: &View) -> Option<Self> {
        let zone = || Some(Self { areas: content.zones.get(id)?.floors.clone() });
        content.dungeons.get(id).map(|dungeon| Self::seen(dungeon, view)).or_else(zone)
    }

    /// The rectangles.
    pub fn areas(&self) -> &[Area] {
        &self.areas
    }

    /// Whether one can stand there.
    pub fn contains(&self, point: Point) -> bool {
        self.areas.iter().any(|area| area.contains(point))
    }

    /// The point of the floor that is nearest: where somebody stands of whom only a quantum or a guess is known.
    pub fn nearest(&self, point: Point) -> Point {
        let ends = self.areas.iter().map(|area| {
            Axis::X.moved(Axis::Y.moved(point, Axis::Y.clamp(area, point.y)), Axis::X.clamp(area, point.x))
        });
        ends.min_by_key(|&end| distance_mm(end, point)).unwrap_or(point)
    }

    /// Whether one can see, strike and shoot from one point to the other.
    pub fn sees(&self, from: Point, to: Point) -> bool {
        is_clear(&self.areas, from, to)
    }

    /// Where a walk by this much ends: first eastward or westward, then southward or northward, each as far as the floor
    /// goes, which makes walkers slide along walls.
    pub fn walk(&self, from: Point, (dx, dy): (i32, i32)) -> Point {
        let across = self.advance(from, dx, Axis::X);
        self.advance(across, dy, Axis::Y)
    }

    fn advance(&self, from: Point, by: i32, axis: Axis) -> Point {
        if by == 0 {
            return from;
        }
        let goal = axis.of(from).saturating_add(by);
        let mut at = from;
        // Each round goes on into a rectangle that reaches further, so there are never more rounds than rectangles.
        for _ in 0..self.areas.len() {
            let ends = self.areas.iter().filter(|area| area.contains(at)).map(|area| axis.clamp(area, goal));
            match ends.min_by_key(|end| end.abs_diff(goal)) {
                Some(end) if end != axis.of(at) => at = axis.moved(at, end),
                _ => break,
            }
        }
        at
    }
}

/// An entity's position, in millimetres as the content has it.
pub fn position(entity: &EntityState) -> Point {
    Point { x: i32::from(entity.x) * POSITION_QUANTUM_MM, y: i32::from(entity.y) * POSITION_QUANTUM_MM }
}

/// The straight distance, in whole millimetres.
pub fn distance_mm(a: Point, b: Point) -> u32 {
    let squared = u64::from(a.x.abs_diff(b.x)).pow(2).saturating_add(u64::from(a.y.abs_diff(b.y)).pow(2));
    u32::try_from(squared.isqrt()).unwrap_or(u32::MAX)
}

/// The point that lies `part` / `whole` of the way from one point to another; beyond it where the part is the larger.
pub fn blend(from: Point, to: Point, part: u64, whole: u64) -> Point {
    let (part, whole) = (i128::from(part), i128::from(whole.max(1)));
    let between = |from: i32, to: i32| {
        let way = (i128::from(to) - i128::from(from)) * part / whole;
        i32::try_from(i128::from(from) + way).unwrap_or(to)
    };
    Point { x: between(from.x, to.x), y: between(from.y, to.y) }
}

/// How far this speed carries in one tick, in millimetres.
pub const fn stride_length_mm(speed_mm_per_s: u32) -> u32 {
    speed_mm_per_s / TICKS_PER_S
}

/// The vector of the direction (`move_x`, `move_y`) and of at most `length_mm`, rounded towards zero as the game sim does it.
pub fn stride(move_x: i8, move_y: i8, length_mm: u32) -> (i32, i32) {
    let squared = u64::from(move_x.unsigned_abs()).pow(2) + u64::from(move_y.unsigned_abs()).pow(2);
    if squared == 0 {
        return (0, 0);
    }
    // The root carries ten binary digits after the point and is rounded up, so that the result is rounded down.
    let scaled = squared << 20;
    let root = scaled.isqrt();
    let root = if root * root < scaled { root + 1 } else { root };
    let part = |component: i8| {
        let millimetres = ((u64::from(component.unsigned_abs()) * u64::from(length_mm)) << 10) / root;
        let millimetres = i32::try_from(millimetres).unwrap_or(i32::MAX);
        if component < 0 { -millimetres } else { millimetres }
    };
    (part(move_x), part(move_y))
}

/// One of the two directions in which floors extend.
#[derive(Clone, Copy)]
enum Axis {
    X,
    Y,
}

impl Axis {
    fn of(self, point: Point) -> i32 {
        match self {
            Self::X => point.x,
            Self::Y => point.y,
        }
    }

    fn clamp(self, area: &Area, value: i32) -> i32 {
        let (low, extent) = match self {
            Self::X => (area.x, area.width),
            Self::Y => (area.y, area.height),
        };
        value.clamp(low, low.saturating_add(extent.max(0)))
    }

    fn moved(self, point: Point, to: i32) -> Point {
        match self {
            Self::X => Point { x: to, ..point },
            Self::Y => Point { y: to, ..point },
        }
    }
}
