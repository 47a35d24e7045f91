//! Takes a deletion back, within 30 days. Restoring a character that is there changes nothing.

use super::intent::{ATTEMPTS_MAX, kept};
use super::{require_room, roster_of};
use crate::caller::Player;
use crate::content::in_force;
use crate::endpoint::{Call, Endpoint, Method, Route};
use crate::error::ApiError;
use crate::grants::Grants;
use guildhall_domain::api::{CharacterPath, CharacterSheet};
use guildhall_storage::characters::{self, Changed, Roster};
use guildhall_storage::{Operation, TableName};

/// `POST /v1/characters/{character_id}/restore`
#[derive(Debug)]
pub struct RestoreCharacter;

/// The route of [`RestoreCharacter`].
pub static RESTORE_CHARACTER: Route = Route::of::<RestoreCharacter>();

impl Endpoint for RestoreCharacter {
    const NAME: &'static str = "restore-character";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/characters/{character_id}/restore";
    const REFUSALS: &'static [u16] = &[404, 409];
    const GRANTS: Grants = in_force::GRANTS
        .on(TableName::Accounts, &[Operation::Update])
        .on(TableName::Characters, &[Operation::Get, Operation::Query, Operation::Put]);
    type Caller = Player;
    type Input = CharacterPath;
    type Output = CharacterSheet;

    async fn call(call: Call<'_, Player>, input: CharacterPath) -> Result<CharacterSheet, ApiError> {
        let content = &call.app.content().await?.content;
        let table = &call.app.table;
        let mut row = characters::find(table, call.caller.account_id, input.character_id).await?;
        let mut roster = call.caller.account.roster;
        for _ in 0..ATTEMPTS_MAX {
            let before = kept(row, call.now)?;
            if before.character.deleted_at.is_none() {
                return Ok(CharacterSheet::of(before.character, content));
            }
            let mine = characters::list(table, call.caller.account_id).await?;
            require_room(&mine, call.now)?;
            let mut next = before.clone();
            next.character.version += 1;
            next.character.deleted_at = None;
            next.expires_at = None;
            match characters::change(table, &before, next.clone(), None, Roster::Returns(roster)).await? {
                Changed::Done => {
                    call.app.characters.keep(&next);
                    return Ok(CharacterSheet::of(next.character, content));
                }
                Changed::Refused(current) => row = current.map(|current| *current),
                Changed::SessionMoved => row = Some(before),
                Changed::RosterMoved => {
                    roster = roster_of(&call).await?;
                    row = Some(before);
                }
            }
        }
        Err(ApiError::busy("contention", "the character is wanted by several requests at once", 1))
    }
}
