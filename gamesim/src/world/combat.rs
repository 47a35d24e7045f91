//! Blows, wounds, deaths and healing, of players and enemies alike.

use super::Dungeon;
use super::effect::{Effect, WorldEvent, log, tell_witnesses, vain};
use super::entity;
use super::geometry::{facing, within};
use super::rules::{Game, Kind, ticks};
use super::state::{Enemy, Mood, Player};
use super::{items, loot, progress};
use guildhall_domain::combat_log::{Deed, ViolationKind};
use guildhall_domain::limits::TICKS_PER_S;
use guildhall_domain::ruleset::{Blow, Changes};

/// How long after the last blow a player counts as out of the fight, in milliseconds.
const FIGHT_LINGERS_MS: u32 = 4_000;

/// A player strikes an enemy: a living one, in range, in sight, with a ready weapon. Anything else does nothing.
pub(super) fn strike_enemy(dungeon: &mut Dungeon, striker: usize, target: u16, effects: &mut Vec<Effect>) {
    let Dungeon { game, map, players, enemies, random, tick, .. } = dungeon;
    let Some(player) = players.get_mut(striker) else { return };
    let found = entity::enemy_index(target).and_then(|index| Some((index, enemies.get(index)?)));
    let Some((index, enemy)) = found else { return vain(effects, player.seat, ViolationKind::Target) };
    let (Some(kit), Some(kind)) = (player.kit(game), game.kinds.get(usize::from(enemy.kind))) else { return };
    if !player.can_act(game) {
        return;
    }
    if !enemy.is_alive() {
        return vain(effects, player.seat, ViolationKind::Target);
    }
    if !within(player.at, enemy.at, kit.weapon.range_mm) || !map.sees(player.at, enemy.at) {
        return vain(effects, player.seat, ViolationKind::Reach);
    }
    // A weapon that is not ready is no matter: whoever holds the key wishes to strike in every tick.
    if !player.blow.is_ready(*tick) {
        return;
    }
    player.blow.strike(*tick, kit.weapon.cooldown_ticks);
    player.fought_at = *tick;
    player.facing = facing(enemy.at.x - player.at.x, enemy.at.y - player.at.y);
    let damage = game.ruleset.attack_damage(&kit.attack, player.hot.level);
    let blow = game.ruleset.attack(&game.content, (&player.fighter, &kind.fighter), damage, random);
    let seat = player.seat;
    match blow {
        Blow::Missed => {
            log(effects, Deed::Missed { by: entity::player_id(seat), target });
            provoke(enemies.get_mut(index), seat);
        }
        Blow::Hit { damage, critical } => {
            let changes =
                Changes { dealt: dealt(player, game), ..taken_by_enemy(enemy, kind, game, kit.weapon.damage_kind) };
            let damage = game.ruleset.change(damage, &changes);
            items::wear_weapon(player, game);
            let (by, kind) = (entity::player_id(seat), kit.weapon.damage_kind);
            log(effects, Deed::Struck { by, target, damage, kind, critical });
            hurt_enemy(dungeon, index, damage, Some(seat), effects);
        }
    }
}

/// An enemy that minds nobody turns on whoever hurt it.
pub(super) fn provoke(enemy: Option<&mut Enemy>, seat: u16) {
    if let Some(enemy) = enemy.filter(|enemy| enemy.mood == Mood::Idle) {
        enemy.mood = Mood::Chasing(seat);
    }
}

/// How much more damage a player deals by their states, in percent.
pub(super) fn dealt(player: &Player, game: &Game) -> i32 {
    player.states.sum(game, |state| state.damage_percent)
}

/// How an enemy's states and resistances change damage of this kind.
pub(super) fn taken_by_enemy(enemy: &Enemy, kind: &Kind, game: &Game, damage_kind: Option<u8>) -> Changes {
    let resisted = damage_kind.and_then(|number| kind.resistances.get(usize::from(number))).copied();
    let taken = enemy.states.sum(game, |state| state.damage_taken_percent);
    Changes { taken, resisted: resisted.unwrap_or_default(), ..Changes::default() }
}

/// An enemy loses hit points, and perhaps its life, to the player in this seat.
pub(super) fn hurt_enemy(
    dungeon: &mut Dungeon,
    index: usize,
    damage: u32,
    by_seat: Option<u16>,
    effects: &mut Vec<Effect>,
) {
    let Dungeon { game, enemies, tick, .. } = dungeon;
    let Some(enemy) = enemies.get_mut(index).filter(|enemy| enemy.is_alive()) else { return };
    let Some(kind) = game.kinds.get(usize::from(enemy.kind)) else { return };
    enemy.hp = enemy.hp.saturating_sub(damage);
    if let Some(seat) = by_seat {
        provoke(Some(enemy), seat);
    }
    if enemy.is_alive() {
        enter_phase(enemy, kind, effects);
    } else {
        enemy.died_at = *tick;
        enemy.states.clear();
        bury(dungeon, index, by_seat.unwrap_or(u16::MAX), effects);
    }
}

/// Everything that an enemy's death brings.
fn bury(dungeon: &mut Dungeon, index: usize, by_seat: u16, effects: &mut Vec<Effect>) {
    let Some(enemy) = dungeon.enemies.get(index) else { return };
    let (chamber, boss) = (usize::from(enemy.chamber), enemy.boss);
    tell_witnesses(effects, enemy.id, WorldEvent::EnemyDied { entity: enemy.id, by_seat });
    progress::reward(dungeon, index, by_seat, effects);
    loot::drop_from(dungeon, index, by_seat, effects);
    if let Some(chamber) = dungeon.chambers.get_mut(chamber) {
        chamber.living = chamber.living.saturating_sub(1);
    }
    if boss && dungeon.zone.is_none() {
        progress::clear(dungeon, effects);
    }
}

/// Brings a boss into the phase that its hit points ask for, in either direction.
pub(super) fn enter_phase(enemy: &mut Enemy, kind: &Kind, effects: &mut Vec<Effect>) {
    let (hp, hp_max) = (u64::from(enemy.hp), u64::from(enemy.hp_max));
    let phases = &kind.template.phases_at_percent;
    let passed = phases.iter().filter(|&&percent| hp * 100 <= hp_max * u64::from(percent)).count();
    let phase = u8::try_from(passed).unwrap_or(u8::MAX);
    if phase != enemy.phase {
        enemy.phase = phase;
        tell_witnesses(effects, enemy.id, WorldEvent::BossPhase { entity: enemy.id, phase });
    }
}

/// An enemy's attack on a player, in the numbers and of the kind of its weapon or of an ability.
pub(super) fn strike_player(
    dungeon: &mut Dungeon,
    (attacker, target): (usize, usize),
    (least, most): (u32, u32),
    damage_kind: Option<u8>,
    effects: &mut Vec<Effect>,
) -> bool {
    let Dungeon { game, players, enemies, random, tick, .. } = dungeon;
    let (Some(enemy), Some(player)) = (enemies.get(attacker), players.get_mut(target)) else { return false };
    let Some(kind) = game.kinds.get(usize::from(enemy.kind)) else { return false };
    player.fought_at = *tick;
    let (by, struck) = (enemy.id, entity::player_id(player.seat));
    match game.ruleset.attack(&game.content, (&kind.fighter, &player.fighter), (least, most), random) {
        Blow::Missed => {
            log(effects, Deed::Missed { by, target: struck });
            false
        }
        Blow::Hit { damage, critical } => {
            let dealt = enemy.states.sum(game, |state| state.damage_percent);
            let damage = softened(player, game, damage, dealt);
            items::wear_armor(player, game);
            log(effects, Deed::Struck { by, target: struck, damage, kind: damage_kind, critical });
            wound(dungeon, target, damage, effects);
            true
        }
    }
}

/// What is left of damage to a player.
pub(super) fn softened(player: &Player, game: &Game, damage: u32, dealt: i32) -> u32 {
    let taken = player.states.sum(game, |state| state.damage_taken_percent);
    game.ruleset.change(damage, &Changes { dealt, taken, ..Changes::default() })
}

/// A player loses hit points, and perhaps their life for a while.
pub(super) fn wound(dungeon: &mut Dungeon, target: usize, damage: u32, effects: &mut Vec<Effect>) {
    let Dungeon { players, tick, respawn_ticks, .. } = dungeon;
    let Some(player) = players.get_mut(target) else { return };
    player.fought_at = *tick;
    if damage == 0 || !player.is_alive() {
        return;
    }
    player.hot.hp = player.hot.hp.saturating_sub(damage);
    player.change(false);
    if !player.is_alive() {
        player.respawn_at = tick.saturating_add(*respawn_ticks);
        player.states.clear();
        tell_witnesses(effects, entity::player_id(player.seat), WorldEvent::PlayerDied { seat: player.seat });
        items::drop_of_the_dead(dungeon, target, effects);
    }
}

/// Gives a living player hit points back. Returns how many it had room for.
pub(super) fn heal(player: &mut Player, hp: u32) -> u32 {
    let room = player.hot.hp_max.saturating_sub(player.hot.hp);
    let healed = if player.is_alive() { hp.min(room) } else { 0 };
    if healed > 0 {
        player.hot.hp = player.hot.hp.saturating_add(healed);
        player.change(false);
    }
    healed
}

/// Lets the dead stand again when their time has come. Once a second, whoever is out of the fight heals, mana and stamina
/// come back, and states do what they do over time.
pub(super) fn recover(dungeon: &mut Dungeon, effects: &mut Vec<Effect>) {
    let Dungeon { game, players, enemies, tick, spawns, .. } = dungeon;
    for player in players.iter_mut() {
        player.states.pass(*tick);
        if !player.is_alive() && *tick >= player.respawn_at && player.hot.hp_max > 0 {
            player.at = spawns.of(player.seat);
            player.hot.hp = player.hot.hp_max;
            let resources = player.kit(game).map(|kit| kit.resources).unwrap_or_default();
            (player.mana, player.stamina) = (resources.mana_max, resources.stamina_max);
            player.change(false);
            let risen = WorldEvent::PlayerRespawned { seat: player.seat };
            tell_witnesses(effects, entity::player_id(player.seat), risen);
        }
    }
    enemies.iter_mut().for_each(|enemy| enemy.states.pass(*tick));
    if *tick % TICKS_PER_S == 0 {
        every_second(dungeon, effects);
    }
}

fn every_second(dungeon: &mut Dungeon, effects: &mut Vec<Effect>) {
    let Dungeon { game, players, tick, .. } = dungeon;
    for player in players.iter_mut().filter(|player| player.is_alive()) {
        let Some(kit) = player.kit(game) else { continue };
        player.mana = player.mana.saturating_add(kit.resources.mana_per_s).min(kit.resources.mana_max);
        player.stamina = player.stamina.saturating_add(kit.resources.stamina_per_s).min(kit.resources.stamina_max);
        if *tick >= player.fought_at.saturating_add(ticks(FIGHT_LINGERS_MS)) {
            heal(player, kit.hp_regeneration_per_s);
        }
    }
    for target in 0..dungeon.players.len() {
        let Some(player) = dungeon.players.get_mut(target) else { continue };
        let hp = player.states.sum(&dungeon.game, |state| state.hp_per_s);
        if hp > 0 {
            heal(player, hp.unsigned_abs());
        } else if hp < 0 {
            let suffered = Deed::Suffered { target: entity::player_id(player.seat), damage: hp.unsigned_abs() };
            log(effects, suffered);
            wound(dungeon, target, hp.unsigned_abs(), effects);
        }
    }
    for index in 0..dungeon.enemies.len() {
        let Dungeon { game, enemies, .. } = &mut *dungeon;
        let Some(enemy) = enemies.get_mut(index).filter(|enemy| enemy.is_alive()) else { continue };
        let hp = enemy.states.sum(game, |state| state.hp_per_s);
        if hp > 0 {
            enemy.hp = enemy.hp.saturating_add(hp.unsigned_abs()).min(enemy.hp_max);
        } else if hp < 0 {
            log(effects, Deed::Suffered { target: enemy.id, damage: hp.unsigned_abs() });
            let by_seat = enemy.states.iter().find_map(|held| held.by_seat);
            hurt_enemy(dungeon, index, hp.unsigned_abs(), by_seat, effects);
        }
    }
}
