//! Reads one character, as last written.

use super::intent::present;
use crate::caller::Bearer;
use crate::content::in_force;
use crate::endpoint::{Call, Endpoint, Method, Route};
use crate::error::ApiError;
use crate::grants::Grants;
use guildhall_domain::api::{CharacterPath, CharacterSheet};
use guildhall_storage::characters;
use guildhall_storage::{Operation, TableName};

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
    const GRANTS: Grants = in_force::GRANTS.on(TableName::Characters, &[Operation::Get]);
    type Caller = Bearer;
    type Input = CharacterPath;
    type Output = CharacterSheet;

    async fn call(call: Call<'_, Bearer>, input: CharacterPath) -> Result<CharacterSheet, ApiError> {
        let (app, id) = (call.app, input.character_id);
        let (_, row) = call.prove(async |account_id| Ok(characters::find(&app.table, account_id, id).await?)).await?;
        let row = present(row)?;
        app.characters.keep(&row);
        Ok(CharacterSheet::of(row.character, &app.content().await?.content))
    }
}
