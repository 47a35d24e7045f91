//! Loot: what the dead leave, and who gets it. A piece of loot is on the ground or in one inventory, never in both and never
//! in parts.

use super::Dungeon;
use super::effect::{Effect, WorldEvent, tell, tell_all};
use super::entity::FIRST_LOOT;
use super::geometry::within;
use super::rules::Item;
use super::state::{Loot, Player};
use guildhall_domain::limits::{INVENTORY_SLOTS_MAX, LOOT_ON_GROUND_MAX, PICK_UP_REACH_MM};

/// Rolls a dead enemy's loot table and lays the results where it fell.
pub(super) fn drop_from(dungeon: &mut Dungeon, enemy: usize, effects: &mut Vec<Effect>) {
    let Dungeon { rules, enemies, random, loot, next_loot_id, .. } = dungeon;
    let Some(enemy) = enemies.get(enemy) else { return };
    let table = rules.kinds.get(usize::from(enemy.kind)).and_then(|kind| kind.loot_table);
    let Some(table) = table.and_then(|index| rules.loot_tables.get(index)) else { return };
    for _ in 0..table.rolls {
        let mut drawn = random.below(table.weight);
        let entry = table.entries.iter().find(|entry| {
            let hit = drawn < entry.weight;
            drawn = drawn.saturating_sub(entry.weight);
            hit
        });
        let Some((item, quantity)) = entry.and_then(|entry| Some((entry.item?, entry.quantity))) else { continue };
        if loot.len() < LOOT_ON_GROUND_MAX && *next_loot_id < u16::MAX {
            let id = *next_loot_id;
            *next_loot_id += 1;
            loot.push(Loot { id, item, quantity, at: enemy.at });
            tell_all(effects, WorldEvent::LootDropped { entity: id, item, quantity });
        }
    }
}

/// A living player takes a piece of loot within reach, whole or not at all. Whoever asks for loot that once was there, or
/// that does not fit, is refused, at most once per tick.
pub(super) fn pick_up(dungeon: &mut Dungeon, picker: usize, target: u16, effects: &mut Vec<Effect>) {
    let Dungeon { rules, players, loot, next_loot_id, tick, .. } = dungeon;
    let Some(player) = players.get_mut(picker).filter(|player| player.is_alive()) else { return };
    if !(FIRST_LOOT..*next_loot_id).contains(&target) {
        return;
    }
    let place = loot.binary_search_by_key(&target, |loot| loot.id).ok();
    let taken = place.and_then(|place| take(player, loot, place, &rules.items));
    if let Some((loot, seq)) = taken {
        let Loot { id: entity, item, quantity, .. } = loot;
        tell_all(effects, WorldEvent::LootTaken { entity, by_seat: player.seat, item, quantity });
        tell(effects, player.seat, WorldEvent::ItemGained { item, quantity, seq });
    } else if player.refused_at != *tick {
        player.refused_at = *tick;
        tell(effects, player.seat, WorldEvent::PickUpRefused { entity: target });
    }
}

/// Moves the loot at this place into the player's inventory, if it is in reach and fits.
fn take(player: &mut Player, loot: &mut Vec<Loot>, place: usize, items: &[Item]) -> Option<(Loot, u64)> {
    let found = loot.get(place)?;
    let item = items.get(usize::from(found.item))?;
    let quantity = u32::from(found.quantity);
    if !within(player.at, found.at, PICK_UP_REACH_MM) || room_for(player, item) < u64::from(quantity) {
        return None;
    }
    player.hot.add_item(&item.id, quantity, item.stack_max);
    let seq = player.change(true);
    Some((loot.remove(place), seq))
}

/// How many units of the item the player's inventory can still hold.
fn room_for(player: &Player, item: &Item) -> u64 {
    let inventory = &player.hot.inventory;
    let empty_slots = INVENTORY_SLOTS_MAX.saturating_sub(inventory.len()) as u64;
    let begun = inventory.iter().filter(|stack| stack.item == item.id);
    let on_stacks: u64 = begun.map(|stack| u64::from(item.stack_max.saturating_sub(stack.quantity))).sum();
    on_stacks + empty_slots * u64::from(item.stack_max)
}
