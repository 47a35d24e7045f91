//! Sessions come and go while answers get lost and messages come twice: nothing is overbooked, and nothing leaks. The bench does
//! the same a hundred thousand times; here it is short, and the judge of it is judged as well.

use guildhall_tests::disorder::{Audit, Findings, Plan, Planted, run};

const PLAN: Plan = Plan { seed: 2, looks: 2, heroes: 200, planted: None };

/// What must not be: overbooked, listed nowhere, places and leases that stay behind, seats without a lease, and parties that
/// wait for a place that they have.
fn faults(Findings { worst, end, .. }: &Findings) -> [usize; 6] {
    let faults = |audit: &Audit| {
        let Audit { overbooked, without_place, leaked_places, leaked_leases, without_lease, waiting_placed, .. } =
            *audit;
        [overbooked, without_place, leaked_places, leaked_leases, without_lease, waiting_placed]
    };
    let (worst, end) = (faults(worst), faults(end));
    std::array::from_fn(|kind| worst[kind].max(end[kind]))
}

#[test]
fn whatever_is_lost_or_comes_twice_every_place_and_every_lease_is_accounted_for() {
    let findings = run(PLAN).unwrap();
    assert_eq!((faults(&findings), findings.stuck), ([0; 6], 0), "{findings:?}");
    assert!(findings.worst.living > 30 && findings.worst.waiting > 0, "the fleet was full: {findings:?}");
    assert_eq!(findings.end.living, 0);
}

#[test]
fn the_audit_sees_a_fleet_that_is_overbooked() {
    let findings = run(Plan { planted: Some(Planted::Boundless), ..PLAN }).unwrap();
    assert!(findings.worst.overbooked > 0, "{findings:?}");
}

#[test]
fn the_audit_sees_places_and_leases_that_nobody_gives_back() {
    let findings = run(Plan { planted: Some(Planted::Kept("sessions")), ..PLAN }).unwrap();
    assert!(findings.worst.leaked_places > 0, "{findings:?}");
    let findings = run(Plan { planted: Some(Planted::Kept("lease")), ..PLAN }).unwrap();
    assert!(findings.worst.leaked_leases > 0, "{findings:?}");
}
