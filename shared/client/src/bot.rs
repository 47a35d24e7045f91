//! A player that plays by itself, for the demo, for load and for tests. The brain is a pure function of what a client
//! knows: [`decide`] reads a view, the content and a small memory, and says what to do in the next tick. It sees no more
//! than a player would, and the game sim treats it as one.
//!
//! The tactics, in order: use an ability that is worth it, strike what is in range, close in on what is dangerous, fetch
//! loot, rest when hurt, wait for the party, walk to the nearest enemy. Resting and waiting draw on a limited patience, so that no bot stands for ever because
//! of a player who has fallen asleep. `route` finds the way, `scene` reads the view.

mod abilities;
mod memory;
mod route;
mod scene;

pub use memory::BotMemory;
pub use route::Routes;

use crate::floor::{Floor, position};
use crate::game::View;
use guildhall_domain::content::{Content, Point, Zone};
use guildhall_domain::limits::{PICK_UP_REACH_MM, SEATS_PER_SESSION_MAX, TICKS_PER_S};
use guildhall_protocol::payload::Action;
use scene::{Foe, Scene};

/// Hit points, in percent, below which a bot rests before it looks for the next fight.
const REST_BELOW_PERCENT: u32 = 70;
/// How far behind a member of the party may be before the others wait, in millimetres of way.
const STRAGGLER_MM: u32 = 6_000;
/// How far a bot walks for loot while there is still something to fight, in millimetres of way.
const LOOT_DETOUR_MM: u32 = 15_000;
/// How long a bot of a zone walks towards one camp before it walks towards the next, in ticks: half a minute.
const ROAM_TICKS: u32 = 30 * TICKS_PER_S;
/// How far apart in the list of camps two parties begin: not a divisor of many numbers.
const ROAM_STRIDE: usize = 7;
/// What is seen is a moment old: the part of a reach that is relied on, in percent.
const REACH_RELIED_ON_PERCENT: u32 = 88;

/// What a bot does in the next tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// Direction eastward.
    pub move_x: i8,
    /// Direction southward.
    pub move_y: i8,
    /// What else.
    pub action: Action,
    /// What it is about, for people who watch.
    pub intent: Intent,
}

/// What a bot is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Intent {
    /// Has nothing to do, or cannot do anything.
    #[default]
    Idle,
    /// Fights this enemy.
    Fight(u16),
    /// Fetches this loot.
    Loot(u16),
    /// Stands until it is less hurt.
    Rest,
    /// Stands until the party is together.
    Wait,
    /// Walks to this enemy.
    Seek(u16),
    /// Looks for somebody to fight, in a zone.
    Roam,
}

impl Decision {
    fn stand(intent: Intent) -> Self {
        Self { move_x: 0, move_y: 0, action: Action::None, intent }
    }
}

/// What to do next in this dungeon or zone.
pub fn decide(view: &View, content: &Content, dungeon_id: &str, memory: &BotMemory) -> Decision {
    let idle = Decision::stand(Intent::Idle);
    let Some(floor) = Floor::of(content, dungeon_id, view) else { return idle };
    let Some(scene) = Scene::of(view, content, &floor, memory) else { return idle };
    let mut decision = choose(&scene, memory);
    if decision.intent == Intent::Idle
        && let Some(zone) = content.zones.get(dungeon_id)
    {
        decision = roam(&scene, zone);
    }
    if matches!(decision.intent, Intent::Fight(_))
        && let Some(action) = abilities::choose(&scene, content, memory)
    {
        decision.action = action;
    }
    // The hands are free whenever no blow is struck: take what lies within reach.
    if decision.action == Action::None
        && let Some(target) = loot_in_reach(&scene, memory)
    {
        decision.action = Action::PickUp { target };
    }
    decision
}

fn choose(scene: &Scene<'_>, memory: &BotMemory) -> Decision {
    if let Some(foe) = scene.weakest_in_range() {
        return strike(scene, foe);
    }
    if let Some(foe) = scene.nearest_danger() {
        return Decision { intent: Intent::Fight(foe.id), ..approach(scene, foe.at) };
    }
    let next = if scene.view.dungeon_cleared { None } else { scene.nearest_foe() };
    let detour_mm = if next.is_some() { LOOT_DETOUR_MM } else { u32::MAX };
    if let Some((id, at)) = scene.own_share_of_loot(detour_mm, |id| memory.is_lost(id)) {
        return Decision { intent: Intent::Loot(id), ..approach(scene, at) };
    }
    let Some(next) = next else { return Decision::stand(Intent::Idle) };
    if memory.is_patient() {
        if scene.own_hp_percent() < REST_BELOW_PERCENT {
            return Decision::stand(Intent::Rest);
        }
        if scene.someone_lags(next, STRAGGLER_MM, REST_BELOW_PERCENT) {
            return Decision::stand(Intent::Wait);
        }
    }
    Decision { intent: Intent::Seek(next.id), ..approach(scene, next.at) }
}

/// Walks from camp to camp, the whole party to the same, where there is nothing to do in sight.
fn roam(scene: &Scene<'_>, zone: &Zone) -> Decision {
    let party = usize::from(scene.view.my_seat.unwrap_or_default()) / SEATS_PER_SESSION_MAX;
    let turn = (scene.view.tick / ROAM_TICKS) as usize;
    let Some(nth) = (party * ROAM_STRIDE + turn).checked_rem(zone.camps.len()) else {
        return Decision::stand(Intent::Idle);
    };
    zone.camps
        .get(nth)
        .map_or(Decision::stand(Intent::Idle), |camp| Decision { intent: Intent::Roam, ..approach(scene, camp.at) })
}

/// Strikes, and comes closer while the reach is not certain.
fn strike(scene: &Scene<'_>, foe: &Foe) -> Decision {
    let certain = relied_on(scene.range_mm);
    let moving =
        if scene.distance_mm(foe.at) > certain { approach(scene, foe.at) } else { Decision::stand(Intent::Idle) };
    Decision { action: Action::Attack { target: foe.id }, intent: Intent::Fight(foe.id), ..moving }
}

fn approach(scene: &Scene<'_>, goal: Point) -> Decision {
    let (move_x, move_y) = scene.routes.next_point(goal).map_or((0, 0), |next| direction(scene.at, next));
    Decision { move_x, move_y, ..Decision::stand(Intent::Idle) }
}

fn loot_in_reach(scene: &Scene<'_>, memory: &BotMemory) -> Option<u16> {
    let reach_mm = relied_on(PICK_UP_REACH_MM);
    let near = scene.view.loot().filter(|(_, loot)| scene.distance_mm(position(loot)) <= reach_mm);
    near.map(|(_, loot)| loot.id).find(|&id| memory.may_ask_for(id, scene.view.tick))
}

fn relied_on(reach_mm: u32) -> u32 {
    reach_mm / 100 * REACH_RELIED_ON_PERCENT
}

/// The direction from one point to another in the steps that an input has.
fn direction(from: Point, to: Point) -> (i8, i8) {
    let (dx, dy) = (i64::from(to.x) - i64::from(from.x), i64::from(to.y) - i64::from(from.y));
    let longest = dx.abs().max(dy.abs()).max(1);
    let step = |part: i64| i8::try_from(part * i64::from(i8::MAX) / longest).unwrap_or(0);
    (step(dx), step(dy))
}

#[cfg(test)]
pub(crate) mod tests;
