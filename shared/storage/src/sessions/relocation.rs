//! A session whose game sim is dead goes on elsewhere: its place, its row and its leases move in one transaction, which is
//! refused if the game sim is alive after all. From then on whatever the old one still sends is fenced.

use super::{ATTEMPTS_MAX, current, replace};
use crate::gamesims::{self, GamesimRow};
use crate::{Commit, CommitError, StorageError, Table, characters};
use futures_util::future::try_join_all;
use guildhall_domain::api::{HeldCharacter, WriteName};
use guildhall_domain::seating::Refused;
use guildhall_domain::{CharacterId, Session, Timestamp};

/// What became of a move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Relocated {
    /// The session is on the other game sim.
    Done(Box<Session>),
    /// The other game sim has no room, or is not what it was.
    Gamesim,
    /// The session's own game sim is alive.
    GamesimAlive,
    /// Somebody else changed the session, perhaps by moving it: this is how it stands.
    Changed(Box<Session>),
    /// The session cannot go on.
    Refused(Refused),
}

/// Places a session on another game sim, under the next epoch. A conflict is reported at once, as by [`super::allocate`].
pub async fn relocate(
    table: &dyn Table,
    session: &Session,
    to: &GamesimRow,
    address: &str,
    now: Timestamp,
) -> Result<Relocated, CommitError> {
    // A list of game sims may be stale, and show as living the very one that is dead.
    if (&to.gamesim_id, to.epoch) == (&session.gamesim_id, session.gamesim_epoch) {
        return Ok(Relocated::Gamesim);
    }
    let mut place_is_ours = true;
    let mut not_ours: Vec<CharacterId> = Vec::new();
    for _ in 0..ATTEMPTS_MAX {
        let mut next = match session.relocate(&to.gamesim_id, to.epoch, address.to_owned(), now) {
            Ok(next) => next,
            Err(refused) => return Ok(Relocated::Refused(refused)),
        };
        not_ours.iter().for_each(|character_id| next.give_up(*character_id));
        let bound: Vec<_> = next.bound().cloned().collect();
        let (from, lease) = (session.lease(), next.lease());
        let mut writes = vec![replace(session, &next)?, gamesims::take_place(to, &next, now)?];
        for seat in &bound {
            writes.push(characters::move_lease(seat.account_id, seat.character_id, &from, &lease)?);
        }
        if place_is_ours {
            writes.push(gamesims::free_place(
                &session.gamesim_id,
                session.gamesim_epoch,
                session.session_id,
                Some(now),
            )?);
        }
        let error = match table.commit(Commit::all(writes).give_way()).await {
            Ok(_) => return Ok(Relocated::Done(Box::new(next))),
            Err(error @ CommitError::Refused(_)) => error,
            Err(error) => return Err(error),
        };
        if let Some(refusal) = error.refusal(0) {
            let latest = current(refusal.current.as_ref())?.ok_or(CommitError::Conflict)?;
            return Ok(Relocated::Changed(Box::new(latest)));
        }
        if error.refusal(1).is_some() {
            return Ok(Relocated::Gamesim);
        }
        // A reservation that ran out may have been taken over by another session: then the lease is not ours to move.
        let lost = bound.iter().enumerate().filter(|(index, _)| error.refusal(index + 2).is_some());
        not_ours.extend(lost.map(|(_, seat)| seat.character_id));
        if let Some(refusal) = error.refusal(bound.len() + 2) {
            if refusal.current.is_some() {
                return Ok(Relocated::GamesimAlive);
            }
            // The boot's row is gone, and the place with it.
            place_is_ours = false;
        }
    }
    Err(CommitError::Conflict)
}

/// The characters that the session holds, each with the last write that the session has made for it.
pub async fn held_characters(table: &dyn Table, session: &Session) -> Result<Vec<HeldCharacter>, StorageError> {
    let lease = session.lease();
    let seats = (0_u8..).zip(&session.seats).filter_map(|(number, seat)| Some((number, seat.as_ref()?)));
    let bound = seats.filter(|(_, seat)| session.bound().any(|other| other.character_id == seat.character_id));
    let read = bound.map(async |(number, seat)| {
        let row = characters::find(table, seat.account_id, seat.character_id).await?;
        let row = row.filter(|row| row.lease.as_ref() == Some(&lease));
        Ok::<_, StorageError>(row.map(|row| {
            let ours = row.last_write.filter(|last| last.session_id == session.session_id);
            let last_write = ours.map(|last| WriteName { session_epoch: last.epoch, seq: last.seq });
            HeldCharacter { seat: number, character: row.character, last_write }
        }))
    });
    Ok(try_join_all(read).await?.into_iter().flatten().collect())
}
