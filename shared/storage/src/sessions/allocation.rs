//! A new session takes its place: a game sim's slot, the session's row, and the lease of everybody who is to sit in it, in one
//! transaction. A party is placed whole or not at all.

use super::{confirm, current, key};
use crate::characters::{self, CharacterRow};
use crate::gamesims::{self, GamesimRow};
use crate::{Commit, CommitError, Condition, StorageError, Table, Write, queue};
use guildhall_domain::{Session, Timestamp};

/// One who is to sit in a new session, as last seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Newcomer {
    /// The character.
    pub row: CharacterRow,
    /// The session that it leaves behind, as [`super::judge_lease`] gave it.
    pub lapsed: Option<Box<Session>>,
}

/// Why a session could not be placed on a game sim. Nothing was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unplaced {
    /// The game sim has no room, or is not what it was.
    Gamesim,
    /// The session exists: the same request came before.
    Exists(Box<Session>),
    /// The lease of the party's character at this place is not what was seen; here is the row, if there is one.
    Character(usize, Option<Box<CharacterRow>>),
    /// The session that somebody leaves behind is not what was seen.
    Lapsed,
    /// The party does not wait any more.
    Left,
}

/// Whether a party was seen to wait for the place that it is to get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waits {
    /// It was not; another arrival of the same request may have been told to wait since.
    No,
    /// It was; if it has stopped, it is not to be placed.
    Yes,
}

/// Places a new session, in which a seat is reserved for everybody of `party`, on a game sim. A party that waits leaves the
/// queue in the same moment, even if it was not seen to. Where other transactions want the same game sim at the same time it is a conflict at once: the
/// caller has other game sims to turn to.
pub async fn allocate(
    table: &dyn Table,
    session: &Session,
    gamesim: &GamesimRow,
    party: &[Newcomer],
    waits: Waits,
    now: Timestamp,
) -> Result<Result<(), Unplaced>, CommitError> {
    let mut writes = vec![
        gamesims::take_place(gamesim, session, now)?,
        Write::put(key(session.session_id), session, Condition::NotExists)?,
    ];
    let leases = writes.len();
    writes.extend(take_leases(session, party)?);
    let confirms = writes.len();
    writes.extend(left_behind(party).into_iter().map(confirm));
    let removal = writes.len();
    match waits {
        Waits::No => writes.push(queue::withdrawal(session.session_id)),
        Waits::Yes => writes.extend(queue::removal(session.session_id, Condition::Exists)),
    }
    let Err(error) = table.commit(Commit::all(writes).give_way()).await else { return Ok(Ok(())) };
    let CommitError::Refused(refusals) = &error else { return Err(error) };
    if let Some(refusal) = error.refusal(1) {
        let existing: Option<Session> = current(refusal.current.as_ref())?;
        return existing.map(|session| Err(Unplaced::Exists(Box::new(session)))).ok_or(CommitError::Conflict);
    }
    if error.refusal(removal).is_some() {
        return Ok(Err(Unplaced::Left));
    }
    if let Some(refusal) = refusals.iter().find(|refusal| (leases..confirms).contains(&refusal.index)) {
        let latest = current(refusal.current.as_ref())?.map(Box::new);
        return Ok(Err(Unplaced::Character(refusal.index - leases, latest)));
    }
    let has_moved = refusals.iter().any(|refusal| refusal.index >= confirms);
    Ok(Err(if has_moved { Unplaced::Lapsed } else { Unplaced::Gamesim }))
}

fn take_leases(session: &Session, party: &[Newcomer]) -> Result<Vec<Write>, StorageError> {
    party.iter().map(|newcomer| characters::take_lease(&newcomer.row, &session.lease())).collect()
}

/// The sessions that are left behind, each once. Of two looks at the same one the older is confirmed, so that it is the later
/// look alone that can hold.
fn left_behind(party: &[Newcomer]) -> Vec<&Session> {
    let mut sessions: Vec<&Session> = party.iter().filter_map(|newcomer| newcomer.lapsed.as_deref()).collect();
    sessions.sort_by_key(|session| (session.session_id, session.revision));
    sessions.dedup_by_key(|session| session.session_id);
    sessions
}
