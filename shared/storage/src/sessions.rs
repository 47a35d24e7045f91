//! Game sessions and the transactions that bind them to game sims and characters. Each function is one intent: it commits
//! everything that the intent touches at once, or says why it could not.

use crate::characters::{self, CharacterRow};
use crate::gamesims::{self, GamesimRow};
use crate::{Commit, CommitError, Condition, Consistency, Item, Key, StorageError, Table, TableName, Write, decode};
use guildhall_domain::seating::Refused;
use guildhall_domain::session::Outcome;
use guildhall_domain::{CharacterId, Lease, Seat, SeatState, Session, SessionId, Timestamp};

mod allocation;
mod progress;
mod relocation;
pub use allocation::{Newcomer, Unplaced, Waits, allocate};
pub use progress::apply_group;
pub use relocation::{Relocated, held_characters, relocate};

/// How often a transaction that keeps meeting others is tried.
const ATTEMPTS_MAX: u32 = 8;

pub(crate) fn key(session_id: SessionId) -> Key {
    Key::new(TableName::Sessions, session_id.to_string(), "session")
}

/// The session, by a consistent read.
pub async fn find(table: &dyn Table, session_id: SessionId) -> Result<Option<Session>, StorageError> {
    table.get(&key(session_id), Consistency::Strong).await?.map(decode).transpose()
}

/// Refuses a transaction unless the row is still what was read.
pub(crate) fn confirm(session: &Session) -> Write {
    Write::check(key(session.session_id), Condition::equals("revision", session.revision))
}

/// Replaces the row that was read by the next one.
fn replace(before: &Session, next: &Session) -> Result<Write, StorageError> {
    Write::put(key(before.session_id), next, Condition::equals("revision", before.revision))
}

fn current<T: serde::de::DeserializeOwned>(item: Option<&Item>) -> Result<Option<T>, StorageError> {
    item.cloned().map(decode).transpose()
}

/// Why a seat could not be reserved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unseated {
    /// The session moved on meanwhile: look again.
    Session(Box<Session>),
    /// The character's lease, or the session it lapsed from, is not what was seen; here is the row, if there is one.
    Character(Option<Box<CharacterRow>>),
}

/// Writes a seat that was reserved in `next`, and binds the character to the session. The lease is taken even by one who
/// has it, because only then is it certain that nobody else has taken it meanwhile. `lapsed` is
/// what [`judge_lease`] gave: the session that the character leaves behind.
pub async fn reserve(
    table: &dyn Table,
    before: &Session,
    next: &Session,
    row: &CharacterRow,
    lapsed: Option<&Session>,
) -> Result<Result<(), Unseated>, CommitError> {
    let mut writes = vec![replace(before, next)?, characters::take_lease(row, &next.lease())?];
    writes.extend(lapsed.map(confirm));
    let Err(error) = table.commit(Commit::all(writes)).await else { return Ok(Ok(())) };
    if let Some(refusal) = error.refusal(0) {
        let session: Option<Session> = current(refusal.current.as_ref())?;
        return session.map(|session| Err(Unseated::Session(Box::new(session)))).ok_or(CommitError::Conflict);
    }
    if let Some(refusal) = error.refusal(1) {
        return Ok(Err(Unseated::Character(current(refusal.current.as_ref())?.map(Box::new))));
    }
    if error.refusal(2).is_some() { Ok(Err(Unseated::Character(Some(Box::new(row.clone()))))) } else { Err(error) }
}

/// Why a player was not admitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotAdmitted {
    /// The session refuses.
    Refused(Refused),
    /// The character is bound elsewhere, or gone.
    LeaseLost,
}

/// Seats an arrived player for good and gives back the character as it stood at that moment. Whoever is admitted already is
/// only read.
pub async fn admit(
    table: &dyn Table,
    mut session: Session,
    number: u8,
    owner: (guildhall_domain::AccountId, CharacterId),
    now: Timestamp,
) -> Result<Result<CharacterRow, NotAdmitted>, CommitError> {
    let (account_id, character_id) = owner;
    let lease = session.lease();
    let mut not_ours: Vec<CharacterId> = Vec::new();
    for _ in 0..ATTEMPTS_MAX {
        // It was placed anew meanwhile: whoever asked runs it no more.
        if session.lease() != lease {
            return Ok(Err(NotAdmitted::LeaseLost));
        }
        let next = match session.admit(number, character_id, now) {
            Ok(next) => next,
            Err(refused) => return Ok(Err(NotAdmitted::Refused(refused))),
        };
        // Read after the session: a lease that is still its own says that the seat is, too.
        let row = characters::find(table, account_id, character_id).await?;
        let Some(row) = row.filter(|row| row.lease.as_ref() == Some(&lease)) else {
            return Ok(Err(NotAdmitted::LeaseLost));
        };
        let Some(mut next) = next else { return Ok(Ok(row)) };
        not_ours.iter().for_each(|character_id| next.give_up(*character_id));
        let along = brought_along(&session, &next, character_id);
        let mut writes = vec![replace(&session, &next)?, characters::check_lease(&row, &lease)?];
        for seat in &along {
            writes.push(characters::hold_lease(seat.account_id, seat.character_id, &lease)?);
        }
        let error = match table.commit(Commit::all(writes)).await {
            Ok(_) => return Ok(Ok(row)),
            Err(error @ CommitError::Refused(_)) => error,
            Err(error) => return Err(error),
        };
        if let Some(latest) = error.refusal(0).and_then(|refusal| refusal.current.as_ref()) {
            session = decode(latest.clone())?;
            not_ours.clear();
            continue;
        }
        // A reservation that ran out may have been taken over by another session.
        let lost = along.iter().enumerate().filter(|(index, _)| error.refusal(index + 2).is_some());
        not_ours.extend(lost.map(|(_, seat)| seat.character_id));
    }
    Err(CommitError::Conflict)
}

/// Who is admitted in `next` because somebody else has arrived.
fn brought_along<'a>(before: &Session, next: &'a Session, arrived: CharacterId) -> Vec<&'a Seat> {
    let seats = before.seats.iter().flatten().zip(next.seats.iter().flatten());
    let is_new = |(before, next): &(&Seat, &Seat)| before.state != next.state && next.state == SeatState::Admitted;
    seats.filter(is_new).map(|(_, seat)| seat).filter(|seat| seat.character_id != arrived).collect()
}

/// How a session is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closing {
    /// By its game sim.
    End(Outcome),
    /// Because its game sim is dead; refused while that game sim's lease holds.
    Lose,
}

/// What became of closing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Closed {
    /// It is closed by this call.
    Done(Box<Session>),
    /// It was closed before; nothing changed.
    Already(Box<Session>),
    /// It must stay open.
    Refused(Refused),
    /// Its game sim is alive.
    GamesimAlive,
    /// It has been placed anew since it was read: whoever ran it before has no say any more.
    Moved,
}

/// Closes a session, frees its place and gives its characters back, all at once. Doing it again changes nothing.
pub async fn close(
    table: &dyn Table,
    mut session: Session,
    closing: Closing,
    now: Timestamp,
) -> Result<Closed, CommitError> {
    let mut place_is_ours = true;
    let mut not_ours: Vec<CharacterId> = Vec::new();
    for _ in 0..ATTEMPTS_MAX {
        if !session.state.is_live() {
            return Ok(Closed::Already(Box::new(session)));
        }
        let decided = match closing {
            Closing::End(outcome) => session.end(outcome, now),
            Closing::Lose => session.lose(now),
        };
        let next = match decided {
            Ok(next) => next,
            Err(refused) => return Ok(Closed::Refused(refused)),
        };
        let lease = session.lease();
        let bound: Vec<_> = session.bound().filter(|seat| !not_ours.contains(&seat.character_id)).cloned().collect();
        let mut writes = vec![replace(&session, &next)?];
        for seat in &bound {
            writes.push(characters::drop_lease(seat.account_id, seat.character_id, &lease)?);
        }
        if place_is_ours {
            let only_if_dead = (closing == Closing::Lose).then_some(now);
            writes.push(gamesims::free_place(
                &session.gamesim_id,
                session.gamesim_epoch,
                session.session_id,
                only_if_dead,
            )?);
        }
        let error = match table.commit(Commit::all(writes)).await {
            Ok(_) => return Ok(Closed::Done(Box::new(next))),
            Err(error @ CommitError::Refused(_)) => error,
            Err(error) => return Err(error),
        };
        if let Some(refusal) = error.refusal(0) {
            session = current(refusal.current.as_ref())?.ok_or(CommitError::Conflict)?;
            if session.lease() != lease {
                if let Closing::End(_) = closing {
                    return Ok(Closed::Moved);
                }
                // It was placed anew meanwhile, where all of this is to be judged anew.
                place_is_ours = true;
                not_ours.clear();
                continue;
            }
        }
        // A reservation that ran out may have been taken over by another session: then the lease is not ours to drop.
        let lost = bound.iter().enumerate().filter(|(index, _)| error.refusal(index + 1).is_some());
        not_ours.extend(lost.map(|(_, seat)| seat.character_id));
        if let Some(refusal) = error.refusal(bound.len() + 1) {
            if refusal.current.is_some() {
                return Ok(Closed::GamesimAlive);
            }
            // The boot's row is gone, and the place with it.
            place_is_ours = false;
        }
    }
    Err(CommitError::Conflict)
}

/// What a lease is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hold {
    /// The session has the character.
    Binds,
    /// The session is over, or gone: the character is free for good.
    Over,
    /// The session lives, but the character's seat in it is not held. A late arrival may still take it, so whoever takes
    /// the character must have this row confirmed in the same transaction.
    Lapsed(Box<Session>),
}

/// What `lease` is worth to its character at `now`. A session that waits to be placed anew still binds; one that has waited
/// too long is closed on the way, so that nobody has to wait for a clean-up.
pub async fn judge_lease(
    table: &dyn Table,
    lease: &Lease,
    character_id: CharacterId,
    now: Timestamp,
) -> Result<Hold, CommitError> {
    let Some(session) = find(table, lease.session_id).await? else { return Ok(Hold::Over) };
    if !session.state.is_live() || session.epoch != lease.epoch {
        return Ok(Hold::Over);
    }
    if session.seat_of(character_id, now).is_none() {
        return Ok(Hold::Lapsed(Box::new(session)));
    }
    let (_, whereabouts) = locate(table, session, now).await?;
    Ok(if matches!(whereabouts, Whereabouts::Over) { Hold::Over } else { Hold::Binds })
}

/// Where a session is to be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whereabouts {
    /// On this game sim.
    Running(Box<GamesimRow>),
    /// Nowhere: its game sim is dead, and it waits to be placed on another one.
    Orphaned,
    /// It is over.
    Over,
}

/// The session and where it is at `now`.
pub async fn find_living(
    table: &dyn Table,
    session_id: SessionId,
    now: Timestamp,
) -> Result<Option<(Session, Whereabouts)>, CommitError> {
    let Some(session) = find(table, session_id).await? else { return Ok(None) };
    locate(table, session, now).await.map(Some)
}

/// Where a session is at `now`. One that has waited too long for another game sim is given up on the way.
async fn locate(table: &dyn Table, session: Session, now: Timestamp) -> Result<(Session, Whereabouts), CommitError> {
    if !session.state.is_live() {
        return Ok((session, Whereabouts::Over));
    }
    let gamesim = gamesims::find(table, &session.gamesim_id, session.gamesim_epoch).await?;
    match gamesim {
        Some(row) if row.is_alive(now) => return Ok((session, Whereabouts::Running(Box::new(row)))),
        Some(row) if !row.is_past_hope(now) => return Ok((session, Whereabouts::Orphaned)),
        _ => {}
    }
    match close(table, session, Closing::Lose, now).await? {
        Closed::Done(closed) | Closed::Already(closed) => Ok((*closed, Whereabouts::Over)),
        // It has been placed anew since it was looked at; whoever asks again finds it so.
        Closed::Refused(_) | Closed::GamesimAlive | Closed::Moved => Err(CommitError::Conflict),
    }
}
