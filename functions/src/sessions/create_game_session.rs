//! Places a new game session on a game sim and seats the caller's character in it: place, session and lease in one
//! transaction. The session's id comes from the `Idempotency-Key`, so that the session is its own idempotency record.

use super::candidates::{Needs, Search, address};
use super::resumption::find_or_resume;
use super::seat::{ATTEMPTS_MAX, fleet_full, own_character, placement, require_free, reservation};
use crate::caller::Player;
use crate::endpoint::{Call, Endpoint, Method, Route};
use crate::error::ApiError;
use guildhall_auth::fingerprint;
use guildhall_domain::api::{CreateGameSessionRequest, Placement};
use guildhall_domain::limits::IDEMPOTENCY_RETENTION_S;
use guildhall_domain::{Session, SessionId, SessionState};
use guildhall_storage::CommitError;
use guildhall_storage::characters::CharacterRow;
use guildhall_storage::gamesims::GamesimRow;
use guildhall_storage::sessions::{self, Unplaced};

/// `POST /v1/game-sessions`
#[derive(Debug)]
pub struct CreateGameSession;

/// The route of [`CreateGameSession`].
pub static CREATE_GAME_SESSION: Route = Route::of::<CreateGameSession>();

impl Endpoint for CreateGameSession {
    const NAME: &'static str = "create-game-session";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/game-sessions";
    const STATUS: u16 = 201;
    const REFUSALS: &'static [u16] = &[404, 409, 422];
    type Caller = Player;
    type Input = CreateGameSessionRequest;
    type Output = Placement;

    async fn call(call: Call<'_, Player>, input: CreateGameSessionRequest) -> Result<Placement, ApiError> {
        let content = &*call.app.content().await?;
        if !content.content.dungeons.contains_key(&input.dungeon_id) {
            return Err(ApiError::bad_request("dungeon_id: names no dungeon"));
        }
        let mut row = own_character(call.app, call.caller.account_id, input.character_id).await?;
        let session_id = SessionId::from_bits(call.new_id("game-session", call.caller.account_id));
        let build = input.build_version.as_deref();
        let request = format!("{}\n{}\n{}", input.character_id, input.dungeon_id, build.unwrap_or_default());
        let wanted = Wanted {
            session_id,
            dungeon_id: &input.dungeon_id,
            needs: Needs { content_version: &content.version, build_version: build },
            fingerprint: &fingerprint(request.as_bytes()),
        };
        for _ in 0..ATTEMPTS_MAX {
            if row.lease.as_ref().is_some_and(|lease| lease.session_id == session_id)
                && let Some(placement) = repeated(&call, &wanted, &row).await?
            {
                return Ok(placement);
            }
            let lapsed = require_free(call.app, &row, session_id, call.now).await?;
            match place(&call, &wanted, &row, lapsed.as_deref()).await? {
                Ok(placement) => return Ok(placement),
                Err(Unplaced::Character(latest)) => row = *latest.ok_or_else(|| ApiError::not_found("character"))?,
                Err(unplaced) => match repeated(&call, &wanted, &row).await? {
                    Some(placement) => return Ok(placement),
                    None if unplaced == Unplaced::Gamesim => return Err(fleet_full()),
                    None => {}
                },
            }
        }
        Err(ApiError::busy("contention", "the character is wanted by several requests at once", 1))
    }
}

/// Has a game sim take the session.
async fn place(
    call: &Call<'_, Player>,
    wanted: &Wanted<'_>,
    row: &CharacterRow,
    lapsed: Option<&Session>,
) -> Result<Result<Placement, Unplaced>, ApiError> {
    let (app, now) = (call.app, call.now);
    let mut search = Search::new(app, wanted.needs, now);
    while let Some(gamesim) = search.next().await? {
        let session = new_session(call, wanted, &gamesim, row)?;
        match sessions::allocate(&*app.table, &session, &gamesim, row, lapsed, now).await {
            Ok(Ok(())) => return placement(app, &session, &gamesim, 0, now).map(Ok),
            Ok(Err(Unplaced::Gamesim)) => search.handle_full(),
            Ok(Err(other)) => return Ok(Err(other)),
            Err(CommitError::Conflict) => search.handle_conflict(),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Err(Unplaced::Gamesim))
}

/// What is asked for.
struct Wanted<'a> {
    session_id: SessionId,
    dungeon_id: &'a str,
    needs: Needs<'a>,
    /// Of the request, so that a reused key is noticed.
    fingerprint: &'a str,
}

fn new_session(
    call: &Call<'_, Player>,
    wanted: &Wanted<'_>,
    gamesim: &GamesimRow,
    row: &CharacterRow,
) -> Result<Session, ApiError> {
    Ok(Session {
        session_id: wanted.session_id,
        state: SessionState::Reserved,
        epoch: 1,
        revision: 1,
        gamesim_id: gamesim.gamesim_id.clone(),
        gamesim_epoch: gamesim.epoch,
        address: address(gamesim, wanted.session_id)?,
        former: Vec::new(),
        content_version: gamesim.content_version.clone(),
        dungeon_id: wanted.dungeon_id.to_owned(),
        created_by: row.character.account_id,
        request_fingerprint: wanted.fingerprint.to_owned(),
        seed: u64::from_be_bytes(call.app.random()),
        created_at: call.now,
        seats: vec![Some(reservation(row, call.caller.login_session_id, call.now))],
        outcome: None,
        // A session that nobody ever closes still goes away.
        expires_at: call.now.plus_secs(7 * IDEMPOTENCY_RETENTION_S).as_secs(),
    })
}

/// The same request came before: the same session, with a fresh ticket for the same seat. `None` if there is no such
/// session, because this is the first request or because the session has been forgotten since.
async fn repeated(
    call: &Call<'_, Player>,
    wanted: &Wanted<'_>,
    row: &CharacterRow,
) -> Result<Option<Placement>, ApiError> {
    let Some((session, gamesim)) = find_or_resume(call.app, wanted.session_id, call.now).await? else {
        return Ok(None);
    };
    if session.request_fingerprint != wanted.fingerprint {
        return Err(ApiError::idempotency_key_reused());
    }
    let over = || ApiError::new(409, "session_over", "the game session of this Idempotency-Key is over");
    let gamesim = gamesim.ok_or_else(over)?;
    let seat = session.seat_of(row.character.character_id, call.now).ok_or_else(over)?;
    let seat = u8::try_from(seat).map_err(|_| over())?;
    placement(call.app, &session, &gamesim, seat, call.now).map(Some)
}
