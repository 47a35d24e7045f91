//! Publishes what the fleet is scaled by. A game sim that drains, or that the registry does not answer, publishes nothing,
//! and so leaves the average over the fleet: only who can take sessions counts there.

use super::{Fault, Sighting};
use guildhall_telemetry::Counter;
use guildhall_telemetry::cloudwatch::{CloudWatch, Reading, Reporter};
use tokio::sync::watch;

/// Live sessions of a game sim, as the registry lists them: with [`QUEUE_DEPTH`] what the fleet is scaled by.
pub const ACTIVE_GAME_SESSIONS: &str = "ActiveGameSessions";
/// Parties that wait for a place in the fleet. Every game sim publishes the same number.
pub const QUEUE_DEPTH: &str = "QueueDepth";
const FREE_PLACES: &str = "FreePlaces";
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

/// Every metric of the fleet: one more is one more line here. What the registry did not say is not among them.
fn readings(sighting: Sighting, capacity: u32) -> Vec<Reading> {
    let Sighting { sessions, queued, .. } = sighting;
    let known = [
        (ACTIVE_GAME_SESSIONS, Some(sessions)),
        (FREE_PLACES, Some(capacity.saturating_sub(sessions))),
        (GAMESIM_CAPACITY, Some(capacity)),
        (QUEUE_DEPTH, queued),
    ];
    known.into_iter().filter_map(|(name, value)| Some(Reading { name, value: value?.into() })).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_that_could_not_be_read_is_not_an_empty_one() {
        let seen = |queued| {
            let sighting = Sighting { at_ms: 1, is_ready: true, sessions: 7, queued };
            readings(sighting, 10).into_iter().map(|reading| (reading.name, reading.value)).collect::<Vec<_>>()
        };
        let always = [("ActiveGameSessions", 7.0), ("FreePlaces", 3.0), ("GamesimCapacity", 10.0)];
        assert_eq!(seen(None), always);
        assert_eq!(seen(Some(5)), [&always[..], &[("QueueDepth", 5.0)]].concat());
    }
}
