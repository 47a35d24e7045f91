//! A player has arrived at the game sim with a connect token: the seat becomes theirs and the room gets the character as it
//! stands, so that nobody plays on a stale state.

use super::own_session;
use crate::Scope;
use crate::caller::Gamesim;
use crate::endpoint::{Call, Endpoint, Method, Route};
use crate::error::ApiError;
use crate::grants::Grants;
use guildhall_domain::api::{AdmitPlayerRequest, Admitted, Resume};
use guildhall_domain::{Session, Timestamp};
use guildhall_storage::sessions::{self, NotAdmitted};
use guildhall_storage::{Operation, TableName};
use guildhall_storage::{Table, accounts};

/// `POST /internal/game-sessions/{session_id}/admit`
#[derive(Debug)]
pub struct AdmitPlayer;

/// The route of [`AdmitPlayer`].
pub static ADMIT_PLAYER: Route = Route::of::<AdmitPlayer>();

impl Endpoint for AdmitPlayer {
    const NAME: &'static str = "admit-player";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/internal/game-sessions/{session_id}/admit";
    const REFUSALS: &'static [u16] = &[404, 409];
    const GRANTS: Grants = Grants::NONE
        .on(TableName::Accounts, &[Operation::Get])
        .on(TableName::Characters, &[Operation::Get, Operation::Check])
        .on(TableName::Sessions, &[Operation::Get, Operation::Put]);
    type Caller = Gamesim;
    type Input = AdmitPlayerRequest;
    type Output = Admitted;

    async fn call(call: Call<'_, Gamesim>, input: AdmitPlayerRequest) -> Result<Admitted, ApiError> {
        let caller = &call.caller.gamesim_id;
        let session = own_session(call.app, caller, input.session_id, input.gamesim_epoch, input.session_epoch).await?;
        // Read after the seat: a logout that this misses comes later, and finds the player in the session.
        require_login(call.app, &session, &input, call.now).await?;
        let (dungeon_id, seed) = (session.dungeon_id.clone(), session.seed);
        let owner = (input.account_id, input.character_id);
        match sessions::admit(&call.app.table, session.clone(), input.seat, owner, call.now).await? {
            Ok(row) => {
                let resume = if input.has_room { None } else { resume(&call.app.table, &session).await? };
                Ok(Admitted { character: row.character, dungeon_id, seed, resume })
            }
            Err(reason) => Err(not_admitted(reason)),
        }
    }
}

pub(super) fn not_admitted(reason: NotAdmitted) -> ApiError {
    match reason {
        NotAdmitted::Refused(refused) => refused.into(),
        NotAdmitted::LeaseLost => ApiError::new(409, "seat_lost", "the character is not bound to this session"),
    }
}

/// The login that took the seat is alive.
async fn require_login(
    app: &Scope<'_>,
    session: &Session,
    input: &AdmitPlayerRequest,
    now: Timestamp,
) -> Result<(), ApiError> {
    let lost = || ApiError::new(409, "seat_lost", "the login that took the seat has ended");
    let seat = session.seats.get(usize::from(input.seat)).and_then(Option::as_ref).ok_or_else(lost)?;
    let account = accounts::find(&app.table, input.account_id).await?;
    let lives = account.is_some_and(|account| account.has_login(seat.login_session_id, now));
    lives.then_some(()).ok_or_else(lost)
}

/// What a session that was placed anew goes on from. The characters are read after the move, so that what the game sim before
/// has written last is seen.
pub(super) async fn resume(table: &dyn Table, session: &Session) -> Result<Option<Resume>, ApiError> {
    if session.former.is_empty() {
        return Ok(None);
    }
    let characters = sessions::held_characters(table, session).await?;
    Ok(Some(Resume { before: session.former.clone(), characters, left: session.left }))
}
