//! What enemies do: they wait, chase the player whom they noticed, strike when in range, and go home when led too far.

use super::Dungeon;
use super::combat;
use super::effect::Effect;
use super::geometry::{distance_squared, facing, stride, within};
use super::map::Map;
use super::rules::Kind;
use super::state::{Enemy, Mood, Player};
use guildhall_domain::content::Point;

/// Lets every living enemy act once.
pub(super) fn act(dungeon: &mut Dungeon, effects: &mut Vec<Effect>) {
    let Dungeon { rules, map, players, enemies, random, tick, respawn_ticks, .. } = dungeon;
    for enemy in enemies.iter_mut().filter(|enemy| enemy.is_alive()) {
        let Some(kind) = rules.kinds.get(usize::from(enemy.kind)) else { continue };
        change_mood(enemy, kind, map, players, effects);
        match enemy.mood {
            Mood::Idle => {}
            Mood::Returning => approach(enemy, kind, map, enemy.home),
            Mood::Chasing(seat) => {
                let Some(target) = players.iter_mut().find(|player| player.seat == seat) else { continue };
                if !within(enemy.at, target.at, kind.weapon.range_mm) {
                    approach(enemy, kind, map, target.at);
                } else if enemy.blow.is_ready(*tick) {
                    let haste = kind.haste_percent_per_phase.saturating_mul(u32::from(enemy.phase));
                    enemy.blow.strike(*tick, kind.weapon.hastened_cooldown_ticks(haste));
                    enemy.facing = facing(target.at.x - enemy.at.x, target.at.y - enemy.at.y);
                    let damage = random.between(kind.weapon.damage_min, kind.weapon.damage_max);
                    combat::wound(target, damage, *tick, *respawn_ticks, effects);
                }
            }
        }
    }
}

fn change_mood(enemy: &mut Enemy, kind: &Kind, map: &Map, players: &[Player], effects: &mut Vec<Effect>) {
    match enemy.mood {
        Mood::Idle => {
            if let Some(seat) = nearest(enemy, kind, map, players) {
                enemy.mood = Mood::Chasing(seat);
            }
        }
        Mood::Chasing(seat) => {
            let keeps = |player: &Player| player.seat == seat && player.is_alive() && map.reaches(enemy.at, player.at);
            if !within(enemy.at, enemy.home, kind.leash_mm) {
                go_home(enemy, kind, effects);
            } else if !players.iter().any(keeps) {
                match nearest(enemy, kind, map, players) {
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
    combat::enter_phase(enemy, kind, effects);
}

/// The nearest living player that it notices: near enough, and not behind a closed door. The first seat wins a tie.
fn nearest(enemy: &Enemy, kind: &Kind, map: &Map, players: &[Player]) -> Option<u8> {
    let noticed = |player: &&Player| {
        player.is_alive() && within(enemy.at, player.at, kind.aggro_mm) && map.reaches(enemy.at, player.at)
    };
    let nearest = players.iter().filter(noticed).min_by_key(|player| distance_squared(enemy.at, player.at));
    nearest.map(|player| player.seat)
}

fn approach(enemy: &mut Enemy, kind: &Kind, map: &Map, goal: Point) {
    let next = map.steer(enemy.at, goal);
    let (dx, dy) = (next.x - enemy.at.x, next.y - enemy.at.y);
    if (dx, dy) == (0, 0) {
        return;
    }
    enemy.facing = facing(dx, dy);
    let arrives = within(enemy.at, next, kind.stride_mm);
    enemy.at = map.walk(enemy.at, if arrives { (dx, dy) } else { stride(dx, dy, kind.stride_mm) });
}
