//! Characters.

use crate::rules::Derived;
use crate::{AbilityScores, Character, CharacterId, CharacterName, Content, Timestamp};
use serde::{Deserialize, Serialize};

/// Create a character.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateCharacterRequest {
    /// Its name.
    pub name: CharacterName,
    /// Id of its class in the content.
    pub class: String,
    /// Its ability scores, within the point buy; absent for those that the class suggests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ability_scores: Option<AbilityScores>,
}

/// Which character.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CharacterPath {
    /// Path parameter.
    pub character_id: CharacterId,
}

/// A character with everything that follows from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CharacterSheet {
    /// The character.
    #[serde(flatten)]
    pub character: Character,
    /// Until when it can be restored, if it is deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restorable_until: Option<Timestamp>,
    /// What follows from it under the content in force.
    pub derived: Derived,
}

impl CharacterSheet {
    /// The sheet of a character.
    pub fn of(character: Character, content: &Content) -> Self {
        let derived = Derived::of(&character, content);
        Self { restorable_until: character.restorable_until(), character, derived }
    }
}

/// Which of the account's characters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ListCharactersRequest {
    /// Query parameter: whether deleted characters that can be restored are wanted, too.
    #[serde(default)]
    pub include_deleted: Flag,
}

/// A query parameter that is on or off; parameters are text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Flag {
    /// Off.
    #[default]
    False,
    /// On.
    True,
}

/// All characters of the account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CharacterList {
    /// In order of creation.
    pub characters: Vec<CharacterSheet>,
}
