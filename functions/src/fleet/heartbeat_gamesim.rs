//! Renews a game sim's lease and answers with the sessions that the registry holds to be its own, so that both sides agree
//! after every beat. One write, and beside it a cheap look at who waits for a place.

use crate::caller::Gamesim;
use crate::endpoint::{Call, Endpoint, Method, Route};
use crate::error::ApiError;
use crate::grants::Grants;
use guildhall_domain::Timestamp;
use guildhall_domain::api::{HeartbeatRequest, HeartbeatResponse};
use guildhall_domain::limits::EXPULSIONS_PER_GAMESIM_MAX;
use guildhall_storage::gamesims::{self, Beat};
use guildhall_storage::{Operation, TableName};
use guildhall_storage::{Table, queue};

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
    const GRANTS: Grants = Grants::NONE.on(TableName::Gamesims, &[Operation::Query, Operation::Update]);
    type Caller = Gamesim;
    type Input = HeartbeatRequest;
    type Output = HeartbeatResponse;

    async fn call(call: Call<'_, Gamesim>, input: HeartbeatRequest) -> Result<HeartbeatResponse, ApiError> {
        if input.gamesim_id != call.caller.gamesim_id {
            return Err(ApiError::forbidden());
        }
        let table = &call.app.table;
        let HeartbeatRequest { gamesim_id, epoch, state, load, expelled } = &input;
        if expelled.len() > EXPULSIONS_PER_GAMESIM_MAX {
            return Err(ApiError::bad_request("expelled: more than there can be"));
        }
        let beat = gamesims::heartbeat(table, gamesim_id, *epoch, *state, load, expelled, call.now);
        let (beat, queue) = tokio::join!(beat, queue(table, call.now));
        let Beat::Renewed(row) = beat? else { return Err(ApiError::fenced()) };
        let (queued, queue_wait_ms) = queue.unzip();
        let expelled = row.expelled.into_values().collect();
        Ok(HeartbeatResponse { state: row.state, sessions: row.sessions, expelled, queued, queue_wait_ms })
    }
}

/// How many parties wait for a place, and how long the first of them has, in milliseconds. A queue that cannot be read must
/// not cost a game sim its lease.
async fn queue(table: &dyn Table, now: Timestamp) -> Option<(u32, u64)> {
    let glance = queue::glance(table).await.inspect_err(|error| tracing::warn!(%error, "the queue cannot be read"));
    let waits: Vec<u64> =
        glance.ok()?.iter().filter(|it| it.lives(now)).map(|it| now.0.saturating_sub(it.since.0)).collect();
    Some((u32::try_from(waits.len()).ok()?, waits.into_iter().max().unwrap_or_default()))
}
