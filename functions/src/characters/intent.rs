//! The one way of every intent: load the character → let `domain` decide → one conditional write. The version that the
//! player saw is the write's condition, and so is the lease, so that no game sim's work is ever overwritten. What refuses
//! the write comes back with the refusal, and is judged without a second read.

use super::is_kept;
use crate::caller::Player;
use crate::endpoint::Call;
use crate::error::ApiError;
use guildhall_auth::fingerprint;
use guildhall_domain::api::CharacterSheet;
use guildhall_domain::intents::Intent;
use guildhall_domain::{Content, Session, Timestamp};
use guildhall_storage::characters::{self, Changed, CharacterRow, LastIntent};
use guildhall_storage::sessions::{self, Hold};
use serde::Serialize;

/// How often an intent looks again when the character's lease moved under it.
pub(super) const ATTEMPTS_MAX: u32 = 8;

/// Carries an intent out and gives back the whole character.
pub(super) async fn carry_out<I: Intent + Serialize>(
    call: &Call<'_, Player>,
    route: &'static str,
    intent: &I,
) -> Result<CharacterSheet, ApiError> {
    let content = &call.app.content().await?.content;
    let repetition = repetition(call, route, intent)?;
    let mut row = characters::find(&*call.app.table, call.caller.account_id, intent.character_id()).await?;
    for _ in 0..ATTEMPTS_MAX {
        let before = present(row)?;
        if before.last_intent.as_ref().is_some_and(|last| Some(last) == repetition.as_ref()) {
            return Ok(CharacterSheet::of(before.character, content));
        }
        let lapsed = leave_session(call, &before).await?;
        let next = decide(&before, intent, repetition.as_ref(), content)?;
        match characters::change(&*call.app.table, &before, next.clone(), lapsed.as_deref()).await? {
            Changed::Done => return Ok(CharacterSheet::of(next.character, content)),
            Changed::Refused(current) => row = current.map(|current| *current),
            Changed::SessionMoved => row = Some(before),
        }
    }
    Err(ApiError::busy("contention", "the character is wanted by several requests at once", 1))
}

/// A character that is there to be acted on. A deleted one looks like a missing one.
pub(super) fn present(row: Option<CharacterRow>) -> Result<CharacterRow, ApiError> {
    row.filter(|row| row.character.deleted_at.is_none()).ok_or_else(|| ApiError::not_found("character"))
}

/// A character that is there, or deleted and can still be restored.
pub(super) fn kept(row: Option<CharacterRow>, now: Timestamp) -> Result<CharacterRow, ApiError> {
    row.filter(|row| is_kept(row, now)).ok_or_else(|| ApiError::not_found("character"))
}

/// Refuses a character that a living session holds. Otherwise its lease, if there is one, is replaced by the write that
/// follows, which must confirm the session that is given back.
pub(super) async fn leave_session(
    call: &Call<'_, Player>,
    row: &CharacterRow,
) -> Result<Option<Box<Session>>, ApiError> {
    let Some(lease) = &row.lease else { return Ok(None) };
    match sessions::judge_lease(&*call.app.table, lease, row.character.character_id, call.now).await? {
        Hold::Over => Ok(None),
        Hold::Lapsed(session) => Ok(Some(session)),
        Hold::Binds => Err(ApiError::character_in_session(lease)),
    }
}

/// The row as the intent leaves it.
fn decide<I: Intent>(
    before: &CharacterRow,
    intent: &I,
    repetition: Option<&LastIntent>,
    content: &Content,
) -> Result<CharacterRow, ApiError> {
    if before.character.version != intent.version() {
        return Err(ApiError::version_conflict(CharacterSheet::of(before.character.clone(), content)));
    }
    let mut next = before.clone();
    intent.apply(&mut next.character, content)?;
    next.character.version += 1;
    next.last_intent = repetition.cloned();
    Ok(next)
}

/// How the outcome of this very request is recognised when it comes again. Only an `Idempotency-Key` tells a repetition
/// from a second wish for the same thing.
fn repetition<I: Intent + Serialize>(
    call: &Call<'_, Player>,
    route: &'static str,
    intent: &I,
) -> Result<Option<LastIntent>, ApiError> {
    let Some(key) = &call.idempotency_key else { return Ok(None) };
    let request = serde_json::to_string(intent).map_err(|error| ApiError::internal(error.to_string()))?;
    let fingerprint = fingerprint(format!("{route}\n{key}\n{request}").as_bytes());
    Ok(Some(LastIntent { fingerprint, version: intent.version().saturating_add(1) }))
}
