//! Worlds of a product with a fault, so that the judges are judged: a few seeds find each.

use guildhall_storage::TableName;
use guildhall_tests::disorder::Planted;
use guildhall_tests::world::{Plan, run};

/// Seeds that are tried for each fault, and for how long things go wrong in each, in seconds.
const SEEDS_MAX: u64 = 12;
const STORM_S: u64 = 60;

/// The fault, the seed that is tried first because it has found it, and the rules that the fault breaks: whichever is seen
/// first.
const FAULTS: [(Planted, u64, &[&str]); 14] = [
    (Planted::Boundless, 23, &["R1"]),
    (Planted::Kept("sessions"), 0, &["R2"]),
    (Planted::Forgotten("revision"), 0, &["R4"]),
    (Planted::Forgotten("state"), 10, &["R5"]),
    (Planted::Forgotten("version"), 0, &["P5"]),
    (Planted::Forgotten("lease"), 2, &["P2", "P1", "R3"]),
    (Planted::Unwritten, 0, &["P1"]),
    (Planted::Stale(TableName::Accounts), 1, &["A1"]),
    (Planted::Endless, 1, &["A1"]),
    (Planted::Unset("status"), 5, &["A1"]),
    (Planted::Unset("password_hash"), 2, &["A1"]),
    (Planted::Unset("expelled"), 1, &["A1"]),
    (Planted::Full, 3, &["R7"]),
    (Planted::Abrupt, 1, &["R9"]),
];

#[test]
fn every_planted_fault_is_found() {
    let mut missed = Vec::new();
    for (planted, first, rules) in FAULTS {
        let found = (first..first + SEEDS_MAX).find_map(|seed| {
            let plan = Plan { seed, storm_s: STORM_S, is_calm_at_the_end: true, planted: Some(planted) };
            Some((seed, run(plan).unwrap().failure?.0))
        });
        let Some((seed, what)) = found else {
            missed.push(planted);
            continue;
        };
        assert!(rules.iter().any(|rule| what.starts_with(rule)), "{planted:?} by seed {seed}: {what}");
        eprintln!("{planted:?} is found by seed {seed}: {}", what.chars().take(80).collect::<String>());
    }
    assert_eq!(missed, [], "nobody finds these");
}
