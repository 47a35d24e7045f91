//! An EC2 Auto Scaling group with one target-tracking policy, by Amazon's documentation ("Target tracking scaling policies
//! for Amazon EC2 Auto Scaling", "Set the default instance warmup"):
//!
//! - The metric has one value a minute. Three minutes above the target scale out; fifteen minutes more than a tenth below it
//!   scale in.
//! - The number that is wanted is in proportion: instances × metric ÷ target, rounded up.
//! - Instances that warm up do not count as there, but as ordered: a second alarm adds only what is missing. While any warm
//!   up, nothing is scaled in.
//! - Scaling in lowers the number that is wanted even where every instance is protected; they go once they are not.
//!
//! How carefully the group scales in is not documented. This one goes to the proportional number at once.

use super::scaling::Scaling;

/// Minutes above the target that scale out.
const HIGH_MINUTES: u32 = 3;
/// Minutes below the target that scale in.
const LOW_MINUTES: u32 = 15;
/// How far below the target counts as below.
const LOW_SHARE: f64 = 0.9;

/// How many instances there are, and shall be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Instances {
    /// In service and warm.
    pub warm: u32,
    /// Started and not yet warm.
    pub warming: u32,
    /// Wanted.
    pub desired: u32,
}

/// The policy and its two alarms.
#[derive(Debug)]
pub struct Group {
    target: f64,
    min: u32,
    max: u32,
    desired: u32,
    high_minutes: u32,
    low_minutes: u32,
}

impl Group {
    /// A group that has this many instances.
    pub fn new(scaling: &Scaling, desired: u32) -> Self {
        Self {
            target: f64::from(scaling.target_sessions),
            min: scaling.gamesims_min,
            max: scaling.gamesims_max,
            desired,
            high_minutes: 0,
            low_minutes: 0,
        }
    }

    /// Takes in the metric of a minute, `None` if nobody published, and gives the number that is wanted from then on.
    pub fn handle_minute(&mut self, metric: Option<f64>, instances: Instances) -> Instances {
        let is_high = metric.is_some_and(|metric| metric > self.target);
        let is_low = metric.is_some_and(|metric| metric < self.target * LOW_SHARE);
        self.high_minutes = if is_high { self.high_minutes + 1 } else { 0 };
        self.low_minutes = if is_low { self.low_minutes + 1 } else { 0 };
        let wanted = (f64::from(instances.warm) * metric.unwrap_or_default() / self.target).ceil() as u32;
        if self.high_minutes >= HIGH_MINUTES {
            self.desired = self.desired.max(wanted.min(self.max));
        } else if self.low_minutes >= LOW_MINUTES && instances.warming == 0 {
            self.desired = self.desired.min(wanted.max(self.min));
        }
        Instances { desired: self.desired, ..instances }
    }
}
