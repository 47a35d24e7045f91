//! Parties that find the fleet full: they wait in the order in which they came, are placed once, and can stop waiting.

use futures_util::future::join_all;
use guildhall_domain::limits::{GAMESIM_LEASE_MS, QUEUE_PATIENCE_S, SESSION_ORPHAN_MS};
use guildhall_tests::{Answer, Backend, Caller};
use serde_json::{Value, json};

/// A game sim, and players with a character each.
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

    async fn create(&self, player: usize, key: &str, companions: &[Value]) -> Answer {
        let (token, character) = &self.players[player];
        let headers = [("content-type", "application/json"), ("idempotency-key", key)];
        let body =
            json!({"character_id": character, "dungeon_id": "goblin-warren", "companions": companions}).to_string();
        self.backend.send("create-game-session", Caller::Bearer(token), &[], &headers, &body).await
    }

    /// Creates in vain; gives the ticket's id and its position.
    async fn queue(&self, player: usize, key: &str) -> (String, u64) {
        let queued = self.create(player, key, &[]).await.expect(202);
        (queued["placement_ticket"]["ticket_id"].as_str().unwrap().to_owned(), position(&queued))
    }

    async fn of_ticket(&self, route: &str, player: usize, ticket: &str) -> Answer {
        let token = Caller::Bearer(&self.players[player].0);
        self.backend.call(route, token, &[("ticket_id", ticket)], &Value::Null).await
    }

    async fn poll(&self, player: usize, ticket: &str) -> Answer {
        self.of_ticket("poll-placement-ticket", player, ticket).await
    }

    async fn cancel(&self, player: usize, ticket: &str) -> Answer {
        self.of_ticket("cancel-placement-ticket", player, ticket).await
    }

    /// Lets time pass while the game sim goes on beating; returns how many wait, as it is told.
    async fn pass_s(&self, seconds: u64) -> u64 {
        self.backend.pass_ms(seconds * 1_000);
        self.beat().await["queued"].as_u64().unwrap()
    }

    /// What the game sim is told by a heartbeat.
    async fn beat(&self) -> Value {
        let load = json!({"sessions": 0, "players": 0, "tick_lateness_p99_us": 0, "unsaved_changes": 0});
        let beat = json!({"epoch": self.epoch, "state": "ready", "load": load});
        let path = [("gamesim_id", "sim-1")];
        self.backend.call("heartbeat-gamesim", Caller::Gamesim("sim-1"), &path, &beat).await.expect(200)
    }

    async fn finish(&self, session: &str) {
        self.finish_placed(session, 1).await;
    }

    /// Finishes a session that has been placed so often.
    async fn finish_placed(&self, session: &str, session_epoch: u32) {
        let body = json!({"gamesim_epoch": self.epoch, "session_epoch": session_epoch, "outcome": "failed"});
        let path = [("session_id", session)];
        self.backend.call("finalize-game-session", Caller::Gamesim("sim-1"), &path, &body).await.expect(200);
    }
}

fn position(queued: &Value) -> u64 {
    queued["placement_ticket"]["position"].as_u64().unwrap_or_else(|| panic!("{queued}"))
}

fn session_id(placed: &Value) -> String {
    placed["game_session"]["session_id"].as_str().unwrap_or_else(|| panic!("{placed}")).to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn parties_are_placed_in_the_order_in_which_they_came() {
    let world = World::start(1, 4).await;
    let first = session_id(&world.create(0, "k", &[]).await.expect(201));
    let (one, at) = world.queue(1, "k").await;
    assert_eq!((at, world.pass_s(1).await), (1, 1));
    let (two, at) = world.queue(2, "k").await;
    assert_eq!((at, world.pass_s(1).await), (2, 2));
    assert_eq!(position(&world.poll(1, &one).await.expect(200)), 1);
    world.finish(&first).await;
    // The place that is free is the first one's: the second goes on waiting, and a newcomer comes last.
    assert_eq!(position(&world.poll(2, &two).await.expect(200)), 2);
    let (three, at) = world.queue(3, "k").await;
    assert_eq!(at, 3);
    let placed = world.poll(1, &one).await.expect(200);
    assert_eq!((session_id(&placed), &placed["connect"]["seat"]), (one.clone(), &json!(0)));
    assert_eq!(world.pass_s(1).await, 2);
    // Whoever asks again, in whichever way, is told the same and gets a fresh connect token.
    for again in [world.poll(1, &one).await.expect(200), world.create(1, "k", &[]).await.expect(201)] {
        assert_eq!(again["game_session"], placed["game_session"]);
        assert_ne!(again["connect"]["token"], placed["connect"]["token"]);
    }
    world.finish(&one).await;
    assert_eq!(position(&world.poll(3, &three).await.expect(200)), 2);
    // A repeated creation is as good as a poll.
    assert_eq!(session_id(&world.create(2, "k", &[]).await.expect(201)), two);
    world.poll(1, &one).await.refused(409, "session_over");
    world.backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_stops_asking_holds_nobody_up() {
    let world = World::start(1, 3).await;
    let first = session_id(&world.create(0, "k", &[]).await.expect(201));
    let (one, _) = world.queue(1, "k").await;
    world.pass_s(QUEUE_PATIENCE_S - 1).await;
    let (two, at) = world.queue(2, "k").await;
    assert_eq!(at, 2);
    assert_eq!(world.beat().await["queue_wait_ms"], (QUEUE_PATIENCE_S - 1) * 1_000);
    assert_eq!(world.pass_s(1).await, 1);
    assert_eq!(world.beat().await["queue_wait_ms"], 1_000, "who has stopped asking waits no longer");
    world.finish(&first).await;
    world.poll(1, &one).await.refused(404, "not_found");
    assert_eq!(session_id(&world.poll(2, &two).await.expect(200)), two);
    // Under the same key it may begin anew, at the end.
    let (again, at) = world.queue(1, "k").await;
    assert_eq!((again == one, at), (true, 1));
    world.pass_s(QUEUE_PATIENCE_S).await;
    let reaped = world.backend.call("reap-fleet", Caller::Operator("schedule"), &[], &json!({})).await.expect(200);
    assert_eq!(reaped["parties_removed"], 1);
    world.backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_is_its_owners_and_can_be_given_back() {
    let world = World::start(1, 3).await;
    let first = session_id(&world.create(0, "k", &[]).await.expect(201));
    let (one, _) = world.queue(1, "k").await;
    let nobodys = "0".repeat(32);
    for ticket in [&one, &nobodys] {
        world.poll(2, ticket).await.refused(404, "not_found");
        assert_eq!(world.cancel(2, ticket).await.expect(200), json!({"cancelled": true}));
    }
    let (two, at) = world.queue(2, "k").await;
    assert_eq!(at, 2);
    for _ in 0..2 {
        assert_eq!(world.cancel(1, &one).await.expect(200), json!({"cancelled": true}));
    }
    world.poll(1, &one).await.refused(404, "not_found");
    world.finish(&first).await;
    world.poll(1, &one).await.refused(404, "not_found");
    assert_eq!(session_id(&world.poll(2, &two).await.expect(200)), two);
    world.cancel(2, &two).await.refused(409, "ticket_placed");
    // A foreign session looks like none.
    world.poll(1, &two).await.refused(404, "not_found");
    world.backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_waits_once_and_another_under_its_key_is_refused() {
    let world = World::start(1, 2).await;
    let first = session_id(&world.create(0, "k", &[]).await.expect(201));
    let answers = join_all((0..4).map(|_| world.create(1, "k", &[]))).await;
    let mut tickets: Vec<_> =
        answers.into_iter().map(|answer| answer.expect(202)["placement_ticket"]["ticket_id"].clone()).collect();
    tickets.dedup();
    assert_eq!((tickets.len(), world.pass_s(0).await), (1, 1));
    let (token, character) = &world.players[1];
    let headers = [("content-type", "application/json"), ("idempotency-key", "k")];
    let other = json!({"character_id": character, "dungeon_id": "goblin-warren", "build_version": "x"}).to_string();
    for _ in 0..2 {
        let answer = world.backend.send("create-game-session", Caller::Bearer(token), &[], &headers, &other).await;
        answer.refused(422, "idempotency_key_reused");
        world.finish(&first).await;
    }
    assert_eq!(json!(session_id(&world.create(1, "k", &[]).await.expect(201))), tickets[0]);
    world.backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_ask_at_once_the_oldest_are_placed_and_each_once() {
    let world = World::start(2, 7).await;
    let firsts = [world.create(0, "k", &[]).await.expect(201), world.create(1, "k", &[]).await.expect(201)];
    let mut tickets = Vec::new();
    for player in 2..7 {
        tickets.push((player, world.queue(player, "k").await.0));
        world.pass_s(1).await;
    }
    for first in &firsts {
        world.finish(&session_id(first)).await;
    }
    // Each asks twice, the youngest first.
    let asks = tickets.iter().rev().flat_map(|(player, ticket)| [(*player, ticket), (*player, ticket)]);
    let answers = join_all(asks.map(async |(player, ticket)| (player, world.poll(player, ticket).await))).await;
    for (player, answer) in answers {
        let answer = answer.expect(200);
        assert_eq!(answer.get("connect").is_some(), player < 4, "{player}: {answer}");
    }
    assert_eq!(world.pass_s(0).await, 3);
    world.backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_party_binds_nobody_and_is_judged_when_its_turn_comes() {
    let world = World::start(1, 4).await;
    let first = session_id(&world.create(0, "k", &[]).await.expect(201));
    let consent = async |player: usize| {
        let (token, character) = &world.players[player];
        let body = json!({"character_id": character});
        world.backend.call("issue-companion-ticket", Caller::Bearer(token), &[], &body).await.expect(200)["ticket"]
            .clone()
    };
    let queued = world.create(1, "k", &[consent(2).await]).await.expect(202);
    let party = queued["placement_ticket"]["ticket_id"].as_str().unwrap().to_owned();
    world.pass_s(1).await;
    let (last, at) = world.queue(3, "k").await;
    assert_eq!(at, 2);
    // The companion goes elsewhere meanwhile; the party hears of it when it could be placed, and waits no more.
    world.backend.gamesim("sim-2", 2, "boot-1").await;
    let elsewhere = world.create(2, "own", &[]).await;
    assert_eq!(elsewhere.status, 202, "a newcomer goes last");
    let placed = world.poll(1, &party).await.expect(200);
    assert_eq!(placed["game_session"]["seats"].as_array().unwrap().len(), 2);
    let own = elsewhere.body["placement_ticket"]["ticket_id"].as_str().unwrap();
    assert_eq!(session_id(&world.poll(3, &last).await.expect(200)), last);
    world.finish(&first).await;
    // Its turn has come, and its character is in the party's session.
    world.poll(2, own).await.refused(409, "character_in_session");
    world.poll(2, own).await.refused(404, "not_found");
    assert_eq!(world.pass_s(0).await, 0);
    world.backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_whose_game_sim_died_goes_before_everybody_who_waits() {
    let world = World::start(1, 3).await;
    let running = session_id(&world.create(0, "k", &[]).await.expect(201));
    world.backend.gamesim("sim-2", 1, "boot-1").await;
    let orphan = session_id(&world.create(1, "k", &[]).await.expect(201));
    let (party, _) = world.queue(2, "k").await;
    // Only `sim-1` goes on beating, and nobody of the session on the other one comes back.
    let mut passed_ms = 0;
    while passed_ms < GAMESIM_LEASE_MS + SESSION_ORPHAN_MS {
        world.pass_s(GAMESIM_LEASE_MS / 3_000).await;
        passed_ms += GAMESIM_LEASE_MS / 3;
        world.poll(2, &party).await.expect(200);
    }
    let reap =
        async || world.backend.call("reap-fleet", Caller::Operator("schedule"), &[], &json!({})).await.expect(200);
    assert_eq!(reap().await["sessions_moved"], 0, "the fleet is full");
    world.finish(&running).await;
    assert_eq!(position(&world.poll(2, &party).await.expect(200)), 1, "the free place is not the party's");
    assert_eq!(world.create(0, "another", &[]).await.status, 202, "and not a newcomer's");
    assert_eq!(reap().await["sessions_moved"], 1);
    world.finish_placed(&orphan, 2).await;
    assert_eq!(session_id(&world.poll(2, &party).await.expect(200)), party);
    world.backend.stop().await;
}
