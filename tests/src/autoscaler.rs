//! A week of a fleet in a second: a synthetic load, game sims that take sessions and protect themselves as ours do, and an
//! autoscaling group that follows a target as Amazon documents it. It reads the numbers that the cloud is set up with, from
//! `infra/scaling.json`, and says what they cost and how long players wait.
//!
//! Read [`week`], which goes through the seconds; [`load`] says who comes, [`fleet`] where they go, [`group`] how many
//! instances there are. Nothing here runs a real game sim or asks Amazon: the rules of the group are a model of their
//! documentation, and where that leaves something open, the harsher reading.

pub mod chart;
pub mod fleet;
pub mod group;
pub mod load;
pub mod outcome;
pub mod scaling;
#[cfg(test)]
mod tests;

pub use outcome::Outcome;
pub use scaling::Scaling;

use fleet::Fleet;
use group::{Group, Instances};
use load::Load;

/// What is played.
#[derive(Debug, Clone, PartialEq)]
pub struct Experiment {
    /// The numbers of the group.
    pub scaling: Scaling,
    /// Who comes.
    pub load: Load,
    /// Decides every chance.
    pub seed: u64,
    /// How long it goes on, in hours.
    pub hours: u32,
    /// Whether parties that wait for a place count as load, spread over the game sims.
    pub counts_queue: bool,
    /// Instances that stand ready from half an hour before the launch until three hours after it, if it was announced.
    pub announced_min: Option<u32>,
    /// Whether game sims protect themselves from being scaled in while sessions live on them.
    pub protects: bool,
}

impl Experiment {
    /// A week with a launch in its middle, as the fleet is set up.
    pub fn week(scaling: Scaling) -> Self {
        let load = Load::default();
        Self { scaling, load, seed: 1, hours: 168, counts_queue: true, announced_min: None, protects: true }
    }
}

/// Goes through the experiment, second by second.
pub fn week(experiment: &Experiment) -> Outcome {
    let Experiment { scaling, load, seed, .. } = experiment;
    let mut arrivals = load.arrivals(*seed);
    // The fleet has been there before, and has the size that the hour needs.
    let instances = (load.sessions(0) / f64::from(scaling.target_sessions)).ceil() as u32;
    let instances = instances.clamp(scaling.gamesims_min, scaling.gamesims_max);
    let mut fleet = Fleet::new(scaling, instances, *seed, experiment.protects);
    let mut group = Group::new(scaling, instances);
    let mut outcome = Outcome::default();
    for now_s in 0..experiment.hours * 3_600 {
        for minutes in arrivals.handle_second(now_s) {
            fleet.handle_arrival(now_s, minutes * 60);
        }
        fleet.handle_second(now_s, &mut outcome);
        if now_s % 60 == 59 {
            let metric = fleet.take_metric(experiment.counts_queue);
            let Instances { desired, .. } = group.handle_minute(metric, fleet.instances(now_s));
            let floor = experiment.announced_min.filter(|_| load.is_around_launch(now_s));
            fleet.scale_to(now_s, desired.max(floor.unwrap_or_default()).min(scaling.gamesims_max));
        }
        if now_s % 3_600 == 3_599 {
            outcome.hours.push(fleet.hour());
        }
    }
    outcome.waiting = fleet.waiting();
    outcome
}
