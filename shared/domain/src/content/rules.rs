//! The numbers behind the rules: what a class is good at, what armour and weapons do, and the tables that the formulas of
//! [`crate::rules`] look up. The formulas themselves are there.

use super::{AttackRolls, Ground, Practice};
use crate::{Ability, AbilityScores};
use serde::{Deserialize, Serialize};

/// The tables that all characters share. Most are the 5e SRD 5.1's own.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// Points to buy ability scores with at creation.
    pub ability_points: u32,
    /// The lowest score that can be bought.
    pub ability_score_first: u8,
    /// What each score costs, from the lowest on.
    pub ability_score_costs: Vec<u32>,
    /// The highest score that level-ups lead to.
    pub ability_score_max: u8,
    /// The levels at which a point for an ability score is gained; a level that gives two is there twice.
    pub ability_points_at_levels: Vec<u32>,
    /// The levels at which a further skill point is gained.
    pub skill_points_at_levels: Vec<u32>,
    /// The proficiency bonus at each level, from level 1; the last holds for all further levels.
    pub proficiency_bonuses: Vec<u32>,
    /// Armour class without armour, before dexterity.
    pub unarmored_armor_class: u32,
    /// Damage without a weapon.
    pub unarmed_damage: Dice,
    /// Weight that a character can carry per point of strength, in grams.
    pub carrying_g_per_strength: u32,
    /// How much slower one is in armour that one is too weak for, in percent.
    pub strength_shortfall_slow_percent: u32,
    /// Hit points per point by which the constitution modifier differs from that of the class's own scores.
    pub hp_per_constitution_modifier: u32,
    /// Kinds of damage that there are.
    #[serde(default)]
    pub damage_kinds: Vec<String>,
    /// Attack rolls.
    #[serde(default)]
    pub attack_rolls: AttackRolls,
    /// How skills grow.
    #[serde(default)]
    pub practice: Practice,
    /// Things on the ground.
    #[serde(default)]
    pub ground: Ground,
}

/// What a class is good at.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ClassRules {
    /// The scores of a character whose player did not choose any, within the point buy.
    pub ability_scores: AbilityScores,
    /// Abilities whose saving throws it is proficient in.
    pub saving_throws: Vec<Ability>,
    /// Kinds of armour that it can wear.
    pub armor: Vec<ArmorKind>,
    /// Kinds of weapons that it is proficient with.
    pub weapons: Vec<WeaponKind>,
    /// Ids of the skills that it may learn.
    pub skills: Vec<String>,
    /// Skill points at level 1.
    pub skill_points: u32,
}

/// Something that can be learnt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Skill {
    /// Name to show.
    pub name: String,
    /// The ability that it builds on.
    pub ability: Ability,
}

/// What a piece of armour does (5e SRD 5.1, "Armor").
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Armor {
    /// How heavy it is, which decides who can wear it and what dexterity adds.
    pub kind: ArmorKind,
    /// Armour class; for a shield, what it adds.
    pub armor_class: u32,
    /// The most that dexterity adds; absent where there is no such bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dexterity_bonus_max: Option<u32>,
    /// The strength below which it slows its wearer down.
    #[serde(default)]
    pub strength_min: u8,
}

/// How heavy armour is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ArmorKind {
    /// Light armour.
    Light,
    /// Medium armour.
    Medium,
    /// Heavy armour.
    Heavy,
    /// A shield.
    Shield,
}

/// What a weapon does (5e SRD 5.1, "Weapons").
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Weapon {
    /// Who is proficient with it.
    pub kind: WeaponKind,
    /// Its damage, before bonuses.
    pub damage: Dice,
    /// Whether it strikes from afar, with dexterity.
    #[serde(default)]
    pub ranged: bool,
    /// Whether its wielder may use dexterity in place of strength.
    #[serde(default)]
    pub finesse: bool,
    /// Whether it leaves no hand for a shield.
    #[serde(default)]
    pub two_handed: bool,
}

/// Who is proficient with a weapon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum WeaponKind {
    /// Nearly everybody.
    Simple,
    /// The trained.
    Martial,
}

/// Some equal dice, thrown together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Dice {
    /// How many.
    pub dice: u32,
    /// Sides of each.
    pub sides: u32,
}

/// What using a consumable does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Effect {
    /// Gives hit points back.
    Heal {
        /// How many.
        hp: u32,
    },
    /// Takes wear off everything that is worn or wielded.
    Repair {
        /// How much.
        wear: u32,
    },
}
