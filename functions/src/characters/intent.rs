//! The one way of every intent: load the character → let `domain` decide → one conditional write. The version that the
//! player saw is the write's condition, and so is the lease, so that no game sim's work is ever overwritten. What refuses
//! the write comes back with the refusal, and is judged without a second read.
//!
//! A character that this process has just changed is taken from its cache. That may be out of date, so only a success counts
//! on it: the write proves it right. Anything else is decided anew on what is stored.

use super::is_kept;
use crate::caller::{Bearer, Player};
use crate::content::in_force;
use crate::endpoint::Call;
use crate::error::ApiError;
use crate::grants::Grants;
use crate::sessions::LOCATE;
use guildhall_auth::fingerprint;
use guildhall_domain::api::CharacterSheet;
use guildhall_domain::intents::Intent;
use guildhall_domain::{Content, Session, Timestamp};
use guildhall_storage::characters::{self, Changed, CharacterRow, IntentMark, Roster};
use guildhall_storage::sessions::{self, Hold};
use guildhall_storage::{Operation, TableName};
use serde::Serialize;

/// What an intent takes: the session that a character is said to be in is looked for, and confirmed where it is left behind.
pub(super) const GRANTS: Grants = in_force::GRANTS
    .and(LOCATE)
    .on(TableName::Characters, &[Operation::Get, Operation::Put])
    .on(TableName::Sessions, &[Operation::Check]);

/// How often an intent looks again when the character's lease moved under it.
pub(super) const ATTEMPTS_MAX: u32 = 8;

/// Carries an intent out and gives back the whole character.
pub(super) async fn carry_out<I: Intent + Serialize>(
    call: Call<'_, Bearer>,
    route: &'static str,
    intent: &I,
) -> Result<CharacterSheet, ApiError> {
    let (app, id) = (call.app, intent.character_id());
    let content = &app.content().await?.content;
    let (call, (mut row, is_cached)) = call
        .prove(async |account_id| match app.characters.find(account_id, id, intent.version()) {
            Some(row) => Ok((Some(row), true)),
            None => Ok((characters::find(&app.table, account_id, id).await?, false)),
        })
        .await?;
    let repetition = repetition(&call, route, intent)?;
    if is_cached {
        match attempt(&call, intent, row, repetition, content).await {
            Ok(Attempt::Done(sheet)) => return Ok(*sheet),
            Ok(Attempt::Again(current)) => row = current.map(|current| *current),
            // It may be written. Nothing but a key would tell it from what somebody else has written meanwhile.
            Err(error) if error.status() == 503 && repetition.is_none() => return Err(error),
            Err(_) => row = characters::find(&app.table, call.caller.account_id, id).await?,
        }
    }
    for _ in 0..ATTEMPTS_MAX {
        match attempt(&call, intent, row, repetition, content).await? {
            Attempt::Done(sheet) => return Ok(*sheet),
            Attempt::Again(current) => row = current.map(|current| *current),
        }
    }
    Err(ApiError::busy("contention", "the character is wanted by several requests at once", 1))
}

/// What came of one attempt.
enum Attempt {
    /// It is carried out; this is the character.
    Done(Box<CharacterSheet>),
    /// The row was another one; this is it.
    Again(Option<Box<CharacterRow>>),
}

/// Carries an intent out on a row, provided that it is the row that is stored.
async fn attempt<I: Intent>(
    call: &Call<'_, Player>,
    intent: &I,
    row: Option<CharacterRow>,
    repetition: Option<IntentMark>,
    content: &Content,
) -> Result<Attempt, ApiError> {
    let before = present(row)?;
    let cache = &call.app.characters;
    if repetition.is_some_and(|mark| before.intents.include(&mark)) {
        cache.keep(&before);
        return Ok(Attempt::Done(Box::new(CharacterSheet::of(before.character, content))));
    }
    let lapsed = leave_session(call, &before).await?;
    let next = decide(&before, intent, repetition, content)?;
    match characters::change(&call.app.table, &before, next.clone(), lapsed.as_deref(), Roster::Stays).await? {
        Changed::Done => {
            let next = CharacterRow { lease: None, ..next };
            cache.keep(&next);
            Ok(Attempt::Done(Box::new(CharacterSheet::of(next.character, content))))
        }
        Changed::Refused(current) => Ok(Attempt::Again(current)),
        Changed::SessionMoved | Changed::RosterMoved => Ok(Attempt::Again(Some(Box::new(before)))),
    }
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
    match sessions::judge_lease(&call.app.table, lease, row.character.character_id, call.now).await? {
        Hold::Over => Ok(None),
        Hold::Lapsed(session) => Ok(Some(session)),
        Hold::Binds => Err(ApiError::character_in_session(lease)),
    }
}

/// The row as the intent leaves it.
fn decide<I: Intent>(
    before: &CharacterRow,
    intent: &I,
    repetition: Option<IntentMark>,
    content: &Content,
) -> Result<CharacterRow, ApiError> {
    if before.character.version != intent.version() {
        return Err(ApiError::version_conflict(CharacterSheet::of(before.character.clone(), content)));
    }
    let mut next = before.clone();
    intent.apply(&mut next.character, content)?;
    next.character.version += 1;
    repetition.into_iter().for_each(|mark| next.intents.push(mark));
    Ok(next)
}

/// How the outcome of this very request is recognised when it comes again. Only an `Idempotency-Key` tells a repetition
/// from a second wish for the same thing.
fn repetition<I: Intent + Serialize>(
    call: &Call<'_, Player>,
    route: &'static str,
    intent: &I,
) -> Result<Option<IntentMark>, ApiError> {
    let Some(key) = &call.idempotency_key else { return Ok(None) };
    let request = serde_json::to_string(intent).map_err(|error| ApiError::internal(error.to_string()))?;
    let fingerprint = fingerprint(format!("{route}\n{key}\n{request}").as_bytes());
    // The first sixteen of its hexadecimal digits.
    let digits = fingerprint.get(..16).ok_or_else(|| ApiError::internal("a fingerprint is too short"))?;
    let digest = u64::from_str_radix(digits, 16).map_err(|error| ApiError::internal(error.to_string()))?;
    Ok(Some(IntentMark { version: intent.version().saturating_add(1), digest }))
}
