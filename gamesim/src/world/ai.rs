//! What enemies do: they wait, chase the player whom they noticed, use their abilities and strike when in range and in
//! sight, and go home when led too far.

use super::Dungeon;
use super::abilities;
use super::combat;
use super::effect::Effect;
use super::geometry::{distance_squared, facing, stride, within};
use super::map::Map;
use super::rules::{Game, Kind, stride_mm};
use super::state::{self, Enemy, Mood, Player};
use super::zone::Zone;
use guildhall_domain::content::Point;
use std::sync::Arc;

/// Lets every living enemy act once.
pub(super) fn act(dungeon: &mut Dungeon, effects: &mut Vec<Effect>) {
    let game = Arc::clone(&dungeon.game);
    for index in 0..dungeon.enemies.len() {
        act_one(dungeon, &game, index, effects);
    }
}

fn act_one(dungeon: &mut Dungeon, game: &Game, index: usize, effects: &mut Vec<Effect>) {
    let Dungeon { map, players, enemies, tick, zone, .. } = dungeon;
    let Some(enemy) = enemies.get_mut(index).filter(|enemy| enemy.is_alive()) else { return };
    let Some(kind) = game.kinds.get(usize::from(enemy.kind)) else { return };
    change_mood(enemy, kind, map, (players, zone.as_deref()), effects);
    if enemy.states.stun(game) {
        return;
    }
    match enemy.mood {
        Mood::Idle => {}
        Mood::Returning => approach(enemy, kind, game, map, enemy.home),
        Mood::Chasing(seat) => {
            let Some(target) = state::place_of(players, seat) else { return };
            let Some(at) = players.get(target).map(|player| player.at) else { return };
            let near = within(enemy.at, at, kind.weapon.range_mm) && map.sees(enemy.at, at);
            if !enemy.blow.is_ready(*tick) {
                if !near {
                    approach(enemy, kind, game, map, at);
                }
            } else if kind.abilities.is_empty() || !abilities::enemy_uses(dungeon, index, target, effects) {
                attack(dungeon, game, (index, target), near, effects);
            }
        }
    }
}

/// Strikes who is near, or comes nearer.
fn attack(dungeon: &mut Dungeon, game: &Game, (index, target): (usize, usize), near: bool, effects: &mut Vec<Effect>) {
    let Dungeon { map, players, enemies, tick, .. } = dungeon;
    let (Some(enemy), Some(player)) = (enemies.get_mut(index), players.get(target)) else { return };
    let Some(kind) = game.kinds.get(usize::from(enemy.kind)) else { return };
    if !near {
        return approach(enemy, kind, game, map, player.at);
    }
    let haste = kind.template.haste_percent_per_phase.saturating_mul(u32::from(enemy.phase));
    enemy.blow.strike(*tick, kind.weapon.hastened_cooldown_ticks(haste));
    enemy.facing = facing(player.at.x - enemy.at.x, player.at.y - enemy.at.y);
    let damage = game.ruleset.attack_damage(&kind.template.attack, 1);
    combat::strike_player(dungeon, (index, target), damage, kind.weapon.damage_kind, effects);
}

fn change_mood(
    enemy: &mut Enemy,
    kind: &Kind,
    map: &Map,
    (players, zone): (&[Player], Option<&Zone>),
    effects: &mut Vec<Effect>,
) {
    match enemy.mood {
        Mood::Idle => {
            if let Some(seat) = nearest(enemy, kind, map, players, zone) {
                enemy.mood = Mood::Chasing(seat);
            }
        }
        Mood::Chasing(seat) => {
            let keeps = |player: &Player| player.is_alive() && map.reaches(enemy.at, player.at);
            let kept = state::place_of(players, seat).and_then(|place| players.get(place));
            if !within(enemy.at, enemy.home, kind.template.leash_mm) {
                go_home(enemy, kind, effects);
            } else if !kept.is_some_and(keeps) {
                match nearest(enemy, kind, map, players, zone) {
                    Some(seat) => enemy.mood = Mood::Chasing(seat),
                    None => go_home(enemy, kind, effects),
                }
            }
        }
        Mood::Returning if enemy.at == enemy.home => {
            go_home(enemy, kind, effects);
            enemy.mood = Mood::Idle;
        }
        Mood::Returning => {}
    }
}

/// Turns back and heals. It heals once more when it arrives, so that blows on the way gain nothing.
fn go_home(enemy: &mut Enemy, kind: &Kind, effects: &mut Vec<Effect>) {
    enemy.mood = Mood::Returning;
    enemy.hp = enemy.hp_max;
    enemy.states.clear();
    combat::enter_phase(enemy, kind, effects);
}

/// The nearest living player that it notices: near enough, and not behind a closed door. The first seat wins a tie.
fn nearest(enemy: &Enemy, kind: &Kind, map: &Map, players: &[Player], zone: Option<&Zone>) -> Option<u16> {
    let noticed = |player: &&Player| {
        let near = within(enemy.at, player.at, kind.template.aggro_mm);
        player.is_alive() && near && map.reaches(enemy.at, player.at)
    };
    let key = |player: &&Player| (distance_squared(enemy.at, player.at), player.seat);
    let nearest = match zone {
        None => players.iter().filter(noticed).min_by_key(key),
        Some(zone) => {
            let about = zone.players.about(enemy.at, kind.template.aggro_mm);
            about.filter_map(|place| players.get(place)).filter(noticed).min_by_key(key)
        }
    };
    nearest.map(|player| player.seat)
}

fn approach(enemy: &mut Enemy, kind: &Kind, game: &Game, map: &Map, goal: Point) {
    let next = map.steer(enemy.at, goal);
    let (dx, dy) = (next.x - enemy.at.x, next.y - enemy.at.y);
    if (dx, dy) == (0, 0) {
        return;
    }
    enemy.facing = facing(dx, dy);
    let stride_mm = stride_mm(enemy.states.walked(game, kind.fighter.speed_mm_per_s));
    let arrives = within(enemy.at, next, stride_mm);
    enemy.at = map.walk(enemy.at, if arrives { (dx, dy) } else { stride(dx, dy, stride_mm) });
}
