//! Closes a session: its place on the game sim is free, its characters are given back. However often it is asked.

use super::own_session;
use crate::caller::Gamesim;
use crate::endpoint::{Call, Endpoint, Method, Route};
use crate::error::ApiError;
use crate::grants::Grants;
use guildhall_domain::api::{FinalizeRequest, Finalized};
use guildhall_storage::sessions::{self, Closed, Closing};
use guildhall_storage::{Operation, TableName};

/// `POST /internal/game-sessions/{session_id}/finalize`
#[derive(Debug)]
pub struct FinalizeGameSession;

/// The route of [`FinalizeGameSession`].
pub static FINALIZE_GAME_SESSION: Route = Route::of::<FinalizeGameSession>();

impl Endpoint for FinalizeGameSession {
    const NAME: &'static str = "finalize-game-session";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/internal/game-sessions/{session_id}/finalize";
    const REFUSALS: &'static [u16] = &[404, 409];
    const GRANTS: Grants = Grants::NONE
        .on(TableName::Characters, &[Operation::Update])
        .on(TableName::Gamesims, &[Operation::Update])
        .on(TableName::Sessions, &[Operation::Get, Operation::Put]);
    type Caller = Gamesim;
    type Input = FinalizeRequest;
    type Output = Finalized;

    async fn call(call: Call<'_, Gamesim>, input: FinalizeRequest) -> Result<Finalized, ApiError> {
        let caller = &call.caller.gamesim_id;
        let session = own_session(call.app, caller, input.session_id, input.gamesim_epoch, input.session_epoch).await?;
        match sessions::close(&call.app.table, session, Closing::End(input.outcome), call.now).await? {
            Closed::Done(session) | Closed::Already(session) => Ok(Finalized { state: session.state }),
            Closed::Refused(refused) => Err(refused.into()),
            Closed::Moved => Err(ApiError::fenced()),
            Closed::GamesimAlive => Err(ApiError::internal("ending a session asked whether its game sim is dead")),
        }
    }
}
