//! Reads one character, as last written.

use super::intent::present;
use crate::caller::Player;
use crate::endpoint::{Call, Endpoint, Method, Route};
use crate::error::ApiError;
use guildhall_domain::api::{CharacterPath, CharacterSheet};
use guildhall_storage::characters;

/// `GET /v1/characters/{character_id}`
#[derive(Debug)]
pub struct GetCharacter;

/// The route of [`GetCharacter`].
pub static GET_CHARACTER: Route = Route::of::<GetCharacter>();

impl Endpoint for GetCharacter {
    const NAME: &'static str = "get-character";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/characters/{character_id}";
    const REFUSALS: &'static [u16] = &[404];
    type Caller = Player;
    type Input = CharacterPath;
    type Output = CharacterSheet;

    async fn call(call: Call<'_, Player>, input: CharacterPath) -> Result<CharacterSheet, ApiError> {
        let row = characters::find(&*call.app.table, call.caller.account_id, input.character_id).await?;
        let character = present(row)?.character;
        Ok(CharacterSheet::of(character, &call.app.content().await?.content))
    }
}
