//! What create and join have in common: whether a character is free to sit down, and the ticket for its seat.

use crate::Scope;
use crate::error::ApiError;
use crate::fleet::seal_context;
use base64::Engine;
use guildhall_domain::api::{Connect, Placement};
use guildhall_domain::limits::{CONNECT_TOKEN_LIFETIME_S, SEAT_RESERVATION_S};
use guildhall_domain::{AccountId, CharacterId, Lease, LoginSessionId, Seat, SeatState, Session, SessionId, Timestamp};
use guildhall_protocol::netcode::{ConnectToken, ConnectTokenParameters, TokenEntropy};
use guildhall_protocol::{PROTOCOL_ID, PROTOCOL_VERSION, UserData};
use guildhall_storage::characters::{self, CharacterRow};
use guildhall_storage::gamesims::GamesimRow;
use guildhall_storage::sessions::{self, Hold};

/// How often create and join look again when something moved under them.
pub(super) const ATTEMPTS_MAX: u32 = 8;
/// Seconds without a packet after which either end of a connection gives up.
const CONNECTION_TIMEOUT_S: u32 = 5;

/// The player's character, or 404.
pub(super) async fn own_character(
    app: &Scope<'_>,
    account_id: AccountId,
    character_id: CharacterId,
) -> Result<CharacterRow, ApiError> {
    present(characters::find(&app.table, account_id, character_id).await?)
}

/// What was found, unless it is deleted.
pub(super) fn present(row: Option<CharacterRow>) -> Result<CharacterRow, ApiError> {
    row.filter(|row| row.character.deleted_at.is_none()).ok_or_else(|| ApiError::not_found("character"))
}

/// Whether a character may sit down in the session that is wanted: the lease in the way, or else the session that the character
/// leaves behind, if there is one. A lease that no longer binds is no obstacle: the transaction that follows replaces exactly
/// the lease that was judged here, and confirms the session that is given back.
pub(super) async fn judge<'a>(
    app: &Scope<'_>,
    row: &'a CharacterRow,
    wanted: SessionId,
    now: Timestamp,
) -> Result<Result<Option<Box<Session>>, &'a Lease>, ApiError> {
    if row.character.deleted_at.is_some() {
        return Err(ApiError::not_found("character"));
    }
    let Some(lease) = row.lease.as_ref().filter(|lease| lease.session_id != wanted) else { return Ok(Ok(None)) };
    Ok(match sessions::judge_lease(&app.table, lease, row.character.character_id, now).await? {
        Hold::Over => Ok(None),
        Hold::Lapsed(session) => Ok(Some(session)),
        Hold::Binds => Err(lease),
    })
}

/// Refuses a character that another living session holds; otherwise as [`judge`].
pub(super) async fn require_free(
    app: &Scope<'_>,
    row: &CharacterRow,
    wanted: SessionId,
    now: Timestamp,
) -> Result<Option<Box<Session>>, ApiError> {
    judge(app, row, wanted, now).await?.map_err(ApiError::character_in_session)
}

/// No game sim that suits has room.
pub(super) fn fleet_full() -> ApiError {
    ApiError::busy("fleet_full", "no game sim has room; try again in a moment", 2)
}

/// A fresh reservation for the character, by one of its account's logins.
pub(super) fn reservation(row: &CharacterRow, login_session_id: LoginSessionId, now: Timestamp) -> Seat {
    Seat {
        character_id: row.character.character_id,
        account_id: row.character.account_id,
        login_session_id,
        name: row.character.name.as_str().to_owned(),
        state: SeatState::Reserved,
        reserved_until: now.plus_secs(SEAT_RESERVATION_S),
    }
}

/// The answer to create and join: the session, and a connect token that works once, at this boot of this game sim.
pub(super) fn placement(
    app: &Scope<'_>,
    session: &Session,
    gamesim: &GamesimRow,
    seat: u8,
    now: Timestamp,
) -> Result<Placement, ApiError> {
    let fault = |what: &str| ApiError::internal(format!("{what} of game sim {}", gamesim.gamesim_id));
    let context = seal_context(gamesim.gamesim_id.as_str(), &gamesim.boot_id);
    let private_key =
        app.sealing()?.open(&gamesim.sealed_connect_key, &context).map_err(|_| fault("unreadable connect key"))?;
    let place = usize::from(seat);
    let sitter = session.seats.get(place).and_then(Option::as_ref).ok_or_else(|| fault("missing seat in a session"))?;
    let user_data = UserData {
        session_id: session.session_id,
        session_epoch: session.epoch,
        seat,
        account_id: sitter.account_id,
        character_id: sitter.character_id,
        protocol_version: PROTOCOL_VERSION,
        content_version: u64::from_str_radix(&session.content_version, 16).unwrap_or_default(),
        gamesim_epoch: session.gamesim_epoch,
    };
    let parameters = ConnectTokenParameters {
        protocol_id: PROTOCOL_ID,
        client_id: u64::from_be_bytes(app.random()),
        server_address: session.address.parse().map_err(|_| fault("unreadable address"))?,
        create_s: now.as_secs(),
        expire_s: now.plus_secs(CONNECT_TOKEN_LIFETIME_S).as_secs(),
        timeout_s: CONNECTION_TIMEOUT_S,
        user_data: &user_data.encode(),
        private_key: &private_key,
    };
    let entropy =
        TokenEntropy { nonce: app.random(), client_to_server_key: app.random(), server_to_client_key: app.random() };
    let token = ConnectToken::generate(&parameters, &entropy);
    let connect = Connect {
        address: session.address.clone(),
        token: base64::engine::general_purpose::STANDARD.encode(token.to_bytes()),
        expires_in_s: CONNECT_TOKEN_LIFETIME_S,
        seat,
        session_epoch: session.epoch,
    };
    Ok(Placement { game_session: session.into(), connect })
}
