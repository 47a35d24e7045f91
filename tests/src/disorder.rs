//! Many calls of create, poll, join, admit and finalize while answers get lost and messages come twice, on a fleet that is
//! nearly always full, so that parties wait for places; and what is wrong with the rows, now and then and at the end. One seed
//! makes the whole run, so it runs on one thread.
//!
//! The table is `unreliable`, the judge is `audit`; a fault can be planted, to see that the judge sees it.

mod audit;
mod unreliable;

pub use audit::Audit;
pub use unreliable::Planted;

use crate::crowd::{Failure, Hero, beat, fleet, heroes, table};
use crate::{Answer, Backend, Call, Dice, Who};
use futures_util::future::{join, join_all};
use guildhall_domain::limits::{GAMESIM_LEASE_MS, SEAT_RESERVATION_S};
use guildhall_domain::{CharacterId, Session, SessionId};
use guildhall_storage::memory::MemoryTable;
use guildhall_storage::{Table, sessions};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;
use unreliable::Unreliable;

/// Callers at the same time.
const CALLERS: usize = 50;
/// Calls of each between two looks at the rows.
const CALLS: usize = 40;
const GAMESIMS: u32 = 8;
const CAPACITY: u32 = 8;
/// How many of a hundred calls are sent twice at once.
const TWICE_PERCENT: u64 = 10;
/// How often one asks who gets no answer.
const ATTEMPTS_MAX: usize = 8;

/// What is to happen.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Of everything that is left to chance.
    pub seed: u64,
    /// Looks at the rows, with 2,000 calls before each.
    pub looks: usize,
    /// Players with a character each.
    pub heroes: u32,
    /// What is wrong with the product, if anything is to be.
    pub planted: Option<Planted>,
}

/// What a run found.
#[derive(Debug)]
pub struct Findings {
    /// The worst of all looks, of each kind.
    pub worst: Audit,
    /// When every session has been closed.
    pub end: Audit,
    /// Heroes who cannot play when everything is over.
    pub stuck: usize,
    /// What the run consisted of.
    pub note: String,
}

/// Carries out a plan. It takes the thread that it is called on.
///
/// # Errors
/// Whatever kept it from being carried out, among it any answer that no product may give.
pub fn run(plan: Plan) -> Result<Findings, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    runtime.block_on(async { Disorder::begin(plan).await?.run().await })
}

/// Everything that a run is made of.
struct Disorder {
    plan: Plan,
    table: Arc<MemoryTable>,
    unreliable: Arc<Unreliable>,
    backend: Backend,
    heroes: Vec<Hero>,
    fleet: Vec<(String, u64)>,
    state: RefCell<State>,
}

struct State {
    dice: Dice,
    /// Sessions that somebody knows of.
    known: Vec<SessionId>,
    /// Parties that were told to wait, with the token that may poll.
    waiting: Vec<(SessionId, String)>,
    /// Numbers the keys.
    keys: u64,
    /// Calls that were sent twice at once.
    twice: u64,
    /// Answers by route and status.
    answers: BTreeMap<(&'static str, u16), u64>,
}

impl Disorder {
    async fn begin(plan: Plan) -> Result<Self, Failure> {
        let table = table().await?;
        let unreliable = Arc::new(Unreliable::new(table.clone(), plan.seed, plan.planted));
        let backend = Backend::over(unreliable.clone() as Arc<dyn Table>);
        let heroes = heroes(&backend, plan.heroes).await?;
        let fleet = fleet(&backend, GAMESIMS, CAPACITY).await;
        let state = State {
            dice: Dice(!plan.seed),
            known: Vec::new(),
            waiting: Vec::new(),
            keys: 0,
            twice: 0,
            answers: BTreeMap::new(),
        };
        Ok(Self { plan, table, unreliable, backend, heroes, fleet, state: RefCell::new(state) })
    }

    async fn run(self) -> Result<Findings, Failure> {
        let mut worst = Audit::default();
        for _ in 0..self.plan.looks {
            self.unreliable.set_calm(false);
            let callers = (0..CALLERS).map(|_| async {
                for _ in 0..CALLS {
                    self.call_once().await?;
                }
                Ok(())
            });
            join_all(callers).await.into_iter().collect::<Result<(), Failure>>()?;
            self.unreliable.set_calm(true);
            worst = worst.or_worse(self.audit()?);
            self.pass_time().await;
        }
        let note = self.note();
        self.close_all().await?;
        let end = self.audit()?;
        let stuck = self.play_all().await?;
        Ok(Findings { worst, end, stuck, note })
    }

    fn audit(&self) -> Result<Audit, Failure> {
        Ok(Audit::of(self.table.items(), self.backend.now())?)
    }

    /// As long as a reservation lasts, so that every seat is let go to which nobody has come, and nobody waits any more; the
    /// game sims keep their leases.
    async fn pass_time(&self) {
        let pause_ms = GAMESIM_LEASE_MS / 2;
        for _ in 0..(SEAT_RESERVATION_S * 1_000).div_ceil(pause_ms) {
            self.backend.pass_ms(pause_ms);
            beat(&self.backend, &self.fleet).await;
        }
        Call::reap().make(&self.backend, "").await.expect(200);
        self.state.borrow_mut().waiting.clear();
    }

    /// One call, perhaps sent twice, and again as long as there is no answer.
    async fn call_once(&self) -> Result<(), Failure> {
        let (call, token) = self.draw().await?;
        let is_twice = self.state.borrow_mut().dice.percent(TWICE_PERCENT);
        if is_twice {
            self.state.borrow_mut().twice += 1;
            let answers = join(self.send(&call, &token), self.send(&call, &token)).await;
            self.note_answer(&call, &token, &answers.0)?;
            self.note_answer(&call, &token, &answers.1)
        } else {
            let answer = self.send(&call, &token).await;
            self.note_answer(&call, &token, &answer)
        }
    }

    async fn send(&self, call: &Call, token: &str) -> Answer {
        let mut answer = call.make(&self.backend, token).await;
        for _ in 1..ATTEMPTS_MAX {
            if answer.code() != "unavailable" {
                break;
            }
            answer = call.make(&self.backend, token).await;
        }
        answer
    }

    fn note_answer(&self, call: &Call, token: &str, answer: &Answer) -> Result<(), Failure> {
        let mut state = self.state.borrow_mut();
        *state.answers.entry((call.name, answer.status)).or_default() += 1;
        if answer.status == 500 {
            return Err(format!("{call:?} was answered {answer:?}").into());
        }
        let about = call.path.as_ref().and_then(|(_, id)| id.parse::<SessionId>().ok());
        if call.name == "finalize-game-session" && answer.status == 200 {
            state.known.retain(|known| Some(*known) != about);
        } else if call.name == "poll-placement-ticket" && answer.status != 200 {
            state.waiting.retain(|(ticket_id, _)| Some(*ticket_id) != about);
        }
        let id = |value: &Value| value.as_str().and_then(|id| id.parse::<SessionId>().ok());
        if let Some(session_id) = id(&answer.body["game_session"]["session_id"]) {
            state.waiting.retain(|(ticket_id, _)| *ticket_id != session_id);
            if !state.known.contains(&session_id) {
                state.known.push(session_id);
            }
        } else if let Some(ticket_id) = id(&answer.body["placement_ticket"]["ticket_id"])
            && state.waiting.iter().all(|(other, _)| *other != ticket_id)
        {
            state.waiting.push((ticket_id, token.to_owned()));
        }
        Ok(())
    }

    /// The next call, and whose token goes with it.
    async fn draw(&self) -> Result<(Call, String), Failure> {
        let (kind, hero, known, waiting) = {
            let mut state = self.state.borrow_mut();
            let State { dice, known, waiting, .. } = &mut *state;
            let hero = dice.pick(&self.heroes).cloned().ok_or("no heroes")?;
            (dice.below(100), hero, dice.pick(known).copied(), dice.pick(waiting).cloned())
        };
        if let (0..20, Some((ticket_id, token))) = (kind, waiting) {
            return Ok((Call::of_ticket("poll-placement-ticket", ticket_id), token));
        }
        let session = match known {
            Some(session_id) => sessions::find(&*self.table, session_id).await?,
            None => None,
        };
        let call = match (kind, session) {
            (40..60, Some(session)) => Call::join(hero.character_id, session.session_id),
            (60..80, Some(session)) => self.admit(&session),
            (80.., Some(session)) => finalize(&session),
            _ => self.create(hero.character_id),
        };
        Ok((call, hero.token))
    }

    fn create(&self, character_id: CharacterId) -> Call {
        let mut state = self.state.borrow_mut();
        state.keys += 1;
        Call::create(character_id, &[], format!("key-{}", state.keys))
    }

    fn admit(&self, session: &Session) -> Call {
        let seats: Vec<_> = (0_u8..).zip(&session.seats).filter_map(|(n, seat)| Some((n, seat.as_ref()?))).collect();
        let picked = self.state.borrow_mut().dice.pick(&seats).copied();
        let Some((number, seat)) = picked else { return finalize(session) };
        let body = json!({"account_id": seat.account_id, "character_id": seat.character_id, "seat": number});
        internal("admit-player", session, body)
    }

    /// What the run consisted of.
    fn note(&self) -> String {
        let state = self.state.borrow();
        let all: u64 = state.answers.values().sum();
        let count = |name: &str, status: u16| state.answers.get(&(name, status)).copied().unwrap_or_default();
        format!(
            "{} calls, {} of them twice ({all} answers: {} created, {} waiting, {} polls, {} joined, {} admitted, \
             {} finalized); {} commits lost their answer, {} arrived twice",
            self.plan.looks * CALLERS * CALLS,
            state.twice,
            count("create-game-session", 201),
            count("create-game-session", 202),
            count("poll-placement-ticket", 200),
            count("join-game-session", 200),
            count("admit-player", 200),
            count("finalize-game-session", 200),
            self.unreliable.lost(),
            self.unreliable.twice(),
        )
    }

    /// Closes every session that the rows show, as its game sim.
    async fn close_all(&self) -> Result<(), Failure> {
        for gamesim in guildhall_storage::gamesims::list(&*self.table).await? {
            for session_id in gamesim.sessions.keys() {
                if let Some(session) = sessions::find(&*self.table, *session_id).await? {
                    finalize(&session).make(&self.backend, "").await.expect(200);
                }
            }
        }
        Ok(())
    }

    /// Lets everybody play once more, one after the other, and counts those who cannot.
    async fn play_all(&self) -> Result<usize, Failure> {
        let mut stuck = 0;
        for hero in &self.heroes {
            let answer = self.create(hero.character_id).make(&self.backend, &hero.token).await;
            if answer.status != 201 {
                stuck += 1;
                continue;
            }
            let session_id = answer.body["game_session"]["session_id"].as_str().unwrap_or_default().parse()?;
            let session = sessions::find(&*self.table, session_id).await?.ok_or("no session")?;
            finalize(&session).make(&self.backend, "").await.expect(200);
        }
        Ok(stuck)
    }
}

fn finalize(session: &Session) -> Call {
    internal("finalize-game-session", session, json!({"outcome": "failed"}))
}

/// A call of the session's game sim.
fn internal(name: &'static str, session: &Session, mut body: Value) -> Call {
    body["gamesim_epoch"] = json!(session.gamesim_epoch);
    body["session_epoch"] = json!(session.epoch);
    let path = Some(("session_id", session.session_id.to_string()));
    Call { name, who: Who::Gamesim(session.gamesim_id.to_string()), path, key: None, body }
}
