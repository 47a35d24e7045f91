//! Predicted walks against a reference that takes one millimetre at a time, on the walls of the seed dungeon.

mod predictor;

use super::*;
use guildhall_domain::content::Dungeon;
use std::collections::BTreeMap;

fn warren() -> Dungeon {
    let text = include_str!("../../../../seed-data/dungeons.json");
    let mut dungeons: BTreeMap<String, Dungeon> = serde_json::from_str(text).unwrap();
    dungeons.remove("goblin-warren").unwrap()
}

/// Eastward or westward first, then southward or northward, a millimetre at a time, until a wall stops it.
fn walk_slowly(floor: &Floor, from: Point, (dx, dy): (i32, i32)) -> Point {
    let mut at = from;
    for (steps, x, y) in [(dx.abs(), dx.signum(), 0), (dy.abs(), 0, dy.signum())] {
        for _ in 0..steps {
            let next = Point { x: at.x + x, y: at.y + y };
            if !floor.contains(next) {
                break;
            }
            at = next;
        }
    }
    at
}

/// Inputs of a player who runs about, turning every dozen ticks.
fn inputs(seed: u32, count: u32) -> Vec<InputFrame> {
    let mut state = seed;
    let mut direction = (0, 0);
    (1..=count)
        .map(|seq| {
            if seq % 12 == 1 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let [_, _, x, y] = state.to_le_bytes();
                direction = (x as i8, y as i8);
            }
            let (move_x, move_y) = direction;
            InputFrame { seq, move_x, move_y, action: guildhall_protocol::payload::Action::None }
        })
        .collect()
}

#[test]
fn prediction_meets_the_same_walls_as_the_slowest_walker() {
    let dungeon = warren();
    let mut doors_passed = 0;
    for (open_doors, seeds) in [(0, 0..20), (1, 20..40), (dungeon.doors.len(), 40..140)] {
        let opened: Vec<_> = dungeon.doors.iter().take(open_doors).collect();
        let floor = Floor::new(&dungeon, |door| opened.contains(&door));
        for seed in seeds {
            let inputs = inputs(seed, 400);
            let mut expected = dungeon.spawn;
            for (index, input) in inputs.iter().enumerate() {
                let before = expected;
                expected = walk_slowly(&floor, before, stride(input.move_x, input.move_y, 250));
                assert!(floor.contains(expected));
                let (dx, dy) = (i64::from(expected.x - before.x), i64::from(expected.y - before.y));
                assert!(dx * dx + dy * dy <= 250 * 250, "faster than 5 m/s at input {index} of seed {seed}");
            }
            let predicted = predict(&floor, dungeon.spawn, 5_000, &inputs);
            assert_eq!(predicted, expected, "seed {seed} with {open_doors} open doors");
            doors_passed += u32::from(!dungeon.chambers[0].area.contains(predicted));
        }
    }
    assert!(doors_passed > 10, "the walks hardly ever left the first chamber");
}

#[test]
fn a_closed_door_is_a_wall_and_an_open_one_is_not() {
    let dungeon = warren();
    let east = inputs(0, 200).into_iter().map(|input| InputFrame { move_x: 127, move_y: 0, ..input });
    let east: Vec<_> = east.collect();
    let gate = dungeon.chambers[0].area;
    let closed = Floor::new(&dungeon, |_| false);
    assert_eq!(predict(&closed, dungeon.spawn, 5_000, &east), Point { x: gate.x + gate.width, y: dungeon.spawn.y });
    let open = Floor::new(&dungeon, |_| true);
    assert!(predict(&open, dungeon.spawn, 5_000, &east).x > 40_000);
}

#[test]
fn replaying_fewer_inputs_from_where_the_others_led_gives_the_same_place() {
    let dungeon = warren();
    let floor = Floor::new(&dungeon, |_| true);
    let inputs = inputs(77, 32);
    let whole = predict(&floor, dungeon.spawn, 5_500, &inputs);
    for acknowledged in 0..inputs.len() {
        let (applied, pending) = inputs.split_at(acknowledged);
        let authoritative = predict(&floor, dungeon.spawn, 5_500, applied);
        assert_eq!(predict(&floor, authoritative, 5_500, pending), whole);
    }
}

#[test]
fn strides_are_rounded_towards_zero() {
    assert_eq!(stride(127, 0, 250), (250, 0));
    assert_eq!(stride(0, -128, 250), (0, -250));
    assert_eq!(stride(-3, 4, 100), (-60, 80));
    assert_eq!(stride(1, 1, 250), (176, 176));
    assert_eq!(stride(0, 0, 250), (0, 0));
}
