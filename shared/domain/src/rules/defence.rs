//! What armour does.

use crate::content::{Armor, ArmorKind};
use crate::{Ability, Character, Content};

/// How hard the character is to hit. SRD, "Armor Class" and "Armor": without armour 10 and the dexterity modifier; in light
/// armour its number and the modifier; in medium armour the modifier counts up to a bound; in heavy armour it does not
/// count, not even a negative one; a shield adds to any of these.
pub fn armor_class(character: &Character, content: &Content) -> i32 {
    let dexterity = character.build.ability_scores.modifier(Ability::Dexterity);
    let number = |value: u32| i32::try_from(value).unwrap_or(i32::MAX);
    let body = match worn(content, character.build.equipment.armor.as_deref()) {
        None => number(content.rules.unarmored_armor_class) + dexterity,
        Some(armor) if armor.kind == ArmorKind::Heavy => number(armor.armor_class),
        Some(armor) => {
            number(armor.armor_class) + armor.dexterity_bonus_max.map_or(dexterity, |most| dexterity.min(number(most)))
        }
    };
    let shield = worn(content, character.build.equipment.shield.as_deref());
    body + shield.map_or(0, |shield| number(shield.armor_class))
}

/// Movement speed, in millimetres per second: the class's, and slower in heavy armour that one is too weak for. SRD,
/// "Heavy Armor": 10 feet of 30 slower, which the content gives in percent.
pub fn speed_mm_per_s(character: &Character, content: &Content) -> u32 {
    let speed = content.classes.get(&character.class).map_or(0, |class| class.speed_mm_per_s);
    let armor = worn(content, character.build.equipment.armor.as_deref());
    let too_weak = armor.is_some_and(|armor| character.build.ability_scores.strength < armor.strength_min);
    let slow_percent = if too_weak { content.rules.strength_shortfall_slow_percent.min(100) } else { 0 };
    u32::try_from(u64::from(speed) * u64::from(100 - slow_percent) / 100).unwrap_or(speed)
}

fn worn<'a>(content: &'a Content, id: Option<&str>) -> Option<&'a Armor> {
    content.items.get(id?)?.armor.as_ref()
}
