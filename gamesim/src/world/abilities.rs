//! Abilities: who can use which on whom, and what they do. Players and enemies use the same ones; sides are those of whoever
//! uses them.

use super::Dungeon;
use super::combat::{dealt, heal, hurt_enemy, provoke, softened, strike_player, taken_by_enemy, wound};
use super::effect::{Effect, WorldEvent, log, tell_witnesses, vain};
use super::entity;
use super::geometry::{facing, within};
use super::items;
use super::progress;
use super::rules::{Ability, Act, Game};
use super::states::InState;
use guildhall_domain::combat_log::{Deed, ViolationKind};
use guildhall_domain::content::{AbilityTarget, Point};
use guildhall_domain::ruleset::{Blow, Changes};

/// Somebody, by place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Somebody {
    Player(usize),
    Enemy(usize),
}

/// A player uses the ability with this number of their class: a ready one that they can pay, on somebody whom it is for, in
/// range and in sight. Anything else does nothing and costs nothing.
pub(super) fn use_ability(dungeon: &mut Dungeon, user: usize, number: u8, target: u16, effects: &mut Vec<Effect>) {
    let game = std::sync::Arc::clone(&dungeon.game);
    let Some(player) = dungeon.players.get(user) else { return };
    let known = player.kit(&game).and_then(|kit| kit.abilities.get(usize::from(number)));
    if !player.can_act(&game) {
        return;
    }
    let known = known.and_then(|place| Some((place, game.abilities.get(*place)?)));
    let known = known.filter(|(_, ability)| player.hot.level >= ability.level_min);
    let Some((&place, ability)) = known else { return vain(effects, player.seat, ViolationKind::Target) };
    if !player.cooldowns.is_ready(usize::from(number), dungeon.tick) {
        return vain(effects, player.seat, ViolationKind::Cooldown);
    }
    if player.mana < ability.mana || player.stamina < ability.stamina {
        return vain(effects, player.seat, ViolationKind::Resources);
    }
    let targets = match targets(dungeon, Somebody::Player(user), ability, of_entity(dungeon, target)) {
        Ok(targets) => targets,
        Err(kind) => return vain(effects, player.seat, kind),
    };
    let skill = ability.skill.as_ref().map_or(0, |id| {
        let xp = player.hot.practice.get(id).copied().unwrap_or_default();
        game.ruleset.skill_percent(&game.content.rules.practice, xp)
    });
    let faces = targets.first().and_then(|first| at(dungeon, *first));
    let (tick, seat) = (dungeon.tick, player.seat);
    if let Some(player) = dungeon.players.get_mut(user) {
        player.mana -= ability.mana;
        player.stamina -= ability.stamina;
        player.cooldowns.rest(usize::from(number), tick.saturating_add(ability.cooldown_ticks));
        player.blow.show(tick);
        if let Some(to) = faces.filter(|to| *to != player.at) {
            player.facing = facing(to.x - player.at.x, to.y - player.at.y);
        }
    }
    let entity = entity::player_id(seat);
    tell_witnesses(effects, entity, WorldEvent::AbilityUsed { entity, ability: byte(place) });
    let helped = carry_out_all(dungeon, Somebody::Player(user), &targets, ability, skill, effects);
    if let Some(id) = ability.skill.as_ref().filter(|_| helped) {
        progress::practise(dungeon, user, id, effects);
    }
}

/// An enemy uses the first of its abilities that it can on the player whom it is after, or about itself. Returns whether it
/// used one.
pub(super) fn enemy_uses(dungeon: &mut Dungeon, user: usize, foe: usize, effects: &mut Vec<Effect>) -> bool {
    let game = std::sync::Arc::clone(&dungeon.game);
    let Some(enemy) = dungeon.enemies.get(user) else { return false };
    let Some(kind) = game.kinds.get(usize::from(enemy.kind)) else { return false };
    let usable = (0..).zip(&kind.abilities).find_map(|(number, &(place, from_phase))| {
        let ability = game.abilities.get(place)?;
        if !enemy.cooldowns.is_ready(number, dungeon.tick) || enemy.phase < from_phase {
            return None;
        }
        let aimed = match ability.target {
            AbilityTarget::Enemy => Some(Somebody::Player(foe)),
            AbilityTarget::Ally | AbilityTarget::Own | AbilityTarget::Around => Some(Somebody::Enemy(user)),
        };
        Some((number, place, ability, targets(dungeon, Somebody::Enemy(user), ability, aimed).ok()?))
    });
    let Some((number, place, ability, targets)) = usable else { return false };
    let tick = dungeon.tick;
    if let Some(enemy) = dungeon.enemies.get_mut(user) {
        enemy.cooldowns.rest(number, tick.saturating_add(ability.cooldown_ticks));
        // It takes as long as a blow.
        enemy.blow.strike(tick, kind.weapon.cooldown_ticks);
        tell_witnesses(effects, enemy.id, WorldEvent::AbilityUsed { entity: enemy.id, ability: byte(place) });
    }
    carry_out_all(dungeon, Somebody::Enemy(user), &targets, ability, 0, effects);
    true
}

/// Does to every target what the ability does. An attack that misses does nothing else to its target either. Returns
/// whether anything made a difference.
fn carry_out_all(
    dungeon: &mut Dungeon,
    user: Somebody,
    targets: &[Somebody],
    ability: &Ability,
    skill: u32,
    effects: &mut Vec<Effect>,
) -> bool {
    let mut took_any = false;
    for &target in targets {
        for &act in &ability.acts {
            let took = carry_out(dungeon, user, target, act, skill, effects);
            took_any |= took;
            if !took && matches!(act, Act::Damage { attack: true, .. }) {
                break;
            }
        }
    }
    took_any
}

fn byte(place: usize) -> u8 {
    u8::try_from(place).unwrap_or(u8::MAX)
}

fn of_entity(dungeon: &Dungeon, id: u16) -> Option<Somebody> {
    match entity::enemy_index(id) {
        Some(index) => Some(Somebody::Enemy(index)),
        // A player's id is the seat; a thing's is nobody's seat.
        None => dungeon.place_of(id).map(Somebody::Player),
    }
}

/// Somebody's entity.
fn id(dungeon: &Dungeon, who: Somebody) -> Option<u16> {
    match who {
        Somebody::Player(index) => dungeon.players.get(index).map(|player| entity::player_id(player.seat)),
        Somebody::Enemy(index) => dungeon.enemies.get(index).map(|enemy| enemy.id),
    }
}

/// Where somebody is who lives.
fn at(dungeon: &Dungeon, who: Somebody) -> Option<Point> {
    match who {
        Somebody::Player(index) => {
            dungeon.players.get(index).filter(|player| player.is_alive()).map(|player| player.at)
        }
        Somebody::Enemy(index) => dungeon.enemies.get(index).filter(|enemy| enemy.is_alive()).map(|enemy| enemy.at),
    }
}

/// Everybody whom an ability works on, the one aimed at first; or why it cannot be used so.
fn targets(
    dungeon: &Dungeon,
    user: Somebody,
    ability: &Ability,
    aimed: Option<Somebody>,
) -> Result<Vec<Somebody>, ViolationKind> {
    let from = at(dungeon, user).ok_or(ViolationKind::Target)?;
    let is_player = |who: Somebody| matches!(who, Somebody::Player(_));
    let same_side = |who: Somebody| is_player(who) == is_player(user);
    let first = match ability.target {
        AbilityTarget::Own => Some(user),
        AbilityTarget::Around => None,
        AbilityTarget::Enemy | AbilityTarget::Ally => {
            let aimed = aimed.filter(|who| same_side(*who) == (ability.target == AbilityTarget::Ally));
            let (aimed, to) =
                aimed.and_then(|aimed| Some((aimed, at(dungeon, aimed)?))).ok_or(ViolationKind::Target)?;
            if !within(from, to, ability.range_mm) || !dungeon.map.sees(from, to) {
                return Err(ViolationKind::Reach);
            }
            Some(aimed)
        }
    };
    let mut all: Vec<Somebody> = first.into_iter().collect();
    if ability.radius_mm > 0 {
        let centre = first.and_then(|first| at(dungeon, first)).unwrap_or(from);
        let own_side = matches!(ability.target, AbilityTarget::Own | AbilityTarget::Ally);
        let players = (0..dungeon.players.len()).map(Somebody::Player);
        let enemies = (0..dungeon.enemies.len()).map(Somebody::Enemy);
        let about = players.chain(enemies).filter(|&who| {
            let reached = |to: Point| within(centre, to, ability.radius_mm) && dungeon.map.sees(centre, to);
            Some(who) != first && same_side(who) == own_side && at(dungeon, who).is_some_and(reached)
        });
        all.extend(about);
    }
    // Nobody about oneself is nobody in reach.
    if all.is_empty() { Err(ViolationKind::Reach) } else { Ok(all) }
}

/// Does one thing to one target. Returns whether that made a difference.
fn carry_out(
    dungeon: &mut Dungeon,
    user: Somebody,
    target: Somebody,
    act: Act,
    skill: u32,
    effects: &mut Vec<Effect>,
) -> bool {
    if at(dungeon, target).is_none() {
        return false;
    }
    match act {
        Act::Damage { min, max, kind, attack } => match (user, target) {
            (Somebody::Player(user), Somebody::Enemy(index)) => {
                burn_enemy(dungeon, (user, index), (min, max), (kind, attack, skill), effects)
            }
            (Somebody::Enemy(user), Somebody::Player(target)) if attack => {
                strike_player(dungeon, (user, target), (min, max), kind, effects)
            }
            (Somebody::Enemy(user), Somebody::Player(target)) => {
                let Dungeon { game, players, enemies, random, .. } = dungeon;
                let drawn = random.between(min, max);
                let dealt = enemies.get(user).map_or(0, |enemy| enemy.states.sum(game, |state| state.damage_percent));
                let damage = players.get(target).map_or(0, |player| softened(player, game, drawn, dealt));
                if let (Some(enemy), Some(player)) = (enemies.get(user), players.get(target)) {
                    let (by, target) = (enemy.id, entity::player_id(player.seat));
                    log(effects, Deed::Struck { by, target, damage, kind, critical: false });
                }
                wound(dungeon, target, damage, effects);
                damage > 0
            }
            _ => false,
        },
        Act::Heal { min, max } => {
            let drawn = dungeon.random.between(min, max);
            let amount = dungeon.game.ruleset.change(drawn, &Changes { skill, ..Changes::default() });
            let healed = match target {
                Somebody::Player(index) => dungeon.players.get_mut(index).map_or(0, |player| heal(player, amount)),
                Somebody::Enemy(index) => dungeon.enemies.get_mut(index).map_or(0, |enemy| {
                    let healed = amount.min(enemy.hp_max.saturating_sub(enemy.hp));
                    enemy.hp = enemy.hp.saturating_add(healed);
                    healed
                }),
            };
            if let (true, Some(by), Some(target)) = (healed > 0, id(dungeon, user), id(dungeon, target)) {
                log(effects, Deed::Healed { by, target, hp: healed });
            }
            healed > 0
        }
        Act::Enter { state } => enter(dungeon, user, target, state),
    }
}

/// A player's ability hurts an enemy.
fn burn_enemy(
    dungeon: &mut Dungeon,
    (user, index): (usize, usize),
    (least, most): (u32, u32),
    (damage_kind, attack, skill): (Option<u8>, bool, u32),
    effects: &mut Vec<Effect>,
) -> bool {
    let Dungeon { game, players, enemies, random, tick, .. } = dungeon;
    let (Some(player), Some(enemy)) = (players.get_mut(user), enemies.get_mut(index)) else { return false };
    let Some(kind) = game.kinds.get(usize::from(enemy.kind)) else { return false };
    player.fought_at = *tick;
    let seat = player.seat;
    let blow = if attack {
        game.ruleset.attack(&game.content, (&player.fighter, &kind.fighter), (least, most), random)
    } else {
        Blow::Hit { damage: random.between(least, most), critical: false }
    };
    let (by, target) = (entity::player_id(seat), enemy.id);
    let Blow::Hit { damage, critical } = blow else {
        log(effects, Deed::Missed { by, target });
        provoke(Some(enemy), seat);
        return false;
    };
    let changes = Changes { dealt: dealt(player, game), skill, ..taken_by_enemy(enemy, kind, game, damage_kind) };
    if attack {
        items::wear_weapon(player, game);
    }
    let damage = game.ruleset.change(damage, &changes);
    log(effects, Deed::Struck { by, target, damage, kind: damage_kind, critical });
    hurt_enemy(dungeon, index, damage, Some(seat), effects);
    damage > 0
}

fn enter(dungeon: &mut Dungeon, user: Somebody, target: Somebody, state: u8) -> bool {
    let Dungeon { game, players, enemies, tick, .. } = dungeon;
    let by_seat = match user {
        Somebody::Player(index) => players.get(index).map(|player| player.seat),
        Somebody::Enemy(_) => None,
    };
    let Some(until) = until(game, state, *tick) else { return false };
    let entered = InState { state, until, by_seat };
    match target {
        Somebody::Player(index) => players.get_mut(index).map(|player| player.states.enter(entered)).is_some(),
        Somebody::Enemy(index) => enemies.get_mut(index).is_some_and(|enemy| {
            enemy.states.enter(entered);
            if let Some(seat) = by_seat {
                provoke(Some(enemy), seat);
            }
            true
        }),
    }
}

fn until(game: &Game, state: u8, tick: u32) -> Option<u32> {
    game.states.get(usize::from(state)).map(|state| tick.saturating_add(state.ticks))
}
