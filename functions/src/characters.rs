//! Characters: made, listed and read by their account. A foreign character looks exactly like a missing one, because the
//! account is half of the key.

mod create_character;
mod get_character;
mod list_characters;

pub use create_character::{CREATE_CHARACTER, CreateCharacter};
pub use get_character::{GET_CHARACTER, GetCharacter};
pub use list_characters::{LIST_CHARACTERS, ListCharacters};
