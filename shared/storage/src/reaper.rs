//! Cleans up after game sims that are dead, and after parties that stopped waiting for a place: session by session, each in
//! the transaction that anybody would use who touches it, so that it matters to nobody whether the reaper comes or how often.

use crate::gamesims::{self, GamesimRow};
use crate::sessions::{self, Closed, Closing};
use crate::{Commit, CommitError, Table, queue};
use guildhall_domain::limits::GAMESIM_KEPT_MS;
use guildhall_domain::{SessionId, Timestamp};

/// What was cleaned up.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reaped {
    /// Sessions whose players have not come back in time to have them placed on another game sim: what is left to do.
    pub orphans: Vec<SessionId>,
    /// Sessions that waited in vain for another game sim and were given up.
    pub sessions_lost: u32,
    /// Rows of game sims that were removed.
    pub gamesims_removed: u32,
    /// Parties that had stopped asking for a place and were removed.
    pub parties_removed: u32,
}

/// Gives up the sessions of dead game sims that have waited too long, names those that are to be placed anew, and removes rows
/// that have served their time.
pub async fn reap(table: &dyn Table, now: Timestamp) -> Result<Reaped, CommitError> {
    let mut reaped = Reaped::default();
    let look = queue::look(table).await?;
    for waiting in look.waiting.iter().filter(|waiting| !waiting.lives(now)) {
        reaped.parties_removed += u32::from(queue::forget(table, waiting).await?);
    }
    for listed in look.gamesims {
        let row = &listed.row()?;
        if !row.is_past_hope(now) {
            let orphans = row.sessions.keys().filter(|_| row.is_overdue(now));
            reaped.orphans.extend(orphans);
            continue;
        }
        for session_id in row.sessions.keys() {
            reaped.sessions_lost += u32::from(give_up(table, row, *session_id, now).await?);
        }
        let is_old = row.lease_until.plus_millis(GAMESIM_KEPT_MS) <= now;
        if is_old && row.sessions.is_empty() {
            reaped.gamesims_removed += u32::from(gamesims::remove(table, row).await?);
        }
    }
    Ok(reaped)
}

/// Whether the session is given up by this call.
async fn give_up(
    table: &dyn Table,
    row: &GamesimRow,
    session_id: SessionId,
    now: Timestamp,
) -> Result<bool, CommitError> {
    let session = sessions::find(table, session_id).await?;
    let here = session.filter(|session| session.gamesim_id == row.gamesim_id && session.gamesim_epoch == row.epoch);
    let Some(session) = here else {
        // The session's row has outlived its time, and went; nothing can bring it back here.
        let free = gamesims::free_place(&row.gamesim_id, row.epoch, session_id, Some(now))?;
        return match table.commit(Commit::one(free)).await {
            Ok(_) | Err(CommitError::Refused(_)) => Ok(false),
            Err(error) => Err(error),
        };
    };
    Ok(matches!(sessions::close(table, session, Closing::Lose, now).await?, Closed::Done(_)))
}
