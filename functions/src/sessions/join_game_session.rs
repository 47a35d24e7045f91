//! Seats the caller's character in a running game session, or brings it back to the seat that it has.

use super::resumption::{self, find_or_resume};
use super::seat::{ATTEMPTS_MAX, own_character, placement, require_free, reservation};
use crate::caller::Player;
use crate::endpoint::{Call, Endpoint, Method, Route};
use crate::error::ApiError;
use crate::grants::{Grants, Secret};
use guildhall_domain::api::{JoinGameSessionRequest, Placement};
use guildhall_domain::limits::SEAT_RESERVATION_LEFT_S;
use guildhall_storage::sessions::{self, Unseated};
use guildhall_storage::{Operation, TableName};

/// `POST /v1/game-sessions/{session_id}/join`
#[derive(Debug)]
pub struct JoinGameSession;

/// The route of [`JoinGameSession`].
pub static JOIN_GAME_SESSION: Route = Route::of::<JoinGameSession>();

impl Endpoint for JoinGameSession {
    const NAME: &'static str = "join-game-session";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/game-sessions/{session_id}/join";
    const REFUSALS: &'static [u16] = &[404, 409];
    const GRANTS: Grants = resumption::GRANTS
        .with(Secret::SealingKey)
        .on(TableName::Characters, &[Operation::Get])
        .on(TableName::Sessions, &[Operation::Check]);
    type Caller = Player;
    type Input = JoinGameSessionRequest;
    type Output = Placement;

    async fn call(call: Call<'_, Player>, input: JoinGameSessionRequest) -> Result<Placement, ApiError> {
        let table = &call.app.table;
        let found = find_or_resume(call.app, input.session_id, call.now).await?;
        let (mut session, gamesim) = found.ok_or_else(|| ApiError::not_found("game session"))?;
        // Read after the session: a move hands its characters over, and who is handed over has the seat.
        let mut row = own_character(call.app, call.caller.account_id, input.character_id).await?;
        let over = || ApiError::new(409, "session_over", "the game session is over");
        let gamesim = gamesim.ok_or_else(over)?;
        let seat = reservation(&row, call.caller.login_session_id, call.now);
        // Whoever has the seat for long enough to connect writes nothing, so that the members of a party that comes together,
        // or comes back together, do not meet in the session's row. That seat and lease hold is judged again when they arrive.
        if let Some(number) = session.kept(&seat, call.now.plus_secs(SEAT_RESERVATION_LEFT_S))
            && row.lease.as_ref() == Some(&session.lease())
        {
            return placement(call.app, &session, &gamesim, number, call.now);
        }
        for _ in 0..ATTEMPTS_MAX {
            let lapsed = require_free(call.app, &row, input.session_id, call.now).await?;
            let (next, seat) = session.reserve(reservation(&row, call.caller.login_session_id, call.now), call.now)?;
            match sessions::reserve(table, &session, &next, &row, lapsed.as_deref()).await? {
                Ok(()) => return placement(call.app, &next, &gamesim, seat, call.now),
                Err(Unseated::Session(latest)) if latest.lease() == session.lease() => session = *latest,
                Err(Unseated::Session(_)) => return Err(over()),
                Err(Unseated::Character(latest)) => row = *latest.ok_or_else(|| ApiError::not_found("character"))?,
            }
        }
        Err(ApiError::busy("contention", "the seats are wanted by several requests at once", 1))
    }
}
