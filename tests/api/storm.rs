//! Players and game sims doing whatever comes to mind, at once, with calls that overtake each other, answers that get lost
//! and requests that come again, while time jumps past reservations and leases. `checks` judges every single write, this
//! file the answers; at the end the weather clears and everybody must be able to play.
//!
//! A run is a function of its seed, which is printed when it fails; `STORM_SEEDS` asks for more of them.

mod calls;
mod checks;
mod weather;

use calls::{Caprice, GAMESIMS};
use futures_util::future::join_all;
use guildhall_domain::limits::{
    COMPANION_TICKET_LIFETIME_S, GAMESIM_KEPT_MS, GAMESIM_LEASE_MS, SEAT_RESERVATION_S, SESSION_GIVEN_UP_MS,
};
use guildhall_domain::{CharacterId, Timestamp};
use guildhall_storage::memory::MemoryTable;
use guildhall_storage::{Commit, Condition, Item, Key, Table, Write, content};
use guildhall_tests::backend::seed_data;
use guildhall_tests::{Answer, Backend, Call, Caller, Dice};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use weather::Weather;

const SEEDS: u64 = 50;
const STEPS: u64 = 24;
const CHARACTERS: u64 = 12;
/// Calls that run at the same time.
const CALLS_AT_ONCE_MAX: u64 = 4;
/// How often somebody tries before it counts as stuck.
const PATIENCE: u32 = 3;

/// Says on its way out of a panic which seed it was.
struct Seed(u64);

impl Drop for Seed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the storm of seed {} failed", self.0);
        }
    }
}

/// What every storm begins with: the content, and an account with its token.
struct Calm {
    rows: Vec<(Key, Item)>,
    token: String,
    content_version: String,
}

struct Storm {
    weather: Arc<Weather>,
    backend: Backend,
    token: String,
    caprice: Caprice,
    /// Calls whose answers were lost, to be made again.
    unanswered: Vec<Call>,
    /// Until when the companion tickets can be used.
    consent_until: Timestamp,
    /// The session that each key stands for.
    keys: BTreeMap<String, Value>,
}

#[tokio::test]
async fn nothing_breaks_in_a_storm() {
    let calm = prepare().await;
    let seeds = std::env::var("STORM_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(SEEDS);
    let mut from_queue = 0;
    for seed in 0..seeds {
        let _named = Seed(seed);
        let mut storm = Storm::brew(&calm, seed).await;
        for _ in 0..STEPS {
            storm.step().await;
        }
        from_queue += storm.weather.with_ledger(|ledger| ledger.placed_from_queue);
        storm.clear_up().await;
    }
    // A storm that never fills the fleet would prove nothing about the queue.
    assert!(from_queue >= seeds / 8, "{from_queue} parties were placed from the queue");
}

async fn prepare() -> Calm {
    let table = Arc::new(MemoryTable::new());
    guildhall_local::content::load(&seed_data()).unwrap().publish(&*table).await.unwrap();
    let token = Backend::over(Arc::clone(&table) as Arc<dyn Table>).player("ada").await;
    let content_version = content::current(&*table).await.unwrap().unwrap().version;
    Calm { rows: table.items(), token, content_version }
}

impl Storm {
    async fn brew(calm: &Calm, seed: u64) -> Self {
        let weather = Arc::new(Weather::new(seed));
        for (key, item) in &calm.rows {
            let write = Write::put_item(key.clone(), item.clone(), Condition::Always);
            weather.commit(Commit::one(write)).await.unwrap();
        }
        let backend = Backend::over(Arc::clone(&weather) as Arc<dyn Table>);
        weather.set_time(backend.now());
        let caprice = Caprice {
            dice: Dice(!seed),
            characters: Vec::new(),
            focus: CharacterId::from_bits(0),
            content_version: calm.content_version.clone(),
            capacity: 1 + u32::try_from(seed % 2).unwrap(),
            consents: BTreeMap::new(),
            count: 0,
        };
        let (token, unanswered, keys) = (calm.token.clone(), Vec::new(), BTreeMap::new());
        let mut storm = Self { weather, backend, token, caprice, unanswered, keys, consent_until: Timestamp(0) };
        for number in 0..CHARACTERS {
            storm.make_character(number).await;
        }
        for name in GAMESIMS {
            let boot = storm.caprice.next();
            let register = Call::register(name, storm.caprice.capacity, boot, &calm.content_version);
            register.make(&storm.backend, &storm.token).await.expect(201);
        }
        storm
    }

    async fn make_character(&mut self, number: u64) {
        let caller = Caller::Bearer(&self.token);
        let headers = [("content-type", "application/json"), ("idempotency-key", &*format!("hero-{number}"))];
        let body = json!({"name": format!("Hero {number}"), "class": "fighter"}).to_string();
        let answer = self.backend.send("create-character", caller, &[], &headers, &body).await.expect(201);
        self.caprice.characters.push(answer["character_id"].as_str().unwrap().parse().unwrap());
    }

    /// Some calls at once, then perhaps some time.
    async fn step(&mut self) {
        self.caprice.turn();
        self.consent().await;
        self.weather.with_ledger(checks::Ledger::begin);
        let dice = &mut self.caprice.dice;
        self.weather.turn(dice.percent(50));
        let mut calls = Vec::new();
        for _ in 0..=dice.below(CALLS_AT_ONCE_MAX) {
            calls.push(match self.unanswered.pop() {
                Some(call) if self.caprice.dice.percent(60) => call,
                _ => self.weather.with_ledger(|ledger| self.caprice.draw(ledger)),
            });
        }
        let faults = self.weather.faults();
        let epochs = self.epochs();
        let answers = join_all(calls.iter().map(|call| call.make(&self.backend, &self.token))).await;
        let is_alone = calls.len() == 1 && self.weather.faults() == faults;
        for (call, answer) in calls.into_iter().zip(&answers) {
            self.judge(&call, answer);
            if is_alone {
                self.judge_alone(&call, answer, &epochs);
            }
            if answer.status == 503 || self.caprice.dice.percent(10) {
                self.unanswered.push(call);
            }
        }
        let pass_ms = match self.caprice.dice.below(100) {
            0..=9 => SEAT_RESERVATION_S * 1_000,
            10..=13 => GAMESIM_LEASE_MS,
            14..=16 => GAMESIM_LEASE_MS + SESSION_GIVEN_UP_MS,
            17 => GAMESIM_KEPT_MS,
            18..=50 => 1_000,
            _ => 0,
        };
        let beats = pass_ms == SEAT_RESERVATION_S * 1_000;
        self.pass(pass_ms, beats).await;
        if pass_ms == GAMESIM_KEPT_MS {
            self.log_in_again().await;
        }
    }

    /// Everybody would come along.
    async fn consent(&mut self) {
        if self.backend.now() < self.consent_until {
            return;
        }
        self.weather.turn(false);
        self.consent_until = self.backend.now().plus_secs(COMPANION_TICKET_LIFETIME_S);
        for character_id in self.caprice.characters.clone() {
            let issued = Call::issue(character_id).make(&self.backend, &self.token).await.expect(200);
            self.caprice.consents.insert(character_id, issued["ticket"].as_str().unwrap().to_owned());
        }
    }

    /// An access token does not outlive an hour's pause.
    async fn log_in_again(&mut self) {
        self.weather.turn(false);
        let body = json!({"email": "ada@example.com", "password": "correct horse"});
        let answer = self.backend.call("login-account", Caller::Anyone, &[], &body).await.expect(200);
        self.token = answer["access_token"].as_str().unwrap().to_owned();
    }

    /// Lets time pass, with or without the heartbeats that belong into it.
    async fn pass(&self, millis: u64, beats: bool) {
        self.backend.pass_ms(millis);
        self.weather.set_time(self.backend.now());
        if !beats {
            return;
        }
        // Without faults: the lease ran out on the way and is taken up again before anybody looks.
        self.weather.turn(false);
        for (name, epoch) in self.epochs() {
            let beat = Call::heartbeat(&name, epoch, guildhall_domain::api::GamesimState::Ready);
            beat.make(&self.backend, &self.token).await;
        }
    }

    fn epochs(&self) -> BTreeMap<String, u64> {
        let epochs = |ledger: &mut checks::Ledger| {
            ledger.latest_boots().into_iter().map(|(name, row)| (name, row.epoch)).collect()
        };
        self.weather.with_ledger(epochs)
    }

    /// What holds of every answer.
    fn judge(&mut self, call: &Call, answer: &Answer) {
        let is_busy = matches!(answer.code(), "unavailable" | "throttled" | "contention" | "fleet_full");
        let is_sound = if answer.status == 503 { is_busy } else { answer.status < 500 };
        assert!(is_sound, "{call:?} {answer:?}");
        // R6: a key stands for one session, and for the ticket to it.
        if let (Some(key), 201 | 202) = (&call.key, answer.status) {
            let ticket = &answer.body["placement_ticket"]["ticket_id"];
            let session_id = if answer.status == 202 { ticket } else { &answer.body["game_session"]["session_id"] };
            assert_eq!(self.keys.entry(key.clone()).or_insert_with(|| session_id.clone()), session_id);
        }
        // P10: who is admitted plays on from the last write.
        if (call.name, answer.status) == ("admit-player", 200) {
            let character = &answer.body["character"];
            let character_id = character["character_id"].as_str().unwrap().parse().unwrap();
            let version = character["version"].as_u64().unwrap();
            let session_id = call.path.as_ref().unwrap().1.parse().unwrap();
            assert!(
                self.weather.with_ledger(|ledger| ledger.stood(character_id, version, session_id)),
                "a stale character: {answer:?}"
            );
        }
    }

    /// What holds of the answer to a call that nothing disturbed.
    fn judge_alone(&mut self, call: &Call, answer: &Answer, epochs: &BTreeMap<String, u64>) {
        self.weather.with_ledger(|ledger| match call.name {
            "heartbeat-gamesim" => {
                let current = epochs.get(&call.path.as_ref().unwrap().1).copied();
                assert!(answer.status == 409 || current == call.body["epoch"].as_u64(), "a zombie beats: {call:?}");
            }
            // Q4: what does not wait, for example because it was cancelled, is not placed.
            "poll-placement-ticket" if answer.status == 200 => {
                let ticket_id = call.path.as_ref().unwrap().1.parse().unwrap();
                assert!(ledger.could_place(ticket_id), "{call:?} {answer:?}");
            }
            "save-progress" if answer.status == 200 => judge_group(call, &answer.body["groups"][0], ledger),
            _ => {}
        });
    }

    /// The weather clears, every game sim is gone for good, and a new one has room for all: everybody plays again, and
    /// every old name comes back too.
    async fn clear_up(&mut self) {
        self.weather.turn(false);
        self.pass(GAMESIM_LEASE_MS + SESSION_GIVEN_UP_MS, false).await;
        let version = self.caprice.content_version.clone();
        let room = u32::try_from(CHARACTERS).unwrap();
        Call::register("sim-new", room, 0, &version).make(&self.backend, &self.token).await.expect(201);
        for character_id in self.caprice.characters.clone() {
            self.must_play(character_id).await;
        }
        for name in GAMESIMS {
            let boot = self.caprice.next();
            Call::register(name, self.caprice.capacity, boot, &version)
                .make(&self.backend, &self.token)
                .await
                .expect(201);
        }
    }

    async fn must_play(&self, character_id: CharacterId) {
        let call = Call::create(character_id, &[], format!("{character_id}-last"));
        let mut answers = Vec::new();
        for _ in 0..PATIENCE {
            let answer = call.make(&self.backend, &self.token).await;
            if answer.status == 201 {
                return;
            }
            answers.push(answer);
        }
        panic!("{character_id} is stuck: {answers:?}");
    }
}

/// P3, P5: what a group is told agrees with what is stored.
fn judge_group(call: &Call, status: &Value, ledger: &checks::Ledger) {
    let session_id = &call.path.as_ref().unwrap().1;
    for write in call.body["groups"][0]["writes"].as_array().unwrap() {
        let row = &ledger.characters[&write["character_id"].as_str().unwrap().parse().unwrap()];
        let ours = row.last_write.filter(|last| last.session_id.to_string() == *session_id);
        let is_stored = row.character.hot.gold == write["hot"]["gold"].as_u64().unwrap();
        match status.as_str().unwrap() {
            "applied" => assert!(is_stored, "{call:?} {row:?}"),
            "duplicate" => assert!(ours.is_some_and(|last| last.seq >= 1), "{call:?} {row:?}"),
            "conflict" | "fenced" => assert!(!is_stored || ours.is_none(), "fenced by its own retry: {call:?} {row:?}"),
            other => panic!("{other} to {call:?}"),
        }
    }
}
