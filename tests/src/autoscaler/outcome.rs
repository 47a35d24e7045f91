//! What came of an experiment.

use std::collections::BTreeMap;

/// The figures of a whole experiment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outcome {
    /// Sessions that an instance's end cut off.
    pub killed: u32,
    /// How many parties waited how many seconds.
    pub waits: BTreeMap<u32, u32>,
    /// Parties that wait at the end.
    pub waiting: u32,
    /// Seconds of instances that were paid for.
    pub instance_s: u64,
    /// The same for a fleet that always has exactly the instances that its sessions fill.
    pub ideal_s: u64,
    /// Every hour.
    pub hours: Vec<Hour>,
}

/// The largest of an hour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Hour {
    /// Sessions that went on.
    pub sessions: u32,
    /// Sessions that would have fitted.
    pub room: u32,
    /// Parties that waited.
    pub queue: u32,
    /// Instances.
    pub instances: u32,
}

impl Hour {
    pub(super) fn take_in(&mut self, sessions: u32, room: u32, queue: u32, instances: u32) {
        self.sessions = self.sessions.max(sessions);
        self.room = self.room.max(room);
        self.queue = self.queue.max(queue);
        self.instances = self.instances.max(instances);
    }
}

impl Outcome {
    pub(super) fn count_wait(&mut self, wait_s: u32) {
        *self.waits.entry(wait_s).or_default() += 1;
    }

    /// Sessions that began.
    pub fn sessions(&self) -> u64 {
        self.waits.values().copied().map(u64::from).sum()
    }

    /// The wait that `share` of all parties did not exceed, in seconds.
    pub fn wait_s(&self, share: f64) -> u32 {
        let rank = (self.sessions() as f64 * share).ceil() as u64;
        let mut seen = 0;
        let reached = |(wait_s, count): (&u32, &u32)| {
            seen += u64::from(*count);
            (seen >= rank).then_some(*wait_s)
        };
        self.waits.iter().find_map(reached).unwrap_or_default()
    }

    /// Share of the parties that waited at all.
    pub fn waited_share(&self) -> f64 {
        let at_once = self.waits.get(&0).copied().unwrap_or_default();
        1.0 - f64::from(at_once) / (self.sessions() as f64).max(1.0)
    }

    /// Hours of instances that were paid for.
    pub fn instance_hours(&self) -> f64 {
        self.instance_s as f64 / 3_600.0
    }

    /// The same for the ideal fleet.
    pub fn ideal_hours(&self) -> f64 {
        self.ideal_s as f64 / 3_600.0
    }

    /// How many times the ideal fleet was paid for.
    pub fn overprovision(&self) -> f64 {
        self.instance_hours() / self.ideal_hours().max(f64::MIN_POSITIVE)
    }

    /// The most instances at one time.
    pub fn instances_max(&self) -> u32 {
        self.hours.iter().map(|hour| hour.instances).max().unwrap_or_default()
    }
}
