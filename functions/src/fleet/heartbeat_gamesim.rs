//! Renews a game sim's lease and answers with the sessions that the registry holds to be its own, so that both sides agree
//! after every beat. One write, no read.

use crate::caller::Gamesim;
use crate::endpoint::{Call, Endpoint, Method, Route};
use crate::error::ApiError;
use guildhall_domain::api::{HeartbeatRequest, HeartbeatResponse};
use guildhall_domain::limits::EXPULSIONS_PER_GAMESIM_MAX;
use guildhall_storage::gamesims::{self, Beat};

/// `POST /internal/gamesims/{gamesim_id}/heartbeat`
#[derive(Debug)]
pub struct HeartbeatGamesim;

/// The route of [`HeartbeatGamesim`].
pub static HEARTBEAT_GAMESIM: Route = Route::of::<HeartbeatGamesim>();

impl Endpoint for HeartbeatGamesim {
    const NAME: &'static str = "heartbeat-gamesim";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/internal/gamesims/{gamesim_id}/heartbeat";
    const REFUSALS: &'static [u16] = &[404, 409];
    type Caller = Gamesim;
    type Input = HeartbeatRequest;
    type Output = HeartbeatResponse;

    async fn call(call: Call<'_, Gamesim>, input: HeartbeatRequest) -> Result<HeartbeatResponse, ApiError> {
        if input.gamesim_id != call.caller.gamesim_id {
            return Err(ApiError::forbidden());
        }
        let table = &*call.app.table;
        let HeartbeatRequest { gamesim_id, epoch, state, load, expelled } = &input;
        if expelled.len() > EXPULSIONS_PER_GAMESIM_MAX {
            return Err(ApiError::bad_request("expelled: more than there can be"));
        }
        match gamesims::heartbeat(table, gamesim_id, *epoch, *state, load, expelled, call.now).await? {
            Beat::Renewed(row) => {
                let expelled = row.expelled.into_values().collect();
                Ok(HeartbeatResponse { state: row.state, sessions: row.sessions, expelled })
            }
            Beat::Fenced => Err(ApiError::fenced()),
        }
    }
}
