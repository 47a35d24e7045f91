//! What armour does.

use super::sound;
use crate::content::{Armor, ArmorKind};
use crate::{Ability, Content, Gear, Sheet};

/// How hard the character is to hit. SRD, "Armor Class" and "Armor": without armour 10 and the dexterity modifier; in light
/// armour its number and the modifier; in medium armour the modifier counts up to a bound; in heavy armour it does not
/// count, not even a negative one; a shield adds to any of these.
pub fn armor_class<'a>(character: impl Into<Sheet<'a>>, content: &Content) -> i32 {
    let character = character.into();
    let dexterity = character.build.ability_scores.modifier(Ability::Dexterity);
    let number = |value: u32| i32::try_from(value).unwrap_or(i32::MAX);
    let body = match worn(content, character.hot.equipment.armor.as_ref()) {
        None => number(content.rules.unarmored_armor_class) + dexterity,
        Some(armor) if armor.kind == ArmorKind::Heavy => number(armor.armor_class),
        Some(armor) => {
            number(armor.armor_class) + armor.dexterity_bonus_max.map_or(dexterity, |most| dexterity.min(number(most)))
        }
    };
    let shield = worn(content, character.hot.equipment.shield.as_ref());
    body + shield.map_or(0, |shield| number(shield.armor_class))
}

/// Movement speed, in millimetres per second: the class's, and slower in heavy armour that one is too weak for. SRD,
/// "Heavy Armor": 10 feet of 30 slower, which the content gives in percent.
pub fn speed_mm_per_s<'a>(character: impl Into<Sheet<'a>>, content: &Content) -> u32 {
    let character = character.into();
    let speed = content.classes.get(character.class).map_or(0, |class| class.speed_mm_per_s);
    let armor = worn(content, character.hot.equipment.armor.as_ref());
    let too_weak = armor.is_some_and(|armor| character.build.ability_scores.strength < armor.strength_min);
    let slow_percent = if too_weak { content.rules.strength_shortfall_slow_percent.min(100) } else { 0 };
    u32::try_from(u64::from(speed) * u64::from(100 - slow_percent) / 100).unwrap_or(speed)
}

fn worn<'a>(content: &'a Content, gear: Option<&Gear>) -> Option<&'a Armor> {
    sound(content, gear?)?.armor.as_ref()
}
