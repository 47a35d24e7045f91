//! Whole worlds under one seed each (`guildhall_tests::world`): a few here, hundreds with `make sim`. A seed that fails is
//! printed with the command that repeats it, and joins `seeds` for good.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod planted;

use guildhall_tests::world::{Plan, Report, run};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Seeds that have found something, with what they found: `SEED STORM_S WHAT`.
const SEEDS: &str = include_str!("seeds");
/// Seeds that are always run, and for how long things go wrong in each, in seconds.
const SEEDS_SHORT: u64 = 2;
const STORM_S_SHORT: u64 = 30;

/// Every other world is calm at its end, and then everybody must play.
const fn plan(seed: u64, storm_s: u64) -> Plan {
    Plan { seed, storm_s, is_calm_at_the_end: seed % 2 == 1, planted: None }
}

/// Lets a world live, and says what it came to.
fn live(plan: Plan) -> Report {
    let began = Instant::now();
    let report = run(plan).unwrap();
    let Plan { seed, storm_s, .. } = plan;
    let Report { hash, events, commits, entries, calls, refused, failure } = &report;
    if let Some((what, lines)) = failure {
        let again = format!("make sim SEED={seed} STORM_S={storm_s}");
        eprintln!("{}\nseed {seed} failed: {what}\nagain: {again}", lines.join("\n"));
    }
    let took = began.elapsed();
    eprintln!(
        "seed {seed}: {hash:016x}, {events} events, {commits} commits, {entries} entries, {calls} calls, {refused} refused, \
         {took:?}"
    );
    report
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().and_then(|number| number.parse().ok())
}

/// Lets the worlds of these seeds live on all processors, and gives those that failed.
fn failed(seeds: std::ops::Range<u64>, storm_s: u64) -> Vec<u64> {
    let (next, failed) = (AtomicU64::new(seeds.start), Mutex::new(Vec::new()));
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        break;
                    }
                    if live(plan(seed, storm_s)).failure.is_some() {
                        failed.lock().unwrap().push(seed);
                    }
                }
            });
        }
    });
    failed.into_inner().unwrap()
}

#[test]
fn a_world_is_a_function_of_its_seed() {
    let (first, second) = (live(plan(4, 15)), live(plan(4, 15)));
    assert_eq!((first.hash, first.events), (second.hash, second.events));
    assert!(first.entries > 0 && first.commits > 50, "nothing has happened");
    assert_ne!(first.hash, live(plan(6, 1)).hash);
}

#[test]
fn nothing_breaks_whatever_befalls_everybody() {
    let storm_s = number("STORM_S").unwrap_or(STORM_S_SHORT);
    let seeds = match number("SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("SEEDS").unwrap_or(SEEDS_SHORT),
    };
    assert_eq!(failed(seeds, storm_s), [0; 0]);
}

#[test]
fn what_was_found_once_is_never_found_again() {
    for line in SEEDS.lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.split_whitespace().map_while(|word| word.parse().ok());
        let (seed, storm_s) = (words.next().unwrap(), words.next().unwrap());
        assert_eq!(live(plan(seed, storm_s)).failure, None, "{line}");
    }
}
