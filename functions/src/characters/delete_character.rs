//! Deletes a character, softly: it looks like a missing one, but can be restored for 30 days and keeps its name meanwhile.
//! Deleting it again changes nothing.

use super::intent::{self, ATTEMPTS_MAX, kept, leave_session};
use crate::caller::Player;
use crate::endpoint::{Call, Endpoint, Method, Route};
use crate::error::ApiError;
use crate::grants::Grants;
use guildhall_domain::Timestamp;
use guildhall_domain::api::{CharacterPath, CharacterSheet};
use guildhall_storage::characters::{self, Changed, Roster};
use guildhall_storage::{Operation, TableName};

/// `DELETE /v1/characters/{character_id}`
#[derive(Debug)]
pub struct DeleteCharacter;

/// The route of [`DeleteCharacter`].
pub static DELETE_CHARACTER: Route = Route::of::<DeleteCharacter>();

impl Endpoint for DeleteCharacter {
    const NAME: &'static str = "delete-character";
    const METHOD: Method = Method::Delete;
    const PATH: &'static str = "/v1/characters/{character_id}";
    const REFUSALS: &'static [u16] = &[404, 409];
    const GRANTS: Grants = intent::GRANTS.on(TableName::Accounts, &[Operation::Update]);
    type Caller = Player;
    type Input = CharacterPath;
    type Output = CharacterSheet;

    async fn call(call: Call<'_, Player>, input: CharacterPath) -> Result<CharacterSheet, ApiError> {
        let content = &call.app.content().await?.content;
        let mut row = characters::find(&call.app.table, call.caller.account_id, input.character_id).await?;
        for _ in 0..ATTEMPTS_MAX {
            let before = kept(row, call.now)?;
            if before.character.deleted_at.is_some() {
                return Ok(CharacterSheet::of(before.character, content));
            }
            let lapsed = leave_session(&call, &before).await?;
            let mut next = before.clone();
            next.character.version += 1;
            next.character.deleted_at = Some(call.now);
            next.expires_at = next.character.restorable_until().map(Timestamp::as_secs);
            let table = &call.app.table;
            match characters::change(table, &before, next.clone(), lapsed.as_deref(), Roster::Leaves).await? {
                Changed::Done => {
                    call.app.characters.forget(call.caller.account_id, input.character_id);
                    return Ok(CharacterSheet::of(next.character, content));
                }
                Changed::Refused(current) => row = current.map(|current| *current),
                Changed::SessionMoved => row = Some(before),
                // The account was banned or deleted since it was judged.
                Changed::RosterMoved => return Err(ApiError::unauthorized()),
            }
        }
        Err(ApiError::busy("contention", "the character is wanted by several requests at once", 1))
    }
}
