//! What is wrong with the rows after a hundred thousand calls of which answers get lost and messages come twice.

use crate::Outcome;
use crate::figure::Figure;
use guildhall_tests::disorder::{self, Findings, Plan};

const SEED: u64 = 1;
/// Looks at the rows, with 2,000 calls before each.
const LOOKS: usize = 50;
/// Players with a character each.
const HEROES: u32 = 1_000;

pub(crate) async fn measure() -> Outcome<Vec<Figure>> {
    let plan = Plan { seed: SEED, looks: LOOKS, heroes: HEROES, planted: None };
    let Findings { worst, end, stuck, note } = tokio::task::spawn_blocking(move || disorder::run(plan)).await??;
    let none = |what: &str, count: usize| Figure::new(format!("disorder, {what}"), count as f64, "").at_most(0.0);
    Ok(vec![
        none("overbooked", worst.overbooked).note(note),
        none("negative", worst.without_place).note("living sessions that no game sim lists"),
        none("leaked places", worst.leaked_places.max(end.leaked_places)).note(format!(
            "the worst of {LOOKS} looks; {} living sessions at most, {} after the last was closed",
            worst.living, end.living
        )),
        none("leaked leases", worst.leaked_leases.max(end.leaked_leases)),
        Figure::new("disorder, outdated leases", worst.outdated_leases as f64, "").note(format!(
            "of seats that were let go and taken by others: they bind nobody; {} at the end, of {} leases",
            end.outdated_leases, end.leases
        )),
        none("seats without a lease", worst.without_lease),
        none("parties that wait for a place that they have", worst.waiting_placed.max(end.waiting_placed))
            .note(format!("{} parties waiting at most", worst.waiting)),
        none("players who are stuck", stuck).note(format!("of {HEROES}, each of whom plays again at the end")),
    ])
}
