//! A party stops waiting. From then on no poll of its ticket leads to a session, not even one that is under way.

use super::placing::{self, repeated};
use crate::caller::Player;
use crate::endpoint::{Call, Endpoint, Method, Route};
use crate::error::ApiError;
use crate::grants::Grants;
use guildhall_domain::api::{PlacementTicketPath, TicketCancelled};
use guildhall_storage::queue;
use guildhall_storage::{Operation, TableName};

/// `DELETE /v1/placement-tickets/{ticket_id}`
#[derive(Debug)]
pub struct CancelPlacementTicket;

/// The route of [`CancelPlacementTicket`].
pub static CANCEL_PLACEMENT_TICKET: Route = Route::of::<CancelPlacementTicket>();

impl Endpoint for CancelPlacementTicket {
    const NAME: &'static str = "cancel-placement-ticket";
    const METHOD: Method = Method::Delete;
    const PATH: &'static str = "/v1/placement-tickets/{ticket_id}";
    const REFUSALS: &'static [u16] = &[409];
    const GRANTS: Grants = placing::REPEATED.on(TableName::Gamesims, &[Operation::Delete]);
    type Caller = Player;
    type Input = PlacementTicketPath;
    type Output = TicketCancelled;

    async fn call(call: Call<'_, Player>, input: PlacementTicketPath) -> Result<TicketCancelled, ApiError> {
        let left = queue::leave(&call.app.table, input.ticket_id, call.caller.account_id).await?;
        if !left && repeated(&call, input.ticket_id, None).await?.is_some() {
            return Err(ApiError::new(409, "ticket_placed", "the party has been placed"));
        }
        Ok(TicketCancelled { cancelled: true })
    }
}
