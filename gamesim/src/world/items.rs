//! What players do with what they carry: use it, wear it, wield it, wear it out, arrange it and drop it. Legality is the
//! domain's affair, the same as between sessions; here is only who may act and what follows.

use super::Dungeon;
use super::effect::{Carried, Effect, Units, WorldEvent, tell};
use super::loot;
use super::rules::Game;
use super::state::Player;
use guildhall_domain::intents::{self, Illegal, Place};
use guildhall_domain::{Gear, HotState, Stack};
use serde::{Deserialize, Serialize};

/// Something that a player does with what they carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Handling {
    /// Use up one unit of a consumable.
    Use {
        /// The slot that it is in.
        slot: u8,
    },
    /// Put on or take in hand.
    Equip {
        /// The slot that it is in.
        slot: u8,
    },
    /// Take off or put away.
    Unequip {
        /// The place on the body: 0 armour, 1 shield, 2 weapon.
        place: u8,
    },
    /// Move a stack to another slot.
    Move {
        /// The slot that it is in.
        from: u8,
        /// Where it goes.
        to: u8,
    },
    /// Lay units on the ground.
    Drop {
        /// The slot that they are in.
        slot: u8,
        /// How many.
        quantity: u16,
    },
}

/// A player who can act does something with what they carry. What is illegal does nothing.
pub(super) fn handle(dungeon: &mut Dungeon, holder: usize, handling: Handling, effects: &mut Vec<Effect>) {
    let Dungeon { game, players, .. } = dungeon;
    let Some(player) = players.get_mut(holder).filter(|player| player.can_act(game)) else { return };
    let hot = &mut player.hot;
    let done: Result<(), Illegal> = match handling {
        Handling::Use { slot } => intents::use_item(hot, &game.content, slot.into()),
        Handling::Equip { slot } => intents::equip(hot, &player.class, &game.content, slot.into()),
        Handling::Unequip { place } => match Place::ALL.get(usize::from(place)) {
            Some(place) => intents::unequip(hot, &game.content, *place),
            None => Err(Illegal::NotEquipped),
        },
        Handling::Move { from, to } => intents::move_item(hot, from.into(), to.into()),
        Handling::Drop { slot, quantity } => return drop_some(dungeon, holder, slot.into(), quantity, effects),
    };
    if done.is_ok() {
        player.size_up(game);
        player.rearranged = true;
        player.change(false);
    }
}

/// Lays units on the ground where the player stands; nobody else sees them at first.
fn drop_some(dungeon: &mut Dungeon, holder: usize, slot: usize, quantity: u16, effects: &mut Vec<Effect>) {
    if !loot::has_room(dungeon) {
        return;
    }
    let Dungeon { game, players, .. } = dungeon;
    let Some(player) = players.get_mut(holder) else { return };
    let known = player.hot.inventory.get(slot).and_then(|stack| game.item_number(&stack.item));
    let (Some(item), Some(units)) = (known, player.hot.take(slot, quantity.into())) else { return };
    player.rearranged = true;
    player.change(true);
    loot::lay_down(dungeon, holder, item, &units, effects);
}

/// What falls to the ground with its player: as many slots as the dungeon says, from the last one on.
pub(super) fn drop_of_the_dead(dungeon: &mut Dungeon, dead: usize, effects: &mut Vec<Effect>) {
    for _ in 0..dungeon.death_drops_slots {
        let last = dungeon.players.get(dead).and_then(|player| player.hot.inventory.len().checked_sub(1));
        let Some((last, stack)) =
            last.and_then(|last| Some((last, dungeon.players.get(dead)?.hot.inventory.get(last)?)))
        else {
            return;
        };
        let Ok(quantity) = u16::try_from(stack.quantity) else { return };
        drop_some(dungeon, dead, last, quantity, effects);
    }
}

/// The weapon in hand wears with every hit.
pub(super) fn wear_weapon(player: &mut Player, game: &Game) {
    if player.hot.equipment.weapon.as_mut().is_some_and(|gear| wear(gear, game)) {
        worn(player, game);
    }
}

/// Armour and shield wear with every hit that is taken.
pub(super) fn wear_armor(player: &mut Player, game: &Game) {
    let equipment = &mut player.hot.equipment;
    let wears =
        [&mut equipment.armor, &mut equipment.shield].map(|gear| gear.as_mut().is_some_and(|gear| wear(gear, game)));
    if wears.contains(&true) {
        worn(player, game);
    }
}

fn worn(player: &mut Player, game: &Game) {
    player.change(false);
    if player.hot.equipment.gear().any(|gear| durability_max(gear, game) == Some(gear.wear)) {
        // Something has just stopped doing what it is for.
        player.size_up(game);
        player.rearranged = true;
    }
}

/// Uses up one unit of durability. Returns whether there was one.
fn wear(gear: &mut Gear, game: &Game) -> bool {
    let wears = durability_max(gear, game).is_some_and(|most| gear.wear < most);
    gear.wear += u32::from(wears);
    wears
}

fn durability_max(gear: &Gear, game: &Game) -> Option<u32> {
    game.content.items.get(&gear.item)?.durability_max
}

/// Tells every player whose inventory or equipment has changed what they carry.
pub(super) fn report(dungeon: &mut Dungeon, effects: &mut Vec<Effect>) {
    let Dungeon { game, players, .. } = dungeon;
    for player in players.iter_mut().filter(|player| player.rearranged) {
        player.rearranged = false;
        let carried = carried(&player.hot, game, player.changes);
        tell(effects, player.seat, WorldEvent::Inventory(Box::new(carried)));
    }
}

/// What a character carries, in numbers.
pub(super) fn carried(hot: &HotState, game: &Game, seq: u64) -> Carried {
    let units = |item: &str, quantity: u32, wear: u32| Units {
        item: game.item_number(item),
        quantity: u16::try_from(quantity).unwrap_or(u16::MAX),
        wear: u16::try_from(wear).unwrap_or(u16::MAX),
    };
    let gear = |gear: &Option<Gear>| gear.as_ref().map(|gear| units(&gear.item, 1, gear.wear));
    let equipment = &hot.equipment;
    Carried {
        stacks: hot.inventory.iter().map(|Stack { item, quantity, wear }| units(item, *quantity, *wear)).collect(),
        worn: [gear(&equipment.armor), gear(&equipment.shield), gear(&equipment.weapon)],
        seq,
    }
}
