//! Prints what a week costs and how long players wait, for several targets and for the one in force.

use guildhall_tests::autoscaler::load::Load;
use guildhall_tests::autoscaler::{Experiment, Outcome, Scaling, chart, week};

/// Targets that are tried, in percent of a game sim's capacity.
const TARGETS_PERCENT: [u32; 8] = [40, 50, 60, 65, 70, 75, 80, 90];
const SEEDS: u64 = 5;

fn main() {
    let scaling = Scaling::in_force();
    println!("target               killed  waited  p50 s  p99 s  max s  instance-h  ideal-h  ratio  most");
    for percent in TARGETS_PERCENT {
        let target = scaling.capacity_sessions * percent / 100;
        row(&format!("{target} ({percent} %)"), &Experiment::week(scaling.with_target(target)));
    }
    let in_force = Experiment::week(scaling.clone());
    let large = Scaling { gamesims_max: 2 * scaling.gamesims_max, ..scaling.clone() };
    let doubled = Experiment { load: Load { launch_factor: 10.0, ..Load::default() }, ..Experiment::week(large) };
    println!("\nin force: {} of {}", scaling.target_sessions, scaling.capacity_sessions);
    for seed in 1..=SEEDS {
        row(&format!("seed {seed}"), &Experiment { seed, ..in_force.clone() });
    }
    let small = Load { peak_sessions: 400.0, ..Load::default() };
    row("a tenth come", &Experiment { load: small, ..in_force.clone() });
    row("queue ignored", &Experiment { counts_queue: false, ..in_force.clone() });
    let announced_min = Some(scaling.gamesims_max);
    row("launch announced", &Experiment { announced_min, ..in_force.clone() });
    row("no protection", &Experiment { protects: false, ..in_force.clone() });
    row("launch ×10", &doubled);
    row("×10, queue ignored", &Experiment { counts_queue: false, ..doubled.clone() });
    row("×10, announced", &Experiment { announced_min, ..doubled });
    println!("\n{}", chart::draw(&week(&in_force)));
}

fn row(name: &str, experiment: &Experiment) {
    let outcome: Outcome = week(experiment);
    println!(
        "{name:<20} {:>6}  {:>5.2}%  {:>5}  {:>5}  {:>5}  {:>10.0}  {:>7.0}  {:>5.2}  {:>4}",
        outcome.killed,
        100.0 * outcome.waited_share(),
        outcome.wait_s(0.5),
        outcome.wait_s(0.99),
        outcome.wait_s(1.0),
        outcome.instance_hours(),
        outcome.ideal_hours(),
        outcome.overprovision(),
        outcome.instances_max(),
    );
}
