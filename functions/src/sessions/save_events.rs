//! Takes in a chunk of a session's combat log, as it is, from the game sim that runs the session. Violations in it get rows of
//! their own besides, by the day, because nobody looks for them session by session.

use super::own_session;
use crate::caller::Gamesim;
use crate::endpoint::{Call, Endpoint, Method, Route};
use crate::error::ApiError;
use crate::grants::Grants;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use guildhall_domain::Timestamp;
use guildhall_domain::api::{EventsSaved, SaveEventsRequest, Violation};
use guildhall_domain::combat_log::{Chunk, Deed};
use guildhall_domain::limits::{LOG_AGE_MS_MAX, LOG_AHEAD_MS_MAX, VIOLATIONS_PER_CHUNK_MAX};
use guildhall_storage::events::{self, Place, StoredChunk, ViolationRow};
use guildhall_storage::{Operation, TableName};

/// `POST /internal/game-sessions/{session_id}/events`
#[derive(Debug)]
pub struct SaveEvents;

/// The route of [`SaveEvents`].
pub static SAVE_EVENTS: Route = Route::of::<SaveEvents>();

impl Endpoint for SaveEvents {
    const NAME: &'static str = "save-events";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/internal/game-sessions/{session_id}/events";
    const REFUSALS: &'static [u16] = &[404, 409];
    const GRANTS: Grants =
        Grants::NONE.on(TableName::Events, &[Operation::Put]).on(TableName::Sessions, &[Operation::Get]);
    type Caller = Gamesim;
    type Input = SaveEventsRequest;
    type Output = EventsSaved;

    async fn call(call: Call<'_, Gamesim>, input: SaveEventsRequest) -> Result<EventsSaved, ApiError> {
        let bytes = STANDARD.decode(&input.chunk).map_err(|_| ApiError::bad_request("chunk: not base64"))?;
        let chunk = Chunk::decode(&bytes).ok_or_else(|| ApiError::bad_request("chunk: not a combat log"))?;
        let length = u32::try_from(chunk.entries.len()).unwrap_or(u32::MAX);
        let is_numbered = input.first_number.checked_add(length).is_some();
        let is_recent = chunk.entries.iter().all(|entry| is_recent(chunk.at_ms(entry), call.now));
        if !is_numbered || !is_recent {
            return Err(ApiError::bad_request("chunk: numbers or times beyond what can be"));
        }
        let violations = violations(&input, &chunk, call.now);
        if violations.len() > VIOLATIONS_PER_CHUNK_MAX {
            return Err(ApiError::bad_request("chunk: expected at most 64 violations"));
        }
        let caller = &call.caller.gamesim_id;
        own_session(call.app, caller, input.session_id, input.gamesim_epoch, input.session_epoch).await?;
        let table = &call.app.table;
        for row in &violations {
            events::put_violation(table, &row.violation.at.day(), row).await?;
        }
        let first = Place { epoch: input.session_epoch, number: input.first_number };
        events::put_chunk(table, input.session_id, &StoredChunk { first, bytes }, call.now).await?;
        Ok(EventsSaved { events: length })
    }
}

fn is_recent(at_ms: u64, now: Timestamp) -> bool {
    (now.0.saturating_sub(LOG_AGE_MS_MAX)..=now.0.saturating_add(LOG_AHEAD_MS_MAX)).contains(&at_ms)
}

fn violations(input: &SaveEventsRequest, chunk: &Chunk, now: Timestamp) -> Vec<ViolationRow> {
    // In this order the numbers never go beyond the last entry's.
    let numbered = chunk.entries.iter().zip(input.first_number..);
    let rows = numbered.filter_map(|(entry, number)| match entry.deed {
        Deed::Violation { seat, account_id, character_id, kind, count } => {
            let (at, session_id) = (Timestamp(chunk.at_ms(entry)), input.session_id);
            let session_epoch = input.session_epoch;
            let violation =
                Violation { at, session_id, session_epoch, number, seat, account_id, character_id, kind, count };
            Some(ViolationRow { violation, expires_at: events::violation_expiry(now) })
        }
        _ => None,
    });
    rows.collect()
}
