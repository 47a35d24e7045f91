//! Lists the account's characters.

use crate::caller::Player;
use crate::endpoint::{Call, Endpoint, Method, Route};
use crate::error::ApiError;
use guildhall_domain::api::{CharacterList, Nothing};
use guildhall_storage::characters;

/// `GET /v1/characters`
#[derive(Debug)]
pub struct ListCharacters;

/// The route of [`ListCharacters`].
pub static LIST_CHARACTERS: Route = Route::of::<ListCharacters>();

impl Endpoint for ListCharacters {
    const NAME: &'static str = "list-characters";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/characters";
    type Caller = Player;
    type Input = Nothing;
    type Output = CharacterList;

    async fn call(call: Call<'_, Player>, _: Nothing) -> Result<CharacterList, ApiError> {
        let rows = characters::list(&*call.app.table, call.caller.account_id).await?;
        Ok(CharacterList { characters: rows.into_iter().map(|row| row.character).collect() })
    }
}
