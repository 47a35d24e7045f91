//! Armour and weapons. One unit moves between the inventory and the equipment, so that every item is in one place; what was
//! there before goes back to the inventory. The rules are the same between sessions, where an intent names the item, and
//! in play, where a command names the slot: [`equip`] and [`unequip`].

use super::inventory::{put_back, taken};
use super::{Illegal, intent};
use crate::content::{ArmorKind, Weapon};
use crate::{Character, Content, Equipment, Gear, HotState};

/// A place on the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The suit of armour.
    Armor,
    /// The shield.
    Shield,
    /// The weapon.
    Weapon,
}

impl Place {
    /// Every place, in the order of its number in the UDP protocol.
    pub const ALL: [Self; 3] = [Self::Armor, Self::Shield, Self::Weapon];

    fn of(self, equipment: &mut Equipment) -> &mut Option<Gear> {
        match self {
            Self::Armor => &mut equipment.armor,
            Self::Shield => &mut equipment.shield,
            Self::Weapon => &mut equipment.weapon,
        }
    }
}

/// Puts on or takes in hand what is in a slot.
///
/// # Errors
/// [`Illegal`], and nothing has changed.
pub fn equip(hot: &mut HotState, class: &str, content: &Content, slot: u32) -> Result<(), Illegal> {
    let slot = taken(hot, slot)?;
    let stack = hot.inventory.get(slot).ok_or(Illegal::EmptySlot)?;
    let item = content.items.get(&stack.item).ok_or(Illegal::NotEquipment)?;
    let place = match (&item.armor, &item.weapon) {
        (Some(armor), _) => {
            // Our own rule: the SRD lets anybody put on any armour, at a price that would have to be paid in every formula.
            if !content.classes.get(class).is_some_and(|class| class.rules.armor.contains(&armor.kind)) {
                return Err(Illegal::NotProficient);
            }
            if armor.kind == ArmorKind::Shield { Place::Shield } else { Place::Armor }
        }
        // Without proficiency it can be wielded all the same: the attack bonus pays for that.
        (None, Some(_)) => Place::Weapon,
        (None, None) => return Err(Illegal::NotEquipment),
    };
    let hands_full = match place {
        Place::Armor => false,
        Place::Shield => wielded(hot, content).is_some_and(|weapon| weapon.two_handed),
        Place::Weapon => hot.equipment.shield.is_some() && item.weapon.as_ref().is_some_and(|weapon| weapon.two_handed),
    };
    if hands_full {
        return Err(Illegal::HandsFull);
    }
    let mut next = hot.clone();
    let unit = next.take(slot, 1).ok_or(Illegal::EmptySlot)?;
    let before = place.of(&mut next.equipment).replace(Gear { item: unit.item, wear: unit.wear });
    before.map_or(Ok(()), |gear| put_back(&mut next, content, gear))?;
    *hot = next;
    Ok(())
}

/// Takes off what is there, or puts it away.
///
/// # Errors
/// [`Illegal`], and nothing has changed.
pub fn unequip(hot: &mut HotState, content: &Content, place: Place) -> Result<(), Illegal> {
    let gear = place.of(&mut hot.equipment).clone().ok_or(Illegal::NotEquipped)?;
    put_back(hot, content, gear)?;
    place.of(&mut hot.equipment).take();
    Ok(())
}

intent! {
    /// Put on a suit of armour or take up a shield, from the inventory.
    EquipArmor {
        /// Id of the item.
        item: String,
    }
}

impl EquipArmor {
    fn decide(&self, character: &mut Character, content: &Content) -> Result<(), Illegal> {
        let slot = carried(character, &self.item)?;
        content.items.get(&self.item).and_then(|item| item.armor.as_ref()).ok_or(Illegal::NotArmor)?;
        equip(&mut character.hot, &character.class, content, slot)
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
        let places = [Place::Armor, Place::Shield];
        let worn = places.into_iter().find(|place| is_in(*place, &mut character.hot, &self.item));
        unequip(&mut character.hot, content, worn.ok_or(Illegal::NotEquipped)?)
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
        let slot = carried(character, &self.item)?;
        content.items.get(&self.item).and_then(|item| item.weapon.as_ref()).ok_or(Illegal::NotWeapon)?;
        equip(&mut character.hot, &character.class, content, slot)
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
        if !is_in(Place::Weapon, &mut character.hot, &self.item) {
            return Err(Illegal::NotEquipped);
        }
        unequip(&mut character.hot, content, Place::Weapon)
    }
}

fn is_in(place: Place, hot: &mut HotState, item: &str) -> bool {
    place.of(&mut hot.equipment).as_ref().is_some_and(|gear| gear.item == item)
}

/// The first slot that holds the item.
fn carried(character: &Character, item: &str) -> Result<u32, Illegal> {
    let slot = character.hot.inventory.iter().position(|stack| stack.item == item).ok_or(Illegal::NotCarried)?;
    u32::try_from(slot).map_err(|_| Illegal::NoSuchSlot)
}

fn wielded<'a>(hot: &HotState, content: &'a Content) -> Option<&'a Weapon> {
    content.items.get(&hot.equipment.weapon.as_ref()?.item)?.weapon.as_ref()
}
