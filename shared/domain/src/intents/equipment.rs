//! Armour and weapons. One unit moves between the inventory and the equipment, so that every item is in one place; what was
//! there before goes back to the inventory.

use super::inventory::{put, take};
use super::{Illegal, intent};
use crate::content::{ArmorKind, Weapon};
use crate::rules::class_rules;
use crate::{Character, Content};

intent! {
    /// Put on a suit of armour or take up a shield, from the inventory.
    EquipArmor {
        /// Id of the item.
        item: String,
    }
}

impl EquipArmor {
    fn decide(&self, character: &mut Character, content: &Content) -> Result<(), Illegal> {
        let place = carried(character, &self.item)?;
        let armor = content.items.get(&self.item).and_then(|item| item.armor.as_ref()).ok_or(Illegal::NotArmor)?;
        // Our own rule: the SRD lets anybody put on any armour, at a price that would have to be paid in every formula.
        if !class_rules(character, content).is_some_and(|class| class.armor.contains(&armor.kind)) {
            return Err(Illegal::NotProficient);
        }
        let is_shield = armor.kind == ArmorKind::Shield;
        if is_shield && wielded(character, content).is_some_and(|weapon| weapon.two_handed) {
            return Err(Illegal::HandsFull);
        }
        take(&mut character.hot, place, 1);
        let equipment = &mut character.build.equipment;
        let worn = if is_shield { &mut equipment.shield } else { &mut equipment.armor };
        let before = worn.replace(self.item.clone());
        put_back(character, content, before)
    }
}

intent! {
    /// Take off what is worn: a suit of armour or a shield.
    UnequipArmor {
        /// Id of the item.
        item: String,
    }
}

impl UnequipArmor {
    fn decide(&self, character: &mut Character, content: &Content) -> Result<(), Illegal> {
        let equipment = &mut character.build.equipment;
        let worn = [&mut equipment.armor, &mut equipment.shield];
        let worn = worn.into_iter().find(|worn| worn.as_ref() == Some(&self.item)).ok_or(Illegal::NotEquipped)?;
        let before = worn.take();
        put_back(character, content, before)
    }
}

intent! {
    /// Take a weapon in hand, from the inventory.
    EquipWeapon {
        /// Id of the item.
        item: String,
    }
}

impl EquipWeapon {
    fn decide(&self, character: &mut Character, content: &Content) -> Result<(), Illegal> {
        let place = carried(character, &self.item)?;
        let weapon = content.items.get(&self.item).and_then(|item| item.weapon.as_ref()).ok_or(Illegal::NotWeapon)?;
        if weapon.two_handed && character.build.equipment.shield.is_some() {
            return Err(Illegal::HandsFull);
        }
        // Without proficiency it can be wielded all the same: the attack bonus pays for that.
        take(&mut character.hot, place, 1);
        let before = character.build.equipment.weapon.replace(self.item.clone());
        put_back(character, content, before)
    }
}

intent! {
    /// Put away the weapon in hand.
    UnequipWeapon {
        /// Id of the item.
        item: String,
    }
}

impl UnequipWeapon {
    fn decide(&self, character: &mut Character, content: &Content) -> Result<(), Illegal> {
        let wielded = &mut character.build.equipment.weapon;
        let before = wielded.take_if(|item| *item == self.item).ok_or(Illegal::NotEquipped)?;
        put_back(character, content, Some(before))
    }
}

/// The first slot that holds the item.
fn carried(character: &Character, item: &str) -> Result<usize, Illegal> {
    character.hot.inventory.iter().position(|stack| stack.item == item).ok_or(Illegal::NotCarried)
}

fn wielded<'a>(character: &Character, content: &'a Content) -> Option<&'a Weapon> {
    content.items.get(character.build.equipment.weapon.as_ref()?)?.weapon.as_ref()
}

fn put_back(character: &mut Character, content: &Content, item: Option<String>) -> Result<(), Illegal> {
    item.map_or(Ok(()), |item| put(&mut character.hot, content, &item))
}
