//! What play earns: experience, gold, levels and cleared dungeons, for everybody who is present, living or dead.

use super::Dungeon;
use super::effect::{Effect, WorldEvent, tell, tell_all};
use super::state::Player;
use guildhall_domain::Content;

/// Gives every player what an enemy of this kind is worth.
pub(super) fn reward(dungeon: &mut Dungeon, kind: usize, effects: &mut Vec<Effect>) {
    let Dungeon { content, rules, players, .. } = dungeon;
    let Some(kind) = rules.kinds.get(kind) else { return };
    for player in players.iter_mut() {
        gain_xp(player, content, kind.xp, effects);
        gain_gold(player, kind.gold, effects);
    }
}

fn gain_xp(player: &mut Player, content: &Content, xp: u32, effects: &mut Vec<Effect>) {
    if xp == 0 {
        return;
    }
    let alive = player.is_alive();
    let levels = player.hot.add_xp(content, &player.class, u64::from(xp));
    if !alive {
        // A level brings hit points, but it does not bring back the dead.
        player.hot.hp = 0;
    }
    let seq = player.change(levels > 0);
    tell(effects, player.seat, WorldEvent::XpGained { amount: xp, seq });
    if levels > 0 {
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
    for player in &mut dungeon.players {
        player.report_change(effects);
    }
}
