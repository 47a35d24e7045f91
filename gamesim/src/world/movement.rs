//! How players walk: at most one stride per tick, in any direction, along walls where they meet one.

use super::Dungeon;
use super::geometry::{facing, stride};

/// Walks the player by one stride, unless dead or already walked in this tick.
pub(super) fn walk(dungeon: &mut Dungeon, player: usize, move_x: i8, move_y: i8) {
    let Dungeon { game, map, players, tick, .. } = dungeon;
    let Some(player) = players.get_mut(player) else { return };
    if (move_x, move_y) == (0, 0) || !player.can_act(game) || player.walked_at == *tick {
        return;
    }
    let (dx, dy) = (i32::from(move_x), i32::from(move_y));
    player.walked_at = *tick;
    player.facing = facing(dx, dy);
    player.at = map.walk(player.at, stride(dx, dy, player.stride_mm(game)));
}
