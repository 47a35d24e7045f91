//! The API that a fuzzed shard asks. What it answers is for the tape to say; its store is whatever the shard last wrote.

use super::super::tape::Tape;
use super::game;
use crate::party::DUNGEON;
use guildhall_domain::api::{Admitted, Expulsion, HeldCharacter, Resume};
use guildhall_domain::progress::GroupStatus;
use guildhall_domain::{AccountId, Build, Character, CharacterId, CharacterName, HotState, SessionId, Timestamp};
use guildhall_gamesim::checkpoint::StoredCheckpoint;
use guildhall_gamesim::exchange::{ApiFailure, Order, Request};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// The epoch of every session that goes on from a checkpoint, and of the checkpoint.
pub(super) const RESUMED_EPOCH: u32 = 2;

/// Who answers.
#[derive(Default)]
pub(super) struct Api {
    /// What was asked and has not been answered.
    asked: VecDeque<Request>,
    /// What a session is to go on from.
    checkpoint: Option<Vec<u8>>,
    hot: BTreeMap<CharacterId, (u64, HotState)>,
}

impl Api {
    /// One that finds this checkpoint of every session.
    pub(super) fn with_checkpoint(bytes: Vec<u8>) -> Self {
        Self { checkpoint: Some(bytes), ..Self::default() }
    }

    /// The epoch of sessions.
    pub(super) fn session_epoch(&self) -> u32 {
        if self.checkpoint.is_some() { RESUMED_EPOCH } else { 1 }
    }

    pub(super) fn ask(&mut self, request: Request) {
        match request {
            Request::Bury(_) | Request::Record(_) | Request::Log(_) => {}
            request => self.asked.push_back(request),
        }
    }

    /// Questions without an answer.
    pub(super) fn waiting(&self) -> usize {
        self.asked.len()
    }

    /// Answers the oldest question as it should be.
    pub(super) fn answer_well(&mut self) -> Option<Order> {
        self.asked.pop_front().map(|request| self.carry_out(request))
    }

    /// Answers any question in any way.
    pub(super) fn answer(&mut self, tape: &mut Tape<'_>) -> Option<Order> {
        let request = self.asked.remove(tape.below(self.asked.len()))?;
        let refused = |code: &str| ApiFailure::Refused { status: 409, code: code.to_owned() };
        let failure = match tape.below(8) {
            0 => ApiFailure::Unavailable("fuzzed".to_owned()),
            1 => refused("fenced"),
            2 => refused("session_over"),
            3 => ApiFailure::Refused { status: 400, code: String::new() },
            4 => return Some(self.answer_oddly(tape, request)),
            _ => return Some(self.carry_out(request)),
        };
        Some(match request {
            Request::Admit { ticket, .. } => Order::Admitted { ticket, answer: Err(failure), checkpoint: None },
            Request::Save(save) => {
                Order::Saved { session_id: save.session_id, session_epoch: save.session_epoch, answer: Err(failure) }
            }
            Request::Finalize(close) => Order::Finalized {
                session_id: close.session_id,
                session_epoch: close.session_epoch,
                answer: Err(failure),
            },
            _ => Order::Checkpointed { is_stored: false, is_ours: false },
        })
    }

    /// An answer that no sound API gives: with another number of statuses, or of another epoch. The latter is one to somebody
    /// else's question, and this one's is yet to come.
    fn answer_oddly(&mut self, tape: &mut Tape<'_>, request: Request) -> Order {
        let [epoch, count, seat] = tape.array();
        match request {
            Request::Admit { ticket, request } => {
                let mut admitted = admitted(&request.account_id, &request.character_id, None);
                admitted.seed = tape.byte().into();
                if seat % 2 == 0 {
                    admitted.dungeon_id = "nowhere".to_owned();
                } else {
                    admitted.character.class = "nobody".to_owned();
                }
                Order::Admitted { ticket, answer: Ok(Box::new(admitted)), checkpoint: None }
            }
            Request::Save(save) => {
                let statuses = [
                    GroupStatus::Applied,
                    GroupStatus::Duplicate,
                    GroupStatus::Fenced,
                    GroupStatus::Conflict,
                    GroupStatus::Throttled,
                ];
                let answer = (0..count % 6).map(|_| statuses[tape.below(statuses.len())]).collect();
                let session_epoch = if epoch == 0 { 9 } else { save.session_epoch };
                let session_id = save.session_id;
                if session_epoch != save.session_epoch {
                    self.asked.push_back(Request::Save(save));
                }
                Order::Saved { session_id, session_epoch, answer: Ok(answer) }
            }
            Request::Finalize(close) => {
                let (session_id, session_epoch) = (close.session_id, epoch.into());
                if session_epoch != close.session_epoch {
                    self.asked.push_back(Request::Finalize(close));
                }
                Order::Finalized { session_id, session_epoch, answer: Ok(()) }
            }
            _ => Order::Checkpointed { is_stored: false, is_ours: false },
        }
    }

    fn carry_out(&mut self, request: Request) -> Order {
        match request {
            Request::Admit { ticket, request } => {
                let stored = self.hot.get(&request.character_id);
                let mut answer = admitted(&request.account_id, &request.character_id, stored);
                let found = self.checkpoint.clone().filter(|_| !request.has_room);
                if found.is_some() {
                    let held =
                        HeldCharacter { seat: request.seat, character: answer.character.clone(), last_write: None };
                    answer.resume = Some(Resume { before: Vec::new(), characters: vec![held], left: None });
                }
                let checkpoint =
                    found.map(|bytes| StoredCheckpoint { session_epoch: RESUMED_EPOCH - 1, number: 1, bytes });
                Order::Admitted { ticket, answer: Ok(Box::new(answer)), checkpoint }
            }
            Request::Save(save) => {
                for write in save.groups.iter().flat_map(|group| &group.writes) {
                    write.hot.check().expect("a character that is written is sound");
                    self.hot.insert(write.character_id, (write.base_version + 1, write.hot.clone()));
                }
                let answer = Ok(vec![GroupStatus::Applied; save.groups.len()]);
                Order::Saved { session_id: save.session_id, session_epoch: save.session_epoch, answer }
            }
            Request::Finalize(close) => {
                Order::Finalized { session_id: close.session_id, session_epoch: close.session_epoch, answer: Ok(()) }
            }
            _ => Order::Checkpointed { is_stored: true, is_ours: true },
        }
    }
}

/// An order that answers nothing.
pub(super) fn unasked(tape: &mut Tape<'_>, now_ms: u64, sessions: u8) -> Order {
    let number = tape.byte();
    match number % 16 {
        0 => Order::Stop,
        1 => Order::Fence,
        2 => Order::Abandon,
        3..=7 => {
            let at = Timestamp(now_ms.saturating_sub(tape.byte().into()));
            let account_id = AccountId::from_bits(u128::from(number / 16) + 1);
            Order::Expel(Arc::new([Expulsion { account_id, at }]))
        }
        8 => Order::Checkpointed { is_stored: true, is_ours: true },
        _ => {
            let listed = |session: &u8| tape.clone().byte() >> session & 1 == 1;
            let sessions: BTreeMap<_, _> =
                (0..sessions).filter(listed).map(|session| (session_id(session), 1)).collect();
            tape.byte();
            Order::Listed { asked_ms: now_ms.saturating_sub(tape.byte().into()), sessions: Arc::new(sessions) }
        }
    }
}

/// The session of that number.
pub(super) fn session_id(number: u8) -> SessionId {
    SessionId::from_bits(u128::from(number) + 1)
}

fn admitted(account_id: &AccountId, character_id: &CharacterId, stored: Option<&(u64, HotState)>) -> Admitted {
    let fresh = || (1, HotState::of_class(game().content(), "fighter").expect("the class"));
    let (version, hot) = stored.cloned().unwrap_or_else(fresh);
    let character = Character {
        character_id: *character_id,
        account_id: *account_id,
        name: CharacterName::parse("Ada").expect("a name"),
        class: "fighter".to_owned(),
        version,
        created_at: Timestamp(0),
        deleted_at: None,
        build: Build::default(),
        hot,
    };
    Admitted { character, dungeon_id: DUNGEON.to_owned(), seed: 1, resume: None }
}
