//! A session was placed on a game sim because its own died, and none of its players has come back: the game sim takes it over
//! without them, so that what the checkpoint holds gets written and everybody is given back.

use super::admit_player::{not_admitted, resume};
use super::own_session;
use crate::caller::Gamesim;
use crate::endpoint::{Call, Endpoint, Method, Route};
use crate::error::ApiError;
use crate::grants::Grants;
use guildhall_domain::api::{Admitted, RecoverRequest, Recovered};
use guildhall_storage::sessions;
use guildhall_storage::{Operation, TableName};

/// `POST /internal/game-sessions/{session_id}/recover`
#[derive(Debug)]
pub struct RecoverGameSession;

/// The route of [`RecoverGameSession`].
pub static RECOVER_GAME_SESSION: Route = Route::of::<RecoverGameSession>();

impl Endpoint for RecoverGameSession {
    const NAME: &'static str = "recover-game-session";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/internal/game-sessions/{session_id}/recover";
    const REFUSALS: &'static [u16] = &[404, 409];
    const GRANTS: Grants = Grants::NONE
        .on(TableName::Characters, &[Operation::Get, Operation::Check])
        .on(TableName::Sessions, &[Operation::Get, Operation::Put]);
    type Caller = Gamesim;
    type Input = RecoverRequest;
    type Output = Recovered;

    async fn call(call: Call<'_, Gamesim>, input: RecoverRequest) -> Result<Recovered, ApiError> {
        let (table, caller) = (&call.app.table, &call.caller.gamesim_id);
        let session = own_session(call.app, caller, input.session_id, input.gamesim_epoch, input.session_epoch).await?;
        let seats = (0_u8..).zip(&session.seats).filter_map(|(number, seat)| Some((number, seat.as_ref()?)));
        let first = seats.filter(|(_, seat)| seat.holds(call.now)).map(|(number, seat)| (number, seat.clone())).next();
        let (number, seat) = first.filter(|_| !session.former.is_empty()).ok_or_else(|| {
            ApiError::new(409, "nothing_to_recover", "the session has not been elsewhere, or holds nobody any more")
        })?;
        let (dungeon_id, seed, address) = (session.dungeon_id.clone(), session.seed, session.address.clone());
        let owner = (seat.account_id, seat.character_id);
        let row = sessions::admit(table, session.clone(), number, owner, call.now).await?.map_err(not_admitted)?;
        // Read after the admission, which lets those go who are bound elsewhere by now.
        let resume = resume(table, &session).await?;
        let admitted = Admitted { character: row.character, dungeon_id, seed, resume };
        Ok(Recovered { address, admitted })
    }
}
