//! The inventory's slots. A slot is a place in the list of stacks, which has no gaps: slots up to the number of stacks are
//! taken, the rest up to 28 are free.

use super::{Illegal, intent};
use crate::content::Effect;
use crate::limits::{INVENTORY_SLOTS_MAX, STACK_QUANTITY_MAX};
use crate::{Character, Content, HotState, Stack};

/// The place of a slot that holds something.
fn taken(hot: &HotState, slot: u32) -> Result<usize, Illegal> {
    let place = place(slot)?;
    if place < hot.inventory.len() { Ok(place) } else { Err(Illegal::EmptySlot) }
}

fn place(slot: u32) -> Result<usize, Illegal> {
    usize::try_from(slot).ok().filter(|place| *place < INVENTORY_SLOTS_MAX).ok_or(Illegal::NoSuchSlot)
}

/// Takes `quantity` units out of a slot, which goes away with its last unit. The slot holds at least as many.
pub(super) fn take(hot: &mut HotState, place: usize, quantity: u32) {
    if let Some(stack) = hot.inventory.get_mut(place) {
        stack.quantity = stack.quantity.saturating_sub(quantity);
        if stack.quantity == 0 {
            hot.inventory.remove(place);
        }
    }
}

/// Puts one unit in, or says that there is no room.
pub(super) fn put(hot: &mut HotState, content: &Content, item: &str) -> Result<(), Illegal> {
    if hot.add_item(item, 1, stack_max(content, item)) == 0 { Ok(()) } else { Err(Illegal::InventoryFull) }
}

/// An item that the content has lost does not stack any more.
fn stack_max(content: &Content, item: &str) -> u32 {
    content.items.get(item).map_or(1, |item| item.stack_max).min(STACK_QUANTITY_MAX)
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
        let hot = &mut character.hot;
        let (from, to) = (taken(hot, self.from_slot)?, place(self.to_slot)?);
        let last = hot.inventory.len() - 1;
        if from == to || (from == last && to > last) {
            return Err(Illegal::NoChange);
        }
        if to <= last {
            hot.inventory.swap(from, to);
        } else {
            let stack = hot.inventory.remove(from);
            hot.inventory.push(stack);
        }
        Ok(())
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
        let item = stack.item.clone();
        take(hot, from, self.quantity);
        hot.inventory.push(Stack { item, quantity: self.quantity });
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
        if moved == 0 {
            return Err(Illegal::StackFull);
        }
        if let Some(target) = hot.inventory.get_mut(to) {
            target.quantity += moved;
        }
        take(hot, from, moved);
        Ok(())
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
        let hot = &mut character.hot;
        let from = taken(hot, self.slot)?;
        let item = hot.inventory.get(from).and_then(|stack| content.items.get(&stack.item));
        match item.and_then(|item| item.effect).ok_or(Illegal::NotUsable)? {
            // Nobody wastes a potion by a slip of the finger.
            Effect::Heal { .. } if hot.hp >= hot.hp_max => return Err(Illegal::NoChange),
            Effect::Heal { hp } => hot.hp = hot.hp.saturating_add(hp).min(hot.hp_max),
        }
        take(hot, from, 1);
        Ok(())
    }
}
