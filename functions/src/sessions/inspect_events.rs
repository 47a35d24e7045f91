//! All that happened in a session, violations included, for whoever operates the game.

use super::log;
use crate::caller::Operator;
use crate::endpoint::{Call, Endpoint, Method, Route};
use crate::error::ApiError;
use crate::grants::Grants;
use guildhall_domain::api::{GameSessionEvents, ListEventsRequest};
use guildhall_storage::sessions;

/// `GET /internal/game-sessions/{session_id}/events`
#[derive(Debug)]
pub struct InspectEvents;

/// The route of [`InspectEvents`].
pub static INSPECT_EVENTS: Route = Route::of::<InspectEvents>();

impl Endpoint for InspectEvents {
    const NAME: &'static str = "inspect-events";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/internal/game-sessions/{session_id}/events";
    const REFUSALS: &'static [u16] = &[404];
    const GRANTS: Grants = log::GRANTS;
    type Caller = Operator;
    type Input = ListEventsRequest;
    type Output = GameSessionEvents;

    async fn call(call: Call<'_, Operator>, input: ListEventsRequest) -> Result<GameSessionEvents, ApiError> {
        let found = sessions::find(&call.app.table, input.session_id).await?;
        found.ok_or_else(|| ApiError::not_found("game session"))?;
        log::read(call.app, &input, call.now, |_| true).await
    }
}
