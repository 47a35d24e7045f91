//! What follows from a character's choices: pure formulas, each with its source. "SRD" is the 5e System Reference Document
//! 5.1. Not here: the numbers, which are content, and what an attack comes to, which is the ruleset's affair.
//!
//! Read [`Derived`] first: it is what a player sees, and `creation` for how a character begins.

pub mod creation;
mod defence;
mod offence;
mod points;
#[cfg(test)]
pub(crate) mod tests;

pub use creation::{hp_max, point_buy};
pub use defence::{armor_class, speed_mm_per_s};
pub use offence::{Strike, strike};
pub use points::{ability_points, skill_points};

use crate::content::{ClassRules, Dice, Item, WeaponKind};
use crate::{Ability, Content, Gear, Sheet};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Everything that follows from a character and the content. It is computed whenever it is shown and never stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Derived {
    /// What proficiency adds.
    pub proficiency_bonus: i32,
    /// The modifier of each ability.
    pub ability_modifiers: BTreeMap<Ability, i32>,
    /// How hard it is to hit.
    pub armor_class: i32,
    /// Movement speed, in millimetres per second.
    pub speed_mm_per_s: u32,
    /// What is added to a saving throw with each ability.
    pub saving_throws: BTreeMap<Ability, i32>,
    /// What is added to a check of each skill of the class.
    pub skills: BTreeMap<String, i32>,
    /// Hit points when unhurt.
    pub hp_max: u32,
    /// What is added to an attack roll.
    pub attack_bonus: i32,
    /// Dice of an attack's damage.
    pub damage: Dice,
    /// What is added to an attack's damage.
    pub damage_bonus: i32,
    /// Weight that it can carry, in grams.
    pub carrying_capacity_g: u64,
    /// Weight that it does carry, in grams, equipment included.
    pub carried_g: u64,
    /// Points that it may spend on ability scores.
    pub ability_points: u32,
    /// Points that it may spend on skills.
    pub skill_points: u32,
}

impl Derived {
    /// What follows from this character under this content. A class or item that the content has lost counts for nothing.
    pub fn of<'a>(character: impl Into<Sheet<'a>>, content: &Content) -> Self {
        let character = character.into();
        let build = character.build;
        let proficiency = proficiency_bonus(content, character.hot.level);
        let class = class_rules(character, content);
        let per_ability = |value: &dyn Fn(Ability) -> i32| Ability::ALL.map(|ability| (ability, value(ability))).into();
        // SRD, "Saving Throws": the ability's modifier, and the proficiency bonus with the abilities of the class.
        let saving_throw = |ability: Ability| {
            let proficient = class.is_some_and(|class| class.saving_throws.contains(&ability));
            build.ability_scores.modifier(ability) + if proficient { proficiency } else { 0 }
        };
        let strike = strike(character, content);
        Self {
            proficiency_bonus: proficiency,
            ability_modifiers: per_ability(&|ability| build.ability_scores.modifier(ability)),
            armor_class: armor_class(character, content),
            speed_mm_per_s: speed_mm_per_s(character, content),
            saving_throws: per_ability(&saving_throw),
            skills: skills(character, content, proficiency),
            hp_max: hp_max(content, character.class, &build.ability_scores, character.hot.level),
            attack_bonus: strike.attack_bonus,
            damage: strike.damage,
            damage_bonus: strike.damage_bonus,
            carrying_capacity_g: carrying_capacity_g(character, content),
            carried_g: carried_g(character, content),
            ability_points: ability_points(character, content),
            skill_points: skill_points(character, content),
        }
    }
}

/// The character's class, if the content has it.
pub(crate) fn class_rules<'a>(character: Sheet<'_>, content: &'a Content) -> Option<&'a ClassRules> {
    content.classes.get(character.class).map(|class| &class.rules)
}

/// The item that is worn or wielded, unless it is worn out: then it weighs, and does nothing.
fn sound<'a>(content: &'a Content, gear: &Gear) -> Option<&'a Item> {
    content.items.get(&gear.item).filter(|item| gear.is_sound(item))
}

/// What proficiency adds at a level: SRD, "Beyond 1st Level", the table "Character Advancement".
pub fn proficiency_bonus(content: &Content, level: u32) -> i32 {
    let bonuses = &content.rules.proficiency_bonuses;
    let place = usize::try_from(level.saturating_sub(1)).unwrap_or(usize::MAX);
    let bonus = bonuses.get(place).or(bonuses.last()).copied().unwrap_or_default();
    i32::try_from(bonus).unwrap_or(i32::MAX)
}

/// Whether the character's class is proficient with this kind of weapon.
fn is_proficient(character: Sheet<'_>, content: &Content, kind: WeaponKind) -> bool {
    class_rules(character, content).is_some_and(|class| class.weapons.contains(&kind))
}

/// SRD, "Ability Checks", "Skills": the modifier of the skill's ability, and the proficiency bonus where it was learnt.
fn skills(character: Sheet<'_>, content: &Content, proficiency: i32) -> BTreeMap<String, i32> {
    let known = class_rules(character, content).map(|class| class.skills.as_slice()).unwrap_or_default();
    let bonus = |id: &String| {
        let modifier = character.build.ability_scores.modifier(content.skills.get(id)?.ability);
        let learnt = character.build.skills.contains(id);
        Some((id.clone(), modifier + if learnt { proficiency } else { 0 }))
    };
    known.iter().filter_map(bonus).collect()
}

/// SRD, "Lifting and Carrying": 15 pounds per point of strength, which the content gives in grams.
fn carrying_capacity_g(character: Sheet<'_>, content: &Content) -> u64 {
    u64::from(character.build.ability_scores.strength) * u64::from(content.rules.carrying_g_per_strength)
}

fn carried_g(character: Sheet<'_>, content: &Content) -> u64 {
    let weight = |id: &str| content.items.get(id).map_or(0, |item| u64::from(item.weight_g));
    let stacks = character.hot.inventory.iter().map(|stack| weight(&stack.item) * u64::from(stack.quantity));
    stacks.sum::<u64>() + character.hot.equipment.items().map(weight).sum::<u64>()
}
