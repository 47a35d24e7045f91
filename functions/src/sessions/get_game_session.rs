//! Shows a game session: where it is in its life, who sits in it and where it runs.

use crate::caller::Player;
use crate::endpoint::{Call, Endpoint, Method, Route};
use crate::error::ApiError;
use crate::grants::Grants;
use guildhall_domain::api::{GameSessionPath, GameSessionView};
use guildhall_storage::sessions::{self, Whereabouts};

/// `GET /v1/game-sessions/{session_id}`
#[derive(Debug)]
pub struct GetGameSession;

/// The route of [`GetGameSession`].
pub static GET_GAME_SESSION: Route = Route::of::<GetGameSession>();

impl Endpoint for GetGameSession {
    const NAME: &'static str = "get-game-session";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/game-sessions/{session_id}";
    const REFUSALS: &'static [u16] = &[404];
    const GRANTS: Grants = super::LOCATE;
    type Caller = Player;
    type Input = GameSessionPath;
    type Output = GameSessionView;

    async fn call(call: Call<'_, Player>, input: GameSessionPath) -> Result<GameSessionView, ApiError> {
        let found = sessions::find_living(&call.app.table, input.session_id, call.now).await?;
        let (session, whereabouts) = found.ok_or_else(|| ApiError::not_found("game session"))?;
        let mut view = GameSessionView::from(&session);
        if !matches!(whereabouts, Whereabouts::Running(_)) {
            view.address = None;
        }
        Ok(view)
    }
}
