//! A player has arrived at the game sim with a connect token: the seat becomes theirs and the room gets the character as it
//! stands, so that nobody plays on a stale state.

use super::own_session;
use crate::caller::Gamesim;
use crate::endpoint::{Call, Endpoint, Method, Route};
use crate::error::ApiError;
use guildhall_domain::api::{AdmitPlayerRequest, Admitted};
use guildhall_storage::sessions::{self, NotAdmitted};

/// `POST /internal/game-sessions/{session_id}/admit`
#[derive(Debug)]
pub struct AdmitPlayer;

/// The route of [`AdmitPlayer`].
pub static ADMIT_PLAYER: Route = Route::of::<AdmitPlayer>();

impl Endpoint for AdmitPlayer {
    const NAME: &'static str = "admit-player";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/internal/game-sessions/{session_id}/admit";
    const REFUSALS: &'static [u16] = &[404, 409];
    type Caller = Gamesim;
    type Input = AdmitPlayerRequest;
    type Output = Admitted;

    async fn call(call: Call<'_, Gamesim>, input: AdmitPlayerRequest) -> Result<Admitted, ApiError> {
        let caller = &call.caller.gamesim_id;
        let session = own_session(call.app, caller, input.session_id, input.gamesim_epoch, input.session_epoch).await?;
        let (dungeon_id, seed) = (session.dungeon_id.clone(), session.seed);
        let owner = (input.account_id, input.character_id);
        match sessions::admit(&*call.app.table, session, input.seat, owner).await? {
            Ok(row) => Ok(Admitted { character: row.character, dungeon_id, seed, resume: None }),
            Err(NotAdmitted::Refused(refused)) => Err(refused.into()),
            Err(NotAdmitted::LeaseLost) => {
                Err(ApiError::new(409, "seat_lost", "the character is not bound to this session"))
            }
        }
    }
}
