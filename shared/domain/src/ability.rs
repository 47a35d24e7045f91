//! The six abilities and a character's scores in them.

use serde::{Deserialize, Serialize};

/// An ability (5e SRD 5.1, "Using Ability Scores").
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Ability {
    /// Physical power.
    Strength,
    /// Agility.
    Dexterity,
    /// Endurance.
    Constitution,
    /// Reasoning and memory.
    Intelligence,
    /// Perception and insight.
    Wisdom,
    /// Force of personality.
    Charisma,
}

impl Ability {
    /// Every ability.
    pub const ALL: [Self; 6] =
        [Self::Strength, Self::Dexterity, Self::Constitution, Self::Intelligence, Self::Wisdom, Self::Charisma];
}

/// A score in each ability.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AbilityScores {
    /// Physical power.
    pub strength: u8,
    /// Agility.
    pub dexterity: u8,
    /// Endurance.
    pub constitution: u8,
    /// Reasoning and memory.
    pub intelligence: u8,
    /// Perception and insight.
    pub wisdom: u8,
    /// Force of personality.
    pub charisma: u8,
}

impl Default for AbilityScores {
    /// The score without bonus or penalty in every ability.
    fn default() -> Self {
        Self { strength: 10, dexterity: 10, constitution: 10, intelligence: 10, wisdom: 10, charisma: 10 }
    }
}

impl AbilityScores {
    /// The score in one ability.
    pub const fn of(&self, ability: Ability) -> u8 {
        match ability {
            Ability::Strength => self.strength,
            Ability::Dexterity => self.dexterity,
            Ability::Constitution => self.constitution,
            Ability::Intelligence => self.intelligence,
            Ability::Wisdom => self.wisdom,
            Ability::Charisma => self.charisma,
        }
    }

    /// The score in one ability, to change it.
    pub const fn of_mut(&mut self, ability: Ability) -> &mut u8 {
        match ability {
            Ability::Strength => &mut self.strength,
            Ability::Dexterity => &mut self.dexterity,
            Ability::Constitution => &mut self.constitution,
            Ability::Intelligence => &mut self.intelligence,
            Ability::Wisdom => &mut self.wisdom,
            Ability::Charisma => &mut self.charisma,
        }
    }

    /// The modifier of one ability: the score less 10, halved and rounded down (5e SRD 5.1, "Ability Scores and Modifiers").
    pub const fn modifier(&self, ability: Ability) -> i32 {
        (self.of(ability) as i32 - 10).div_euclid(2)
    }
}
