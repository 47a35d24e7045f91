//! Places a new game session on a game sim and seats the caller's character in it: place, session and lease in one
//! transaction. The session's id comes from the `Idempotency-Key`, so that the session is its own idempotency record.

use super::seat::{ATTEMPTS_MAX, own_character, placement, require_free, reservation};
use crate::caller::Player;
use crate::content::in_force::LoadedContent;
use crate::endpoint::{Call, Endpoint, Method, Route};
use crate::error::ApiError;
use guildhall_auth::fingerprint;
use guildhall_domain::api::{CreateGameSessionRequest, Placement};
use guildhall_domain::limits::IDEMPOTENCY_RETENTION_S;
use guildhall_domain::{Session, SessionId, SessionState, Timestamp};
use guildhall_protocol::PROTOCOL_VERSION;
use guildhall_storage::characters::CharacterRow;
use guildhall_storage::gamesims::{self, GamesimRow};
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
        let fingerprint = fingerprint(format!("{}\n{}", input.character_id, input.dungeon_id).as_bytes());
        for _ in 0..ATTEMPTS_MAX {
            if row.lease.as_ref().is_some_and(|lease| lease.session_id == session_id)
                && let Some(placement) = repeated(&call, content, session_id, &row, &fingerprint).await?
            {
                return Ok(placement);
            }
            let lapsed = require_free(call.app, &row, session_id, call.now).await?;
            let lapsed = lapsed.as_deref();
            match place(&call, content, session_id, &row, lapsed, &input.dungeon_id, &fingerprint).await? {
                Ok(placement) => return Ok(placement),
                Err(Unplaced::Character(latest)) => row = *latest.ok_or_else(|| ApiError::not_found("character"))?,
                Err(unplaced) => match repeated(&call, content, session_id, &row, &fingerprint).await? {
                    Some(placement) => return Ok(placement),
                    None if unplaced == Unplaced::Gamesim => return Err(fleet_full()),
                    None => {}
                },
            }
        }
        Err(ApiError::busy("contention", "the character is wanted by several requests at once", 1))
    }
}

fn fleet_full() -> ApiError {
    ApiError::busy("fleet_full", "no game sim has room; try again in a moment", 2)
}

/// Tries the game sims with room, fullest first, so that the others can be taken out of service.
async fn place(
    call: &Call<'_, Player>,
    content: &LoadedContent,
    session_id: SessionId,
    row: &CharacterRow,
    lapsed: Option<&Session>,
    dungeon_id: &str,
    request_fingerprint: &str,
) -> Result<Result<Placement, Unplaced>, ApiError> {
    let table = &*call.app.table;
    let mut candidates = gamesims::list(table).await?;
    candidates.retain(|gamesim| {
        let speaks = gamesim.protocol_version == PROTOCOL_VERSION && gamesim.content_version == content.version;
        speaks && gamesim.has_room(call.now)
    });
    candidates.sort_by(|a, b| b.sessions.len().cmp(&a.sessions.len()).then_with(|| a.gamesim_id.cmp(&b.gamesim_id)));
    for gamesim in &candidates {
        let seed = u64::from_be_bytes(call.app.random());
        let session = new_session(session_id, gamesim, row, dungeon_id, request_fingerprint, seed, call.now)?;
        match sessions::allocate(table, &session, gamesim, row, lapsed, call.now).await? {
            Ok(()) => return placement(call.app, content, &session, gamesim, 0, call.now).map(Ok),
            Err(Unplaced::Gamesim) => {}
            Err(other) => return Ok(Err(other)),
        }
    }
    Ok(Err(Unplaced::Gamesim))
}

fn new_session(
    session_id: SessionId,
    gamesim: &GamesimRow,
    row: &CharacterRow,
    dungeon_id: &str,
    request_fingerprint: &str,
    seed: u64,
    now: Timestamp,
) -> Result<Session, ApiError> {
    // Shards share nothing, so a session is bound to one port for its life; ids spread evenly over the ports.
    let spread = usize::from(session_id.to_bytes()[15]) % gamesim.ports.len().max(1);
    let port = gamesim.ports.get(spread).ok_or_else(|| ApiError::internal("a game sim without ports is registered"))?;
    let host = if gamesim.ip.contains(':') { format!("[{}]", gamesim.ip) } else { gamesim.ip.clone() };
    Ok(Session {
        session_id,
        state: SessionState::Reserved,
        epoch: 1,
        revision: 1,
        gamesim_id: gamesim.gamesim_id.clone(),
        gamesim_epoch: gamesim.epoch,
        address: format!("{host}:{port}"),
        dungeon_id: dungeon_id.to_owned(),
        created_by: row.character.account_id,
        request_fingerprint: request_fingerprint.to_owned(),
        seed,
        created_at: now,
        seats: vec![Some(reservation(row, now))],
        outcome: None,
        // A session that nobody ever closes still goes away.
        expires_at: now.plus_secs(7 * IDEMPOTENCY_RETENTION_S).as_secs(),
    })
}

/// The same request came before: the same session, with a fresh ticket for the same seat. `None` if there is no such
/// session, because this is the first request or because the session has been forgotten since.
async fn repeated(
    call: &Call<'_, Player>,
    content: &LoadedContent,
    session_id: SessionId,
    row: &CharacterRow,
    request_fingerprint: &str,
) -> Result<Option<Placement>, ApiError> {
    let found = sessions::find_living(&*call.app.table, session_id, call.now).await?;
    let Some((session, gamesim)) = found else { return Ok(None) };
    if session.request_fingerprint != request_fingerprint {
        return Err(ApiError::idempotency_key_reused());
    }
    let over = || ApiError::new(409, "session_over", "the game session of this Idempotency-Key is over");
    let gamesim = gamesim.ok_or_else(over)?;
    let seat = session.seat_of(row.character.character_id, call.now).ok_or_else(over)?;
    let seat = u8::try_from(seat).map_err(|_| over())?;
    placement(call.app, content, &session, &gamesim, seat, call.now).map(Some)
}
