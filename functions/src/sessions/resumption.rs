//! Whoever asks for a session whose game sim is dead has it placed on another one, where it goes on: the same seats, under
//! the next epoch. Of several who ask at once one moves it, and all are sent to the same place.

use super::LOCATE;
use super::candidates::{Needs, Search, Turn, address};
use super::seat::fleet_full;
use crate::Scope;
use crate::error::ApiError;
use crate::grants::Grants;
use guildhall_domain::{Session, SessionId, Timestamp};
use guildhall_storage::CommitError;
use guildhall_storage::gamesims::GamesimRow;
use guildhall_storage::sessions::{self, Relocated, Whereabouts};
use guildhall_storage::{Operation, TableName};

/// What it takes to find a session, and to move it where its game sim is dead.
pub(crate) const GRANTS: Grants = LOCATE.on(TableName::Gamesims, &[Operation::Query]);

/// How often the session is looked at anew because somebody else changed it.
const LOOKS_MAX: u32 = 8;

/// A session with the game sim that runs it; none if the session is over.
pub(crate) type Found = (Session, Option<Box<GamesimRow>>);

/// The session, placed on another game sim first if its own is dead. `None` if there is no such session.
pub(crate) async fn find_or_resume(app: &Scope<'_>, id: SessionId, now: Timestamp) -> Result<Option<Found>, ApiError> {
    for _ in 0..LOOKS_MAX {
        let Some((session, whereabouts)) = sessions::find_living(&app.table, id, now).await? else { return Ok(None) };
        match whereabouts {
            Whereabouts::Running(gamesim) => return Ok(Some((session, Some(gamesim)))),
            Whereabouts::Over => return Ok(Some((session, None))),
            Whereabouts::Orphaned => {}
        }
        if let Some((session, gamesim)) = resume(app, &session, now).await? {
            tracing::info!(%id, session.epoch, gamesim_id = %gamesim.gamesim_id, "a session goes on elsewhere");
            return Ok(Some((session, Some(gamesim))));
        }
    }
    Err(CommitError::Conflict.into())
}

/// Moves an orphaned session. `None` if it is not what it was: look again.
async fn resume(
    app: &Scope<'_>,
    session: &Session,
    now: Timestamp,
) -> Result<Option<(Session, Box<GamesimRow>)>, ApiError> {
    let needs = Needs { content_version: &session.content_version, build_version: None, zone_id: session.zone_id() };
    let mut search = Search::new(app, needs, Turn::Orphan, now);
    while let Some(gamesim) = search.next().await? {
        let address = address(&gamesim, session.session_id, session.zone_id())?;
        match sessions::relocate(&app.table, session, &gamesim, &address, now).await {
            Ok(Relocated::Done(moved)) => return Ok(Some((*moved, Box::new(gamesim)))),
            Ok(Relocated::GamesimAlive | Relocated::Changed(_)) => return Ok(None),
            Ok(Relocated::Refused(refused)) => return Err(refused.into()),
            Ok(Relocated::Gamesim) => search.handle_full(),
            Err(CommitError::Conflict) => search.handle_conflict(),
            Err(error) => return Err(error.into()),
        }
    }
    Err(fleet_full())
}
