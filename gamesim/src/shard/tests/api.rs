//! The control plane of the tests: one store of characters that applies writes as the real one does, an API that can be
//! down or lose its answers, and a record of all that was asked.

use super::bucket::Bucket;
use super::*;
use crate::exchange::{LoggedChunk, Recovery};
use crate::recording::RecordingPart;
use guildhall_domain::api::{HeldCharacter, Recovered, Resume, WriteName};
use guildhall_domain::progress::CharacterWrite;
use std::collections::BTreeSet;

/// How the API is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Health {
    #[default]
    Well,
    /// Nothing gets through.
    Down,
    /// Requests are carried out, answers are lost.
    Mute,
}

#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub(super) version: u64,
    pub(super) hot: HotState,
    pub(super) last_write: Option<WriteName>,
    pub(super) lease: Option<SessionId>,
    seat: u8,
}

#[derive(Debug)]
pub(super) struct Api {
    /// Where sessions are played.
    pub(super) place: &'static str,
    pub(super) health: Health,
    /// What admission is refused with, if it is.
    pub(super) refuses_admission: Option<&'static str>,
    /// What every group is answered with, instead of being applied.
    pub(super) verdict: Option<GroupStatus>,
    pub(super) characters: BTreeMap<CharacterId, Stored>,
    pub(super) admissions: u32,
    /// The seats that admissions asked for, and whether they said that there is a room.
    pub(super) asked: Vec<(u8, bool)>,
    pub(super) saves: Vec<ProgressRequest>,
    pub(super) finalized: Vec<FinalizeRequest>,
    pub(super) letters: Vec<DeadLetter>,
    /// What was recorded, of all sessions.
    pub(super) recording: Vec<RecordingPart>,
    /// Chunks of combat logs.
    pub(super) logged: Vec<LoggedChunk>,
    /// Where checkpoints are kept.
    pub(super) bucket: Bucket,
    /// Whether the answers to admissions are kept back; [`Api::let_go`] lets them through.
    pub(super) keeps_admissions: bool,
    kept: Vec<Order>,
    closed: BTreeSet<SessionId>,
    orders: VecDeque<(u64, Order)>,
}

impl Default for Api {
    fn default() -> Self {
        Self {
            place: "den",
            health: Health::default(),
            refuses_admission: None,
            verdict: None,
            characters: BTreeMap::new(),
            admissions: 0,
            asked: Vec::new(),
            saves: Vec::new(),
            finalized: Vec::new(),
            letters: Vec::new(),
            recording: Vec::new(),
            logged: Vec::new(),
            bucket: Bucket::default(),
            keeps_admissions: false,
            kept: Vec::new(),
            closed: BTreeSet::new(),
            orders: VecDeque::new(),
        }
    }
}

/// How long the API takes, in milliseconds.
const DELAY_MS: u64 = 12;

impl Api {
    pub(super) fn handle(&mut self, now_ms: u64, request: Request) {
        let order = match request {
            Request::Admit { ticket, request } => {
                self.admissions += 1;
                self.asked.push((request.seat, request.has_room));
                let user = (request.account_id, request.character_id, request.seat);
                let mut answer = self.answer(|api| api.admit(request.session_id, user));
                let mut checkpoint = self.bucket.find(request.session_id);
                if request.has_room {
                    answer.iter_mut().for_each(|admitted| admitted.resume = None);
                    checkpoint = None;
                }
                Order::Admitted { ticket, answer, checkpoint }
            }
            Request::Save(request) => {
                self.saves.push(request.clone());
                let answer =
                    self.answer(|api| Ok(request.groups.iter().map(|group| api.write(&request, group)).collect()));
                Order::Saved { session_id: request.session_id, session_epoch: request.session_epoch, answer }
            }
            Request::Finalize(request) => {
                let answer = self.answer(|api| {
                    if request.session_epoch != api.bucket.session_epoch() {
                        return Err(ApiFailure::Refused { status: 409, code: "fenced".into() });
                    }
                    api.closed.insert(request.session_id);
                    for stored in api.characters.values_mut() {
                        stored.lease.take_if(|lease| *lease == request.session_id);
                    }
                    api.finalized.push(request.clone());
                    Ok(())
                });
                Order::Finalized { session_id: request.session_id, session_epoch: request.session_epoch, answer }
            }
            Request::Bury(letter) => return self.letters.push(letter),
            Request::Record(part) => return self.recording.push(part),
            Request::Log(chunk) => return self.logged.push(chunk),
            Request::Checkpoint(object) => {
                let is_stored = self.bucket.put(object);
                Order::Checkpointed { is_stored, is_ours: true }
            }
        };
        if self.keeps_admissions && matches!(order, Order::Admitted { .. }) {
            return self.kept.push(order);
        }
        self.orders.push_back((now_ms + DELAY_MS, order));
    }

    pub(super) fn let_go(&mut self) {
        self.orders.extend(self.kept.drain(..).map(|order| (0, order)));
    }

    pub(super) fn poll_order(&mut self, now_ms: u64) -> Option<Order> {
        let is_due = self.orders.front().is_some_and(|(at_ms, _)| *at_ms <= now_ms);
        if is_due { self.orders.pop_front().map(|(_, order)| order) } else { None }
    }

    pub(super) fn stored(&self, hero: u128) -> &Stored {
        &self.characters[&CharacterId::from_bits(hero)]
    }

    /// Lets sessions that were closed be entered again.
    pub(super) fn reopen(&mut self) {
        self.closed.clear();
    }

    /// The game sim is gone: nobody waits for an answer any more, and sessions move on to the next one.
    pub(super) fn forget_asker(&mut self) {
        self.orders.clear();
        self.kept.clear();
        self.bucket.move_on();
    }

    fn answer<T>(&mut self, act: impl FnOnce(&mut Self) -> Result<T, ApiFailure>) -> Result<T, ApiFailure> {
        let lost = || Err(ApiFailure::Unavailable("test".into()));
        match self.health {
            Health::Well => act(self),
            Health::Down => lost(),
            Health::Mute => act(self).and_then(|_| lost()),
        }
    }

    fn admit(
        &mut self,
        session_id: SessionId,
        (account_id, character_id, seat): (AccountId, CharacterId, u8),
    ) -> Result<Box<Admitted>, ApiFailure> {
        let refusal = self.refuses_admission.or(self.closed.contains(&session_id).then_some("session_over"));
        if let Some(code) = refusal {
            return Err(ApiFailure::Refused { status: 409, code: code.into() });
        }
        let hot = HotState::of_class(&crate::fixtures::content(), "hero").unwrap();
        let fresh = Stored { version: 1, hot, last_write: None, lease: None, seat };
        let stored = self.characters.entry(character_id).or_insert(fresh);
        (stored.lease, stored.seat) = (Some(session_id), seat);
        let held = |(character_id, stored): (&CharacterId, &Stored)| HeldCharacter {
            seat: stored.seat,
            character: character(account_of(*character_id), *character_id, stored),
            last_write: stored.last_write,
        };
        let of_session = self.characters.iter().filter(|(_, stored)| stored.lease == Some(session_id));
        // The fake bucket finds what is there by itself.
        let gone = self.characters.values().filter(|stored| stored.lease.is_none());
        let left = gone.filter_map(|stored| stored.last_write).max();
        let resume = Resume { before: Vec::new(), characters: of_session.map(held).collect(), left };
        Ok(Box::new(Admitted {
            character: character(account_id, character_id, &self.characters[&character_id]),
            dungeon_id: self.place.to_owned(),
            seed: 1,
            resume: (self.bucket.session_epoch() > 1).then_some(resume),
        }))
    }

    /// What the control plane brings of a session whose players have not come.
    pub(super) fn recover(&mut self, session_id: SessionId, address: &str) -> Order {
        let held = self.characters.iter().find(|(_, stored)| stored.lease == Some(session_id));
        let (character_id, stored) = held.expect("the session holds nobody");
        let owner = (account_of(*character_id), *character_id, stored.seat);
        let admitted = *self.admit(session_id, owner).unwrap();
        Order::Recovered(Arc::new(Recovery {
            session_id,
            session_epoch: self.bucket.session_epoch(),
            recovered: Recovered { address: address.to_owned(), admitted },
            checkpoint: self.bucket.find(session_id),
        }))
    }

    /// Writes a group as the real store does: all of it or nothing, fenced by the session's epoch and the leases.
    fn write(&mut self, request: &ProgressRequest, group: &ProgressGroup) -> GroupStatus {
        if let Some(verdict) = self.verdict {
            return verdict;
        }
        assert!((1..=4).contains(&group.writes.len()), "{group:?}");
        if request.session_epoch != self.bucket.session_epoch() {
            return GroupStatus::Fenced;
        }
        let name = |write: &CharacterWrite| WriteName { session_epoch: request.session_epoch, seq: write.seq };
        let is_repeated = |write: &CharacterWrite| {
            self.characters[&write.character_id].last_write.is_some_and(|last| last >= name(write))
        };
        if group.writes.iter().all(is_repeated) {
            return GroupStatus::Duplicate;
        }
        for write in &group.writes {
            write.hot.check().unwrap();
            self.bucket.check(request, write);
            let stored = self.characters.get_mut(&write.character_id).unwrap();
            assert_eq!(stored.lease, Some(request.session_id), "a write without the lease");
            assert_eq!(stored.version, write.base_version, "a write from a version that is not the latest");
            *stored = Stored {
                version: stored.version + 1,
                hot: write.hot.clone(),
                last_write: Some(name(write)),
                lease: stored.lease.filter(|_| !write.release),
                seat: stored.seat,
            };
        }
        GroupStatus::Applied
    }
}

/// In these tests every account has one character, of the same number.
fn account_of(character_id: CharacterId) -> AccountId {
    AccountId::from_bytes(character_id.to_bytes())
}

fn character(account_id: AccountId, character_id: CharacterId, stored: &Stored) -> Character {
    Character {
        character_id,
        account_id,
        name: CharacterName::parse("Ada").unwrap(),
        class: "hero".into(),
        version: stored.version,
        created_at: Timestamp(0),
        deleted_at: None,
        build: guildhall_domain::Build::default(),
        hot: stored.hot.clone(),
    }
}
