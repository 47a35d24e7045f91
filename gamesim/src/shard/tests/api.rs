//! The control plane of the tests: one store of characters that applies writes as the real one does, an API that can be
//! down or lose its answers, and a record of all that was asked.

use super::*;
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
    pub(super) last_seq: u64,
    pub(super) lease: Option<SessionId>,
}

#[derive(Debug, Default)]
pub(super) struct Api {
    pub(super) health: Health,
    /// What admission is refused with, if it is.
    pub(super) refuses_admission: Option<&'static str>,
    /// What every group is answered with, instead of being applied.
    pub(super) verdict: Option<GroupStatus>,
    pub(super) characters: BTreeMap<CharacterId, Stored>,
    pub(super) admissions: u32,
    pub(super) saves: Vec<ProgressRequest>,
    pub(super) finalized: Vec<FinalizeRequest>,
    pub(super) letters: Vec<DeadLetter>,
    /// Whether the answers to admissions are kept back; [`Api::let_go`] lets them through.
    pub(super) keeps_admissions: bool,
    kept: Vec<Order>,
    closed: BTreeSet<SessionId>,
    orders: VecDeque<(u64, Order)>,
}

/// How long the API takes, in milliseconds.
const DELAY_MS: u64 = 12;

impl Api {
    pub(super) fn handle(&mut self, now_ms: u64, request: Request) {
        let order = match request {
            Request::Admit { ticket, request } => {
                self.admissions += 1;
                let user = (request.account_id, request.character_id);
                Order::Admitted { ticket, answer: self.answer(|api| api.admit(request.session_id, user)) }
            }
            Request::Save(request) => {
                self.saves.push(request.clone());
                let answer = self.answer(|api| {
                    Ok(request.groups.iter().map(|group| api.write(request.session_id, group)).collect())
                });
                Order::Saved { session_id: request.session_id, answer }
            }
            Request::Finalize(request) => {
                let answer = self.answer(|api| {
                    api.closed.insert(request.session_id);
                    for stored in api.characters.values_mut() {
                        stored.lease.take_if(|lease| *lease == request.session_id);
                    }
                    api.finalized.push(request.clone());
                    Ok(())
                });
                Order::Finalized { session_id: request.session_id, answer }
            }
            Request::Bury(letter) => return self.letters.push(letter),
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
        (account_id, character_id): (AccountId, CharacterId),
    ) -> Result<Box<Admitted>, ApiFailure> {
        let refusal = self.refuses_admission.or(self.closed.contains(&session_id).then_some("session_over"));
        if let Some(code) = refusal {
            return Err(ApiFailure::Refused { status: 409, code: code.into() });
        }
        let hot = HotState::of_class(&content(), "hero").unwrap();
        let fresh = Stored { version: 1, hot, last_seq: 0, lease: None };
        let stored = self.characters.entry(character_id).or_insert(fresh);
        stored.lease = Some(session_id);
        let character = Character {
            character_id,
            account_id,
            name: CharacterName::parse("Ada").unwrap(),
            class: "hero".into(),
            version: stored.version,
            created_at: Timestamp(0),
            deleted_at: None,
            build: guildhall_domain::Build::default(),
            hot: stored.hot.clone(),
        };
        Ok(Box::new(Admitted { character, dungeon_id: "den".into(), seed: 1, resume: None }))
    }

    fn write(&mut self, session_id: SessionId, group: &ProgressGroup) -> GroupStatus {
        if let Some(verdict) = self.verdict {
            return verdict;
        }
        assert_eq!(group.writes.len(), 1, "every write of this game is its own group");
        let write = &group.writes[0];
        write.hot.check().unwrap();
        let stored = self.characters.get_mut(&write.character_id).unwrap();
        if stored.last_seq >= write.seq {
            return GroupStatus::Duplicate;
        }
        assert_eq!(stored.lease, Some(session_id), "a write without the lease");
        assert_eq!(stored.version, write.base_version, "a write from a version that is not the latest");
        *stored = Stored {
            version: stored.version + 1,
            hot: write.hot.clone(),
            last_seq: write.seq,
            lease: stored.lease.filter(|_| !write.release),
        };
        GroupStatus::Applied
    }
}
