//! What must hold after every committed write, whoever made it: each row against what it was before, and all of them
//! together. The names are those of the invariants. A rule that is broken is an error that says so.
//!
//! Clocks are apart, so where a rule rests on time it is held to the clock that is most in its favour.

use guildhall_domain::api::GamesimState;
use guildhall_domain::{CharacterId, GamesimId, Session, SessionId, SessionState, Timestamp};
use guildhall_storage::characters::CharacterRow;
use guildhall_storage::gamesims::GamesimRow;
use guildhall_storage::{Commit, Item, Key, TableName, decode};
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

type Judgement = Result<(), String>;

/// All rows that matter, as last written.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    pub(super) sessions: BTreeMap<SessionId, Session>,
    pub(super) gamesims: BTreeMap<(GamesimId, u64), GamesimRow>,
    pub(super) characters: BTreeMap<CharacterId, CharacterRow>,
    last_epochs: BTreeMap<GamesimId, u64>,
    /// The experience that players were told to have for certain.
    promised: BTreeMap<CharacterId, u64>,
    /// How far a clock may be ahead of the true time, in milliseconds.
    skew_ms: u64,
}

/// What one commit has changed: rows as they were before.
#[derive(Debug, Default)]
struct Before {
    sessions: Vec<(SessionId, Option<Session>)>,
    gamesims: Vec<((GamesimId, u64), Option<GamesimRow>)>,
    characters: Vec<(CharacterId, Option<CharacterRow>)>,
}

fn row<T: DeserializeOwned>(item: Item) -> Result<T, String> {
    decode(item).map_err(|error| error.to_string())
}

fn require(holds: bool, rule: &str, rows: &dyn Debug) -> Judgement {
    if holds { Ok(()) } else { Err(format!("{rule}: {rows:?}")) }
}

impl Ledger {
    pub(super) fn new(skew_ms: u64) -> Self {
        Self { skew_ms, ..Self::default() }
    }

    /// Takes in a commit that happened, and what it left behind.
    pub(super) fn take_in(&mut self, now: Timestamp, commit: &Commit, after: Vec<Option<Item>>) -> Judgement {
        let mut before = Before::default();
        for (write, item) in commit.writes.iter().zip(after) {
            self.replace(write.key(), item, &mut before)?;
        }
        for (session_id, before) in &before.sessions {
            if let (Some(before), Some(after)) = (before, self.sessions.get(session_id)) {
                self.follow_session(now, before, after)?;
            }
        }
        for (boot, before) in before.gamesims {
            self.follow_gamesim(now, &boot, before.as_ref())?;
        }
        for (character_id, before) in &before.characters {
            if let (Some(before), Some(after)) = (before, self.characters.get(character_id)) {
                self.follow_character(before, after)?;
                self.keep_promise(before, after)?;
            }
        }
        self.check_lists()?;
        self.check_seats(now)
    }

    fn replace(&mut self, key: &Key, item: Option<Item>, before: &mut Before) -> Judgement {
        match (key.table, item) {
            (TableName::Sessions, Some(item)) => {
                let after: Session = row(item)?;
                let session_id = after.session_id;
                before.sessions.push((session_id, self.sessions.insert(session_id, after)));
            }
            (TableName::Gamesims, item) if key.pk == "fleet" && !key.sk.starts_with('~') => match item {
                Some(item) => {
                    let after: GamesimRow = row(item)?;
                    let boot = (after.gamesim_id.clone(), after.epoch);
                    before.gamesims.push((boot.clone(), self.gamesims.insert(boot, after)));
                }
                None => {
                    let gone = |(name, epoch): &&(GamesimId, u64)| key.sk == format!("{name}#{epoch:020}");
                    if let Some(boot) = self.gamesims.keys().find(gone).cloned() {
                        before.gamesims.push((boot.clone(), self.gamesims.remove(&boot)));
                    }
                }
            },
            (TableName::Characters, Some(item)) if !key.pk.starts_with("name#") => {
                let after: CharacterRow = row(item)?;
                let character_id = after.character.character_id;
                before.characters.push((character_id, self.characters.insert(character_id, after)));
            }
            _ => {}
        }
        Ok(())
    }

    /// R4, R8, R9: a session moves forward, one revision at a time; nobody gives up a session of a living game sim.
    fn follow_session(&self, now: Timestamp, before: &Session, after: &Session) -> Judgement {
        if before == after {
            return Ok(());
        }
        let rows = &(before, after);
        require(before.state.is_live(), "R4: a closed session changed", rows)?;
        require(after.revision == before.revision + 1, "R4: an update was lost", rows)?;
        let boot = |session: &Session| (session.gamesim_id.clone(), session.gamesim_epoch);
        let is_moved = after.epoch != before.epoch;
        if is_moved {
            let is_next = after.epoch == before.epoch + 1 && after.state == SessionState::Reserved;
            require(is_next && boot(before) != boot(after), "R4: moved, but not to the next epoch", rows)?;
        } else {
            let is_back = before.state == SessionState::Active && after.state == SessionState::Reserved;
            require(!is_back && boot(before) == boot(after), "R4: a session went backwards", rows)?;
        }
        if is_moved || after.state == SessionState::Lost {
            let latest = now.plus_millis(self.skew_ms);
            let lives = self.gamesims.get(&boot(before)).is_some_and(|gamesim| gamesim.is_alive(latest));
            require(!lives, "R8: a session of a living game sim is taken from it", rows)?;
        }
        Ok(())
    }

    /// R5: a boot has an epoch of its own, one above the last, and ends the one before; what a boot is never changes; only
    /// one that is over and has no sessions is forgotten. R9: nothing lands where nothing may.
    fn follow_gamesim(&mut self, now: Timestamp, boot: &(GamesimId, u64), before: Option<&GamesimRow>) -> Judgement {
        let after = self.gamesims.get(boot);
        let Some(before) = before else {
            let last = self.last_epochs.insert(boot.0.clone(), boot.1).unwrap_or_default();
            let former = self.gamesims.get(&(boot.0.clone(), last));
            let is_succeeded = former.is_none_or(|row| row.state == GamesimState::Gone);
            return require(boot.1 == last + 1 && is_succeeded, "R5: an epoch out of turn", &(boot, last, former));
        };
        let Some(after) = after else {
            let is_over = !before.is_alive(now.plus_millis(self.skew_ms)) && before.sessions.is_empty();
            return require(is_over, "R5: a boot was forgotten", before);
        };
        require(after.boot_id == before.boot_id, "R5: two boots share an epoch", &(before, after))?;
        let is_revived = before.state == GamesimState::Gone && after.state != GamesimState::Gone;
        require(!is_revived, "R5: a boot came back", after)?;
        let is_open = before.state == GamesimState::Ready;
        let has_more = after.sessions.keys().any(|session_id| !before.sessions.contains_key(session_id));
        require(is_open || !has_more, "R9: something landed where nothing may", &(before, after))
    }

    /// P2, P4, P5, A3: a game sim's write needs the lease of a living session, any other write needs that there is none; each
    /// raises the version by one; none is applied twice; nothing that was gained goes away.
    fn follow_character(&self, before: &CharacterRow, after: &CharacterRow) -> Judgement {
        let rows = &(before, after);
        let is_played = before.last_write != after.last_write;
        if before.character == after.character && !is_played {
            return Ok(());
        }
        require(after.character.version == before.character.version + 1, "P5: a version is left out or shared", rows)?;
        require(after.character.hot.xp >= before.character.hot.xp, "P1: experience was lost", rows)?;
        let holder = before.lease.as_ref().and_then(|lease| Some((lease, self.sessions.get(&lease.session_id)?)));
        if !is_played {
            let is_held = holder.is_some_and(|(lease, session)| session.state.is_live() && session.lease() == *lease)
                && after.lease.is_some();
            return require(!is_held, "A3: written beside the lease", rows);
        }
        let (Some((lease, session)), Some(last)) = (holder, after.last_write) else {
            return Err(format!("P2: written without a lease: {rows:?}"));
        };
        let is_holder = (last.session_id, last.epoch) == (lease.session_id, lease.epoch);
        require(is_holder, "P2: written without the lease", rows)?;
        require(session.state.is_live() && session.lease() == *lease, "P2: written for a session that is over", rows)?;
        require(after.character.hot.gold >= before.character.hot.gold, "P1: gold was lost", rows)?;
        let earlier = before.last_write.filter(|last| (last.session_id, last.epoch) == (lease.session_id, lease.epoch));
        require(earlier.is_none_or(|earlier| earlier.seq < last.seq), "P4: a write was applied twice", rows)
    }

    /// P1: what a player was told to be durable is in the row once no session has the character, which may have it in a
    /// checkpoint until then. A session that was given up, because for minutes there was no game sim for it, has not.
    fn keep_promise(&self, before: &CharacterRow, after: &CharacterRow) -> Judgement {
        let Some(lease) = before.lease.as_ref().filter(|lease| {
            let held = after.lease.as_ref();
            held.is_none_or(|held| held.session_id != lease.session_id)
        }) else {
            return Ok(());
        };
        let is_lost = self.sessions.get(&lease.session_id).is_some_and(|session| session.state == SessionState::Lost);
        let promised = self.promised.get(&after.character.character_id).copied().unwrap_or_default();
        let holds = is_lost || after.character.hot.xp >= promised;
        require(holds, "P1: given back without what was durable", &(promised, before, after))
    }

    /// A player is told to have so much experience for certain.
    pub(super) fn promise(&mut self, character_id: CharacterId, xp: u64) -> Judgement {
        let promised = self.promised.entry(character_id).or_default();
        *promised = xp.max(*promised);
        let Some(row) = self.characters.get(&character_id).filter(|row| row.lease.is_none()) else { return Ok(()) };
        require(row.character.hot.xp >= xp, "P1: promised and not in the row of a free character", &(xp, row))
    }

    /// R1, R2: a game sim's list is exactly its live sessions, and they fit.
    fn check_lists(&self) -> Judgement {
        let mut live: BTreeMap<(&GamesimId, u64), BTreeMap<SessionId, u32>> = BTreeMap::new();
        for session in self.sessions.values().filter(|session| session.state.is_live()) {
            let theirs = live.entry((&session.gamesim_id, session.gamesim_epoch)).or_default();
            theirs.insert(session.session_id, session.epoch);
        }
        for row in self.gamesims.values() {
            let theirs = live.remove(&(&row.gamesim_id, row.epoch)).unwrap_or_default();
            require(theirs == row.sessions, "R2: a list is not that of the live sessions", &(&theirs, row))?;
            require(theirs.len() <= row.capacity as usize, "R1: overbooked", row)?;
        }
        require(live.is_empty(), "R2: live sessions of nobody", &live)
    }

    /// R3: whoever holds a seat has the session's lease, so no character is in two sessions; nobody is written down twice.
    fn check_seats(&self, now: Timestamp) -> Judgement {
        let latest = now.plus_millis(self.skew_ms);
        for session in self.sessions.values().filter(|session| session.state.is_live()) {
            let mut seen = BTreeSet::new();
            for seat in session.seats.iter().flatten().filter(|seat| seat.holds(latest)) {
                require(seen.insert(seat.character_id), "R3: twice in one session", session)?;
                let row = self.characters.get(&seat.character_id);
                let is_bound = row.is_some_and(|row| row.lease.as_ref() == Some(&session.lease()));
                require(is_bound, "R3: a seat without its lease", &(session, row))?;
            }
        }
        Ok(())
    }
}
