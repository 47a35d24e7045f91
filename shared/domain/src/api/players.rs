//! Accounts and characters.

use crate::rules::Derived;
use crate::{AbilityScores, AccountId, Character, CharacterId, CharacterName, Content, Email, Password, Timestamp};
use serde::{Deserialize, Serialize};

/// Register and login.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    /// The account's address.
    pub email: Email,
    /// Its password.
    pub password: Password,
}

/// Login accepts whatever text was typed, so that a password that could never be right is wrong and not malformed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LoginRequest {
    /// The address, as typed.
    pub email: String,
    /// The password, as typed.
    pub password: String,
}

impl std::fmt::Debug for LoginRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LoginRequest").field("email", &self.email).finish_non_exhaustive()
    }
}

/// The answer to register and login.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Authenticated {
    /// Who it is.
    pub account_id: AccountId,
    /// Bearer token for every player route.
    pub access_token: String,
    /// How long it lasts, in seconds.
    pub expires_in_s: u64,
}

impl std::fmt::Debug for Authenticated {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authenticated").field("account_id", &self.account_id).finish_non_exhaustive()
    }
}

/// The answer to logout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LoggedOut {
    /// Always true: the token that was sent is refused from here on.
    pub logged_out: bool,
}

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
