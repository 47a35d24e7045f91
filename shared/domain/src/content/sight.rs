//! Who can see whom: walls are whatever is not floor.

use super::{Area, Point};

/// Whether the straight line from one point to the other runs over these floors all the way, so that one can be seen, struck
/// and shot at from the other. Exact: no step and no rounding, so a client that repeats it comes to the same answer.
pub fn is_clear(floors: &[Area], from: Point, to: Point) -> bool {
    let (dx, dy) = (i64::from(to.x) - i64::from(from.x), i64::from(to.y) - i64::from(from.y));
    // The way along the line is measured in parts of |dx| × |dy|, so that where it crosses an edge is a whole number.
    let whole = dx.abs().max(1) * dy.abs().max(1);
    let mut seen = 0;
    loop {
        let reaches = floors.iter().filter_map(|floor| {
            let (enters_x, leaves_x) = crossed(from.x, dx, (floor.x, floor.width), whole)?;
            let (enters_y, leaves_y) = crossed(from.y, dy, (floor.y, floor.height), whole)?;
            (enters_x.max(enters_y) <= seen).then_some(leaves_x.min(leaves_y))
        });
        match reaches.max() {
            Some(end) if end >= whole => return true,
            Some(end) if end > seen => seen = end,
            _ => return false,
        }
    }
}

/// On the way from `from` by `by`, which is `whole` long: when one comes between the two edges, and when one goes. `None` if
/// one never is between them.
fn crossed(from: i32, by: i64, (low, extent): (i32, i32), whole: i64) -> Option<(i64, i64)> {
    let low = i64::from(low) - i64::from(from);
    let high = low + i64::from(extent);
    if by == 0 {
        return (low <= 0 && 0 <= high).then_some((0, whole));
    }
    let per = whole / by.abs();
    let (near, far) = if by > 0 { (low, high) } else { (-high, -low) };
    Some((near * per, far * per))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Two rooms beside each other and a passage between them.
    const FLOORS: [Area; 3] = [
        Area { x: 0, y: 0, width: 100, height: 100 },
        Area { x: 100, y: 40, width: 40, height: 20 },
        Area { x: 140, y: 0, width: 100, height: 100 },
    ];

    fn point(x: i32, y: i32) -> Point {
        Point { x, y }
    }

    #[test]
    fn one_sees_through_a_door_and_not_through_a_wall() {
        let clear = |from: (i32, i32), to: (i32, i32)| is_clear(&FLOORS, point(from.0, from.1), point(to.0, to.1));
        assert!(clear((0, 0), (100, 100)), "across a room");
        assert!(clear((10, 50), (230, 50)), "straight through the passage");
        assert!(clear((10, 50), (10, 50)), "oneself");
        assert!(clear((60, 40), (180, 60)), "aslant, just past both corners");
        assert!(!clear((60, 10), (180, 10)), "a wall");
        assert!(clear((10, 0), (230, 100)), "aslant, from corner to corner");
        assert!(!clear((10, 0), (230, 60)), "aslant, into the wall beside the passage");
        assert!(!clear((10, 50), (120, 70)), "into a wall");
        assert!(!is_clear(&FLOORS[..1], point(10, 50), point(120, 50)), "a closed door");
    }

    proptest! {
        #[test]
        fn sight_goes_both_ways_and_over_floor_alone(
            from in (0..240_i32, 0..100_i32), to in (0..240_i32, 0..100_i32)
        ) {
            let (a, b) = (point(from.0, from.1), point(to.0, to.1));
            let clear = is_clear(&FLOORS, a, b);
            prop_assert_eq!(clear, is_clear(&FLOORS, b, a));
            // A thousand points on the way.
            let on_floor = (0..=1_000_i64).all(|part| {
                let along = |from: i32, to: i32| (i64::from(from) * (1_000 - part) + i64::from(to) * part) as f64 / 1_000.0;
                let (x, y) = (along(a.x, b.x), along(a.y, b.y));
                FLOORS.iter().any(|floor| {
                    let within = |at: f64, low: i32, extent: i32| at >= f64::from(low) && at <= f64::from(low + extent);
                    within(x, floor.x, floor.width) && within(y, floor.y, floor.height)
                })
            });
            prop_assert!(on_floor || !clear, "{:?} to {:?} goes through a wall", a, b);
        }
    }
}
