//! Whole worlds under one seed each (`guildhall_tests::world`): a few here, hundreds with `make sim`. A seed that fails is
//! printed with the command that repeats it, and joins `seeds` for good.

use guildhall_tests::world::{Plan, Report, run};

fn plan(seed: u64, storm_s: u64) -> Plan {
    Plan { seed, storm_s, is_calm_at_the_end: seed % 2 == 1, planted: None }
}

/// Runs a world, and says what it came to.
fn live(plan: Plan) -> Report {
    let began = std::time::Instant::now();
    let report = run(plan).unwrap();
    if let Some((failure, lines)) = &report.failure {
        eprintln!("{}\nseed {} failed: {failure}", lines.join("\n"), plan.seed);
    }
    let Report { hash, events, commits, entries, calls, .. } = &report;
    eprintln!(
        "seed {}: {hash:016x}, {events} events, {commits} commits, {entries} entries, {calls} calls, {:?}",
        plan.seed,
        began.elapsed()
    );
    report
}

#[test]
fn a_world_is_a_function_of_its_seed() {
    let (first, second) = (live(plan(4, 20)), live(plan(4, 20)));
    assert_eq!(first.failure, None);
    assert_eq!((first.hash, first.events), (second.hash, second.events));
}

#[test]
fn nothing_breaks_whatever_befalls_everybody() {
    let from = std::env::var("DST_FROM").ok().and_then(|seed| seed.parse().ok()).unwrap_or(0);
    let seeds = std::env::var("DST_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(2);
    let storm_s = std::env::var("DST_S").ok().and_then(|seconds| seconds.parse().ok()).unwrap_or(60);
    let failed: Vec<_> = (from..from + seeds).filter(|seed| live(plan(*seed, storm_s)).failure.is_some()).collect();
    assert_eq!(failed, [0; 0]);
}
