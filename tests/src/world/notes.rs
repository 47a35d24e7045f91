//! What callers were told, for [`history`](super::history): of each character what its player and its game sims were told,
//! and of each game sim's name what its boots were told.

use super::World;
use super::history::{Model, Seen, is_linearizable};
use super::roads::Answer;
use guildhall_domain::CharacterId;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A character, as far as it is followed: version and gold.
type Stand = (u64, u64);

/// A character.
pub(super) struct Purse;

/// A call about a character.
#[derive(Debug)]
pub(super) enum PurseCall {
    /// It was shown.
    Read(Stand),
    /// Its player earned or paid, having seen this version, and was shown this if it was done just then.
    Change { version: u64, delta: i64, is_done: Option<Stand> },
    /// Its player was told that the version is another one.
    Stale { version: u64 },
    /// Its player was told that it may not be done.
    Refused,
    /// A game sim wrote this gold over this version, and was told so or was told nothing.
    Write { version: u64, gold: u64 },
}

impl Model for Purse {
    type State = Stand;
    type Call = PurseCall;

    fn step(state: &Stand, call: &PurseCall) -> Option<Stand> {
        match *call {
            PurseCall::Read(shown) => (shown == *state).then_some(*state),
            PurseCall::Change { version, delta, is_done } => {
                let next = (version + 1, state.1.checked_add_signed(delta)?);
                (state.0 == version && is_done.is_none_or(|shown| shown == next)).then_some(next)
            }
            PurseCall::Stale { version } => (state.0 != version).then_some(*state),
            PurseCall::Refused => Some(*state),
            PurseCall::Write { version, gold } => (state.0 == version).then_some((version + 1, gold)),
        }
    }
}

/// The name of a game sim: its latest epoch, and whether that is over.
pub(super) struct Name;

/// A call of a game sim.
#[derive(Debug)]
pub(super) enum NameCall {
    /// A boot registered, and was given this epoch if it was told.
    Register(Option<u64>),
    /// A boot of this epoch showed that it is alive, or said goodbye, and was told so or nothing.
    Beat { epoch: u64, is_goodbye: bool },
    /// A boot of this epoch was told that it is over.
    Fenced(u64),
}

impl Model for Name {
    type State = (u64, bool);
    type Call = NameCall;

    fn step(state: &Self::State, call: &NameCall) -> Option<Self::State> {
        let (latest, is_over) = *state;
        match *call {
            NameCall::Register(Some(epoch)) if epoch == latest => Some(*state),
            NameCall::Register(Some(epoch)) => (epoch == latest + 1).then_some((epoch, false)),
            NameCall::Register(None) => Some((latest + 1, false)),
            NameCall::Beat { epoch, is_goodbye: true } => (epoch == latest).then_some((epoch, true)),
            NameCall::Beat { epoch, is_goodbye: false } => (epoch == latest && !is_over).then_some(*state),
            NameCall::Fenced(epoch) => (epoch != latest || is_over).then_some(*state),
        }
    }
}

/// What is counted and kept.
#[derive(Default)]
pub(super) struct Notes {
    pub(super) commits: u64,
    pub(super) entries: u64,
    /// Players who have seen the game since nothing goes wrong any more.
    pub(super) entered: BTreeSet<u8>,
    pub(super) first: BTreeMap<CharacterId, Stand>,
    purses: BTreeMap<CharacterId, Vec<Seen<PurseCall>>>,
    names: BTreeMap<String, Vec<Seen<NameCall>>>,
}

fn stand(sheet: &Value) -> Option<Stand> {
    Some((sheet["version"].as_u64()?, sheet["gold"].as_u64()?))
}

impl Notes {
    pub(super) fn calls(&self) -> u64 {
        let calls = self.purses.values().map(Vec::len).chain(self.names.values().map(Vec::len));
        calls.sum::<usize>() as u64
    }

    /// Looks for an order of everything.
    pub(super) fn judge(&self, world: &World) {
        for (character_id, seen) in &self.purses {
            let first = self.first.get(character_id).copied().unwrap_or_default();
            match is_linearizable::<Purse>(&first, seen) {
                Some(true) => {}
                Some(false) => world.fail(format!("no order explains {character_id} from {first:?}: {seen:?}")),
                None => world.tell(format!("no verdict on {character_id}")),
            }
        }
        for (name, seen) in &self.names {
            match is_linearizable::<Name>(&(0, true), seen) {
                Some(true) => {}
                Some(false) => world.fail(format!("no order explains {name}: {seen:?}")),
                None => world.tell(format!("no verdict on {name}")),
            }
        }
    }

    fn add(&mut self, character_id: CharacterId, began: u64, ended: Option<u64>, call: PurseCall) {
        self.purses.entry(character_id).or_default().push(Seen { began, ended, call });
    }
}

impl World {
    fn notes(&self) -> std::sync::MutexGuard<'_, Notes> {
        super::lock(&self.notes)
    }

    /// A character was shown.
    pub(super) fn note_read(&self, character_id: CharacterId, began: u64, sheet: &Value) {
        let ended = Some(self.instant());
        if let Some(shown) = stand(sheet) {
            self.notes().add(character_id, began, ended, PurseCall::Read(shown));
        }
    }

    /// A player is about to earn or pay, having seen this version. Whether they hear of it before the world ends, nobody knows.
    pub(super) fn note_change(&self, character_id: CharacterId, (version, delta): (u64, i64)) -> Noted {
        let (began, weather) = (self.instant(), self.weather());
        let is_sure = weather.requests_twice + weather.requests_late + weather.commits_late == 0;
        let mut notes = self.notes();
        notes.add(character_id, began, None, PurseCall::Change { version, delta, is_done: None });
        Noted { nth: notes.purses.get(&character_id).map_or(0, Vec::len) - 1, is_sure }
    }

    /// What they were told. The request has a key, so who is told that the version is another one has not got their wish,
    /// by any of its arrivals, and will not: versions only rise.
    pub(super) fn note_changed(&self, character_id: CharacterId, noted: Noted, answer: Option<&Answer>) {
        let ended = Some(self.instant());
        let mut notes = self.notes();
        let Some(seen) = notes.purses.get_mut(&character_id).and_then(|seen| seen.get_mut(noted.nth)) else { return };
        let PurseCall::Change { version, delta, .. } = seen.call else { return };
        match answer {
            Some((200, sheet)) => {
                seen.ended = ended;
                let shown = stand(sheet);
                let is_first = shown.is_some_and(|shown| shown.0 == version + 1);
                seen.call = PurseCall::Change { version, delta, is_done: shown.filter(|_| is_first) };
                // It was done a while ago, and what is shown is what has become of the character since.
                if let Some(shown) = shown.filter(|_| !is_first) {
                    let began = seen.began;
                    notes.add(character_id, began, ended, PurseCall::Read(shown));
                }
            }
            Some((409, body)) if body["error"]["code"] == "version_conflict" => {
                seen.ended = ended;
                seen.call = PurseCall::Stale { version };
            }
            // It is refused, and nothing of it is under way that could yet be carried out. Whose login has ended meanwhile may
            // have got their wish by an earlier arrival.
            Some((400 | 402..500, _)) if noted.is_sure => {
                seen.ended = ended;
                seen.call = PurseCall::Refused;
            }
            // Whatever else is said, an arrival of it may have been carried out, or may yet be.
            _ => {}
        }
    }

    /// A game sim is about to write behind. Whether it is killed before it hears what became of it, nobody knows.
    pub(super) fn note_save(&self, groups: &Value) -> Vec<Saving> {
        let began = self.instant();
        let mut notes = self.notes();
        let mut savings = Vec::new();
        for (group, asked) in groups.as_array().into_iter().flatten().enumerate() {
            for write in asked["writes"].as_array().into_iter().flatten() {
                let id = write["character_id"].as_str().and_then(|id| id.parse().ok());
                let numbers = (write["base_version"].as_u64(), write["hot"]["gold"].as_u64());
                if let (Some(character_id), (Some(version), Some(gold))) = (id, numbers) {
                    notes.add(character_id, began, None, PurseCall::Write { version, gold });
                    let nth = notes.purses.get(&character_id).map_or(0, Vec::len) - 1;
                    savings.push(Saving { group, character_id, nth });
                }
            }
        }
        savings
    }

    /// What became of it. Only what was applied is certain: of anything else a twin or an earlier attempt may have done it.
    pub(super) fn note_saved(&self, savings: &[Saving], answer: Option<&Answer>) {
        let ended = self.instant();
        let mut notes = self.notes();
        for Saving { group, character_id, nth } in savings {
            let status = answer.filter(|answer| answer.0 == 200).and_then(|(_, body)| body["groups"][group].as_str());
            let seen = notes.purses.get_mut(character_id).and_then(|seen| seen.get_mut(*nth));
            if let (Some(seen), Some("applied")) = (seen, status) {
                seen.ended = Some(ended);
            }
        }
    }

    /// A game sim is about to register or beat.
    pub(super) fn note_name(&self, name: &str, route: &str, body: &Value) -> usize {
        let began = self.instant();
        let call = match route {
            "register-gamesim" => NameCall::Register(None),
            _ => NameCall::Beat {
                epoch: body["epoch"].as_u64().unwrap_or_default(),
                is_goodbye: body["state"] == "gone",
            },
        };
        let mut notes = self.notes();
        let calls = notes.names.entry(name.to_owned()).or_default();
        calls.push(Seen { began, ended: None, call });
        calls.len() - 1
    }

    /// What it was told.
    pub(super) fn note_named(&self, name: &str, nth: usize, answer: Option<&Answer>) {
        let now = self.instant();
        let mut notes = self.notes();
        let seen = notes.names.get_mut(name).and_then(|calls| calls.get_mut(nth));
        let (Some(seen), Some((status, told))) = (seen, answer) else { return };
        match (&seen.call, status) {
            (NameCall::Register(_), 200..300) => seen.call = NameCall::Register(told["epoch"].as_u64()),
            (NameCall::Beat { .. }, 200..300) => {}
            (NameCall::Beat { epoch, is_goodbye: false }, 409) => seen.call = NameCall::Fenced(*epoch),
            _ => return,
        }
        seen.ended = Some(now);
    }
}

/// A change that is under way: where it is noted, and whether its answer is the end of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Noted {
    nth: usize,
    is_sure: bool,
}

/// A write that is under way: the group of its request, and where it is noted.
pub(super) struct Saving {
    group: usize,
    character_id: CharacterId,
    nth: usize,
}
