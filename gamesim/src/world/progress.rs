//! What play earns: experience, gold, levels, skills and cleared dungeons. Experience, gold and cleared dungeons are for
//! everybody who is present, living or dead.

use super::Dungeon;
use super::effect::{Effect, WorldEvent, tell, tell_all};
use super::geometry::within;
use super::items;
use super::rules::Game;
use super::state::{Player, party_of};
use guildhall_domain::limits::{SKILLS_PRACTISED_MAX, ZONE_REWARD_REACH_MM};

/// Gives everybody who shares in it what a dead enemy is worth: in a dungeon every player, in a zone those of the party of
/// whoever struck last who are near.
pub(super) fn reward(dungeon: &mut Dungeon, enemy: usize, by_seat: u16, effects: &mut Vec<Effect>) {
    let Dungeon { game, players, enemies, zone, .. } = dungeon;
    let Some(enemy) = enemies.get(enemy) else { return };
    let Some(kind) = game.kinds.get(usize::from(enemy.kind)) else { return };
    let is_zone = zone.is_some();
    let shares = |player: &Player| {
        let is_near = || within(player.at, enemy.at, ZONE_REWARD_REACH_MM);
        !is_zone || (party_of(player.seat) == party_of(by_seat) && is_near())
    };
    let reward = game.ruleset.reward(&kind.template, players.iter().filter(|player| shares(player)).count());
    for player in players.iter_mut().filter(|player| shares(player)) {
        gain_xp(player, game, reward.xp, effects);
        gain_gold(player, reward.gold, effects);
    }
}

fn gain_xp(player: &mut Player, game: &Game, xp: u32, effects: &mut Vec<Effect>) {
    if xp == 0 {
        return;
    }
    let alive = player.is_alive();
    let levels = player.hot.add_xp(&game.content, &player.class, u64::from(xp));
    if !alive {
        // A level brings hit points, but it does not bring back the dead.
        player.hot.hp = 0;
    }
    let seq = player.change(levels > 0);
    tell(effects, player.seat, WorldEvent::XpGained { amount: xp, seq });
    if levels > 0 {
        player.size_up(game);
        let level = u16::try_from(player.hot.level).unwrap_or(u16::MAX);
        tell(effects, player.seat, WorldEvent::LevelUp { level });
    }
}

fn gain_gold(player: &mut Player, gold: u32, effects: &mut Vec<Effect>) {
    let before = player.hot.gold;
    player.hot.add_gold(u64::from(gold));
    let gained = player.hot.gold.saturating_sub(before);
    if gained > 0 {
        let seq = player.change(false);
        let amount = u32::try_from(gained).unwrap_or(u32::MAX);
        tell(effects, player.seat, WorldEvent::GoldGained { amount, seq });
    }
}

/// A player has used a skill to some effect.
pub(super) fn practise(dungeon: &mut Dungeon, player: usize, skill: &str, effects: &mut Vec<Effect>) {
    let Dungeon { game, players, .. } = dungeon;
    let (Some(player), practice) = (players.get_mut(player), &game.content.rules.practice) else { return };
    let known = player.hot.practice.contains_key(skill);
    if practice.xp_per_use == 0 || (!known && player.hot.practice.len() >= SKILLS_PRACTISED_MAX) {
        return;
    }
    let xp = player.hot.practice.entry(skill.to_owned()).or_default();
    let before = practice.level_at(*xp);
    *xp = xp.saturating_add(u64::from(practice.xp_per_use));
    let level = practice.level_at(*xp);
    player.change(level > before);
    if level > before
        && let Some(number) = game.content.skills.keys().position(|id| id == skill)
    {
        let (skill, level) = (u8::try_from(number).unwrap_or(u8::MAX), u16::try_from(level).unwrap_or(u16::MAX));
        tell(effects, player.seat, WorldEvent::SkillUp { skill, level });
    }
}

/// The boss is dead: the dungeon is won by everybody present.
pub(super) fn clear(dungeon: &mut Dungeon, effects: &mut Vec<Effect>) {
    if dungeon.cleared_at.is_some() {
        return;
    }
    dungeon.cleared_at = Some(dungeon.tick);
    for player in &mut dungeon.players {
        player.hot.dungeons_cleared = player.hot.dungeons_cleared.saturating_add(1);
        player.change(true);
    }
    tell_all(effects, WorldEvent::DungeonCleared);
}

/// Reports whose state changed in this step.
pub(super) fn report_changes(dungeon: &mut Dungeon, effects: &mut Vec<Effect>) {
    items::report(dungeon, effects);
    for player in &mut dungeon.players {
        player.report_change(effects);
    }
}
