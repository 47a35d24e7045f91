//! What the numbers in force promise, and that the simulation would see it if they did not keep it.

use super::fleet::Fleet;
use super::group::{Group, Instances};
use super::load::Load;
use super::scaling::Scaling;
use super::{Experiment, Outcome, week};
use guildhall_domain::limits::SESSIONS_PER_GAMESIM_MAX;
use guildhall_gamesim::limits::{AUTOSCALING_HEARTBEAT_MS, DRAIN_S_DEFAULT};

/// Monday to Thursday, with the launch in it, for a quarter of the players.
fn short(seed: u64) -> Experiment {
    let load = Load { peak_sessions: 1_000.0, ..Load::default() };
    Experiment { seed, hours: 96, load, ..Experiment::week(Scaling::in_force()) }
}

fn played(experiment: &Experiment) -> Outcome {
    let outcome = week(experiment);
    assert!(outcome.sessions() > 50_000, "{} sessions are no load", outcome.sessions());
    outcome
}

#[test]
fn a_launch_kills_no_session_and_lets_nearly_nobody_wait() {
    for seed in 1..=2 {
        let outcome = played(&short(seed));
        assert_eq!((outcome.killed, outcome.waiting), (0, 0));
        assert_eq!(outcome.wait_s(0.99), 0);
        assert!(outcome.wait_s(1.0) <= 60, "{} s", outcome.wait_s(1.0));
        assert!(outcome.overprovision() < 1.7, "{}", outcome.overprovision());
        // The fleet grew for the launch, and shrank after it.
        let at = |hour: usize| outcome.hours[hour].instances;
        assert!(at(68) > 3 * at(44) && at(95) * 3 < at(68), "{} {} {}", at(44), at(68), at(95));
        assert!(outcome.hours.iter().all(|hour| hour.sessions <= hour.room));
    }
}

#[test]
fn without_protection_draining_alone_saves_every_session_and_costs_more() {
    let unprotected = played(&Experiment { protects: false, ..short(1) });
    assert_eq!(unprotected.killed, 0);
    assert!(unprotected.instance_hours() > played(&short(1)).instance_hours());
}

#[test]
fn the_simulation_sees_sessions_that_are_killed() {
    let mut hasty = Experiment { protects: false, ..short(1) };
    hasty.scaling.drain_deadline_s = 600;
    assert!(played(&hasty).killed > 0);
}

#[test]
fn a_target_near_the_capacity_lets_players_wait() {
    let mut greedy = short(1);
    greedy.scaling.target_sessions = greedy.scaling.capacity_sessions * 95 / 100;
    let outcome = played(&greedy);
    assert!(outcome.wait_s(0.99) > 60 && outcome.hours.iter().any(|hour| hour.queue > 0));
}

#[test]
fn a_full_fleet_with_parties_that_wait_grows_by_what_they_need() {
    let scaling = Scaling { capacity_sessions: 100, target_sessions: 100, ..Scaling::in_force() };
    let (mut fleet, mut group) = (Fleet::new(&scaling, 4, 1, true), Group::new(&scaling, 4));
    let mut outcome = Outcome::default();
    (0..600).for_each(|_| fleet.handle_arrival(0, 3_600));
    for now_s in 0..180 {
        fleet.handle_second(now_s, &mut outcome);
        if now_s % 60 == 59 {
            let metric = fleet.take_metric(true).unwrap();
            assert!((metric - 150.0).abs() < 0.001, "four full game sims and two hundred parties: {metric}");
            let warm = Instances { warm: 4, ..Instances::default() };
            assert_eq!(group.handle_minute(Some(metric), warm).desired, if now_s > 120 { 6 } else { 4 });
        }
    }
    assert_eq!(fleet.waiting(), 200);
    assert_eq!(fleet.take_metric(true), None, "nobody has published since");
}

#[test]
fn counting_those_who_wait_ends_their_wait_sooner() {
    let mut stormy = short(1);
    // Far more than the fleet is prepared for, and nothing but the queue that shows how many.
    stormy.load.launch_factor = 30.0;
    let ignored = played(&Experiment { counts_queue: false, ..stormy.clone() });
    let counted = played(&stormy);
    let waited = |outcome: &Outcome| outcome.waits.iter().map(|(s, parties)| u64::from(s * parties)).sum::<u64>();
    assert!(waited(&counted) * 5 < waited(&ignored) * 4, "{} {}", waited(&counted), waited(&ignored));
    assert!(counted.wait_s(1.0) <= ignored.wait_s(1.0));
}

#[test]
fn the_same_seed_gives_the_same_week() {
    let hours = |seed| week(&Experiment { hours: 24, ..short(seed) }).hours;
    assert_eq!(hours(3), hours(3));
    assert_ne!(hours(3), hours(4));
}

/// What the group wants after each of these minutes, with the instances that it has.
fn desired(group: &mut Group, minutes: &[f64], warm: u32, warming: u32) -> Vec<u32> {
    let minute = |metric: &f64| group.handle_minute(Some(*metric), Instances { warm, warming, desired: 0 }).desired;
    minutes.iter().map(minute).collect()
}

fn group_of(desired: u32) -> Group {
    let scaling = Scaling { target_sessions: 100, gamesims_min: 2, gamesims_max: 20, ..Scaling::in_force() };
    Group::new(&scaling, desired)
}

#[test]
fn the_group_grows_in_proportion_after_three_minutes() {
    assert_eq!(desired(&mut group_of(4), &[150.0, 150.0, 90.0, 150.0, 150.0, 150.0], 4, 0), [4, 4, 4, 4, 4, 6]);
    assert_eq!(desired(&mut group_of(4), &[9_999.0; 3], 4, 0), [4, 4, 20]);
}

#[test]
fn what_warms_up_is_not_ordered_again() {
    let mut group = group_of(4);
    desired(&mut group, &[125.0; 3], 4, 0);
    assert_eq!(desired(&mut group, &[125.0, 150.0], 4, 1), [5, 6]);
}

#[test]
fn the_group_shrinks_after_fifteen_minutes_unless_something_warms_up() {
    assert_eq!(desired(&mut group_of(10), &[50.0; 15], 10, 0)[13..], [10, 5]);
    assert_eq!(desired(&mut group_of(10), &[50.0; 30], 9, 1)[29], 10);
    assert_eq!(desired(&mut group_of(10), &[95.0; 30], 10, 0)[29], 10, "near the target is at the target");
    assert_eq!(desired(&mut group_of(10), &[0.0; 15], 10, 0)[14], 2);
    assert_eq!(group_of(10).handle_minute(None, Instances { warm: 10, ..Instances::default() }).desired, 10);
}

#[test]
fn the_numbers_in_force_fit_each_other_and_the_game_sim() {
    let scaling = Scaling::in_force();
    assert_eq!(scaling.metric_name, guildhall_gamesim::ACTIVE_GAME_SESSIONS);
    assert_eq!(scaling.queue_metric_name, guildhall_gamesim::QUEUE_DEPTH);
    assert_eq!(u64::from(scaling.samples_per_minute), guildhall_gamesim::SAMPLES_PER_MINUTE);
    let expression = format!("sessions + FILL(queued, 0) * {} / samples", scaling.samples_per_minute);
    assert_eq!(scaling.metric_expression, expression);
    assert!(scaling.capacity_sessions <= SESSIONS_PER_GAMESIM_MAX);
    assert!(scaling.target_sessions < scaling.capacity_sessions);
    assert!((1..=scaling.gamesims_max).contains(&scaling.gamesims_min));
    // A game sim that nobody tells otherwise drains for as long as the cloud waits.
    assert_eq!(u64::from(scaling.drain_deadline_s), DRAIN_S_DEFAULT);
    assert!(u64::from(scaling.lifecycle_heartbeat_s) * 1_000 >= 3 * AUTOSCALING_HEARTBEAT_MS);
    // EC2 Auto Scaling waits for a hundred heartbeats, and for two days.
    assert!(scaling.drain_deadline_s <= 100 * scaling.lifecycle_heartbeat_s && scaling.drain_deadline_s <= 172_800);
}
