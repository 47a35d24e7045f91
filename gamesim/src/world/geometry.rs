//! Distances, directions and strides in whole millimetres. A client that predicts its own movement
//! repeats this arithmetic, so the rounding is part of the rules: always towards zero, never further than allowed.

use guildhall_domain::content::Point;

/// Whether two points are at most `reach_mm` apart.
pub(super) fn within(a: Point, b: Point, reach_mm: u32) -> bool {
    distance_squared(a, b) <= u64::from(reach_mm).pow(2)
}

/// The square of the distance, in square millimetres; points lie within a dungeon's extent, so it cannot overflow.
pub(super) fn distance_squared(a: Point, b: Point) -> u64 {
    u64::from(a.x.abs_diff(b.x)).pow(2) + u64::from(a.y.abs_diff(b.y)).pow(2)
}

/// The vector of the direction (`dx`, `dy`) and of at most `length_mm`. Nothing for no direction.
pub(super) fn stride(dx: i32, dy: i32, length_mm: u32) -> (i32, i32) {
    let squared = u64::from(dx.unsigned_abs()).pow(2) + u64::from(dy.unsigned_abs()).pow(2);
    if squared == 0 {
        return (0, 0);
    }
    // The root carries ten binary digits after the point and is rounded up, so that the result is rounded down.
    let scaled = squared << 20;
    let root = root_up(scaled);
    let part = |component: i32| {
        let millimetres = ((u64::from(component.unsigned_abs()) * u64::from(length_mm)) << 10) / root;
        let millimetres = i32::try_from(millimetres).unwrap_or(i32::MAX);
        if component < 0 { -millimetres } else { millimetres }
    };
    (part(dx), part(dy))
}

/// The square root of a number below 2⁶³, rounded up.
fn root_up(square: u64) -> u64 {
    // Every machine computes it alike, and what it cuts off is less than one.
    let root = (square.cast_signed() as f64).sqrt() as u64;
    let below = root * root < square;
    let above = !below && root > 0 && (root - 1) * (root - 1) >= square;
    root + u64::from(below) - u64::from(above)
}

/// The tangents of the angles halfway between two neighbouring 256ths of a turn, up to an eighth of a turn, times 2¹⁶.
const HALFWAY_TANGENTS: [u64; 32] = [
    804, 2_414, 4_026, 5_644, 7_268, 8_901, 10_545, 12_202, 13_874, 15_564, 17_273, 19_005, 20_762, 22_546, 24_360,
    26_208, 28_093, 30_018, 31_986, 34_002, 36_071, 38_196, 40_382, 42_636, 44_963, 47_369, 49_863, 52_451, 55_144,
    57_950, 60_880, 63_947,
];

/// The direction in 256ths of a turn, from east (0) by south (64). No direction counts as east.
pub(super) fn facing(dx: i32, dy: i32) -> u8 {
    let (across, down) = (u64::from(dx.unsigned_abs()), u64::from(dy.unsigned_abs()));
    let (short, long) = (across.min(down), across.max(down));
    if long == 0 {
        return 0;
    }
    let tangent = (short << 16) / long;
    let from_axis = HALFWAY_TANGENTS.partition_point(|&halfway| halfway <= tangent);
    let from_axis = u8::try_from(from_axis).unwrap_or(32);
    let quarter = if across >= down { from_axis } else { 64 - from_axis };
    let half = if dx >= 0 { quarter } else { 128 - quarter };
    if dy >= 0 { half } else { half.wrapping_neg() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strides_point_the_right_way_and_are_never_too_long() {
        for dx in -128..=127 {
            for dy in -128..=127 {
                let (x, y) = stride(dx, dy, 250);
                assert!(x * x + y * y <= 250 * 250, "({dx}, {dy}) goes ({x}, {y})");
                assert!(x.signum() * dx.signum() >= 0 && y.signum() * dy.signum() >= 0);
                let far = (dx, dy) == (0, 0) || x * x + y * y >= 248 * 248;
                assert!(far, "({dx}, {dy}) goes only ({x}, {y})");
            }
        }
        assert_eq!(stride(127, 0, 250), (250, 0));
        assert_eq!(stride(0, -128, 250), (0, -250));
        assert_eq!(stride(-3, 4, 100), (-60, 80));
    }

    #[test]
    fn roots_are_exact() {
        let around = |root: u64| [root - 1, root, root + 1];
        let roots = (0..31).flat_map(|bits| around(1 << bits)).chain((1..2_000).map(|nth| nth * 1_073_217));
        for root in roots.filter(|root| *root > 1) {
            let square = root * root;
            assert_eq!([square - 1, square, square + 1].map(root_up), [root, root, root + 1], "{root}");
        }
        assert_eq!([0, 1, 2].map(root_up), [0, 1, 2]);
    }

    #[test]
    fn facing_goes_round_from_east_by_south() {
        let round =
            [(1, 0, 0), (1, 1, 32), (0, 1, 64), (-1, 1, 96), (-1, 0, 128), (-1, -1, 160), (0, -1, 192), (1, -1, 224)];
        for (dx, dy, expected) in round {
            assert_eq!(facing(dx * 1_000, dy * 1_000), expected, "({dx}, {dy})");
        }
        assert_eq!(facing(100_000, 2_454), 1, "one 256th of a turn is 1.41 degrees");
        assert_eq!(facing(0, 0), 0);
    }

    #[test]
    fn reach_includes_its_edge() {
        let origin = Point { x: 0, y: 0 };
        assert!(within(origin, Point { x: 3, y: 4 }, 5));
        assert!(!within(origin, Point { x: 3, y: 5 }, 5));
        assert!(within(origin, Point { x: 655_350, y: 655_350 }, u32::MAX));
    }
}
