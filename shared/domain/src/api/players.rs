//! Characters and content.

use crate::{Character, CharacterId, CharacterName, Content};
use serde::{Deserialize, Serialize};

/// Create a character.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateCharacterRequest {
    /// Its name.
    pub name: CharacterName,
    /// Id of its class in the content.
    pub class: String,
}

/// Which character.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CharacterPath {
    /// Path parameter.
    pub character_id: CharacterId,
}

/// All characters of the account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CharacterList {
    /// In order of creation.
    pub characters: Vec<Character>,
}

/// The whole content, with its version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContentBundle {
    /// See [`Content::version_of`]; 16 hexadecimal digits.
    pub version: String,
    /// The content.
    pub content: Content,
}
