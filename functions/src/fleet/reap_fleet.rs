//! Cleans up after dead game sims and parties that wait no more, and has sessions go on elsewhere whose players have not come
//! back. A schedule calls it; nothing depends on when, as whoever touches what is left of a dead game sim judges it at that
//! moment.

use crate::caller::Operator;
use crate::endpoint::{Call, Endpoint, Method, Route};
use crate::error::ApiError;
use crate::grants::Grants;
use crate::sessions::resumption;
use guildhall_domain::api::{FleetReaped, Nothing};
use guildhall_storage::reaper;
use guildhall_storage::{Operation, TableName};

/// `POST /internal/fleet/reap`
#[derive(Debug)]
pub struct ReapFleet;

/// The route of [`ReapFleet`].
pub static REAP_FLEET: Route = Route::of::<ReapFleet>();

impl Endpoint for ReapFleet {
    const NAME: &'static str = "reap-fleet";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/internal/fleet/reap";
    const GRANTS: Grants = resumption::GRANTS.on(TableName::Gamesims, &[Operation::Put, Operation::Delete]);
    // Session by session, and a dead game sim may leave thousands.
    const TIMEOUT_S: u32 = 60;
    type Caller = Operator;
    type Input = Nothing;
    type Output = FleetReaped;

    async fn call(call: Call<'_, Operator>, _: Nothing) -> Result<FleetReaped, ApiError> {
        let reaper::Reaped { orphans, sessions_lost, gamesims_removed, parties_removed } =
            reaper::reap(&call.app.table, call.now).await?;
        let mut sessions_moved = 0;
        for session_id in orphans {
            match resumption::find_or_resume(call.app, session_id, call.now).await {
                Ok(found) => sessions_moved += u32::from(found.is_some_and(|(_, gamesim)| gamesim.is_some())),
                // It has some minutes yet, and the next may find a place.
                Err(error) => tracing::warn!(%session_id, ?error, "a session cannot go on elsewhere"),
            }
        }
        let reaped = FleetReaped { sessions_moved, sessions_lost, gamesims_removed, parties_removed };
        if reaped != FleetReaped::default() {
            tracing::info!(?reaped, "cleaned up");
        }
        Ok(reaped)
    }
}
