//! A waiting party asks how it stands, and is placed if it is its turn: whoever asks does the work. Who does not ask for a
//! while does not wait any more, and keeps nobody behind it waiting.

use super::candidates::Needs;
use super::placing::{self, Placed, Wanted, no_ticket, place, repeated};
use super::waiting::ticket;
use crate::caller::Player;
use crate::content::in_force;
use crate::endpoint::{Call, Endpoint, Method, Route};
use crate::error::ApiError;
use crate::grants::Grants;
use guildhall_domain::api::{PlacementTicketPath, Standing};
use guildhall_domain::limits::QUEUE_FRONT_MAX;
use guildhall_domain::{SessionId, Sitter};
use guildhall_storage::queue::{self, Request, Waiting};

/// `GET /v1/placement-tickets/{ticket_id}`
#[derive(Debug)]
pub struct PollPlacementTicket;

/// The route of [`PollPlacementTicket`].
pub static POLL_PLACEMENT_TICKET: Route = Route::of::<PollPlacementTicket>();

impl Endpoint for PollPlacementTicket {
    const NAME: &'static str = "poll-placement-ticket";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/placement-tickets/{ticket_id}";
    const REFUSALS: &'static [u16] = &[404, 409];
    const GRANTS: Grants = placing::GRANTS.and(in_force::GRANTS);
    type Caller = Player;
    type Input = PlacementTicketPath;
    type Output = Standing;

    async fn call(call: Call<'_, Player>, input: PlacementTicketPath) -> Result<Standing, ApiError> {
        let content = call.app.content().await?;
        let (table, id, account_id) = (&call.app.table, input.ticket_id, call.caller.account_id);
        let Some(own) = queue::touch(table, id, account_id, &content.version, call.now).await? else {
            return placed(&call, id).await;
        };
        // A glance may be old, and is good enough to go on waiting.
        let older = own.count_older(&queue::glance(table).await?, call.now);
        if older >= QUEUE_FRONT_MAX {
            return Ok(Standing::Queued(ticket(id, older)));
        }
        // Another question of theirs may have placed them since.
        let Some(request) = queue::request(table, id).await? else { return placed(&call, id).await };
        let stands = if content.content.has_place(&request.dungeon_id) {
            let in_zone = content.content.zones.contains_key(&request.dungeon_id);
            stand(&call, &own, request, in_zone).await
        } else {
            Err(ApiError::new(409, "dungeon_gone", "the dungeon is not in the content any more"))
        };
        if stands.as_ref().is_err_and(|error| error.status() < 500) {
            // It cannot be placed, and would keep others waiting for nothing.
            queue::leave(table, id, account_id).await?;
        }
        stands
    }
}

/// Where the party was placed, if it does not wait any more because it was.
async fn placed(call: &Call<'_, Player>, id: SessionId) -> Result<Standing, ApiError> {
    let placed = repeated(call, id, None).await?;
    placed.map(Standing::Placed).ok_or_else(no_ticket)
}

/// Places the party if it is its turn. It plays by the login that asks.
async fn stand(
    call: &Call<'_, Player>,
    own: &Waiting,
    mut request: Request,
    in_zone: bool,
) -> Result<Standing, ApiError> {
    let login_session_id = call.caller.login_session_id;
    if let Some(leader) = request.party.first_mut() {
        *leader = Sitter { login_session_id, ..*leader };
    }
    let wanted = Wanted {
        session_id: own.session_id,
        dungeon_id: &request.dungeon_id,
        needs: Needs {
            content_version: &own.content_version,
            build_version: own.build_version.as_deref(),
            zone_id: in_zone.then_some(request.dungeon_id.as_str()),
        },
        fingerprint: &request.fingerprint,
        party: &request.party,
        must_wait: true,
    };
    Ok(match place(call, &wanted).await? {
        Placed::Seated(placement) => Standing::Placed(placement),
        Placed::Unseated(outlook) => Standing::Queued(ticket(own.session_id, outlook.older)),
    })
}
