//! Cleans up after dead game sims and parties that wait no more. A schedule calls it; nothing depends on when, as whoever touches what is left of a dead
//! game sim judges it at that moment.

use crate::caller::Operator;
use crate::endpoint::{Call, Endpoint, Method, Route};
use crate::error::ApiError;
use crate::grants::Grants;
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
    const GRANTS: Grants = Grants::NONE
        .on(TableName::Characters, &[Operation::Update])
        .on(TableName::Gamesims, &[Operation::Query, Operation::Put, Operation::Update, Operation::Delete])
        .on(TableName::Sessions, &[Operation::Get, Operation::Put]);
    // Session by session, and a dead game sim may leave thousands.
    const TIMEOUT_S: u32 = 60;
    type Caller = Operator;
    type Input = Nothing;
    type Output = FleetReaped;

    async fn call(call: Call<'_, Operator>, _: Nothing) -> Result<FleetReaped, ApiError> {
        let reaped = reaper::reap(&call.app.table, call.now).await?;
        if reaped != reaper::Reaped::default() {
            tracing::info!(?reaped, "cleaned up");
        }
        let reaper::Reaped { sessions_lost, gamesims_removed, parties_removed } = reaped;
        Ok(FleetReaped { sessions_lost, gamesims_removed, parties_removed })
    }
}
