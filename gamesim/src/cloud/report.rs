//! Publishes what the fleet is scaled by. A game sim that drains, or that the registry does not answer, publishes nothing,
//! and so leaves the average over the fleet: only who can take sessions counts there.

use super::{Fault, Sighting};
use guildhall_telemetry::Counter;
use guildhall_telemetry::cloudwatch::{CloudWatch, Reading, Reporter};
use tokio::sync::watch;

/// The metric that the fleet is scaled by: live sessions of a game sim, as the registry lists them.
pub const ACTIVE_GAME_SESSIONS: &str = "ActiveGameSessions";
const GAMESIM_CAPACITY: &str = "GamesimCapacity";

/// Until the game sim has ended.
pub(super) async fn run(
    cloudwatch: CloudWatch,
    capacity: u32,
    mut sightings: watch::Receiver<Sighting>,
    failures: Counter,
) {
    let mut fault = Fault::of("CloudWatch");
    let mut reporter: Option<Reporter> = None;
    while sightings.changed().await.is_ok() {
        let sighting = *sightings.borrow_and_update();
        if !sighting.is_ready {
            reporter = None;
            continue;
        }
        // When a game sim became ready differs from one to the next, and so do the moments of their reports.
        let reporter = reporter.get_or_insert_with(|| Reporter::new(sighting.at_ms));
        let Some(report) = reporter.handle_readings(sighting.at_ms, &readings(sighting, capacity)) else { continue };
        if fault.note(cloudwatch.publish(&report).await).is_none() {
            failures.inc();
        }
    }
}

/// Every metric of the fleet: one more is one more line here.
fn readings(sighting: Sighting, capacity: u32) -> [Reading; 2] {
    [
        Reading { name: ACTIVE_GAME_SESSIONS, value: sighting.sessions.into() },
        Reading { name: GAMESIM_CAPACITY, value: capacity.into() },
    ]
}
