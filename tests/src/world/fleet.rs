//! The fleet of a world: instances that an autoscaling group starts and takes out by what they publish, as the cloud's does
//! with the product's numbers (`autoscaler`), at a pace of its own: its minute lasts a few seconds. An instance that is taken
//! out has until it says that it has drained, or until nobody hears of it any more.

use super::gamesim::{self, Boot, Site};
use super::{World, lock};
use crate::autoscaler::Scaling;
use crate::autoscaler::group::{Group as Policy, Instances};
use guildhall_domain::api::GamesimState;
use guildhall_gamesim::rim::{Around, Gauge, Group, GroupCall, Metadata, Pending};
use guildhall_gamesim::{ACTIVE_GAME_SESSIONS, QUEUE_DEPTH};
use guildhall_telemetry::cloudwatch::Report;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

/// Game sims that a fleet has at least, at the beginning, and at most.
const GAMESIMS_MIN: u32 = 2;
pub(super) const GAMESIMS: u32 = 4;
const GAMESIMS_MAX: u32 = 6;
/// What the group takes for a minute, in milliseconds.
const MINUTE_MS: u64 = 5_000;
/// How long an instance takes until its process begins, in milliseconds.
const START_MS_MAX: u64 = 20_000;
/// How long the group waits for a sign of an instance that it has taken out, in milliseconds.
const SILENCE_MS_MAX: u64 = 150_000;

/// An instance, as its group knows it.
#[derive(Debug, Default)]
struct Instance {
    started_ms: u64,
    is_protected: bool,
    /// When it was heard of last, once it is taken out.
    taken_out_ms: Option<u64>,
    is_complete: bool,
}

/// What the group knows.
#[derive(Debug, Default)]
pub(super) struct Fleet {
    instances: BTreeMap<String, Instance>,
    started: u32,
    /// Of this minute: sums of sessions and of waiting parties, and samples.
    sessions: f64,
    queued: f64,
    samples: u64,
}

impl Fleet {
    /// Whether an instance is still there.
    pub(super) fn has(&self, name: &str) -> bool {
        self.instances.get(name).is_some_and(|instance| !instance.is_complete)
    }

    /// Forgets instances that are over.
    fn reclaim(&mut self, now_ms: u64) {
        self.instances.retain(|_, instance| {
            let is_silent = instance.taken_out_ms.is_some_and(|heard_ms| heard_ms + SILENCE_MS_MAX < now_ms);
            !instance.is_complete && !is_silent
        });
    }

    /// What the group sees and wants after a minute.
    fn handle_minute(&mut self, policy: &mut Policy, scaling: &Scaling) -> (u32, u32) {
        let metric = scaling.demand(self.sessions as u64, self.queued as u64, self.samples);
        (self.sessions, self.queued, self.samples) = (0.0, 0.0, 0);
        let staying = self.instances.values().filter(|instance| instance.taken_out_ms.is_none()).count() as u32;
        let wanted = policy.handle_minute(metric, Instances { warm: staying, warming: 0, desired: 0 });
        (staying, wanted.desired)
    }

    /// Takes out the oldest that are not protected.
    fn take_out(&mut self, now_ms: u64, count: usize) -> Vec<String> {
        let free = |(_, instance): &(&String, &mut Instance)| !instance.is_protected && instance.taken_out_ms.is_none();
        let mut free: Vec<_> = self.instances.iter_mut().filter(free).collect();
        free.sort_by_key(|(_, instance)| instance.started_ms);
        let taken = free.into_iter().take(count).map(|(name, instance)| {
            instance.taken_out_ms = Some(now_ms);
            name.clone()
        });
        taken.collect()
    }

    fn start(&mut self, now_ms: u64) -> String {
        let name = format!("sim-{}", self.started);
        self.started += 1;
        self.instances.insert(name.clone(), Instance { started_ms: now_ms, ..Instance::default() });
        name
    }
}

fn start(site: &Arc<Site>, after_ms: u64) {
    let world = &site.world;
    let name = lock(&site.fleet).start(world.now_ms());
    let (site, after) = (Arc::clone(site), Duration::from_millis(world.below(after_ms)));
    tokio::spawn(async move {
        sleep(after).await;
        gamesim::live(site, name).await;
    });
}

/// Keeps the fleet as large as it has to be, for as long as the world lasts.
pub(super) async fn scale(site: Arc<Site>) {
    let world = Arc::clone(&site.world);
    (0..GAMESIMS).for_each(|_| start(&site, 1));
    if !world.weather().is_scaled {
        return;
    }
    let capacity = world.weather().capacity;
    let scaling = Scaling {
        target_sessions: (capacity * 7 / 10).max(1),
        gamesims_min: GAMESIMS_MIN,
        gamesims_max: GAMESIMS_MAX,
        ..Scaling::in_force()
    };
    let mut policy = Policy::new(&scaling, GAMESIMS);
    loop {
        sleep(Duration::from_millis(MINUTE_MS)).await;
        let now_ms = world.now_ms();
        let (staying, desired) = {
            let mut fleet = lock(&site.fleet);
            fleet.reclaim(now_ms);
            fleet.handle_minute(&mut policy, &scaling)
        };
        (staying..desired).for_each(|_| start(&site, START_MS_MAX));
        let excess = staying.saturating_sub(desired) as usize;
        let taken = lock(&site.fleet).take_out(now_ms, excess);
        taken.iter().for_each(|name| world.tell(format!("{name} is taken out")));
    }
}

/// The cloud, as one process reaches it.
#[derive(Debug, Clone)]
struct Sky(Arc<Boot>);

/// The cloud around a process.
pub(super) fn around(boot: &Arc<Boot>) -> Around {
    let sky = Sky(Arc::clone(boot));
    Around { gauge: Some(Box::new(sky.clone())), metadata: Some(Box::new(sky.clone())), group: Some(Box::new(sky)) }
}

impl Sky {
    /// A call gets through, or does not; nothing gets out of a process that is stopped.
    async fn reach(&self) -> Result<(), String> {
        self.0.go_on().await;
        let is_lost = self.0.site.world.happens(|weather| weather.requests_lost);
        if is_lost { Err("no answer".to_owned()) } else { Ok(()) }
    }
}

impl Gauge for Sky {
    fn publish<'a>(&'a self, report: &'a Report) -> Pending<'a, Result<(), String>> {
        Box::pin(async move {
            self.reach().await?;
            let mut fleet = lock(&self.0.site.fleet);
            for metric in &report.metrics {
                let sum: f64 = metric.values.iter().map(|(value, times)| value * f64::from(*times)).sum();
                match metric.name {
                    ACTIVE_GAME_SESSIONS => {
                        fleet.sessions += sum;
                        fleet.samples += metric.values.iter().map(|(_, times)| u64::from(*times)).sum::<u64>();
                    }
                    QUEUE_DEPTH => fleet.queued += sum,
                    _ => {}
                }
            }
            Ok(())
        })
    }
}

impl Metadata for Sky {
    fn text<'a>(&'a mut self, path: &'a str) -> Pending<'a, Result<Option<String>, String>> {
        Box::pin(async move {
            self.reach().await?;
            let fleet = lock(&self.0.site.fleet);
            let instance = fleet.instances.get(&self.0.name);
            let is_taken_out = instance.is_none_or(|instance| instance.taken_out_ms.is_some());
            Ok(match path {
                "autoscaling/target-lifecycle-state" if is_taken_out => {
                    drop(fleet);
                    self.0.note_drain();
                    Some("Terminated".to_owned())
                }
                "autoscaling/target-lifecycle-state" => Some("InService".to_owned()),
                "instance-id" => Some(self.0.name.clone()),
                _ => None,
            })
        })
    }
}

impl Group for Sky {
    fn call<'a>(&'a self, call: GroupCall, instance_id: &'a str) -> Pending<'a, Result<(), String>> {
        Box::pin(async move {
            self.reach().await?;
            let (boot, world) = (&self.0, &self.0.site.world);
            let now_ms = world.now_ms();
            let mut fleet = lock(&boot.site.fleet);
            let Some(instance) = fleet.instances.get_mut(instance_id) else { return Ok(()) };
            match call {
                GroupCall::Protect(is_protected) => instance.is_protected = is_protected,
                GroupCall::Heartbeat => instance.taken_out_ms = instance.taken_out_ms.map(|_| now_ms),
                GroupCall::Complete => {
                    instance.is_complete = true;
                    world.judge_end(boot);
                }
            }
            Ok(())
        })
    }
}

impl World {
    /// R9: an instance that says it has drained has no live session, unless its time was up.
    fn judge_end(&self, boot: &Boot) {
        let ledger = lock(&self.ledger);
        let live = ledger.gamesims.values().rev().find(|row| row.gamesim_id.as_str() == boot.name);
        let left = live.filter(|row| row.state != GamesimState::Gone && !row.sessions.is_empty()).cloned();
        drop(ledger);
        if let Some(row) = left.filter(|_| !boot.may_close()) {
            self.fail(format!("R9: {} is given up with live sessions: {row:?}", boot.name));
        }
    }

    /// Places that are free on game sims that live and take sessions by anybody's clock.
    pub(super) fn free_places(&self) -> usize {
        let latest = guildhall_domain::Timestamp(self.now_ms() + self.weather().skew_ms);
        let ledger = lock(&self.ledger);
        let open = ledger.gamesims.values().filter(|row| row.state == GamesimState::Ready && row.is_alive(latest));
        open.map(|row| (row.capacity as usize).saturating_sub(row.sessions.len())).sum()
    }
}
