//! Game sessions, from their creation to their end, as players and game sims see them.

use guildhall_domain::GamesimId;
use guildhall_domain::limits::{SESSION_GIVEN_UP_MS, SESSION_ORPHAN_MS};
use guildhall_storage::{Commit, Condition, Key, TableName, Write, gamesims, sessions};
use guildhall_tests::{Answer, Backend, Caller};
use serde_json::{Value, json};

/// A backend with one game sim, and players with a character each.
struct World {
    backend: Backend,
    epoch: u64,
    players: Vec<(String, String)>,
}

impl World {
    async fn start(capacity: u32, players: usize) -> Self {
        let backend = Backend::start().await;
        let epoch = backend.gamesim("sim-1", capacity, "boot-1").await;
        let players = backend.players_with_characters(players).await;
        Self { backend, epoch, players }
    }

    async fn create(&self, player: usize, key: &str) -> Answer {
        let (token, character) = &self.players[player];
        let headers = [("content-type", "application/json"), ("idempotency-key", key)];
        let body = json!({"character_id": character, "dungeon_id": "goblin-warren"}).to_string();
        self.backend.send("create-game-session", Caller::Bearer(token), &[], &headers, &body).await
    }

    async fn join(&self, player: usize, session: &str) -> Answer {
        let (token, character) = &self.players[player];
        let body = json!({"character_id": character});
        self.backend.call("join-game-session", Caller::Bearer(token), &[("session_id", session)], &body).await
    }

    async fn view(&self, session: &str) -> Value {
        let path = [("session_id", session)];
        self.backend.call("get-game-session", Caller::Bearer(&self.players[0].0), &path, &Value::Null).await.expect(200)
    }

    async fn character(&self, player: usize) -> Value {
        let (token, character) = &self.players[player];
        let path = [("character_id", character.as_str())];
        self.backend.call("get-character", Caller::Bearer(token), &path, &Value::Null).await.expect(200)
    }

    async fn internal(&self, name: &str, session: &str, body: Value) -> Answer {
        let mut body = body;
        body["gamesim_epoch"] = json!(self.epoch);
        body["session_epoch"] = json!(1);
        self.backend.call(name, Caller::Gamesim("sim-1"), &[("session_id", session)], &body).await
    }

    async fn admit(&self, player: usize, session: &str, seat: usize) -> Answer {
        let character = self.character(player).await;
        let body =
            json!({"account_id": character["account_id"], "character_id": character["character_id"], "seat": seat});
        self.internal("admit-player", session, body).await
    }

    async fn save(
        &self,
        player: usize,
        session: &str,
        seq: u64,
        base_version: u64,
        gold: u64,
        release: bool,
    ) -> String {
        let character = self.character(player).await;
        let hot = json!({"level": 1, "xp": 5, "hp": 7, "hp_max": 30, "gold": gold, "inventory": [{"item": "x", "quantity": 2}], "dungeons_cleared": 0});
        let write = json!({"character_id": character["character_id"], "account_id": character["account_id"], "seq": seq, "base_version": base_version, "hot": hot, "release": release});
        let answer =
            self.internal("save-progress", session, json!({"groups": [{"writes": [write]}]})).await.expect(200);
        answer["groups"][0].as_str().unwrap().to_owned()
    }

    /// Lets time pass while the game sim goes on beating; returns the sessions that it is told of.
    async fn pass_s(&self, seconds: u64) -> Value {
        self.backend.pass_ms(seconds * 1_000);
        let load = json!({"sessions": 0, "players": 0, "tick_lateness_p99_us": 0, "unsaved_changes": 0});
        let beat = json!({"epoch": self.epoch, "state": "ready", "load": load});
        let path = [("gamesim_id", "sim-1")];
        let answer = self.backend.call("heartbeat-gamesim", Caller::Gamesim("sim-1"), &path, &beat).await.expect(200);
        answer["sessions"].clone()
    }

    /// Beats, confirming these expulsions; returns those that the game sim is told of.
    async fn expelled(&self, confirmed: &[Value]) -> Value {
        let load = json!({"sessions": 0, "players": 0, "tick_lateness_p99_us": 0, "unsaved_changes": 0});
        let beat = json!({"epoch": self.epoch, "state": "ready", "load": load, "expelled": confirmed});
        let path = [("gamesim_id", "sim-1")];
        let answer = self.backend.call("heartbeat-gamesim", Caller::Gamesim("sim-1"), &path, &beat).await.expect(200);
        answer["expelled"].clone()
    }

    /// Lets the database forget a session, as its TTL does in the end.
    async fn forget(&self, session: &str) {
        let key = Key::new(TableName::Sessions, session, "session");
        self.backend.table().commit(Commit::one(Write::delete(key, Condition::Exists))).await.unwrap();
    }

    /// How often the session's row has been written.
    async fn revision(&self, session: &str) -> u64 {
        sessions::find(self.backend.table(), session.parse().unwrap()).await.unwrap().unwrap().revision
    }

    async fn active(&self) -> usize {
        let id: GamesimId = "sim-1".parse().unwrap();
        gamesims::find_latest(self.backend.table(), &id).await.unwrap().unwrap().sessions.len()
    }
}

fn session_id(answer: &Value) -> String {
    answer["game_session"]["session_id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_party_of_four_gets_in_and_the_fifth_does_not() {
    let world = World::start(10, 5).await;
    let created = world.create(0, "k").await.expect(201);
    let session = session_id(&created);
    assert!(created["connect"]["address"].as_str().unwrap().starts_with("127.0.0.1:400"), "{created}");
    assert_eq!(created["connect"]["token"].as_str().unwrap().len(), 2732, "base64 of 2048 bytes");
    for player in 1..4 {
        let joined = world.join(player, &session).await.expect(200);
        assert_eq!(joined["connect"]["seat"], player);
        assert_eq!(joined["connect"]["address"], created["connect"]["address"]);
    }
    world.join(4, &session).await.refused(409, "session_full");
    let view = world.view(&session).await;
    assert_eq!((&view["state"], view["seats"].as_array().unwrap().len()), (&json!("reserved"), 4));
    assert_eq!(world.active().await, 1);
    world.backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_is_the_same_session_with_a_fresh_ticket() {
    let world = World::start(10, 1).await;
    let first = world.create(0, "k").await.expect(201);
    let again = world.create(0, "k").await.expect(201);
    assert_eq!(first["game_session"], again["game_session"]);
    assert_ne!(first["connect"]["token"], again["connect"]["token"]);
    assert_eq!(world.active().await, 1);
    world.create(0, "other").await.refused(409, "character_in_session");
    world.backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_fleet_is_never_overbooked() {
    let world = World::start(2, 6).await;
    let calls = (0..6).map(|player| {
        let world = &world;
        async move { world.create(player, "k").await }
    });
    let mut placed = 0;
    for answer in futures_util::future::join_all(calls).await {
        match answer.status {
            201 => placed += 1,
            _ => assert_eq!(answer.status, 202, "{}", answer.body),
        }
    }
    assert_eq!((placed, world.active().await), (2, 2));
    world.backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn play_is_admitted_saved_and_finalised() {
    let world = World::start(10, 1).await;
    let session = session_id(&world.create(0, "k").await.expect(201));
    let admitted = world.admit(0, &session, 0).await.expect(200);
    assert_eq!(admitted["dungeon_id"], "goblin-warren");
    assert_eq!(world.view(&session).await["state"], "active");
    assert_eq!(world.save(0, &session, 1, 1, 11, false).await, "applied");
    assert_eq!(world.save(0, &session, 1, 1, 11, false).await, "duplicate");
    assert_eq!(world.save(0, &session, 2, 1, 99, false).await, "conflict");
    let character = world.character(0).await;
    assert_eq!(
        (&character["version"], &character["gold"], &character["inventory"][0]["quantity"]),
        (&json!(2), &json!(11), &json!(2))
    );
    assert_eq!(world.save(0, &session, 2, 2, 12, true).await, "applied");
    for _ in 0..2 {
        let closed = world.internal("finalize-game-session", &session, json!({"outcome": "cleared"})).await.expect(200);
        assert_eq!(closed, json!({"state": "ended"}));
    }
    assert_eq!(world.active().await, 0);
    let view = world.view(&session).await;
    assert_eq!(
        (&view["state"], &view["outcome"], &view["address"]),
        (&json!("ended"), &json!("cleared"), &Value::Null)
    );
    assert_eq!(world.save(0, &session, 3, 3, 99, false).await, "fenced");
    world.join(0, &session).await.refused(409, "session_over");
    world.create(0, "next").await.expect(201);
    world.backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_game_sim_or_epoch_is_fenced() {
    let world = World::start(10, 1).await;
    let session = session_id(&world.create(0, "k").await.expect(201));
    let path = [("session_id", session.as_str())];
    for (caller, gamesim_epoch, session_epoch) in [("sim-2", 1, 1), ("sim-1", 2, 1), ("sim-1", 1, 2)] {
        let body = json!({"gamesim_epoch": gamesim_epoch, "session_epoch": session_epoch, "outcome": "failed"});
        let answer = world.backend.call("finalize-game-session", Caller::Gamesim(caller), &path, &body).await;
        answer.refused(409, "fenced");
    }
    assert_eq!(world.view(&session).await["state"], "reserved");
    world.backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reservation_that_nobody_uses_frees_the_character_and_the_place() {
    let world = World::start(10, 1).await;
    let session = session_id(&world.create(0, "k").await.expect(201));
    let expire = json!({"outcome": "expired"});
    world.internal("finalize-game-session", &session, expire.clone()).await.refused(409, "seats_held");
    assert_eq!(world.pass_s(30).await, json!({ session.as_str(): 1 }));
    let second = session_id(&world.create(0, "next").await.expect(201));
    assert_ne!(second, session);
    world.internal("finalize-game-session", &session, expire).await.expect(200);
    assert_eq!(world.active().await, 1);
    // The lease is the second session's, and closing the first did not touch it.
    world.create(0, "third").await.refused(409, "character_in_session");
    world.backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_game_sims_session_goes_on_elsewhere_under_the_next_epoch() {
    let world = World::start(10, 2).await;
    let session = session_id(&world.create(0, "k").await.expect(201));
    world.join(1, &session).await.expect(200);
    world.admit(0, &session, 0).await.expect(200);
    world.admit(1, &session, 1).await.expect(200);
    assert_eq!(world.save(0, &session, 1, 1, 11, false).await, "applied");
    world.backend.pass_ms(6_000);
    world.join(0, &session).await.refused(503, "fleet_full");
    assert_eq!(
        (&world.view(&session).await["state"], world.view(&session).await["address"].clone()),
        (&json!("active"), Value::Null)
    );
    world.create(0, "next").await.refused(409, "character_in_session");
    // With another game sim it goes on there, for all of the party, with the seats they had.
    let epoch = world.backend.gamesim("sim-2", 10, "boot-1").await;
    let revision = world.revision(&session).await;
    for player in [1, 0] {
        let back = world.join(player, &session).await.expect(200);
        assert_eq!((&back["connect"]["seat"], &back["game_session"]["state"]), (&json!(player), &json!("reserved")));
    }
    // What the old game sim still sends is fenced: it was not killed, only slow.
    assert_eq!(world.save(0, &session, 2, 2, 99, false).await, "fenced");
    world.internal("finalize-game-session", &session, json!({"outcome": "failed"})).await.refused(409, "fenced");
    assert_eq!(world.active().await, 0);
    let character = world.character(0).await;
    let mut body = json!({"gamesim_epoch": epoch, "session_epoch": 2, "account_id": character["account_id"], "character_id": character["character_id"], "seat": 0});
    let path = [("session_id", session.as_str())];
    let admitted = world.backend.call("admit-player", Caller::Gamesim("sim-2"), &path, &body).await.expect(200);
    assert_eq!(admitted["character"]["gold"], 11);
    let before = &admitted["resume"]["before"];
    assert_eq!(before.as_array().unwrap().len(), 1);
    assert_eq!((&before[0]["session_epoch"], &before[0]["gamesim_id"]), (&json!(1), &json!("sim-1")));
    let held = admitted["resume"]["characters"].as_array().unwrap();
    assert_eq!((held.len(), &held[0]["last_write"]), (2, &json!({"session_epoch": 1, "seq": 1})));
    assert_eq!((&held[1]["seat"], held[1].get("last_write")), (&json!(1), None));
    // One write moved it, and one let everybody in; whoever comes to the room that is there needs to know no more.
    let character = world.character(1).await;
    (body["account_id"], body["character_id"]) = (character["account_id"].clone(), character["character_id"].clone());
    (body["seat"], body["has_room"]) = (json!(1), json!(true));
    let admitted = world.backend.call("admit-player", Caller::Gamesim("sim-2"), &path, &body).await.expect(200);
    assert_eq!((&admitted["character"]["character_id"], admitted.get("resume")), (&character["character_id"], None));
    assert_eq!(world.revision(&session).await, revision + 2);
    world.backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_waits_in_vain_is_lost_and_its_players_go_on() {
    let world = World::start(10, 1).await;
    let session = session_id(&world.create(0, "k").await.expect(201));
    world.admit(0, &session, 0).await.expect(200);
    world.backend.pass_ms(6_000 + SESSION_GIVEN_UP_MS);
    world.backend.gamesim("sim-2", 10, "boot-1").await;
    world.join(0, &session).await.refused(409, "session_over");
    assert_eq!(world.view(&session).await["state"], "lost");
    world.create(0, "next").await.expect(201);
    world.backend.stop().await;
}

/// Its players do not come back: the schedule has it placed, and its next game sim takes it over without them.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_nobody_asks_for_is_placed_and_taken_over_without_its_players() {
    let world = World::start(10, 2).await;
    let session = session_id(&world.create(0, "k").await.expect(201));
    world.join(1, &session).await.expect(200);
    world.admit(0, &session, 0).await.expect(200);
    assert_eq!(world.save(0, &session, 1, 1, 11, false).await, "applied");
    let recover = async |gamesim: &str, gamesim_epoch: u64, session_epoch: u32| {
        let body = json!({"gamesim_epoch": gamesim_epoch, "session_epoch": session_epoch});
        let path = [("session_id", session.as_str())];
        world.backend.call("recover-game-session", Caller::Gamesim(gamesim), &path, &body).await
    };
    recover("sim-1", world.epoch, 1).await.refused(409, "nothing_to_recover");
    let reap = async || {
        let answer = world.backend.call("reap-fleet", Caller::Operator("schedule"), &[], &json!({})).await;
        answer.expect(200)["sessions_moved"].as_u64().unwrap()
    };
    world.backend.pass_ms(6_000 + SESSION_ORPHAN_MS);
    assert_eq!(reap().await, 0, "there is no game sim to place it on");
    let epoch = world.backend.gamesim("sim-2", 10, "boot-1").await;
    assert_eq!((reap().await, reap().await), (1, 0));
    recover("sim-1", world.epoch, 1).await.refused(409, "fenced");
    let first = recover("sim-2", epoch, 2).await.expect(200);
    assert_eq!((&first["admitted"]["character"]["gold"], &first["address"]), (&json!(11), &json!("127.0.0.1:4000")));
    let resume = &first["admitted"]["resume"];
    assert_eq!(
        (&resume["before"][0]["gamesim_id"], resume["characters"].as_array().unwrap().len()),
        (&json!("sim-1"), 2)
    );
    let revision = world.revision(&session).await;
    // Who was there has the seat, as if they had arrived. The answer may have been lost: it is the same again.
    assert_eq!(world.view(&session).await["state"], "active");
    assert_eq!(recover("sim-2", epoch, 2).await.expect(200), first);
    assert_eq!(world.revision(&session).await, revision);
    let back = world.join(0, &session).await.expect(200);
    assert_eq!(back["connect"]["seat"], 0);
    world.backend.stop().await;
}

/// Nobody asked for the session again, and no game sim had room for it: the schedule cleans up.
#[tokio::test(flavor = "multi_thread")]
async fn the_reaper_closes_what_nobody_touches() {
    let world = World::start(10, 1).await;
    let session = session_id(&world.create(0, "k").await.expect(201));
    let reap = async || {
        let answer = world.backend.call("reap-fleet", Caller::Operator("schedule"), &[], &json!({})).await;
        answer.expect(200)["sessions_lost"].as_u64().unwrap()
    };
    world.backend.pass_ms(6_000);
    assert_eq!(reap().await, 0);
    world.backend.pass_ms(SESSION_GIVEN_UP_MS);
    assert_eq!((reap().await, reap().await, world.active().await), (1, 0, 0));
    assert_eq!(world.view(&session).await["state"], "lost");
    world.backend.call("reap-fleet", Caller::Gamesim("sim-1"), &[], &json!({})).await.refused(403, "forbidden");
    world.backend.stop().await;
}

/// Whoever loses the right to play is sent away from where they play, and from there alone; nobody gets in by an old ticket.
#[tokio::test(flavor = "multi_thread")]
async fn who_logs_out_is_expelled_and_not_admitted_any_more() {
    let world = World::start(10, 2).await;
    let session = session_id(&world.create(0, "k").await.expect(201));
    world.join(1, &session).await.expect(200);
    world.admit(0, &session, 0).await.expect(200);
    let accounts = [world.character(0).await, world.character(1).await];
    let account = |player: usize| accounts[player]["account_id"].clone();
    assert_eq!(world.expelled(&[]).await, json!(null));
    for player in [0, 1] {
        let token = Caller::Bearer(&world.players[player].0);
        world.backend.call("logout-account", token, &[], &json!({})).await.expect(200);
    }
    let expelled = world.expelled(&[]).await;
    let named: Vec<_> = expelled.as_array().unwrap().iter().map(|expulsion| expulsion["account_id"].clone()).collect();
    assert!(named.contains(&account(0)) && named.contains(&account(1)), "{expelled}");
    assert_eq!(world.expelled(&[]).await, expelled, "until it is confirmed");
    assert_eq!(world.expelled(expelled.as_array().unwrap()).await, json!(null));
    let body = json!({"account_id": account(1), "character_id": accounts[1]["character_id"], "seat": 1});
    world.internal("admit-player", &session, body).await.refused(409, "seat_lost");
    world.backend.stop().await;
}

/// Another login of the same account ends: who plays by this one stays.
#[tokio::test(flavor = "multi_thread")]
async fn a_logout_elsewhere_disturbs_nobody_and_a_ban_ends_all() {
    let world = World::start(10, 1).await;
    let session = session_id(&world.create(0, "k").await.expect(201));
    world.admit(0, &session, 0).await.expect(200);
    let body = json!({"email": "player-0@example.com", "password": "correct horse"});
    let other = world.backend.call("login-account", Caller::Anyone, &[], &body).await.expect(200);
    let token = other["access_token"].as_str().unwrap().to_owned();
    world.backend.call("logout-account", Caller::Bearer(&token), &[], &json!({})).await.expect(200);
    assert_eq!(world.expelled(&[]).await, json!(null));
    let account = world.character(0).await["account_id"].as_str().unwrap().to_owned();
    let path = [("account_id", account.as_str())];
    world.backend.call("ban-account", Caller::Operator("olga"), &path, &Value::Null).await.expect(200);
    assert_eq!(world.expelled(&[]).await[0]["account_id"], account);
    world.backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_plays_a_foreign_character() {
    let world = World::start(10, 2).await;
    let body = json!({"character_id": world.players[1].1, "dungeon_id": "goblin-warren"});
    let answer = world.backend.call("create-game-session", Caller::Bearer(&world.players[0].0), &[], &body).await;
    answer.refused(404, "not_found");
    let session = session_id(&world.create(0, "k").await.expect(201));
    let body = json!({"character_id": world.players[0].1});
    let path = [("session_id", session.as_str())];
    let answer = world.backend.call("join-game-session", Caller::Bearer(&world.players[1].0), &path, &body).await;
    answer.refused(404, "not_found");
    world.backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_reserves_again_too_late_sits_in_one_seat_only() {
    let world = World::start(10, 3).await;
    let session = session_id(&world.create(0, "k").await.expect(201));
    for player in 1..3 {
        world.join(player, &session).await.expect(200);
    }
    world.admit(0, &session, 0).await.expect(200);
    world.pass_s(30).await;
    let again = world.join(2, &session).await.expect(200);
    let seat = again["connect"]["seat"].as_u64().unwrap();
    world.admit(2, &session, usize::try_from(seat).unwrap()).await.expect(200);
    let closed = world.internal("finalize-game-session", &session, json!({"outcome": "failed"})).await.expect(200);
    assert_eq!(closed, json!({"state": "ended"}));
    assert_eq!(seat, 2, "the first free seat is another one, and would be a second one");
    assert_eq!(world.active().await, 0);
    world.create(2, "next").await.expect(201);
    world.backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_whose_session_is_forgotten_makes_a_new_one() {
    let world = World::start(10, 1).await;
    let session = session_id(&world.create(0, "k").await.expect(201));
    world.forget(&session).await;
    assert_eq!(session_id(&world.create(0, "k").await.expect(201)), session);
    world.backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_game_sim_starts_again_although_its_sessions_are_forgotten() {
    let world = World::start(10, 1).await;
    let session = session_id(&world.create(0, "k").await.expect(201));
    world.forget(&session).await;
    assert_eq!(world.backend.gamesim("sim-1", 10, "boot-2").await, 2);
    assert_eq!(world.active().await, 0);
    world.create(0, "next").await.expect(201);
    world.backend.stop().await;
}
