//! Reading a session's combat log after a cursor: what players and operators have in common.
//!
//! A cursor names the placement, the chunk, and the first entry that has not been shown, so that the chunk is found without
//! looking for it. To whoever holds it, it is a word.

use crate::Scope;
use crate::error::ApiError;
use crate::grants::Grants;
use guildhall_domain::api::{GameSessionEvent, GameSessionEvents, ListEventsRequest};
use guildhall_domain::combat_log::{Chunk, Entry};
use guildhall_domain::limits::LOG_CHUNKS_PER_PAGE;
use guildhall_domain::{SessionId, Timestamp};
use guildhall_storage::events::{self, Place};
use guildhall_storage::{Operation, TableName};

/// What reading a session's log takes, and the session itself.
pub(super) const GRANTS: Grants =
    Grants::NONE.on(TableName::Events, &[Operation::Query]).on(TableName::Sessions, &[Operation::Get]);

/// How far somebody has read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cursor {
    /// Where the chunk begins in which to go on.
    chunk: Place,
    /// Number of the first entry to show.
    next: u32,
}

/// Three numbers of eight digits each.
const DIGITS: usize = 8;

impl Cursor {
    const BEGINNING: Self = Self { chunk: Place { epoch: 0, number: 0 }, next: 0 };

    fn parse(text: &str) -> Result<Self, ApiError> {
        let number = |place: usize| -> Option<u32> {
            let digits = text.get(place * DIGITS..(place + 1) * DIGITS)?;
            let is_ours = digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
            is_ours.then(|| u32::from_str_radix(digits, 16).ok()).flatten()
        };
        let numbers = number(0).zip(number(1)).zip(number(2)).filter(|_| text.len() == 3 * DIGITS);
        let ((epoch, first), next) = numbers.ok_or_else(|| ApiError::bad_request("after: not a cursor"))?;
        Ok(Self { chunk: Place { epoch, number: first }, next })
    }

    fn show(self) -> String {
        format!("{:08x}{:08x}{:08x}", self.chunk.epoch, self.chunk.number, self.next)
    }
}

/// The events of a session after a cursor that `is_shown` to the one who asks.
pub(super) async fn read(
    app: &Scope<'_>,
    input: &ListEventsRequest,
    now: Timestamp,
    is_shown: impl Fn(&Entry) -> bool,
) -> Result<GameSessionEvents, ApiError> {
    let mut cursor = input.after.as_deref().map_or(Ok(Cursor::BEGINNING), Cursor::parse)?;
    let limit = usize::try_from(input.limit.entries()).unwrap_or(usize::MAX);
    let (chunks, mut has_more) = page(app, input.session_id, cursor, now).await?;
    let mut shown = Vec::new();
    'all: for stored in chunks {
        let Some(chunk) = Chunk::decode(&stored.bytes) else { continue };
        if stored.first != cursor.chunk {
            cursor = Cursor { chunk: stored.first, next: stored.first.number };
        }
        for (entry, number) in chunk.entries.iter().zip(stored.first.number..) {
            if number < cursor.next {
                continue;
            }
            if shown.len() == limit {
                has_more = true;
                break 'all;
            }
            cursor.next = number.saturating_add(1);
            if is_shown(entry) {
                shown.push(GameSessionEvent {
                    session_epoch: stored.first.epoch,
                    number,
                    at: Timestamp(chunk.at_ms(entry)),
                    character_id: entry.character_id,
                    deed: entry.deed.clone(),
                });
            }
        }
    }
    Ok(GameSessionEvents { events: shown, next_cursor: cursor.show(), has_more })
}

async fn page(
    app: &Scope<'_>,
    session_id: SessionId,
    cursor: Cursor,
    now: Timestamp,
) -> Result<(Vec<events::StoredChunk>, bool), ApiError> {
    let from = (cursor != Cursor::BEGINNING).then_some(cursor.chunk);
    Ok(events::chunks(&app.table, session_id, from, LOG_CHUNKS_PER_PAGE, now).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_was_and_nothing_else_passes_for_one() {
        let cursor = Cursor { chunk: Place { epoch: 2, number: 0xfeed }, next: u32::MAX };
        assert_eq!(Cursor::parse(&cursor.show()).unwrap(), cursor);
        let long = format!("{}0", cursor.show());
        for wrong in
            ["", "0", "00000002-000feed00000001", "0000000200000001000000G1", "+0000002+0000001+0000001", &long]
        {
            assert!(Cursor::parse(wrong).is_err(), "{wrong}");
        }
        assert!(Cursor::parse("ééééééééeeeeeeee").is_err());
    }
}
