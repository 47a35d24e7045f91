//! Game sessions: how players get into one, and how its game sim keeps it.

mod admit_player;
mod cancel_placement_ticket;
mod candidates;
mod companions;
mod create_game_session;
mod finalize_game_session;
mod get_game_session;
mod inspect_events;
mod issue_companion_ticket;
mod join_game_session;
mod list_events;
mod list_violations;
mod log;
mod placing;
mod poll_placement_ticket;
mod recover_game_session;
pub(crate) mod resumption;
mod save_events;
mod save_progress;
mod seat;
mod waiting;

pub use admit_player::{ADMIT_PLAYER, AdmitPlayer};
pub use cancel_placement_ticket::{CANCEL_PLACEMENT_TICKET, CancelPlacementTicket};
pub use create_game_session::{CREATE_GAME_SESSION, CreateGameSession};
pub use finalize_game_session::{FINALIZE_GAME_SESSION, FinalizeGameSession};
pub use get_game_session::{GET_GAME_SESSION, GetGameSession};
pub use inspect_events::{INSPECT_EVENTS, InspectEvents};
pub use issue_companion_ticket::{ISSUE_COMPANION_TICKET, IssueCompanionTicket};
pub use join_game_session::{JOIN_GAME_SESSION, JoinGameSession};
pub use list_events::{LIST_EVENTS, ListEvents};
pub use list_violations::{LIST_VIOLATIONS, ListViolations};
pub use poll_placement_ticket::{POLL_PLACEMENT_TICKET, PollPlacementTicket};
pub use recover_game_session::{RECOVER_GAME_SESSION, RecoverGameSession};
pub use save_events::{SAVE_EVENTS, SaveEvents};
pub use save_progress::{SAVE_PROGRESS, SaveProgress};

use crate::Scope;
use crate::error::ApiError;
use crate::grants::Grants;
use guildhall_domain::{GamesimId, Session, SessionId};
use guildhall_storage::{Operation, TableName, sessions};

/// What it takes to find out where a session is: one that has waited too long for another game sim is closed on the way.
pub(crate) const LOCATE: Grants = Grants::NONE
    .on(TableName::Characters, &[Operation::Update])
    .on(TableName::Gamesims, &[Operation::Get, Operation::Update])
    .on(TableName::Sessions, &[Operation::Get, Operation::Put]);

/// The session, if this very boot of the calling game sim runs this very placement of it; otherwise the caller is fenced.
async fn own_session(
    app: &Scope<'_>,
    caller: &GamesimId,
    session_id: SessionId,
    gamesim_epoch: u64,
    session_epoch: u32,
) -> Result<Session, ApiError> {
    let session = sessions::find(&app.table, session_id).await?.ok_or_else(|| ApiError::not_found("game session"))?;
    let own = session.gamesim_id == *caller && session.gamesim_epoch == gamesim_epoch && session.epoch == session_epoch;
    own.then_some(session).ok_or_else(ApiError::fenced)
}
