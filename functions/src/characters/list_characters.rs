//! Lists the account's characters.

use super::is_kept;
use crate::Scope;
use crate::caller::Player;
use crate::content::in_force;
use crate::endpoint::{Call, Endpoint, Method, Route};
use crate::error::ApiError;
use crate::grants::Grants;
use guildhall_domain::Timestamp;
use guildhall_domain::api::{CharacterList, CharacterSheet, Flag, ListCharactersRequest};
#[cfg(doc)]
use guildhall_domain::limits::CHARACTER_LIST_TTL_MS;
use guildhall_storage::characters::{self, CharacterRow};
use guildhall_storage::{Operation, TableName};

/// `GET /v1/characters`, with `?include_deleted=true` for those that can be restored
#[derive(Debug)]
pub struct ListCharacters;

/// The route of [`ListCharacters`].
pub static LIST_CHARACTERS: Route = Route::of::<ListCharacters>();

impl Endpoint for ListCharacters {
    const NAME: &'static str = "list-characters";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/characters";
    const GRANTS: Grants = in_force::GRANTS.on(TableName::Characters, &[Operation::Query]);
    type Caller = Player;
    type Input = ListCharactersRequest;
    type Output = CharacterList;

    async fn call(call: Call<'_, Player>, input: ListCharactersRequest) -> Result<CharacterList, ApiError> {
        let rows = all(call.app, &call.caller, call.now).await?;
        // What follows from nobody needs no content.
        if rows.is_empty() {
            return Ok(CharacterList { characters: Vec::new() });
        }
        let content = &call.app.content().await?.content;
        let wanted = |row: &CharacterRow| match input.include_deleted {
            Flag::True => is_kept(row, call.now),
            Flag::False => row.character.deleted_at.is_none(),
        };
        let characters = rows.into_iter().filter(wanted).map(|row| CharacterSheet::of(row.character, content));
        Ok(CharacterList { characters: characters.collect() })
    }
}

/// The account's characters as they were at most [`CHARACTER_LIST_TTL_MS`] ago, but none that came or went is missed.
async fn all(app: &Scope<'_>, player: &Player, now: Timestamp) -> Result<Vec<CharacterRow>, ApiError> {
    let (account_id, roster) = (player.account_id, player.account.roster);
    if let Some(mut rows) = app.characters.list(account_id, roster, now) {
        rows.sort_by_key(|row| (row.character.created_at, row.character.character_id));
        return Ok(rows);
    }
    let rows = characters::list(&app.table, account_id).await?;
    app.characters.keep_list(account_id, roster, &rows, now);
    Ok(rows)
}
