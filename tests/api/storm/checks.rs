//! What must hold after every committed write, whoever made it: the rows are followed one write at a time, each row against
//! what it was before, and all of them together. The numbers are those of the invariants.

use guildhall_auth::fingerprint;
use guildhall_domain::api::GamesimState;
use guildhall_domain::{CharacterId, GamesimId, SeatState, Session, SessionId, SessionState, Timestamp};
use guildhall_storage::characters::CharacterRow;
use guildhall_storage::gamesims::GamesimRow;
use guildhall_storage::queue::Waiting;
use guildhall_storage::{Commit, Item, TableName, decode};
use std::collections::{BTreeMap, BTreeSet};

/// All rows that matter, as last written.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    pub(super) now: Timestamp,
    pub(super) sessions: BTreeMap<SessionId, Session>,
    /// One row per boot.
    pub(super) gamesims: BTreeMap<(GamesimId, u64), GamesimRow>,
    pub(super) characters: BTreeMap<CharacterId, CharacterRow>,
    /// Parties that wait or have waited.
    pub(super) queue: BTreeMap<SessionId, Waiting>,
    /// The fleet and the queue at every moment since the calls that are under way began.
    moments: Vec<Moment>,
    /// Sessions of parties that had waited, as a measure of what a storm reaches.
    pub(super) placed_from_queue: u64,
    /// How the characters stood at every moment since the calls that are under way began.
    stood: BTreeSet<Stand>,
    /// Every write of a game sim has gold of its own, so that one that is applied twice shows.
    applied: BTreeSet<(CharacterId, u64)>,
    /// The highest epoch of each game sim, also of those whose rows have gone.
    last_epochs: BTreeMap<GamesimId, u64>,
}

/// A character's version, and the session that it was bound to.
type Stand = (CharacterId, u64, Option<SessionId>);

fn stand(row: &CharacterRow) -> Stand {
    (row.character.character_id, row.character.version, row.lease.as_ref().map(|lease| lease.session_id))
}

/// What somebody saw who looked at this moment.
#[derive(Debug)]
struct Moment {
    gamesims: Vec<GamesimRow>,
    queue: BTreeMap<SessionId, Waiting>,
    sessions: BTreeSet<SessionId>,
}

impl Moment {
    fn of(ledger: &Ledger) -> Self {
        Self {
            gamesims: ledger.gamesims.values().cloned().collect(),
            queue: ledger.queue.clone(),
            sessions: ledger.sessions.keys().copied().collect(),
        }
    }

    fn waits(&self, session_id: SessionId, now: Timestamp) -> bool {
        self.queue.get(&session_id).is_some_and(|waiting| waiting.lives(now))
    }

    fn entitles(&self, session: &Session, now: Timestamp) -> bool {
        let suits = |row: &&GamesimRow| row.content_version == session.content_version && row.has_room(now);
        let free: usize = self.gamesims.iter().filter(suits).map(GamesimRow::room).sum();
        let own = self.queue.get(&session.session_id).filter(|own| own.lives(now));
        let is_older = |other: &&Waiting| {
            other.lives(now)
                && other.content_version == session.content_version
                && own.is_none_or(|own| other.is_before(own))
        };
        free > self.queue.values().filter(is_older).count()
    }
}

impl Ledger {
    /// The latest boot of each game sim.
    pub(super) fn latest_boots(&self) -> BTreeMap<String, &GamesimRow> {
        self.gamesims.values().map(|row| (row.gamesim_id.to_string(), row)).collect()
    }

    /// Takes in a commit that happened, and what it left behind.
    pub(super) fn take_in(&mut self, commit: &Commit, after: Vec<Option<Item>>) {
        let mut next = (self.sessions.clone(), self.gamesims.clone(), self.characters.clone());
        let mut queue = self.queue.clone();
        for (write, item) in commit.writes.iter().zip(after) {
            let Some(item) = item else {
                next.1.retain(|(name, epoch), _| !write.key().sk.eq(&format!("{name}#{epoch:020}")));
                queue.retain(|session_id, _| write.key().sk != format!("~{session_id}"));
                continue;
            };
            match write.key().table {
                TableName::Sessions => {
                    let row: Session = decode(item).unwrap();
                    next.0.insert(row.session_id, row);
                }
                TableName::Gamesims if write.key().pk == "fleet" && write.key().sk.starts_with('~') => {
                    let row: Waiting = decode(item).unwrap();
                    queue.insert(row.session_id, row);
                }
                TableName::Gamesims if write.key().pk == "fleet" => {
                    let row: GamesimRow = decode(item).unwrap();
                    next.1.insert((row.gamesim_id.clone(), row.epoch), row);
                }
                // Names have rows of their own, which no rule of sessions is about.
                TableName::Characters if !write.key().pk.starts_with("name#") => {
                    let row: CharacterRow = decode(item).unwrap();
                    self.stood.insert(stand(&row));
                    next.2.insert(row.character.character_id, row);
                }
                TableName::Accounts
                | TableName::Characters
                | TableName::Gamesims
                | TableName::Content
                | TableName::Events => {}
            }
        }
        let (sessions, gamesims, characters) = next;
        self.follow_sessions(&sessions);
        self.follow_queue(&sessions, &queue);
        self.follow_gamesims(&gamesims);
        self.follow_characters(&characters);
        (self.sessions, self.gamesims, self.characters) = (sessions, gamesims, characters);
        self.queue = queue;
        self.moments.push(Moment::of(self));
        self.check_lists();
        self.check_seats();
    }

    /// R4, R8, R9: a session begins where there is room, and moves forward, one revision at a time; nobody gives up a
    /// session of a living game sim.
    fn follow_sessions(&self, next: &BTreeMap<SessionId, Session>) {
        for (session_id, after) in next {
            let Some(before) = self.sessions.get(session_id) else {
                self.assert_room(after);
                continue;
            };
            if before == after {
                continue;
            }
            assert!(before.state.is_live(), "a closed session changed: {before:?} {after:?}");
            assert_eq!(after.revision, before.revision + 1, "an update was lost: {before:?} {after:?}");
            let is_moved = after.epoch != before.epoch;
            if is_moved {
                assert_eq!((after.epoch, after.state), (before.epoch + 1, SessionState::Reserved));
                assert_ne!((&after.gamesim_id, after.gamesim_epoch), (&before.gamesim_id, before.gamesim_epoch));
                assert_eq!(after.former[0].session_epoch, before.epoch);
                self.assert_room(after);
            } else {
                assert!(before.state != SessionState::Active || after.state != SessionState::Reserved, "{after:?}");
                assert_eq!((&after.gamesim_id, after.gamesim_epoch), (&before.gamesim_id, before.gamesim_epoch));
            }
            if is_moved || after.state == SessionState::Lost {
                let gamesim = self.gamesims.get(&(before.gamesim_id.clone(), before.gamesim_epoch));
                let lives = gamesim.is_some_and(|gamesim| gamesim.is_alive(self.now));
                assert!(!lives, "a session of a living game sim is taken from it: {before:?} {after:?}");
            }
        }
    }

    fn assert_room(&self, session: &Session) {
        let gamesim = &self.gamesims[&(session.gamesim_id.clone(), session.gamesim_epoch)];
        assert!(gamesim.has_room(self.now), "nothing may land on {gamesim:?}");
    }

    /// Q1: whoever is placed was entitled to it at some moment of the call: more places were free than living parties waited
    /// that were older and wanted the same. Whoever does not wait is younger than all who do.
    /// Q2: a party is seated whole: the seats are those that the request names.
    /// Q3: who waited all the while leaves the queue in the write that places the party.
    fn follow_queue(&mut self, next: &BTreeMap<SessionId, Session>, queue: &BTreeMap<SessionId, Waiting>) {
        for session in next.values().filter(|session| !self.sessions.contains_key(&session.session_id)) {
            let entitled = self.moments.iter().any(|moment| moment.entitles(session, self.now));
            assert!(entitled, "out of turn: {session:?} {:?}", self.queue);
            let seated: Vec<_> = session.seats.iter().flatten().map(|seat| seat.character_id.to_string()).collect();
            let (leader, companions) = seated.split_first().expect("a creator");
            let request =
                [&[leader, &*session.dungeon_id, ""], &*companions.iter().map(|id| &**id).collect::<Vec<_>>()];
            let asked = fingerprint(request.concat().join("\n").as_bytes());
            assert_eq!(session.request_fingerprint, asked, "seated in part: {session:?}");
            let waited = self.moments.iter().all(|moment| moment.waits(session.session_id, self.now));
            assert!(!waited || !queue.contains_key(&session.session_id), "placed, and waits: {session:?}");
            self.placed_from_queue += u64::from(waited);
        }
    }

    /// Calls begin, of which none knows anything older than this.
    pub(super) fn begin(&mut self) {
        self.stood = self.characters.values().map(stand).collect();
        self.moments = vec![Moment::of(self)];
    }

    /// Whether the character was at this version, and bound to this session, at some moment since the calls began.
    pub(super) fn stood(&self, character_id: CharacterId, version: u64, session_id: SessionId) -> bool {
        self.stood.contains(&(character_id, version, Some(session_id)))
    }

    /// Whether a poll of this ticket could lead to a session since the calls began.
    pub(super) fn could_place(&self, ticket_id: SessionId) -> bool {
        let began = self.moments.first();
        began.is_some_and(|moment| moment.sessions.contains(&ticket_id) || moment.waits(ticket_id, self.now))
    }

    /// R5: a boot has an epoch of its own, one above the last, and ends the one before; what a boot is never changes; only
    /// one that is over and has no sessions is forgotten.
    fn follow_gamesims(&mut self, next: &BTreeMap<(GamesimId, u64), GamesimRow>) {
        for ((gamesim_id, epoch), after) in next {
            let Some(before) = self.gamesims.get(&(gamesim_id.clone(), *epoch)) else {
                let last = self.last_epochs.insert(gamesim_id.clone(), *epoch).unwrap_or_default();
                assert_eq!(*epoch, last + 1, "{after:?}");
                let succeeded = next.get(&(gamesim_id.clone(), last));
                assert!(succeeded.is_none_or(|row| row.state == GamesimState::Gone), "{succeeded:?}");
                continue;
            };
            assert_eq!(after.boot_id, before.boot_id, "{before:?} {after:?}");
            assert!(before.state != GamesimState::Gone || after.state == GamesimState::Gone, "{after:?}");
        }
        for (boot, row) in self.gamesims.iter().filter(|(boot, _)| !next.contains_key(*boot)) {
            assert!(!row.is_alive(self.now) && row.sessions.is_empty(), "forgotten: {boot:?} {row:?}");
        }
    }

    /// P2, P4, P5: a write needs the lease, raises the version by one, and happens once.
    fn follow_characters(&mut self, next: &BTreeMap<CharacterId, CharacterRow>) {
        for (character_id, after) in next {
            let Some(before) = self.characters.get(character_id) else { continue };
            if before.character == after.character && before.last_write == after.last_write {
                continue;
            }
            assert_eq!(after.character.version, before.character.version + 1, "{before:?} {after:?}");
            let (lease, last) = (before.lease.as_ref().expect("a lease"), after.last_write.expect("a name"));
            assert_eq!((lease.session_id, lease.epoch), (last.session_id, last.epoch), "written without the lease");
            assert!(self.sessions[&lease.session_id].state.is_live(), "written for a session that is over");
            let fresh = self.applied.insert((*character_id, after.character.hot.gold));
            assert!(fresh, "applied twice: {after:?}");
        }
    }

    /// R1, R2: a game sim's list is exactly its live sessions, and they fit.
    fn check_lists(&self) {
        for row in self.gamesims.values() {
            let ours = |session: &&Session| {
                session.gamesim_id == row.gamesim_id && session.gamesim_epoch == row.epoch && session.state.is_live()
            };
            let live: BTreeMap<_, _> =
                self.sessions.values().filter(ours).map(|session| (session.session_id, session.epoch)).collect();
            assert_eq!(live, row.sessions, "the list of {} at {} is wrong", row.gamesim_id, row.epoch);
            assert!(live.len() <= row.capacity as usize, "{} is overbooked", row.gamesim_id);
        }
    }

    /// R3: whoever holds a seat has the session's lease, so no character is in two sessions; nobody is written down twice.
    fn check_seats(&self) {
        for session in self.sessions.values().filter(|session| session.state.is_live()) {
            let mut seen = BTreeSet::new();
            for seat in session.seats.iter().flatten().filter(|seat| seat.state != SeatState::Left) {
                assert!(seen.insert(seat.character_id), "twice in one session: {session:?}");
                let lease = self.characters[&seat.character_id].lease.as_ref();
                assert!(!seat.holds(self.now) || lease == Some(&session.lease()), "{lease:?} in {session:?}");
            }
        }
    }
}
