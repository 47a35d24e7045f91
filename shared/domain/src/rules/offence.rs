//! What weapons do.

use super::{is_proficient, proficiency_bonus, sound};
use crate::content::{Dice, Weapon};
use crate::{Ability, Content, Sheet};

/// One attack in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Strike {
    /// What is added to the attack roll.
    pub attack_bonus: i32,
    /// Dice of the damage.
    pub damage: Dice,
    /// What is added to the damage.
    pub damage_bonus: i32,
}

/// An attack with the weapon in hand, or without one. SRD, "Attack Rolls": the ability modifier, and the proficiency bonus
/// with weapons that one is proficient with; strength for melee, dexterity for ranged weapons, the better of the two with
/// finesse. SRD, "Damage Rolls": the same modifier. SRD, "Melee Attacks": everybody is proficient with unarmed strikes.
pub fn strike<'a>(character: impl Into<Sheet<'a>>, content: &Content) -> Strike {
    let character = character.into();
    let scores = &character.build.ability_scores;
    let (strength, dexterity) = (scores.modifier(Ability::Strength), scores.modifier(Ability::Dexterity));
    let weapon = character.hot.equipment.weapon.as_ref().and_then(|gear| sound(content, gear)?.weapon.as_ref());
    let modifier = match weapon {
        Some(Weapon { ranged: true, .. }) => dexterity,
        Some(Weapon { finesse: true, .. }) => strength.max(dexterity),
        _ => strength,
    };
    let proficient = weapon.is_none_or(|weapon| is_proficient(character, content, weapon.kind));
    let proficiency = if proficient { proficiency_bonus(content, character.hot.level) } else { 0 };
    Strike {
        attack_bonus: modifier + proficiency,
        damage: weapon.map_or(content.rules.unarmed_damage, |weapon| weapon.damage),
        damage_bonus: modifier,
    }
}
