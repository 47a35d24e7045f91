//! Progress written behind: one fenced transaction per group, and recognition of a group that was written before.

use super::{ATTEMPTS_MAX, find, replace};
use crate::characters::{self, CharacterRow};
use crate::{Commit, CommitError, Refusal, StorageError, Table, decode};
use guildhall_domain::api::WriteName;
use guildhall_domain::progress::{CharacterWrite, GroupStatus, ProgressGroup};
use guildhall_domain::{Lease, Session};

/// Applies a group under the session's lease. The fence is in each write's condition, so no session row is read unless a
/// seat is given back.
pub async fn apply_group(table: &dyn Table, lease: &Lease, group: &ProgressGroup) -> Result<GroupStatus, CommitError> {
    let mut writes = Vec::with_capacity(group.writes.len() + 1);
    for write in &group.writes {
        writes.push(characters::write_progress(write, lease)?);
    }
    let releases = group.writes.iter().any(|write| write.release);
    let mut session = if releases { find(table, lease.session_id).await? } else { None };
    for _ in 0..ATTEMPTS_MAX {
        let mut commit = writes.clone();
        if let Some(before) = &session {
            // A seat that is not there must not appear meanwhile, or it would be held without a lease.
            commit.push(replace(before, &without(before, group, lease))?);
        }
        let Err(error) = table.commit(Commit::all(commit)).await else { return Ok(GroupStatus::Applied) };
        let refusals = match error {
            CommitError::Refused(refusals) => refusals,
            CommitError::Conflict | CommitError::Storage(StorageError::Throttled) => return Ok(GroupStatus::Throttled),
            error @ CommitError::Storage(_) => return Err(error),
        };
        if let Some(status) = judge(&group.writes, lease, &refusals)? {
            return Ok(status);
        }
        // Only the session row refused: somebody else changed it, and the refusal brought its latest state.
        session = refusals.into_iter().next_back().and_then(|refusal| refusal.current).map(decode).transpose()?;
    }
    Ok(GroupStatus::Throttled)
}

/// The session row without those whom the group releases, and with the name of what is written last for them.
fn without(session: &Session, group: &ProgressGroup, lease: &Lease) -> Session {
    let mut next = session.clone();
    for write in group.writes.iter().filter(|write| write.release) {
        next = next.leave(write.character_id).unwrap_or(next);
        next.left = next.left.max(Some(WriteName { session_epoch: lease.epoch, seq: write.seq }));
    }
    // However many leave, the row moves on by one revision.
    next.revision = session.revision + 1;
    next
}

/// What the characters' refusals mean; `None` if no character refused.
fn judge(writes: &[CharacterWrite], lease: &Lease, refusals: &[Refusal]) -> Result<Option<GroupStatus>, StorageError> {
    let mut status = None;
    for refusal in refusals {
        let Some(write) = writes.get(refusal.index) else { continue };
        let row: Option<CharacterRow> = refusal.current.clone().map(decode).transpose()?;
        let verdict = row.map_or(GroupStatus::Fenced, |row| verdict(write, lease, &row));
        status = Some(match (status, verdict) {
            (Some(GroupStatus::Fenced), _) | (_, GroupStatus::Fenced) => GroupStatus::Fenced,
            (Some(GroupStatus::Conflict), _) | (_, GroupStatus::Conflict) => GroupStatus::Conflict,
            (_, other) => other,
        });
    }
    let refused = refusals.iter().filter(|refusal| refusal.index < writes.len()).count();
    let whole = refused == writes.len();
    // A group is written whole: where one of its writes could still be made, none of it has been.
    Ok(status.map(|status| if status == GroupStatus::Duplicate && !whole { GroupStatus::Conflict } else { status }))
}

fn verdict(write: &CharacterWrite, lease: &Lease, row: &CharacterRow) -> GroupStatus {
    let ours = row.last_write.filter(|last| last.session_id == lease.session_id && last.epoch == lease.epoch);
    if ours.is_some_and(|last| last.seq >= write.seq) {
        GroupStatus::Duplicate
    } else if row.lease.as_ref() == Some(lease) {
        GroupStatus::Conflict
    } else {
        GroupStatus::Fenced
    }
}
