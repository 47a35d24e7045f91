//! What each route costs the database, in DynamoDB's own units, as the embedded engine reports them. They depend on the code
//! alone, so the same code gives the same figures on every machine.

use crate::Outcome;
use crate::figure::Figure;
use guildhall_storage::dynamo::TableUsage;
use guildhall_tests::backend::{Answer, Backend, Caller};
use guildhall_tests::party::DUNGEON;
use serde_json::{Value, json};

/// Seats of the measured session.
const SEATS: usize = 4;
/// Sessions of the game sim when its heartbeat is measured a second time.
const FULL: usize = 10;
const GAMESIM: &str = "sim-1";
const JSON: (&str, &str) = ("content-type", "application/json");

/// A backend, its players and what was measured so far.
struct Meter {
    backend: Backend,
    epoch: u64,
    players: Vec<(String, String)>,
    figures: Vec<Figure>,
}

pub(crate) async fn measure() -> Outcome<Vec<Figure>> {
    let backend = Backend::start().await;
    let epoch = backend.gamesim(GAMESIM, 100, "boot").await;
    let mut meter = Meter { backend, epoch, players: Vec::new(), figures: Vec::new() };
    for number in 0..SEATS + FULL {
        let token = meter.backend.player(&format!("player-{number}")).await;
        let character = meter.backend.character(&token, &format!("Hero {number}")).await;
        meter.players.push((token, character));
    }
    meter.measure_account().await?;
    meter.measure_session().await?;
    meter.measure_heartbeats().await;
    meter.backend.stop().await;
    Ok(meter.figures)
}

/// Units of one heartbeat, read and written, of a game sim with few sessions.
pub(crate) async fn of_one_heartbeat() -> Outcome<TableUsage> {
    let backend = Backend::start().await;
    let epoch = backend.gamesim(GAMESIM, 10, "boot").await;
    let before = backend.usage().total();
    beat(&backend, epoch).await.expect(200);
    let used = difference(before, backend.usage().total());
    backend.stop().await;
    Ok(used)
}

impl Meter {
    async fn measure_account(&mut self) -> Outcome<()> {
        let body = json!({"email": "player-0@example.com", "password": "correct horse"});
        self.count("login-account", async |meter| {
            meter.backend.call("login-account", Caller::Anyone, &[], &body).await.expect(200);
        })
        .await;
        self.count("get-character", async |meter| {
            meter.character(0).await;
        })
        .await;
        Ok(())
    }

    async fn measure_session(&mut self) -> Outcome<()> {
        let mut created = Value::Null;
        self.count("create-game-session", async |meter| created = meter.create(0).await).await;
        let session = created["game_session"]["session_id"].as_str().ok_or("no session id")?.to_owned();
        for seat in 1..SEATS {
            self.count(&format!("join-game-session, seat {seat}"), async |meter| meter.join(seat, &session).await)
                .await;
        }
        for seat in 0..SEATS {
            let character = self.character(seat).await;
            let body =
                json!({"account_id": character["account_id"], "character_id": character["character_id"], "seat": seat});
            self.count(&format!("admit-player, seat {seat}"), async |meter| {
                meter.internal("admit-player", &session, body).await;
            })
            .await;
        }
        for (what, seats, release) in [
            ("save-progress, 1 character", 0..1, false),
            ("save-progress, group of 4", 0..SEATS, false),
            ("save-progress, last of 1", 0..1, true),
        ] {
            let mut writes = Vec::new();
            for seat in seats {
                writes.push(self.write(seat, release).await);
            }
            let body = json!({"groups": [{"writes": writes}]});
            self.count(what, async |meter| {
                let answer = meter.internal("save-progress", &session, body).await;
                assert_eq!(answer["groups"], json!(["applied"]));
            })
            .await;
        }
        self.count("finalize-game-session, 3 seats", async |meter| {
            meter.internal("finalize-game-session", &session, json!({"outcome": "failed"})).await;
        })
        .await;
        Ok(())
    }

    async fn measure_heartbeats(&mut self) {
        self.count("heartbeat, no sessions", async |meter| {
            beat(&meter.backend, meter.epoch).await.expect(200);
        })
        .await;
        for player in SEATS..SEATS + FULL {
            self.create(player).await;
        }
        self.count(&format!("heartbeat, {FULL} sessions"), async |meter| {
            beat(&meter.backend, meter.epoch).await.expect(200);
        })
        .await;
    }

    /// Notes what a call costs.
    async fn count(&mut self, what: &str, call: impl AsyncFnOnce(&Self)) {
        let before = self.backend.usage().total();
        call(self).await;
        let used = difference(before, self.backend.usage().total());
        let note = format!("{} read units, {} requests to the database", used.read_units, used.requests);
        self.figures.push(Figure::new(format!("units of {what}"), used.write_units, "WU").note(note));
    }

    async fn create(&self, player: usize) -> Value {
        let (token, character) = &self.players[player];
        let body = json!({"character_id": character, "dungeon_id": DUNGEON}).to_string();
        let headers = [JSON, ("idempotency-key", character.as_str())];
        self.backend.send("create-game-session", Caller::Bearer(token), &[], &headers, &body).await.expect(201)
    }

    async fn join(&self, player: usize, session: &str) {
        let (token, character) = &self.players[player];
        let body = json!({"character_id": character});
        let path = [("session_id", session)];
        self.backend.call("join-game-session", Caller::Bearer(token), &path, &body).await.expect(200);
    }

    async fn character(&self, player: usize) -> Value {
        let (token, character) = &self.players[player];
        let path = [("character_id", character.as_str())];
        self.backend.call("get-character", Caller::Bearer(token), &path, &Value::Null).await.expect(200)
    }

    async fn internal(&self, route: &str, session: &str, mut body: Value) -> Value {
        body["gamesim_epoch"] = json!(self.epoch);
        body["session_epoch"] = json!(1);
        self.backend.call(route, Caller::Gamesim(GAMESIM), &[("session_id", session)], &body).await.expect(200)
    }

    /// The next write of a character whose inventory is half full.
    async fn write(&self, player: usize, release: bool) -> Value {
        let character = self.character(player).await;
        let version = character["version"].as_u64().unwrap_or_default();
        let inventory: Vec<Value> =
            (0..14).map(|slot| json!({"item": format!("item-{slot}"), "quantity": 3})).collect();
        let hot = json!({"level": 3, "xp": 500, "hp": 70, "hp_max": 90, "gold": 1_234, "inventory": inventory, "dungeons_cleared": 1});
        json!({
            "character_id": character["character_id"],
            "account_id": character["account_id"],
            "seq": version,
            "base_version": version,
            "hot": hot,
            "release": release,
        })
    }
}

async fn beat(backend: &Backend, epoch: u64) -> Answer {
    let load = json!({"sessions": 0, "players": 0, "tick_lateness_p99_us": 0, "unsaved_changes": 0});
    let body = json!({"epoch": epoch, "state": "ready", "load": load});
    backend.call("heartbeat-gamesim", Caller::Gamesim(GAMESIM), &[("gamesim_id", GAMESIM)], &body).await
}

/// What was used between two readings.
pub(crate) fn difference(before: TableUsage, after: TableUsage) -> TableUsage {
    TableUsage {
        requests: after.requests - before.requests,
        read_units: after.read_units - before.read_units,
        write_units: after.write_units - before.write_units,
    }
}
