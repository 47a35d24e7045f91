//! Blows, wounds, deaths and healing, of players and enemies alike.

use super::Dungeon;
use super::effect::{Effect, WorldEvent, tell_all};
use super::entity;
use super::geometry::{facing, within};
use super::rules::{Kind, ticks};
use super::state::{Enemy, Mood, Player};
use super::{loot, progress};
use guildhall_domain::limits::TICKS_PER_S;

/// How long after the last blow a player counts as out of the fight, in milliseconds.
const FIGHT_LINGERS_MS: u32 = 4_000;

/// A player strikes an enemy: a living one, in range, in a place that can be walked to, with a ready weapon. Anything else
/// does nothing.
pub(super) fn strike_enemy(dungeon: &mut Dungeon, striker: usize, target: u16, effects: &mut Vec<Effect>) {
    let Dungeon { rules, map, players, enemies, random, tick, .. } = dungeon;
    let Some(index) = entity::enemy_index(target) else { return };
    let (Some(player), Some(enemy)) = (players.get_mut(striker), enemies.get_mut(index)) else { return };
    let Some(kind) = rules.kinds.get(usize::from(enemy.kind)) else { return };
    let able = player.is_alive() && enemy.is_alive() && player.blow.is_ready(*tick);
    if !able || !within(player.at, enemy.at, player.weapon.range_mm) || !map.reaches(player.at, enemy.at) {
        return;
    }
    player.blow.strike(*tick, player.weapon.cooldown_ticks);
    player.fought_at = *tick;
    player.facing = facing(enemy.at.x - player.at.x, enemy.at.y - player.at.y);
    enemy.hp = enemy.hp.saturating_sub(random.between(player.weapon.damage_min, player.weapon.damage_max));
    if enemy.mood == Mood::Idle {
        enemy.mood = Mood::Chasing(player.seat);
    }
    if enemy.is_alive() {
        enter_phase(enemy, kind, effects);
    } else {
        enemy.died_at = *tick;
        let by_seat = player.seat;
        bury(dungeon, index, by_seat, effects);
    }
}

/// Everything that an enemy's death brings.
fn bury(dungeon: &mut Dungeon, index: usize, by_seat: u8, effects: &mut Vec<Effect>) {
    let Some(enemy) = dungeon.enemies.get(index) else { return };
    let (kind, chamber, boss) = (usize::from(enemy.kind), enemy.chamber, enemy.boss);
    tell_all(effects, WorldEvent::EnemyDied { entity: enemy.id, by_seat });
    progress::reward(dungeon, kind, effects);
    loot::drop_from(dungeon, index, effects);
    if let Some(chamber) = dungeon.chambers.get_mut(chamber) {
        chamber.living = chamber.living.saturating_sub(1);
    }
    if boss {
        progress::clear(dungeon, effects);
    }
}

/// Brings a boss into the phase that its hit points ask for, in either direction.
pub(super) fn enter_phase(enemy: &mut Enemy, kind: &Kind, effects: &mut Vec<Effect>) {
    let (hp, hp_max) = (u64::from(enemy.hp), u64::from(enemy.hp_max));
    let passed = kind.phases_at_percent.iter().filter(|&&percent| hp * 100 <= hp_max * u64::from(percent)).count();
    let phase = u8::try_from(passed).unwrap_or(u8::MAX);
    if phase != enemy.phase {
        enemy.phase = phase;
        tell_all(effects, WorldEvent::BossPhase { entity: enemy.id, phase });
    }
}

/// A player loses hit points, and perhaps their life for a while.
pub(super) fn wound(player: &mut Player, damage: u32, tick: u32, respawn_ticks: u32, effects: &mut Vec<Effect>) {
    player.fought_at = tick;
    if damage == 0 || !player.is_alive() {
        return;
    }
    player.hot.hp = player.hot.hp.saturating_sub(damage);
    player.change(false);
    if !player.is_alive() {
        player.respawn_at = tick.saturating_add(respawn_ticks);
        tell_all(effects, WorldEvent::PlayerDied { seat: player.seat });
    }
}

/// Lets the dead stand again when their time has come, and heals, once a second, whoever is out of the fight.
pub(super) fn recover(dungeon: &mut Dungeon, effects: &mut Vec<Effect>) {
    let Dungeon { players, tick, spawn, .. } = dungeon;
    for player in players.iter_mut() {
        let hurt = player.hot.hp < player.hot.hp_max;
        if !player.is_alive() {
            if *tick >= player.respawn_at && hurt {
                player.at = *spawn;
                player.hot.hp = player.hot.hp_max;
                player.change(false);
                tell_all(effects, WorldEvent::PlayerRespawned { seat: player.seat });
            }
        } else if hurt && *tick % TICKS_PER_S == 0 && *tick >= player.fought_at.saturating_add(ticks(FIGHT_LINGERS_MS))
        {
            let healed = player.hot.hp.saturating_add(player.hp_regeneration_per_s).min(player.hot.hp_max);
            if healed != player.hot.hp {
                player.hot.hp = healed;
                player.change(false);
            }
        }
    }
}
