//! Game sims and who plays on them: sessions go to the fullest sim that has room, whoever finds none waits in line, and an
//! instance with sessions is protected. An instance that the group takes out learns of it within seconds, takes sessions
//! until then, and lives on until the last of them is over or its time is up.

use super::group::Instances;
use super::load::Chance;
use super::outcome::{Hour, Outcome};
use super::scaling::Scaling;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// How long an instance takes from its start to its registration, in seconds.
const BOOT_S: std::ops::RangeInclusive<u32> = 90..=150;
/// Time between two looks of an instance at what its group wants and what lives on it, and between two samples of its
/// metrics, in seconds.
const LOOK_S: u32 = 5;
/// How long an instance is empty before it gives up its protection, in seconds.
const EMPTY_S: u32 = 60;

/// One instance with its game sim.
#[derive(Debug)]
struct Gamesim {
    started_s: u32,
    ready_s: u32,
    sessions: u32,
    empty_since_s: u32,
    is_protected: bool,
    /// When the group chose it to go.
    taken_out_s: Option<u32>,
    /// Whether it knows, and takes nothing new.
    is_draining: bool,
    is_gone: bool,
}

/// Sums over the samples that game sims have given in a minute: every one of them says how long the queue is.
#[derive(Debug, Default)]
struct Sampled {
    sessions: u64,
    queued: u64,
    samples: u64,
}

/// Every instance there ever was, and everybody who plays or waits.
#[derive(Debug)]
pub struct Fleet {
    scaling: Scaling,
    chance: Chance,
    protects: bool,
    gamesims: Vec<Gamesim>,
    /// Positions of those that are not gone.
    present: Vec<usize>,
    /// End of each session, and where it is.
    ends: BinaryHeap<Reverse<(u32, usize)>>,
    /// Arrival and length of whoever waits, in seconds.
    queue: VecDeque<(u32, u32)>,
    sampled: Sampled,
    hour: Hour,
}

impl Fleet {
    /// With this many instances that are ready and empty.
    pub fn new(scaling: &Scaling, instances: u32, seed: u64, protects: bool) -> Self {
        let mut fleet = Self {
            scaling: scaling.clone(),
            chance: Chance::seeded(!seed),
            protects,
            gamesims: Vec::new(),
            present: Vec::new(),
            ends: BinaryHeap::new(),
            queue: VecDeque::new(),
            sampled: Sampled::default(),
            hour: Hour::default(),
        };
        (0..instances).for_each(|_| fleet.start(0, 0));
        fleet
    }

    /// Somebody wants a session of this length.
    pub fn handle_arrival(&mut self, now_s: u32, length_s: u32) {
        self.queue.push_back((now_s, length_s));
    }

    /// One second passes.
    pub fn handle_second(&mut self, now_s: u32, outcome: &mut Outcome) {
        while let Some(Reverse((end_s, index))) = self.ends.peek().copied()
            && end_s <= now_s
        {
            self.ends.pop();
            let gamesim = &mut self.gamesims[index];
            // Whoever was thrown out has no end to reach any more.
            if !gamesim.is_gone {
                gamesim.sessions -= 1;
                gamesim.empty_since_s = now_s;
            }
        }
        while let Some((arrived_s, length_s)) = self.queue.pop_front() {
            let Some(index) = self.fullest(now_s) else {
                self.queue.push_front((arrived_s, length_s));
                break;
            };
            self.gamesims[index].sessions += 1;
            self.ends.push(Reverse((now_s + length_s, index)));
            outcome.count_wait(now_s - arrived_s);
        }
        self.look(now_s, outcome);
        self.measure(now_s, outcome);
    }

    /// What CloudWatch says of the minute that is over: sessions per game sim, and those who wait with them.
    pub fn take_metric(&mut self, counts_queue: bool) -> Option<f64> {
        let Sampled { sessions, queued, samples } = std::mem::take(&mut self.sampled);
        self.scaling.demand(sessions, if counts_queue { queued } else { 0 }, samples)
    }

    /// What the group sees.
    pub fn instances(&self, now_s: u32) -> Instances {
        let staying = self.staying();
        let warm = staying.filter(|gamesim| now_s >= gamesim.started_s + self.scaling.warmup_s).count() as u32;
        Instances { warm, warming: self.staying().count() as u32 - warm, desired: 0 }
    }

    /// Starts instances, or takes some out that are not protected: the oldest first.
    pub fn scale_to(&mut self, now_s: u32, desired: u32) {
        let staying = self.staying().count() as u32;
        for _ in staying..desired {
            let boot_s = self.chance.within(BOOT_S);
            self.start(now_s, now_s + boot_s);
        }
        let gamesims = &mut self.gamesims;
        let leaving = self.present.iter().copied().filter(|index| {
            let gamesim = &gamesims[*index];
            gamesim.taken_out_s.is_none() && !gamesim.is_protected
        });
        let leaving: Vec<usize> = leaving.take(staying.saturating_sub(desired) as usize).collect();
        for index in leaving {
            gamesims[index].taken_out_s = Some(now_s);
        }
    }

    /// How the hour was that is over.
    pub fn hour(&mut self) -> Hour {
        std::mem::take(&mut self.hour)
    }

    /// How many wait.
    pub fn waiting(&self) -> u32 {
        self.queue.len() as u32
    }

    fn start(&mut self, now_s: u32, ready_s: u32) {
        self.present.push(self.gamesims.len());
        self.gamesims.push(Gamesim {
            started_s: now_s,
            ready_s,
            sessions: 0,
            empty_since_s: ready_s,
            is_protected: false,
            taken_out_s: None,
            is_draining: false,
            is_gone: false,
        });
    }

    fn staying(&self) -> impl Iterator<Item = &Gamesim> {
        self.present.iter().map(|index| &self.gamesims[*index]).filter(|gamesim| gamesim.taken_out_s.is_none())
    }

    fn fullest(&self, now_s: u32) -> Option<usize> {
        let has_room = |index: &usize| {
            let gamesim = &self.gamesims[*index];
            gamesim.is_taking(now_s) && gamesim.sessions < self.scaling.capacity_sessions
        };
        self.present.iter().copied().filter(has_room).max_by_key(|index| self.gamesims[*index].sessions)
    }

    /// Each instance looks at what its group wants and at what lives on it, one after the other.
    fn look(&mut self, now_s: u32, outcome: &mut Outcome) {
        for index in &self.present {
            let gamesim = &mut self.gamesims[*index];
            if now_s % LOOK_S == *index as u32 % LOOK_S && now_s >= gamesim.ready_s {
                gamesim.is_draining = gamesim.taken_out_s.is_some();
                let is_long_empty = gamesim.sessions == 0 && now_s - gamesim.empty_since_s >= EMPTY_S;
                gamesim.is_protected =
                    self.protects && (gamesim.sessions > 0 || gamesim.is_protected && !is_long_empty);
            }
            let is_over = |taken_out_s| now_s >= taken_out_s + self.scaling.drain_deadline_s;
            if gamesim.taken_out_s.is_some_and(is_over) {
                outcome.killed += gamesim.sessions;
                gamesim.is_gone = true;
            }
            gamesim.is_gone |= gamesim.is_draining && gamesim.sessions == 0;
        }
        self.present.retain(|index| !self.gamesims[*index].is_gone);
    }

    fn measure(&mut self, now_s: u32, outcome: &mut Outcome) {
        let present = || self.present.iter().map(|index| &self.gamesims[*index]);
        let sessions: u32 = present().map(|gamesim| gamesim.sessions).sum();
        if now_s.is_multiple_of(LOOK_S) {
            let serving = || present().filter(|gamesim| gamesim.is_taking(now_s));
            let samples = serving().count() as u64;
            self.sampled.sessions += serving().map(|gamesim| u64::from(gamesim.sessions)).sum::<u64>();
            self.sampled.queued += samples * self.queue.len() as u64;
            self.sampled.samples += samples;
        }
        let instances = self.present.len() as u32;
        outcome.instance_s += u64::from(instances);
        outcome.ideal_s += u64::from(sessions.div_ceil(self.scaling.capacity_sessions));
        self.hour.take_in(sessions, instances * self.scaling.capacity_sessions, self.queue.len() as u32, instances);
    }
}

impl Gamesim {
    const fn is_taking(&self, now_s: u32) -> bool {
        now_s >= self.ready_s && !self.is_draining
    }
}
