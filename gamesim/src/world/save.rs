//! A dungeon or a zone as bytes, for checkpoints and recordings: only what play has changed, and nothing that follows from the rest. Which chambers
//! are cleared, which doors stand open and whether the dungeon is won follow from who has died when, so no bytes can
//! contradict themselves there; what else they say is judged before it is believed. Enemies that nobody has met cost a byte.
//!
//! A postcard record behind a byte that names the format. Another layout is another format: old ones are refused.

use super::entity::FIRST_LOOT;
use super::random::Random;
use super::rules::ticks;
use super::state::{BLOW_SHOWN_MS, Blow, Cooldowns, Enemy, Loot, Mood, Owner, Player};
use super::states::{InState, States};
use super::{Dungeon, Game, doors};
use guildhall_domain::content::Point;
use guildhall_domain::{Build, HotState};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::sync::Arc;

pub(super) mod party;

/// The first byte.
const FORMAT: u8 = 3;
/// Counts beyond this are no dungeon's; below, none can overflow however long play goes on.
pub(super) const COUNT_MAX: u64 = 1 << 48;
/// Likewise for ticks.
const TICK_MAX: u32 = u32::MAX / 2;

#[derive(Serialize, Deserialize)]
struct Saved<'a> {
    random: (u64, u64),
    tick: u32,
    players: Vec<SavedPlayer<'a>>,
    /// In the order of their ids; `None` for those that are as nobody has met them.
    enemies: Vec<Option<SavedEnemy>>,
    loot: Vec<SavedLoot>,
    next_loot_id: u16,
    /// Without the zeros at the end.
    changes: Vec<u64>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct SavedPlayer<'a> {
    pub(super) seat: u16,
    pub(super) class: Cow<'a, str>,
    pub(super) at: Point,
    pub(super) facing: u8,
    pub(super) build: Cow<'a, Build>,
    pub(super) hot: Cow<'a, HotState>,
    pub(super) mana: u32,
    pub(super) stamina: u32,
    pub(super) states: Vec<SavedState>,
    /// Without the zeros at the end.
    pub(super) ready_at: Vec<u32>,
    pub(super) changes: u64,
    pub(super) blow: SavedBlow,
    pub(super) walked_at: u32,
    pub(super) refused_at: u32,
    pub(super) fought_at: u32,
    pub(super) respawn_at: u32,
}

#[derive(Serialize, Deserialize)]
struct SavedEnemy {
    at: Point,
    facing: u8,
    hp: u32,
    phase: u8,
    mood: SavedMood,
    blow: SavedBlow,
    died_at: u32,
    states: Vec<SavedState>,
    ready_at: Vec<u32>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct SavedState {
    pub(super) state: u8,
    pub(super) until: u32,
    pub(super) by_seat: Option<u16>,
}

#[derive(Serialize, Deserialize)]
enum SavedMood {
    Idle,
    Chasing(u16),
    Returning,
}

#[derive(Serialize, Deserialize)]
pub(super) struct SavedBlow {
    pub(super) ready_at: u32,
    pub(super) shown_until: u32,
}

#[derive(Serialize, Deserialize)]
pub(super) struct SavedLoot {
    pub(super) id: u16,
    pub(super) item: u8,
    pub(super) quantity: u16,
    pub(super) wear: u32,
    pub(super) at: Point,
    pub(super) owner: Option<(u16, u32)>,
    pub(super) party: Option<(u16, u32)>,
    pub(super) gone_at: Option<u32>,
}

pub(super) fn save(dungeon: &Dungeon) -> Option<Vec<u8>> {
    let saved = Saved {
        random: dungeon.random.position(),
        tick: dungeon.tick,
        players: dungeon.players.iter().map(saved_player).collect(),
        enemies: dungeon.enemies.iter().map(saved_enemy).collect(),
        loot: dungeon.loot.iter().map(saved_loot).collect(),
        next_loot_id: dungeon.next_loot_id,
        changes: used(&dungeon.changes),
    };
    postcard::to_extend(&saved, vec![FORMAT]).ok()
}

pub(super) fn restore(game: &Arc<Game>, dungeon_id: &str, bytes: &[u8]) -> Option<Dungeon> {
    let (_, record) = bytes.split_first().filter(|(format, _)| **format == FORMAT)?;
    let (saved, []) = postcard::take_from_bytes::<Saved<'_>>(record).ok()? else { return None };
    let (seed, draws) = saved.random;
    let mut counts = saved.changes.iter().chain([&draws]);
    if saved.tick > TICK_MAX || counts.any(|count| *count > COUNT_MAX) {
        return None;
    }
    let mut dungeon = Dungeon::new(game, dungeon_id, seed)?;
    dungeon.random = Random::resumed((seed, draws));
    dungeon.tick = saved.tick;
    dungeon.changes.get_mut(..saved.changes.len())?.copy_from_slice(&saved.changes);
    restore_enemies(&mut dungeon, &saved.enemies)?;
    reopen(&mut dungeon);
    if !dungeon.is_zone() {
        dungeon.cleared_at = dungeon.enemies.iter().filter(|e| e.boss && !e.is_alive()).map(|e| e.died_at).min();
    }
    restore_loot(&mut dungeon, &saved.loot, saved.next_loot_id)?;
    for player in saved.players {
        if usize::from(player.seat) >= dungeon.changes.len() {
            return None;
        }
        let player = restored_player(&dungeon, player)?;
        dungeon.players.push(player);
    }
    let rising = dungeon.players.is_sorted_by(|a, b| a.seat < b.seat);
    let mut places = dungeon.players.iter().map(|player| player.at).chain(dungeon.enemies.iter().map(|enemy| enemy.at));
    (rising && places.all(|at| dungeon.map.is_floor(at))).then_some(dungeon)
}

pub(super) fn saved_player(player: &Player) -> SavedPlayer<'_> {
    SavedPlayer {
        seat: player.seat,
        class: Cow::Borrowed(&player.class),
        at: player.at,
        facing: player.facing,
        build: Cow::Borrowed(&player.build),
        hot: Cow::Borrowed(&player.hot),
        mana: player.mana,
        stamina: player.stamina,
        states: saved_states(&player.states),
        ready_at: used(&player.cooldowns.ready_at()),
        changes: player.changes,
        blow: saved_blow(player.blow),
        walked_at: player.walked_at,
        refused_at: player.refused_at,
        fought_at: player.fought_at,
        respawn_at: player.respawn_at,
    }
}

pub(super) fn restored_player(dungeon: &Dungeon, saved: SavedPlayer<'_>) -> Option<Player> {
    let game = &dungeon.game;
    let (build, hot) = (saved.build.into_owned(), saved.hot.into_owned());
    let ticks_passed = [saved.walked_at, saved.refused_at, saved.fought_at].iter().all(|at| *at <= dungeon.tick);
    let respawns = saved.respawn_at <= dungeon.tick.saturating_add(dungeon.respawn_ticks);
    if !(ticks_passed && respawns && saved.changes <= COUNT_MAX) || hot.check().is_err() {
        return None;
    }
    let mut player = Player::of(saved.seat, &saved.class, (build, hot), game, saved.at, saved.changes)?;
    let kit = player.kit(game)?;
    player.blow = restored_blow(&saved.blow, dungeon.tick, kit.weapon.cooldown_ticks)?;
    if saved.mana > kit.resources.mana_max || saved.stamina > kit.resources.stamina_max {
        return None;
    }
    (player.mana, player.stamina) = (saved.mana, saved.stamina);
    player.states = restored_states(&saved.states, game, dungeon.tick)?;
    player.cooldowns = Cooldowns::restored(&saved.ready_at)?;
    player.facing = saved.facing;
    player.walked_at = saved.walked_at;
    player.refused_at = saved.refused_at;
    player.fought_at = saved.fought_at;
    player.respawn_at = saved.respawn_at;
    Some(player)
}

fn saved_enemy(enemy: &Enemy) -> Option<SavedEnemy> {
    let is_fresh = enemy.at == enemy.home && enemy.hp == enemy.hp_max && enemy.mood == Mood::Idle;
    let is_unused = enemy.cooldowns == Cooldowns::default() && enemy.states == States::default();
    let is_unmarked = enemy.facing == 0 && enemy.phase == 0 && enemy.died_at == 0 && enemy.blow == Blow::default();
    let saved = || SavedEnemy {
        at: enemy.at,
        facing: enemy.facing,
        hp: enemy.hp,
        phase: enemy.phase,
        mood: match enemy.mood {
            Mood::Idle => SavedMood::Idle,
            Mood::Chasing(seat) => SavedMood::Chasing(seat),
            Mood::Returning => SavedMood::Returning,
        },
        blow: saved_blow(enemy.blow),
        died_at: enemy.died_at,
        states: saved_states(&enemy.states),
        ready_at: used(&enemy.cooldowns.ready_at()),
    };
    (!(is_fresh && is_unmarked && is_unused)).then(saved)
}

fn restore_enemies(dungeon: &mut Dungeon, saved: &[Option<SavedEnemy>]) -> Option<()> {
    let Dungeon { enemies, game, tick, changes, .. } = dungeon;
    if saved.len() != enemies.len() {
        return None;
    }
    for (enemy, saved) in enemies.iter_mut().zip(saved) {
        let Some(saved) = saved else { continue };
        let kind = game.kinds.get(usize::from(enemy.kind))?;
        let is_possible = saved.hp <= enemy.hp_max
            && saved.died_at <= *tick
            && usize::from(saved.phase) <= kind.template.phases_at_percent.len();
        enemy.mood = match saved.mood {
            SavedMood::Idle => Mood::Idle,
            SavedMood::Chasing(seat) if usize::from(seat) < changes.len() => Mood::Chasing(seat),
            SavedMood::Chasing(_) => return None,
            SavedMood::Returning => Mood::Returning,
        };
        if !is_possible {
            return None;
        }
        enemy.blow = restored_blow(&saved.blow, *tick, kind.weapon.cooldown_ticks)?;
        (enemy.at, enemy.facing, enemy.hp) = (saved.at, saved.facing, saved.hp);
        (enemy.phase, enemy.died_at) = (saved.phase, saved.died_at);
        enemy.states = restored_states(&saved.states, game, *tick)?;
        enemy.cooldowns = Cooldowns::restored(&saved.ready_at)?;
    }
    Some(())
}

/// Opens what the deaths have opened, in the order in which they happened: the map knows floors by it.
fn reopen(dungeon: &mut Dungeon) {
    let Dungeon { chambers, enemies, .. } = dungeon;
    let mut cleared = Vec::new();
    for (index, chamber) in chambers.iter_mut().enumerate().filter(|(_, chamber)| !chamber.cleared) {
        let at_home = || enemies.iter().filter(move |enemy| usize::from(enemy.chamber) == index);
        let living = at_home().filter(|enemy| enemy.is_alive()).count();
        // None is left at zero here, or the first round below would open all of them at once.
        chamber.living = living.max(1);
        if living == 0 {
            cleared.push((at_home().map(|enemy| enemy.died_at).max(), index));
        }
    }
    cleared.sort_unstable();
    for (_, index) in cleared {
        if let Some(chamber) = dungeon.chambers.get_mut(index) {
            chamber.living = 0;
        }
        doors::open_cleared(dungeon, &mut Vec::new());
    }
}

fn restore_loot(dungeon: &mut Dungeon, saved: &[SavedLoot], next_id: u16) -> Option<()> {
    let lies = |loot: &SavedLoot| {
        let is_known = usize::from(loot.item) < dungeon.game.items.len() && loot.quantity > 0;
        let lies_until = dungeon.game.despawn_ticks.map(|ticks| dungeon.tick.saturating_add(ticks));
        let goes = match (loot.gone_at, lies_until) {
            (Some(at), Some(latest)) => at > dungeon.tick && at <= latest,
            (None, None) => true,
            _ => false,
        };
        is_known && goes && loot.id >= FIRST_LOOT && dungeon.map.is_floor(loot.at)
    };
    let rising = saved.is_sorted_by(|a, b| a.id < b.id);
    if next_id < FIRST_LOOT || saved.len() > dungeon.loot_max || !rising || !saved.iter().all(lies) {
        return None;
    }
    dungeon.next_loot_id = next_id;
    let loot = |&SavedLoot { id, item, quantity, wear, at, owner, party, gone_at }: &SavedLoot| Loot {
        id,
        item,
        quantity,
        wear,
        at,
        owner: Owner { seat: owner, party },
        gone_at,
    };
    dungeon.loot.extend(saved.iter().map(loot));
    Some(())
}

pub(super) const fn saved_loot(loot: &Loot) -> SavedLoot {
    let &Loot { id, item, quantity, wear, at, owner, gone_at } = loot;
    SavedLoot { id, item, quantity, wear, at, owner: owner.seat, party: owner.party, gone_at }
}

fn saved_states(states: &States) -> Vec<SavedState> {
    let saved = |&InState { state, until, by_seat }: &InState| SavedState { state, until, by_seat };
    states.iter().map(saved).collect()
}

/// The states, unless there are none such or one lasts longer than it can.
fn restored_states(saved: &[SavedState], game: &Game, tick: u32) -> Option<States> {
    let restored = |&SavedState { state, until, by_seat }: &SavedState| {
        let lasts = game.states.get(usize::from(state))?.ticks;
        (until <= tick.saturating_add(lasts)).then_some(InState { state, until, by_seat })
    };
    States::restored(saved.iter().map(restored).collect::<Option<Vec<_>>>()?)
}

/// The numbers without the zeros at the end.
fn used<T: Copy + Default + PartialEq>(numbers: &[T]) -> Vec<T> {
    let used = numbers.iter().rposition(|number| *number != T::default()).map_or(0, |last| last + 1);
    numbers.get(..used).unwrap_or_default().to_vec()
}

const fn saved_blow(blow: Blow) -> SavedBlow {
    SavedBlow { ready_at: blow.ready_at, shown_until: blow.shown_until }
}

/// The blow, unless it lies further ahead than this cooldown allows.
fn restored_blow(saved: &SavedBlow, tick: u32, cooldown_ticks: u32) -> Option<Blow> {
    let &SavedBlow { ready_at, shown_until } = saved;
    let is_possible =
        ready_at <= tick.saturating_add(cooldown_ticks) && shown_until <= tick.saturating_add(ticks(BLOW_SHOWN_MS));
    is_possible.then_some(Blow { ready_at, shown_until })
}
