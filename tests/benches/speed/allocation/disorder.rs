//! A hundred thousand calls of create, poll, join, admit and finalize while answers get lost and messages come twice, on a
//! fleet that is nearly always full, so that parties wait for places; and what is wrong with the rows, now and then and at the end. One seed makes the whole run,
//! so it runs on one thread.

use super::audit::Audit;
use super::crowd::{Hero, beat, fleet, heroes, table};
use super::unreliable::Unreliable;
use crate::Outcome;
use crate::figure::Figure;
use futures_util::future::{join, join_all};
use guildhall_domain::limits::{GAMESIM_LEASE_MS, SEAT_RESERVATION_S};
use guildhall_domain::{CharacterId, Session, SessionId};
use guildhall_storage::memory::MemoryTable;
use guildhall_storage::{Table, sessions};
use guildhall_tests::{Answer, Backend, Call, Dice, Who};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

const SEED: u64 = 1;
/// Callers at the same time.
const CALLERS: usize = 50;
/// Calls of each between two looks at the rows.
const CALLS: usize = 40;
/// Looks at the rows.
const LOOKS: usize = 50;
/// Players with a character each.
const HEROES: u32 = 1_000;
const GAMESIMS: u32 = 8;
const CAPACITY: u32 = 8;
/// How many of a hundred calls are sent twice at once.
const TWICE_PERCENT: u64 = 10;
/// How often one asks who gets no answer.
const ATTEMPTS_MAX: usize = 8;

/// Everything that a run is made of.
struct Disorder {
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

/// What a run found.
struct Findings {
    worst: Audit,
    end: Audit,
    /// Heroes who cannot play when everything is over.
    stuck: usize,
    note: String,
}

pub(crate) async fn measure() -> Outcome<Vec<Figure>> {
    let findings = tokio::task::spawn_blocking(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        runtime.block_on(async { Disorder::begin(SEED).await?.run().await })
    });
    let Findings { worst, end, stuck, note } = findings.await??;
    let none = |what: &str, count: usize| Figure::new(format!("disorder, {what}"), count as f64, "").at_most(0.0);
    Ok(vec![
        none("overbooked", worst.overbooked).note(note),
        none("negative", worst.without_place).note("living sessions that no game sim lists"),
        none("leaked places", worst.leaked_places.max(end.leaked_places)).note(format!(
            "the worst of {LOOKS} looks; {} living sessions at most, {} after the last was closed",
            worst.living, end.living
        )),
        none("leaked leases", worst.leaked_leases.max(end.leaked_leases)),
        Figure::new("disorder, outdated leases", worst.outdated_leases as f64, "").note(format!(
            "of seats that were let go and taken by others: they bind nobody; {} at the end, of {} leases",
            end.outdated_leases, end.leases
        )),
        none("seats without a lease", worst.without_lease),
        none("parties that wait for a place that they have", worst.waiting_placed.max(end.waiting_placed))
            .note(format!("{} parties waiting at most", worst.waiting)),
        none("players who are stuck", stuck).note(format!("of {HEROES}, each of whom plays again at the end")),
    ])
}

impl Disorder {
    async fn begin(seed: u64) -> Outcome<Self> {
        let table = table().await?;
        let unreliable = Arc::new(Unreliable::new(table.clone(), seed));
        let backend = Backend::over(unreliable.clone() as Arc<dyn Table>);
        let heroes = heroes(&backend, HEROES).await?;
        let fleet = fleet(&backend, GAMESIMS, CAPACITY).await;
        let state = State {
            dice: Dice(!seed),
            known: Vec::new(),
            waiting: Vec::new(),
            keys: 0,
            twice: 0,
            answers: BTreeMap::new(),
        };
        Ok(Self { table, unreliable, backend, heroes, fleet, state: RefCell::new(state) })
    }

    async fn run(self) -> Outcome<Findings> {
        let mut worst = Audit::default();
        for _ in 0..LOOKS {
            self.unreliable.set_calm(false);
            let callers = (0..CALLERS).map(|_| async {
                for _ in 0..CALLS {
                    self.call_once().await?;
                }
                Outcome::Ok(())
            });
            join_all(callers).await.into_iter().collect::<Outcome<()>>()?;
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

    fn audit(&self) -> Outcome<Audit> {
        Audit::of(self.table.items(), self.backend.now())
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
    async fn call_once(&self) -> Outcome<()> {
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

    fn note_answer(&self, call: &Call, token: &str, answer: &Answer) -> Outcome<()> {
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
    async fn draw(&self) -> Outcome<(Call, String)> {
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
            LOOKS * CALLERS * CALLS,
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
    async fn close_all(&self) -> Outcome<()> {
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
    async fn play_all(&self) -> Outcome<usize> {
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
