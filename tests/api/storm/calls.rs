//! Whatever anybody might ask in a storm: mostly sensible, sometimes stale, foreign or made up.

use super::checks::Ledger;
use guildhall_domain::api::GamesimState;
use guildhall_domain::{CharacterId, Session, SessionState};
use guildhall_tests::{Call, Dice, Who};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Game sims of a storm.
pub(super) const GAMESIMS: [&str; 3] = ["sim-0", "sim-1", "sim-2"];

/// Draws calls.
#[derive(Debug)]
pub(super) struct Caprice {
    pub(super) dice: Dice,
    pub(super) characters: Vec<CharacterId>,
    /// Whom most calls are about for a while, so that they meet.
    pub(super) focus: CharacterId,
    pub(super) content_version: String,
    /// Sessions that each game sim has room for: where it is one, there are never enough places.
    pub(super) capacity: u32,
    /// A companion ticket of each character.
    pub(super) consents: BTreeMap<CharacterId, String>,
    /// Counts everything that must be new: keys, boots, numbers of writes, gold.
    pub(super) count: u64,
}

impl Caprice {
    /// The next call, in view of what is stored.
    pub(super) fn draw(&mut self, ledger: &Ledger) -> Call {
        let is_late = ledger.gamesims.values().any(|row| row.state != GamesimState::Gone && !row.is_alive(ledger.now));
        let waits = ledger.queue.values().any(|waiting| waiting.lives(ledger.now));
        if self.capacity == 1 && self.dice.percent(60) {
            return match self.dice.below(10) {
                0..=2 => self.create(),
                3..=4 => self.of_session(ledger, Self::finalize),
                _ if waits => self.ticket(ledger),
                _ => self.create(),
            };
        }
        match self.dice.below(100) {
            0..=49 if is_late => self.heartbeat(ledger),
            0..=17 => self.create(),
            18..=19 => self.ticket(ledger),
            20..=34 => self.join(ledger),
            35..=36 => self.of_session(ledger, Self::recover),
            37..=54 => self.of_session(ledger, Self::admit),
            55..=79 => self.of_session(ledger, Self::save),
            80..=86 => self.of_session(ledger, Self::finalize),
            87..=94 => self.heartbeat(ledger),
            95..=96 => Call::reap(),
            _ => self.register(),
        }
    }

    pub(super) fn next(&mut self) -> u64 {
        self.count += 1;
        self.count
    }

    /// Turns to somebody else.
    pub(super) fn turn(&mut self) {
        self.focus = *self.dice.pick(&self.characters).unwrap();
    }

    fn character(&mut self) -> CharacterId {
        if self.dice.percent(60) { self.focus } else { *self.dice.pick(&self.characters).unwrap() }
    }

    /// Under one of a few keys of the character's own, so that old ones come again.
    fn create(&mut self) -> Call {
        let character_id = self.character();
        let number = self.dice.below(4 + self.count / 32);
        let mut companions: BTreeMap<CharacterId, String> = BTreeMap::new();
        // Mostly a key stands for the same party.
        let size = if self.dice.percent(10) { self.dice.below(4) } else { number % 3 };
        for (other, ticket) in self.consents.iter().filter(|(other, _)| **other != character_id) {
            if (companions.len() as u64) < size {
                companions.insert(*other, ticket.clone());
            }
        }
        let companions: Vec<String> = companions.into_values().collect();
        Call::create(character_id, &companions, format!("{character_id}-{number}"))
    }

    /// A poll, or now and then a cancellation, of a ticket that there is or was.
    fn ticket(&mut self, ledger: &Ledger) -> Call {
        let waiting: Vec<_> = ledger.queue.keys().copied().collect();
        let placed: Vec<_> = ledger.sessions.keys().copied().collect();
        let from = if self.dice.percent(10) { &placed } else { &waiting };
        let Some(ticket_id) = self.dice.pick(from).copied() else { return self.create() };
        let name = if self.dice.percent(85) { "poll-placement-ticket" } else { "cancel-placement-ticket" };
        Call::of_ticket(name, ticket_id)
    }

    fn register(&mut self) -> Call {
        let name = *self.dice.pick(&GAMESIMS).unwrap();
        let boot = if self.dice.percent(70) { self.next() } else { self.dice.below(self.count + 1) };
        Call::register(name, self.capacity, boot, &self.content_version)
    }

    fn heartbeat(&mut self, ledger: &Ledger) -> Call {
        let name = *self.dice.pick(&GAMESIMS).unwrap();
        let boots = ledger.latest_boots();
        let epoch = boots.get(name).map_or(1, |row| row.epoch).saturating_sub(u64::from(self.dice.percent(15)));
        let state = match self.dice.below(100) {
            0..=1 => GamesimState::Gone,
            2..=5 => GamesimState::Draining,
            _ => GamesimState::Ready,
        };
        Call::heartbeat(name, epoch, state)
    }

    /// A session, mostly one that lives, and often one that knows the character in focus.
    fn session(&mut self, ledger: &Ledger) -> Option<Session> {
        let focus = self.focus;
        let lives = |session: &&Session| session.state.is_live();
        let knows = |session: &&Session| session.seats.iter().flatten().any(|seat| seat.character_id == focus);
        let mut from: Vec<_> = ledger.sessions.values().collect();
        from = self.narrow(90, from, lives);
        from = self.narrow(60, from, knows);
        self.dice.pick(&from).map(|session| (*session).clone())
    }

    /// With this likelihood only those that suit, if there are any.
    fn narrow<'a>(
        &mut self,
        likelihood: u64,
        from: Vec<&'a Session>,
        suits: impl Fn(&&Session) -> bool,
    ) -> Vec<&'a Session> {
        let suitable: Vec<_> = from.iter().copied().filter(suits).collect();
        if self.dice.percent(likelihood) && !suitable.is_empty() { suitable } else { from }
    }

    fn join(&mut self, ledger: &Ledger) -> Call {
        let character_id = self.character();
        let Some(session) = self.session(ledger) else { return self.create() };
        Call::join(character_id, session.session_id)
    }

    /// A call of the session's game sim, or now and then of an impostor.
    fn of_session(&mut self, ledger: &Ledger, draw: fn(&mut Self, &Ledger, &Session) -> (&'static str, Value)) -> Call {
        let Some(session) = self.session(ledger) else { return self.create() };
        let (name, mut body) = draw(self, ledger, &session);
        let stale = |dice: &mut Dice| u64::from(dice.percent(4));
        body["gamesim_epoch"] = json!(session.gamesim_epoch - stale(&mut self.dice));
        body["session_epoch"] = json!(u64::from(session.epoch) + stale(&mut self.dice));
        let impostor = self.dice.percent(4);
        let who = if impostor { *self.dice.pick(&GAMESIMS).unwrap() } else { session.gamesim_id.as_str() };
        let path = Some(("session_id", session.session_id.to_string()));
        Call { name, who: Who::Gamesim(who.to_owned()), path, key: None, body }
    }

    /// Who sits where, as a token may say that was given out earlier.
    fn sitter(&mut self, session: &Session) -> (usize, CharacterId) {
        let taken: Vec<_> = session.seats.iter().enumerate().filter_map(|(n, s)| Some((n, s.as_ref()?))).collect();
        let known = taken.iter().find(|(_, seat)| seat.character_id == self.focus).filter(|_| self.dice.percent(60));
        let drawn = known.or_else(|| self.dice.pick(&taken)).map(|(number, seat)| (*number, seat.character_id));
        let (number, character_id) = drawn.unwrap_or((0, CharacterId::from_bits(0)));
        if self.dice.percent(5) { (3 - number, self.character()) } else { (number, character_id) }
    }

    fn admit(&mut self, ledger: &Ledger, session: &Session) -> (&'static str, Value) {
        let (seat, character_id) = self.sitter(session);
        let account_id = ledger.characters.get(&character_id).map(|row| row.character.account_id);
        let account_id = account_id.unwrap_or(session.created_by);
        ("admit-player", json!({"account_id": account_id, "character_id": character_id, "seat": seat}))
    }

    fn recover(&mut self, _: &Ledger, _: &Session) -> (&'static str, Value) {
        ("recover-game-session", json!({}))
    }

    /// One or two characters' progress, from the right version or from another one.
    fn save(&mut self, ledger: &Ledger, session: &Session) -> (&'static str, Value) {
        let mut writes: Vec<Value> = Vec::new();
        for _ in 0..=u64::from(self.dice.percent(20)) {
            let (_, character_id) = self.sitter(session);
            let Some(row) = ledger.characters.get(&character_id) else { continue };
            let version = match self.dice.below(20) {
                0 => row.character.version - 1,
                1 => row.character.version + 1,
                2 => u64::MAX,
                _ => row.character.version,
            };
            let number = self.next();
            let seq = if self.dice.percent(3) { u64::MAX } else { number };
            let hot = json!({"level": 1, "xp": u64::MAX, "hp": 7, "hp_max": u32::MAX, "gold": number,
                "inventory": [{"item": "x", "quantity": 2}], "dungeons_cleared": u32::MAX});
            let release = self.dice.percent(20);
            if writes.iter().all(|write| write["character_id"] != json!(character_id)) {
                writes.push(json!({"character_id": character_id, "account_id": row.character.account_id, "seq": seq,
                    "base_version": version, "hot": hot, "release": release}));
            }
        }
        ("save-progress", json!({"groups": [{"writes": writes}]}))
    }

    fn finalize(&mut self, _: &Ledger, session: &Session) -> (&'static str, Value) {
        let mercy = session.state == SessionState::Active && self.dice.percent(50);
        let outcomes = ["cleared", "abandoned", "expired", "drained", "failed"];
        let outcome = if mercy { "expired" } else { self.dice.pick(&outcomes).copied().unwrap() };
        ("finalize-game-session", json!({ "outcome": outcome }))
    }
}
