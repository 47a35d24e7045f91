//! How a party comes to wait for a place, and what it is told meanwhile. A ticket is named by the session that its party will
//! get, which the `Idempotency-Key` of the creation names: the same request never waits twice, and is placed once.

use super::candidates::Outlook;
use super::placing::Wanted;
use super::seat::fleet_full;
use crate::caller::Player;
use crate::endpoint::Call;
use crate::error::ApiError;
use guildhall_domain::SessionId;
use guildhall_domain::api::{PlacementTicket, Queued};
use guildhall_domain::limits::{
    QUEUE_FRONT_MAX, QUEUE_MAX, QUEUE_PATIENCE_S, QUEUE_POLL_BEHIND_MS, QUEUE_POLL_FRONT_MS,
};
use guildhall_storage::queue::{self, Entered, Request, Waiting};

/// Whether the party of a repeated creation waits already.
pub(super) async fn waits(call: &Call<'_, Player>, wanted: &Wanted<'_>) -> Result<bool, ApiError> {
    let touched = touch(call, wanted).await?;
    if touched {
        require_same(call, wanted).await?;
    }
    Ok(touched)
}

async fn touch(call: &Call<'_, Player>, wanted: &Wanted<'_>) -> Result<bool, ApiError> {
    let (table, account_id) = (&call.app.table, call.caller.account_id);
    let content_version = wanted.needs.content_version;
    Ok(queue::touch(table, wanted.session_id, account_id, content_version, call.now).await?.is_some())
}

/// Refuses a key whose party waits for something else.
pub(super) async fn require_same(call: &Call<'_, Player>, wanted: &Wanted<'_>) -> Result<(), ApiError> {
    let request = queue::request(&call.app.table, wanted.session_id).await?;
    let is_same = request.is_none_or(|request| request.fingerprint == wanted.fingerprint);
    is_same.then_some(()).ok_or_else(ApiError::idempotency_key_reused)
}

/// Has a party wait that found no place, or goes on waiting if it does already. `None` if it has a place by now, because
/// another arrival of the same request found one.
pub(super) async fn wait(
    call: &Call<'_, Player>,
    wanted: &Wanted<'_>,
    outlook: &Outlook,
) -> Result<Option<Queued>, ApiError> {
    let ticket = || Some(ticket(wanted.session_id, outlook.older));
    if !outlook.waits {
        if outlook.crowd >= QUEUE_MAX {
            return Err(fleet_full());
        }
        match enter(call, wanted).await? {
            Entered::Waits => return Ok(ticket()),
            Entered::Already => {}
            Entered::Placed => return Ok(None),
        }
    }
    // Between the look and here its ticket may have gone: cancelled, or placed by a poll.
    Ok(if waits(call, wanted).await? { ticket() } else { None })
}

async fn enter(call: &Call<'_, Player>, wanted: &Wanted<'_>) -> Result<Entered, ApiError> {
    let expires_at = queue::row_expiry(call.now);
    let waiting = Waiting {
        session_id: wanted.session_id,
        account_id: call.caller.account_id,
        content_version: wanted.needs.content_version.to_owned(),
        build_version: wanted.needs.build_version.map(str::to_owned),
        since: call.now,
        polled_at: call.now,
        expires_at,
    };
    let request = Request {
        dungeon_id: wanted.dungeon_id.to_owned(),
        fingerprint: wanted.fingerprint.to_owned(),
        party: wanted.party.to_vec(),
        expires_at,
    };
    Ok(queue::enter(&call.app.table, &waiting, &request).await?)
}

/// What a party is told that has this many before it.
pub(super) fn ticket(ticket_id: SessionId, older: usize) -> Queued {
    let poll_after_ms = if older < QUEUE_FRONT_MAX { QUEUE_POLL_FRONT_MS } else { QUEUE_POLL_BEHIND_MS };
    let position = u32::try_from(older).unwrap_or(u32::MAX).saturating_add(1);
    Queued { placement_ticket: PlacementTicket { ticket_id, position, poll_after_ms, expires_in_s: QUEUE_PATIENCE_S } }
}
