//! Publishes what the fleet is scaled by. A game sim that drains, or that the registry does not answer, publishes nothing
//! of that, and so leaves the average over the fleet: only who can take sessions counts there. Dead letters are told of to the
//! very end.

use super::{Fault, Sighting};
use crate::metrics::SimMetrics;
use crate::rim::{Gauge, Pending};
use guildhall_telemetry::Counter;
use guildhall_telemetry::cloudwatch::{CloudWatch, Distribution, Reading, Report, Reporter};
use tokio::sync::watch;

/// Live sessions of a game sim, as the registry lists them: with [`QUEUE_DEPTH`] what the fleet is scaled by.
pub const ACTIVE_GAME_SESSIONS: &str = "ActiveGameSessions";
/// Parties that wait for a place in the fleet. Every game sim publishes the same number.
pub const QUEUE_DEPTH: &str = "QueueDepth";
const FREE_PLACES: &str = "FreePlaces";
const GAMESIM_CAPACITY: &str = "GamesimCapacity";
const QUEUE_WAIT_S: &str = "QueueWaitSeconds";
const DEAD_LETTERS: &str = "DeadLetters";

/// Everything that a game sim tells CloudWatch of.
pub const FLEET_METRICS: [&str; 6] =
    [ACTIVE_GAME_SESSIONS, FREE_PLACES, GAMESIM_CAPACITY, QUEUE_DEPTH, QUEUE_WAIT_S, DEAD_LETTERS];

impl Gauge for CloudWatch {
    fn publish<'a>(&'a self, report: &'a Report) -> Pending<'a, Result<(), String>> {
        Box::pin(Self::publish(self, report))
    }
}

/// Publishes the metrics of one game sim.
#[derive(Debug)]
pub(super) struct Press {
    gauge: Box<dyn Gauge>,
    capacity: u32,
    /// Groups of progress that this boot could not write.
    dead_letters: Counter,
    failures: Counter,
    fault: Fault,
    /// The dead letters that CloudWatch knows of.
    letters_told: u64,
}

impl Press {
    pub(super) fn new(gauge: Box<dyn Gauge>, capacity: u32, metrics: &SimMetrics) -> Self {
        let (dead_letters, failures) = (metrics.dead_letters.clone(), metrics.reports_failed.clone());
        Self { gauge, capacity, dead_letters, failures, fault: Fault::of("CloudWatch"), letters_told: 0 }
    }

    /// Until the game sim has ended.
    pub(super) async fn run(mut self, mut sightings: watch::Receiver<Sighting>) {
        let mut reporter: Option<Reporter> = None;
        while sightings.changed().await.is_ok() {
            let sighting = *sightings.borrow_and_update();
            self.tell_letters(sighting.at_ms).await;
            if !sighting.is_ready {
                reporter = None;
                continue;
            }
            // When a game sim became ready differs from one to the next, and so do the moments of their reports.
            let reporter = reporter.get_or_insert_with(|| Reporter::new(sighting.at_ms));
            if let Some(report) = reporter.handle_readings(sighting.at_ms, &readings(sighting, self.capacity)) {
                self.publish(&report).await;
            }
        }
        // Most letters are written at the very end.
        let at_ms = sightings.borrow().at_ms;
        self.tell_letters(at_ms).await;
    }

    /// Adds to the metric what has been buried since the last time. Nothing is said of none: that would cost a metric's worth
    /// of calls, and an alarm needs no zeros.
    async fn tell_letters(&mut self, at_ms: u64) {
        let buried = self.dead_letters.get();
        let new = buried.saturating_sub(self.letters_told);
        if new == 0 {
            return;
        }
        let metrics = vec![Distribution { name: DEAD_LETTERS, values: vec![(new as f64, 1)] }];
        if self.publish(&Report { minute_ms: at_ms, metrics }).await {
            self.letters_told = buried;
        }
    }

    async fn publish(&mut self, report: &Report) -> bool {
        let is_published = self.fault.note(self.gauge.publish(report).await).is_some();
        if !is_published {
            self.failures.inc();
        }
        is_published
    }
}

/// Every metric of the fleet: one more is one more line here. What the registry did not say is not among them.
fn readings(sighting: Sighting, capacity: u32) -> Vec<Reading> {
    let Sighting { sessions, queued, queue_wait_ms, .. } = sighting;
    let known = [
        (ACTIVE_GAME_SESSIONS, Some(sessions)),
        (FREE_PLACES, Some(capacity.saturating_sub(sessions))),
        (GAMESIM_CAPACITY, Some(capacity)),
        (QUEUE_DEPTH, queued),
        (QUEUE_WAIT_S, queue_wait_ms.and_then(|wait_ms| u32::try_from(wait_ms / 1_000).ok())),
    ];
    known.into_iter().filter_map(|(name, value)| Some(Reading { name, value: value?.into() })).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_that_could_not_be_read_is_not_an_empty_one() {
        let seen = |queued, queue_wait_ms| {
            let sighting = Sighting { at_ms: 1, is_ready: true, sessions: 7, queued, queue_wait_ms };
            readings(sighting, 10).into_iter().map(|reading| (reading.name, reading.value)).collect::<Vec<_>>()
        };
        let always = [("ActiveGameSessions", 7.0), ("FreePlaces", 3.0), ("GamesimCapacity", 10.0)];
        assert_eq!(seen(None, None), always);
        let queue = [("QueueDepth", 5.0), ("QueueWaitSeconds", 12.0)];
        assert_eq!(seen(Some(5), Some(12_999)), [&always[..], &queue].concat());
    }
}
