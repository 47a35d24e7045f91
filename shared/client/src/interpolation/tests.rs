//! Interpolation between snapshots that are written down here, on a time that stands still unless told otherwise.

use super::*;
use guildhall_protocol::payload::EntityKind;

/// Somebody who walks east at 4 m/s, one snapshot a tick, and turns over north.
fn walker(tick: u32) -> EntityState {
    EntityState {
        id: 7,
        kind: EntityKind::Player { seat: 7 },
        x: u16::try_from(100 + tick * 20).unwrap(),
        y: 50,
        hp: 5,
        hp_max: 5,
        facing: 250_u8.wrapping_add(u8::try_from(tick * 4).unwrap()),
        flags: flags::ALIVE,
        statuses: 0,
    }
}

fn view(tick: u32, entities: Vec<EntityState>) -> View {
    View { tick, entities, ..View::default() }
}

/// One that heard of these ticks, each 70 ms after it was.
fn heard(ticks: impl IntoIterator<Item = (u32, EntityState)>) -> Interpolator {
    let mut interpolator = Interpolator::new();
    for (tick, entity) in ticks {
        interpolator.handle_view(u64::from(tick) * 50 + 70, &view(tick, vec![entity]));
    }
    interpolator
}

#[test]
fn everybody_walks_evenly_from_snapshot_to_snapshot_and_turns_the_shorter_way() {
    let interpolator = heard((1..=10).map(|tick| (tick, walker(tick))));
    let now_ms = 10 * 50 + 70;
    let shown_ms = interpolator.shown_ms(now_ms);
    assert_eq!(interpolator.delay_ms(now_ms), now_ms - 70 - shown_ms);
    for later_ms in 0..50 {
        let pose = interpolator.pose(now_ms + later_ms, 7).unwrap();
        let at_ms = i32::try_from(interpolator.shown_ms(now_ms + later_ms)).unwrap();
        assert_eq!(pose.at, Point { x: 1_000 + at_ms * 4, y: 500 });
        let facing = 250_u8.wrapping_add(u8::try_from(at_ms * 4 / 50).unwrap());
        assert!(pose.facing.wrapping_sub(facing).min(facing.wrapping_sub(pose.facing)) <= 1, "{pose:?} at {at_ms}");
        assert!(!pose.is_extrapolated);
    }
    assert_eq!(turn(250, 4, 1, 2), 255);
    assert_eq!(turn(4, 250, 1, 2), 255);
    assert_eq!(turn(0, 128, 1, 1), 128);
}

#[test]
fn without_a_word_everybody_walks_on_for_a_moment_and_then_stands() {
    let interpolator = heard((1..=10).map(|tick| (tick, walker(tick))));
    let shown = |now_ms: u64| interpolator.pose(now_ms, 7).unwrap();
    let end_ms = 10_000;
    let end = shown(end_ms);
    let reach_mm = i32::try_from(EXTRAPOLATION_MS_MAX).unwrap() * 4;
    assert_eq!(end.at, Point { x: position(&walker(10)).x + reach_mm, y: 500 });
    assert!(end.is_extrapolated);
    let mut before = shown(570).at.x;
    for now_ms in 571..end_ms {
        let x = shown(now_ms).at.x;
        assert!((before..=before + 5).contains(&x), "{before} to {x} at {now_ms}");
        before = x;
    }
    let dead = EntityState { flags: 0, ..walker(10) };
    let fallen = heard((1..10).map(|tick| (tick, walker(tick))).chain([(10, dead)]));
    assert_eq!(fallen.pose(end_ms, 7).unwrap().at, position(&walker(10)), "the dead do not walk on");
}

#[test]
fn nobody_is_seen_to_walk_where_they_jumped() {
    let far = EntityState { x: 5_000, ..walker(6) };
    let risen = EntityState { x: walker(6).x + 10, ..walker(6) };
    let dead = |tick| (tick, EntityState { flags: 0, ..walker(5) });
    let other = EntityState { kind: EntityKind::Enemy { kind: 1 }, ..walker(6) };
    let histories = [
        ((1..=5).map(|tick| (tick, walker(tick))).collect::<Vec<_>>(), far),
        ((1..=5).map(dead).collect(), risen),
        ((1..=5).map(|tick| (tick, walker(tick))).collect(), other),
    ];
    for (history, last) in histories {
        let interpolator = heard(history.into_iter().chain([(6, last.clone())]));
        for now_ms in 370..1_000 {
            let shown_ms = interpolator.shown_ms(now_ms);
            let at = interpolator.pose(now_ms, 7).unwrap().at;
            if shown_ms >= 300 {
                assert_eq!(at, position(&last), "{now_ms}");
            } else if shown_ms >= 250 {
                assert_eq!(at, position(&walker(5)), "{now_ms}");
            }
        }
    }
}

#[test]
fn who_appears_and_who_is_gone_is_so_from_the_tick_on_that_says_it() {
    let mut interpolator = Interpolator::new();
    for tick in 1..=9 {
        let entities = if (4..7).contains(&tick) { vec![walker(tick)] } else { vec![] };
        interpolator.handle_view(u64::from(tick) * 50 + 70, &view(tick, entities));
    }
    for now_ms in 150..520 {
        let shown_ms = interpolator.shown_ms(now_ms);
        assert_eq!(interpolator.pose(now_ms, 7).is_some(), (200..350).contains(&shown_ms), "{shown_ms}");
        assert_eq!(interpolator.poses(now_ms).count(), usize::from((200..350).contains(&shown_ms)));
    }
}

/// The delay after ten seconds of snapshots, of which each comes this much late, or not at all; and whether the clock of
/// what is shown has ever run backwards or faster than a tenth too fast.
fn delay_after(mut late_ms: impl FnMut(u32) -> Option<u64>) -> u64 {
    let mut arrivals: Vec<(u64, u32)> =
        (1..=200).filter_map(|tick| Some((u64::from(tick) * 50 + late_ms(tick)?, tick))).collect();
    arrivals.sort_unstable();
    let mut interpolator = Interpolator::new();
    let (mut arrivals, mut before) = (arrivals.into_iter().peekable(), None);
    for now_ms in 0..10_000 {
        while let Some((_, tick)) = arrivals.next_if(|(at_ms, _)| *at_ms <= now_ms) {
            interpolator.handle_view(now_ms, &view(tick, vec![]));
        }
        let shown_ms = interpolator.shown_ms(now_ms);
        if interpolator.frames.len() > 1 {
            let passed = shown_ms - before.unwrap_or(shown_ms);
            assert!(passed <= 2, "{passed} ms of what is shown in one");
            before = Some(shown_ms);
        }
    }
    interpolator.delay_ms(10_000)
}

#[test]
fn the_delay_suits_the_network_within_its_bounds() {
    assert_eq!(delay_after(|_| Some(70)), DELAY_MS_MIN);
    let jitter = delay_after(|tick| Some(70 + u64::from(tick * 7 % 41)));
    assert!((80..=100).contains(&jitter), "{jitter}");
    let losses = delay_after(|tick| (tick % 5 != 0).then_some(70));
    assert_eq!(losses, 2 * DELAY_MS_MIN);
    assert_eq!(delay_after(|tick| (tick % 12 == 0).then_some(70)), DELAY_MS_MAX);
}
