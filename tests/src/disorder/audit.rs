//! What must hold of the rows whenever nothing is under way: every place on a game sim is taken by a living session, every
//! living session has its place, they fit, no character is bound to a session that is over, and no party waits for a place
//! that it has.

use guildhall_domain::{CharacterId, Session, SessionId, Timestamp};
use guildhall_storage::characters::CharacterRow;
use guildhall_storage::gamesims::GamesimRow;
use guildhall_storage::queue::Waiting;
use guildhall_storage::{Item, Key, StorageError, TableName, decode};
use std::collections::BTreeMap;

/// What was found wrong, and what there was.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Audit {
    /// Living sessions, or listed ones if that is more, beyond what their game sims have room for.
    pub overbooked: usize,
    /// Living sessions that their game sim does not list: a counter beside them would end below zero.
    pub without_place: usize,
    /// Listed sessions that are over or never were.
    pub leaked_places: usize,
    /// Characters whose lease names a session that never was, or one that is over and knew them to the end.
    pub leaked_leases: usize,
    /// Characters whose lease names a session that is over, where somebody else had taken the seat that they let go. Nobody
    /// is bound by such a lease, and the next one replaces it.
    pub outdated_leases: usize,
    /// Seats that are held by a character whose lease is not this session's.
    pub without_lease: usize,
    /// Parties that wait for a session that there is: they would keep a place from others.
    pub waiting_placed: usize,
    /// Parties that wait.
    pub waiting: usize,
    /// Living sessions.
    pub living: usize,
    /// Leases, whatever they are worth.
    pub leases: usize,
}

impl Audit {
    /// Looks at all rows as they stand at `now`.
    ///
    /// # Errors
    /// [`StorageError::Undecodable`], if one of them is not what its place says.
    pub fn of(items: Vec<(Key, Item)>, now: Timestamp) -> Result<Self, StorageError> {
        let mut sessions: BTreeMap<SessionId, Session> = BTreeMap::new();
        let mut gamesims: Vec<GamesimRow> = Vec::new();
        let mut characters: BTreeMap<CharacterId, CharacterRow> = BTreeMap::new();
        let mut queue: Vec<Waiting> = Vec::new();
        for (key, item) in items {
            match key.table {
                TableName::Sessions => {
                    let session: Session = decode(item)?;
                    sessions.insert(session.session_id, session);
                }
                TableName::Gamesims if key.pk == "fleet" && key.sk.starts_with('~') => queue.push(decode(item)?),
                TableName::Gamesims if key.pk == "fleet" => gamesims.push(decode(item)?),
                TableName::Characters if !key.pk.starts_with("name#") => {
                    let row: CharacterRow = decode(item)?;
                    characters.insert(row.character.character_id, row);
                }
                TableName::Accounts
                | TableName::Characters
                | TableName::Gamesims
                | TableName::Content
                | TableName::Events => {}
            }
        }
        let mut audit = Self::default();
        for gamesim in &gamesims {
            audit.look_at_places(gamesim, &sessions);
        }
        let living = || queue.iter().filter(|waiting| waiting.lives(now));
        audit.waiting = living().count();
        audit.waiting_placed = living().filter(|waiting| sessions.contains_key(&waiting.session_id)).count();
        for session in sessions.values().filter(|session| session.state.is_live()) {
            audit.living += 1;
            let lease = session.lease();
            let held = session.seats.iter().flatten().filter(|seat| seat.holds(now));
            let unbound = held
                .filter(|seat| characters.get(&seat.character_id).is_none_or(|row| row.lease.as_ref() != Some(&lease)));
            audit.without_lease += unbound.count();
        }
        for (character_id, lease) in characters.iter().filter_map(|(id, row)| Some((id, row.lease.as_ref()?))) {
            audit.leases += 1;
            match sessions.get(&lease.session_id) {
                Some(session) if session.state.is_live() => {}
                Some(session) if session.seats.iter().flatten().all(|seat| seat.character_id != *character_id) => {
                    audit.outdated_leases += 1;
                }
                _ => audit.leaked_leases += 1,
            }
        }
        Ok(audit)
    }

    fn look_at_places(&mut self, gamesim: &GamesimRow, sessions: &BTreeMap<SessionId, Session>) {
        let is_ours = |session: &Session| {
            let boot = (&session.gamesim_id, session.gamesim_epoch);
            session.state.is_live() && boot == (&gamesim.gamesim_id, gamesim.epoch)
        };
        let living = sessions.values().filter(|session| is_ours(session));
        let (mut count, mut listed) = (0, 0);
        for session in living {
            count += 1;
            listed += usize::from(gamesim.sessions.contains_key(&session.session_id));
        }
        self.overbooked += gamesim.sessions.len().max(count).saturating_sub(gamesim.capacity as usize);
        self.without_place += count - listed;
        self.leaked_places += gamesim.sessions.len() - listed;
    }

    /// The worse of both, of each kind.
    pub fn or_worse(self, other: Self) -> Self {
        Self {
            overbooked: self.overbooked.max(other.overbooked),
            without_place: self.without_place.max(other.without_place),
            leaked_places: self.leaked_places.max(other.leaked_places),
            leaked_leases: self.leaked_leases.max(other.leaked_leases),
            outdated_leases: self.outdated_leases.max(other.outdated_leases),
            without_lease: self.without_lease.max(other.without_lease),
            waiting_placed: self.waiting_placed.max(other.waiting_placed),
            waiting: self.waiting.max(other.waiting),
            living: self.living.max(other.living),
            leases: self.leases.max(other.leases),
        }
    }
}
