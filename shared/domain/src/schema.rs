//! JSON schemas of the types that are text on the wire and check themselves; all other types derive theirs. Only the
//! documents use this file.

use crate::limits::{
    CHARACTER_NAME_GRAPHEMES_MAX, CHARACTER_NAME_GRAPHEMES_MIN, EMAIL_BYTES_MAX, PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN,
};
use crate::{AccountId, CharacterId, CharacterName, Email, GamesimId, Password, SessionId};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;

macro_rules! text {
    ($name:ident, $description:literal, { $($schema:tt)* }) => {
        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "description": $description, $($schema)* })
            }
        }
    };
}

text!(AccountId, "A player's account.", { "pattern": "^[0-9a-f]{32}$" });
text!(CharacterId, "A character of an account.", { "pattern": "^[0-9a-f]{32}$" });
text!(SessionId, "One run of a dungeon by one party.", { "pattern": "^[0-9a-f]{32}$" });
text!(GamesimId, "A game sim's name.", { "pattern": "^[A-Za-z0-9-]{1,64}$" });
text!(Email, "An e-mail address; capitals do not matter.", { "format": "email", "maxLength": EMAIL_BYTES_MAX });
text!(Password, "A password; a new one is more than the game's name or the account's address.", { "minLength": PASSWORD_CHARS_MIN, "maxLength": PASSWORD_CHARS_MAX });
text!(CharacterName, "Letters, digits, single blanks, hyphens or apostrophes, between letters or digits.", {
    "minLength": CHARACTER_NAME_GRAPHEMES_MIN,
    "maxLength": CHARACTER_NAME_GRAPHEMES_MAX,
});
