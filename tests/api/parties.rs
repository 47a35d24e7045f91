//! Parties that are seated whole or not at all, by tickets that their members hand to whoever creates the session.

use guildhall_domain::GamesimId;
use guildhall_domain::limits::COMPANION_TICKET_LIFETIME_S;
use guildhall_storage::gamesims;
use guildhall_tests::{Answer, Backend, Caller};
use serde_json::{Value, json};

/// Five players with a character each, and one game sim.
struct World {
    backend: Backend,
    players: Vec<(String, String)>,
}

impl World {
    async fn start() -> Self {
        let backend = Backend::start().await;
        backend.gamesim("sim-1", 10, "boot-1").await;
        let players = backend.players_with_characters(5).await;
        Self { backend, players }
    }

    async fn ticket(&self, player: usize) -> String {
        let (token, character) = &self.players[player];
        let body = json!({"character_id": character});
        let answer = self.backend.call("issue-companion-ticket", Caller::Bearer(token), &[], &body).await.expect(200);
        assert_eq!(answer["expires_in_s"], COMPANION_TICKET_LIFETIME_S);
        answer["ticket"].as_str().unwrap().to_owned()
    }

    async fn create(&self, player: usize, key: &str, companions: &[String]) -> Answer {
        let (token, character) = &self.players[player];
        let headers = [("content-type", "application/json"), ("idempotency-key", key)];
        let body =
            json!({"character_id": character, "dungeon_id": "goblin-warren", "companions": companions}).to_string();
        self.backend.send("create-game-session", Caller::Bearer(token), &[], &headers, &body).await
    }

    async fn join(&self, player: usize, session: &Value) -> Answer {
        let (token, character) = &self.players[player];
        let path = [("session_id", session.as_str().unwrap())];
        let body = json!({"character_id": character});
        self.backend.call("join-game-session", Caller::Bearer(token), &path, &body).await
    }

    async fn active(&self) -> usize {
        let id: GamesimId = "sim-1".parse().unwrap();
        gamesims::find_latest(self.backend.table(), &id).await.unwrap().unwrap().sessions.len()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_party_of_four_is_seated_at_once_and_each_finds_their_seat() {
    let world = World::start().await;
    let tickets = [world.ticket(1).await, world.ticket(2).await, world.ticket(3).await];
    let created = world.create(0, "k", &tickets).await.expect(201);
    let session = &created["game_session"]["session_id"];
    assert_eq!(created["game_session"]["seats"].as_array().unwrap().len(), 4);
    world.join(4, session).await.refused(409, "session_full");
    for player in [3, 1, 2] {
        world.create(player, "own", &[]).await.refused(409, "character_in_session");
        assert_eq!(world.join(player, session).await.expect(200)["connect"]["seat"], player);
    }
    // Under other tickets of the same companions it is the same request, with others it is not; and consent may end meanwhile.
    let others = [world.ticket(1).await, world.ticket(2).await, world.ticket(3).await];
    assert_eq!(&world.create(0, "k", &others).await.expect(201)["game_session"]["session_id"], session);
    world.create(0, "k", &[]).await.refused(422, "idempotency_key_reused");
    assert_eq!(world.active().await, 1);
    world.backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_who_cannot_come_leaves_everybody_free() {
    let world = World::start().await;
    let tickets = [world.ticket(1).await, world.ticket(2).await];
    world.create(2, "own", &[]).await.expect(201);
    let refused = world.create(0, "k", &tickets).await;
    refused.refused(409, "character_in_session");
    assert!(refused.body["error"]["message"].as_str().unwrap().contains("companion"), "{}", refused.body);
    assert_eq!(world.active().await, 1);
    // Neither the creator nor the other companion is bound.
    world.create(0, "alone", &[]).await.expect(201);
    world.create(1, "alone", &[]).await.expect(201);
    world.backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_living_consent_of_different_characters_counts() {
    let world = World::start().await;
    let ticket = world.ticket(1).await;
    let forged = format!("{}{}", if ticket.starts_with('A') { 'B' } else { 'A' }, &ticket[1..]);
    world.create(0, "k", &[forged]).await.refused(400, "invalid_companion_ticket");
    world.create(0, "k", &["x".into()]).await.refused(400, "invalid_companion_ticket");
    world.create(0, "k", &[ticket.clone(), world.ticket(1).await]).await.refused(400, "companion_twice");
    world.create(0, "k", &[world.ticket(0).await]).await.refused(400, "companion_twice");
    let many = [1, 2, 3, 4];
    let mut tickets = Vec::new();
    for player in many {
        tickets.push(world.ticket(player).await);
    }
    world.create(0, "k", &tickets).await.refused(400, "invalid_request");
    let body = json!({"character_id": world.players[1].1});
    let foreign = world.backend.call("issue-companion-ticket", Caller::Bearer(&world.players[0].0), &[], &body).await;
    foreign.refused(404, "not_found");
    // Who logs out consents to nothing any more.
    world.backend.call("logout-account", Caller::Bearer(&world.players[2].0), &[], &json!({})).await.expect(200);
    world.create(0, "k", &tickets[1..2]).await.refused(409, "companion_ticket_expired");
    world.backend.pass_ms(COMPANION_TICKET_LIFETIME_S * 1_000);
    world.backend.gamesim("sim-1", 10, "boot-2").await;
    world.create(0, "k", &[ticket]).await.refused(409, "companion_ticket_expired");
    assert_eq!(world.active().await, 0);
    world.backend.stop().await;
}

/// R6: what was placed while the consent held is found under its key when the consent is over.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_comes_again_needs_no_new_consent() {
    let world = World::start().await;
    let tickets = [world.ticket(1).await];
    world.backend.pass_ms((COMPANION_TICKET_LIFETIME_S - 1) * 1_000);
    world.backend.gamesim("sim-1", 10, "boot-2").await;
    let created = world.create(0, "k", &tickets).await.expect(201);
    world.backend.pass_ms(1_000);
    let again = world.create(0, "k", &tickets).await.expect(201);
    assert_eq!(created["game_session"], again["game_session"]);
    world.create(0, "other", &tickets).await.refused(409, "companion_ticket_expired");
    world.backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_party_that_left_one_session_together_is_seated_in_the_next() {
    let world = World::start().await;
    let first = [world.ticket(1).await, world.ticket(2).await];
    world.create(0, "first", &first).await.expect(201);
    // Nobody came: all three leave the same session behind.
    world.backend.pass_ms(30_000);
    world.backend.gamesim("sim-2", 10, "boot-1").await;
    let created = world.create(1, "second", &[world.ticket(0).await, world.ticket(2).await]).await.expect(201);
    assert_eq!(created["game_session"]["seats"].as_array().unwrap().len(), 3);
    world.backend.stop().await;
}
