//! What happened in a session, for those who have or had a seat in it: what everybody was told, and what they were.

use super::log;
use crate::caller::Player;
use crate::endpoint::{Call, Endpoint, Method, Route};
use crate::error::ApiError;
use crate::grants::Grants;
use guildhall_domain::api::{GameSessionEvents, ListEventsRequest};
use guildhall_domain::combat_log::{Deed, Entry};
use guildhall_storage::sessions;

/// `GET /v1/game-sessions/{session_id}/events`
#[derive(Debug)]
pub struct ListEvents;

/// The route of [`ListEvents`].
pub static LIST_EVENTS: Route = Route::of::<ListEvents>();

impl Endpoint for ListEvents {
    const NAME: &'static str = "list-events";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/game-sessions/{session_id}/events";
    const REFUSALS: &'static [u16] = &[404];
    const GRANTS: Grants = log::GRANTS;
    type Caller = Player;
    type Input = ListEventsRequest;
    type Output = GameSessionEvents;

    async fn call(call: Call<'_, Player>, input: ListEventsRequest) -> Result<GameSessionEvents, ApiError> {
        let session = sessions::find(&call.app.table, input.session_id).await?;
        let seats = session.map(|session| session.seats).unwrap_or_default();
        let theirs = || seats.iter().flatten().filter(|seat| seat.account_id == call.caller.account_id);
        // To whoever has no seat in it, the session is not there.
        if theirs().next().is_none() {
            return Err(ApiError::not_found("game session"));
        }
        let is_shown = |entry: &Entry| {
            let may_know = entry.character_id.is_none_or(|id| theirs().any(|seat| seat.character_id == id));
            may_know && !matches!(entry.deed, Deed::Violation { .. })
        };
        log::read(call.app, &input, call.now, is_shown).await
    }
}
