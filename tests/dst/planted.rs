//! Worlds of a product with a fault, so that the judges are judged: a few seeds find each.

use guildhall_storage::TableName;
use guildhall_tests::disorder::Planted;
use guildhall_tests::world::{Plan, run};

/// Seeds that are tried for each fault, and for how long things go wrong in each, in seconds.
const SEEDS_MAX: u64 = 24;
const STORM_S: u64 = 60;

/// The fault, and the rules that it breaks: whichever is seen first.
const FAULTS: [(Planted, &[&str]); 10] = [
    (Planted::Boundless, &["R1"]),
    (Planted::Kept("sessions"), &["R2"]),
    (Planted::Forgotten("revision"), &["R4"]),
    (Planted::Forgotten("state"), &["R5"]),
    (Planted::Forgotten("version"), &["P5"]),
    (Planted::Forgotten("lease"), &["P2", "P1", "R3"]),
    (Planted::Unwritten, &["P1"]),
    (Planted::Stale(TableName::Accounts), &["A1"]),
    (Planted::Endless, &["A1"]),
    (Planted::Abrupt, &["R9"]),
];

#[test]
fn every_planted_fault_is_found() {
    let mut missed = Vec::new();
    for (planted, rules) in FAULTS {
        let found = (0..SEEDS_MAX).find_map(|seed| {
            let plan = Plan { seed, storm_s: STORM_S, is_calm_at_the_end: false, planted: Some(planted) };
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
