//! Places a party in a new session: a game sim's slot, the session with a seat for everybody, and every character's lease, all
//! at once or not at all.

use super::candidates::{Needs, Outlook, Search, Turn, address};
use super::companions;
use super::resumption::{self, find_or_resume};
use super::seat::{ATTEMPTS_MAX, judge, placement, present, reservation};
use super::waiting;
use crate::caller::Player;
use crate::endpoint::Call;
use crate::error::ApiError;
use crate::grants::{Grants, Secret};
use crate::trace;
use futures_util::future::try_join_all;
use guildhall_domain::api::Placement;
use guildhall_domain::limits::IDEMPOTENCY_RETENTION_S;
use guildhall_domain::{Session, SessionId, SessionState, Sitter};
use guildhall_storage::CommitError;
use guildhall_storage::characters::{self, CharacterRow};
use guildhall_storage::gamesims::GamesimRow;
use guildhall_storage::sessions::{self, Newcomer, Unplaced, Waits};
use guildhall_storage::{Operation, TableName};

/// What [`repeated`] takes.
pub(super) const REPEATED: Grants = resumption::GRANTS.with(Secret::SealingKey);

/// What [`place`] takes.
pub(super) const GRANTS: Grants = REPEATED
    .on(TableName::Characters, &[Operation::Get])
    .on(TableName::Gamesims, &[Operation::Delete])
    .on(TableName::Sessions, &[Operation::Check]);

/// What is asked for.
pub(super) struct Wanted<'a> {
    pub(super) session_id: SessionId,
    pub(super) dungeon_id: &'a str,
    pub(super) needs: Needs<'a>,
    /// Of the request, so that a reused key is noticed.
    pub(super) fingerprint: &'a str,
    /// Who is to be seated, the caller first.
    pub(super) party: &'a [Sitter],
    /// Whether the party must be in the queue to be placed, so that one that has left it is not.
    pub(super) must_wait: bool,
}

/// Whether a party is seated.
pub(super) enum Placed {
    /// It is.
    Seated(Placement),
    /// There is no place for it.
    Unseated(Outlook),
}

/// Seats the party if it is its turn, or finds it seated by an earlier arrival of the same request.
pub(super) async fn place(call: &Call<'_, Player>, wanted: &Wanted<'_>) -> Result<Placed, ApiError> {
    let mut rows = try_join_all(wanted.party.iter().map(|sitter| find(call, sitter))).await?;
    let mut are_logins_proven = false;
    for _ in 0..ATTEMPTS_MAX {
        let lease = rows.first().and_then(|leader| leader.lease.as_ref());
        if lease.is_some_and(|lease| lease.session_id == wanted.session_id)
            && let Some(placement) = repeated(call, wanted.session_id, Some(wanted)).await?
        {
            return Ok(Placed::Seated(placement));
        }
        if !std::mem::replace(&mut are_logins_proven, true) {
            companions::require_logins(call.app, wanted.party.get(1..).unwrap_or_default(), call.now).await?;
        }
        let mut newcomers = Vec::new();
        for row in &rows {
            newcomers.push(newcomer(call, wanted, row).await?);
        }
        let mut search = Search::new(call.app, wanted.needs, turn(call, wanted), call.now);
        trace::follow(wanted.session_id);
        match allocate(call, wanted, &newcomers, &mut search).await? {
            Ok(placement) => return Ok(Placed::Seated(placement)),
            Err(Unplaced::Character(index, latest)) => {
                let latest = present(latest.map(|row| *row))?;
                rows.iter_mut().skip(index).take(1).for_each(|row| row.clone_from(&latest));
            }
            Err(Unplaced::Lapsed) => {}
            Err(unplaced) => {
                if let Some(placement) = repeated(call, wanted.session_id, Some(wanted)).await? {
                    return Ok(Placed::Seated(placement));
                }
                match unplaced {
                    Unplaced::Gamesim => return Ok(Placed::Unseated(search.outlook().clone())),
                    Unplaced::Left if wanted.must_wait => return Err(no_ticket()),
                    _ => {}
                }
            }
        }
    }
    Err(ApiError::busy("contention", "the party is wanted by several requests at once", 1))
}

async fn find(call: &Call<'_, Player>, sitter: &Sitter) -> Result<CharacterRow, ApiError> {
    present(characters::find(&call.app.table, sitter.account_id, sitter.character_id).await?)
}

/// Refuses a character that another living session holds.
async fn newcomer(call: &Call<'_, Player>, wanted: &Wanted<'_>, row: &CharacterRow) -> Result<Newcomer, ApiError> {
    let is_own = row.character.account_id == call.caller.account_id;
    let lapsed = judge(call.app, row, wanted.session_id, call.now).await?.map_err(|lease| {
        if is_own { ApiError::character_in_session(lease) } else { ApiError::companion_in_session() }
    })?;
    Ok(Newcomer { row: row.clone(), lapsed })
}

const fn turn(call: &Call<'_, Player>, wanted: &Wanted<'_>) -> Turn {
    Turn::Party(wanted.session_id, call.caller.account_id)
}

/// The caller has no such placement ticket.
pub(super) fn no_ticket() -> ApiError {
    ApiError::not_found("placement ticket")
}

/// Has a game sim take the session.
async fn allocate(
    call: &Call<'_, Player>,
    wanted: &Wanted<'_>,
    party: &[Newcomer],
    search: &mut Search<'_>,
) -> Result<Result<Placement, Unplaced>, ApiError> {
    let (app, now) = (call.app, call.now);
    while let Some(gamesim) = search.next().await? {
        let waits = if search.outlook().waits { Waits::Yes } else { Waits::No };
        if wanted.must_wait && waits != Waits::Yes {
            return Ok(Err(Unplaced::Left));
        }
        if waits == Waits::Yes && !wanted.must_wait {
            waiting::require_same(call, wanted).await?;
        }
        let session = new_session(call, wanted, &gamesim, party)?;
        match sessions::allocate(&app.table, &session, &gamesim, party, waits, now).await {
            Ok(Ok(())) => {
                trace::lead();
                tracing::info!(gamesim_id = %gamesim.gamesim_id, dungeon_id = session.dungeon_id, "a session has its place");
                return placement(app, &session, &gamesim, 0, now).map(Ok);
            }
            Ok(Err(Unplaced::Gamesim)) => search.handle_full(),
            Ok(Err(other)) => return Ok(Err(other)),
            Err(CommitError::Conflict) => search.handle_conflict(),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Err(Unplaced::Gamesim))
}

fn new_session(
    call: &Call<'_, Player>,
    wanted: &Wanted<'_>,
    gamesim: &GamesimRow,
    party: &[Newcomer],
) -> Result<Session, ApiError> {
    let seats = party
        .iter()
        .zip(wanted.party)
        .map(|(newcomer, sitter)| Some(reservation(&newcomer.row, sitter.login_session_id, call.now)));
    Ok(Session {
        session_id: wanted.session_id,
        state: SessionState::Reserved,
        epoch: 1,
        revision: 1,
        gamesim_id: gamesim.gamesim_id.clone(),
        gamesim_epoch: gamesim.epoch,
        address: address(gamesim, wanted.session_id, wanted.needs.zone_id)?,
        former: Vec::new(),
        left: None,
        content_version: gamesim.content_version.clone(),
        dungeon_id: wanted.dungeon_id.to_owned(),
        in_zone: wanted.needs.zone_id.is_some(),
        created_by: call.caller.account_id,
        request_fingerprint: wanted.fingerprint.to_owned(),
        seed: u64::from_be_bytes(call.app.random()),
        created_at: call.now,
        seats: seats.collect(),
        outcome: None,
        // A session that nobody ever closes still goes away.
        expires_at: call.now.plus_secs(7 * IDEMPOTENCY_RETENTION_S).as_secs(),
    })
}

/// The party was placed before: the same session, with a fresh ticket for its creator's seat, which is the first. `None` if
/// there is no such session of the caller's, because this is the first request or because the session has been forgotten since.
pub(super) async fn repeated(
    call: &Call<'_, Player>,
    session_id: SessionId,
    wanted: Option<&Wanted<'_>>,
) -> Result<Option<Placement>, ApiError> {
    let Some((session, gamesim)) = find_or_resume(call.app, session_id, call.now).await? else { return Ok(None) };
    if session.created_by != call.caller.account_id {
        return Ok(None);
    }
    if wanted.is_some_and(|wanted| wanted.fingerprint != session.request_fingerprint) {
        return Err(ApiError::idempotency_key_reused());
    }
    let over = || ApiError::new(409, "session_over", "the game session of this request is over");
    let gamesim = gamesim.ok_or_else(over)?;
    let creator = session.seats.first().and_then(Option::as_ref).ok_or_else(over)?;
    let is_asked = |character_id| {
        wanted.and_then(|wanted| wanted.party.first()).is_none_or(|leader| leader.character_id == character_id)
    };
    let is_own = creator.account_id == call.caller.account_id && is_asked(creator.character_id);
    if is_own && creator.holds(call.now) {
        placement(call.app, &session, &gamesim, 0, call.now).map(Some)
    } else {
        Err(over())
    }
}
