//! The numbers that the fleet is scaled by: one file for the cloud's set-up and for the simulation.

use serde::Deserialize;

/// `infra/scaling.json`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scaling {
    /// Value of the dimension `Fleet`.
    pub fleet: String,
    /// Namespace of the metric.
    pub metric_namespace: String,
    /// Name of the metric with the live sessions of a game sim.
    pub metric_name: String,
    /// Name of the metric with the parties that wait for a place in the fleet.
    pub queue_metric_name: String,
    /// How many samples of a metric a game sim gives in a minute.
    pub samples_per_minute: u32,
    /// What is tracked, in CloudWatch's metric math: `sessions` is the average of the first metric over a minute, `samples`
    /// the number of its samples, `queued` the average of the second one. [`Scaling::demand`] is the same.
    pub metric_expression: String,
    /// Sessions that fit on one game sim.
    pub capacity_sessions: u32,
    /// Sessions per game sim that the group aims at.
    pub target_sessions: u32,
    /// Game sims that are always there. At least one: without a sim there is no metric that could call for one.
    pub gamesims_min: u32,
    /// The most that the group may start.
    pub gamesims_max: u32,
    /// How long a new instance does not count, in seconds from its start.
    pub warmup_s: u32,
    /// How long a game sim that is taken out may go on with its sessions, in seconds.
    pub drain_deadline_s: u32,
    /// How long the group waits for a sign of life of an instance that drains, in seconds.
    pub lifecycle_heartbeat_s: u32,
}

impl Scaling {
    /// The numbers in force.
    ///
    /// # Panics
    /// If the file does not hold what this type says.
    pub fn in_force() -> Self {
        serde_json::from_str(include_str!("../../../infra/scaling.json")).expect("infra/scaling.json is complete")
    }

    /// Sessions per game sim that there are or should be: those that go on, and those that wait spread over the game sims
    /// that published. `None` if none did.
    pub fn demand(&self, sessions_sum: u64, queued_sum: u64, samples: u64) -> Option<f64> {
        let (sessions, queued) = (sessions_sum as f64 / samples as f64, queued_sum as f64 / samples as f64);
        (samples > 0).then(|| sessions + queued * f64::from(self.samples_per_minute) / samples as f64)
    }

    /// The same with another target.
    pub fn with_target(&self, target_sessions: u32) -> Self {
        Self { target_sessions, ..self.clone() }
    }
}
