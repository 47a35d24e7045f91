//! The inventory's slots. A slot is a place in the list of stacks, which has no gaps: slots up to the number of stacks are
//! taken, the rest up to 28 are free. [`move_item`] and [`use_item`] are the rules of play as well.

use super::{Illegal, intent};
use crate::content::Effect;
use crate::limits::{INVENTORY_SLOTS_MAX, STACK_QUANTITY_MAX};
use crate::{Character, Content, Gear, HotState, Stack};

/// The place of a slot that holds something.
pub(super) fn taken(hot: &HotState, slot: u32) -> Result<usize, Illegal> {
    let place = place(slot)?;
    if place < hot.inventory.len() { Ok(place) } else { Err(Illegal::EmptySlot) }
}

fn place(slot: u32) -> Result<usize, Illegal> {
    usize::try_from(slot).ok().filter(|place| *place < INVENTORY_SLOTS_MAX).ok_or(Illegal::NoSuchSlot)
}

/// Puts what was worn or wielded back into the inventory, or says that there is no room.
pub(super) fn put_back(hot: &mut HotState, content: &Content, gear: Gear) -> Result<(), Illegal> {
    let stack_max = stack_max(content, &gear.item);
    let stack = Stack { item: gear.item, quantity: 1, wear: gear.wear };
    if hot.add_stack(&stack, stack_max) { Ok(()) } else { Err(Illegal::InventoryFull) }
}

/// Units of an item that one slot can hold. An item that the content has lost does not stack any more.
pub fn stack_max(content: &Content, item: &str) -> u32 {
    content.items.get(item).map_or(1, |item| item.stack_max).min(STACK_QUANTITY_MAX)
}

/// Moves a stack to another slot. A taken slot's stack comes back in exchange; a free slot means the end of the list.
///
/// # Errors
/// [`Illegal`], and nothing has changed.
pub fn move_item(hot: &mut HotState, from_slot: u32, to_slot: u32) -> Result<(), Illegal> {
    let (from, to) = (taken(hot, from_slot)?, place(to_slot)?);
    let last = hot.inventory.len() - 1;
    let mut next = hot.inventory.clone();
    if to <= last {
        next.swap(from, to);
    } else {
        let stack = next.remove(from);
        next.push(stack);
    }
    // Stacks that are alike change places unseen.
    if next == hot.inventory {
        return Err(Illegal::NoChange);
    }
    hot.inventory = next;
    Ok(())
}

/// Uses up one unit of a consumable.
///
/// # Errors
/// [`Illegal`], and nothing has changed.
pub fn use_item(hot: &mut HotState, content: &Content, slot: u32) -> Result<(), Illegal> {
    let from = taken(hot, slot)?;
    let item = hot.inventory.get(from).and_then(|stack| content.items.get(&stack.item));
    match item.and_then(|item| item.effect).ok_or(Illegal::NotUsable)? {
        // Nobody wastes a potion by a slip of the finger.
        Effect::Heal { .. } if hot.hp >= hot.hp_max => return Err(Illegal::NoChange),
        Effect::Heal { hp } => hot.hp = hot.hp.saturating_add(hp).min(hot.hp_max),
        Effect::Repair { .. } if hot.equipment.gear().all(|gear| gear.wear == 0) => return Err(Illegal::NoChange),
        Effect::Repair { wear } => {
            hot.equipment.gear_mut().for_each(|gear| gear.wear = gear.wear.saturating_sub(wear));
        }
    }
    hot.take(from, 1).map(drop).ok_or(Illegal::EmptySlot)
}

intent! {
    /// Move a stack to another slot. A taken slot's stack comes back in exchange; a free slot means the end of the list.
    MoveItem {
        /// The slot of the stack.
        from_slot: u32,
        /// Where it goes.
        to_slot: u32,
    }
}

impl MoveItem {
    fn decide(&self, character: &mut Character, _: &Content) -> Result<(), Illegal> {
        move_item(&mut character.hot, self.from_slot, self.to_slot)
    }
}

intent! {
    /// Split units off a stack; they become the last one.
    SplitItems {
        /// The slot of the stack.
        slot: u32,
        /// Units to split off; at least one stays.
        quantity: u32,
    }
}

impl SplitItems {
    fn decide(&self, character: &mut Character, _: &Content) -> Result<(), Illegal> {
        let hot = &mut character.hot;
        let from = taken(hot, self.slot)?;
        let stack = hot.inventory.get(from).ok_or(Illegal::EmptySlot)?;
        if self.quantity == 0 || self.quantity >= stack.quantity {
            return Err(Illegal::CannotSplit);
        }
        if hot.inventory.len() >= INVENTORY_SLOTS_MAX {
            return Err(Illegal::InventoryFull);
        }
        let split = hot.take(from, self.quantity).ok_or(Illegal::CannotSplit)?;
        hot.inventory.push(split);
        Ok(())
    }
}

intent! {
    /// Put as much of one stack onto another of the same item as fits there.
    MergeItems {
        /// The slot of the stack that becomes smaller, or goes away.
        from_slot: u32,
        /// The slot of the stack that grows.
        to_slot: u32,
    }
}

impl MergeItems {
    fn decide(&self, character: &mut Character, content: &Content) -> Result<(), Illegal> {
        let hot = &mut character.hot;
        let (from, to) = (taken(hot, self.from_slot)?, taken(hot, self.to_slot)?);
        if from == to {
            return Err(Illegal::NoChange);
        }
        let (Some(source), Some(target)) = (hot.inventory.get(from), hot.inventory.get(to)) else {
            return Err(Illegal::EmptySlot);
        };
        if source.item != target.item {
            return Err(Illegal::DifferentItems);
        }
        let moved = source.quantity.min(stack_max(content, &source.item).saturating_sub(target.quantity));
        if moved == 0 || source.wear > 0 || target.wear > 0 {
            return Err(Illegal::StackFull);
        }
        if let Some(target) = hot.inventory.get_mut(to) {
            target.quantity += moved;
        }
        hot.take(from, moved).map(drop).ok_or(Illegal::EmptySlot)
    }
}

intent! {
    /// Use up one unit of a consumable.
    UseItem {
        /// The slot that it is in.
        slot: u32,
    }
}

impl UseItem {
    fn decide(&self, character: &mut Character, content: &Content) -> Result<(), Illegal> {
        use_item(&mut character.hot, content, self.slot)
    }
}
