//! What all intents on a character have in common: versions, conflicts, owners, leases and repetitions; and each of them once
//! through the whole way. What each one decides in detail, `guildhall-domain` tests.

use guildhall_domain::limits::INTENTS_REMEMBERED_MAX;
use guildhall_domain::limits::SESSION_GIVEN_UP_MS;
use guildhall_tests::{Answer, Backend, Caller};
use serde_json::{Value, json};

/// Every intent, by its route.
const INTENTS: [&str; 12] = [
    "change-hitpoints",
    "change-currency",
    "equip-armor",
    "unequip-armor",
    "equip-weapon",
    "unequip-weapon",
    "move-item",
    "split-items",
    "merge-items",
    "use-item",
    "learn-skill",
    "raise-ability",
];

/// A well-formed body of an intent at version 1; nothing for any other route.
pub(crate) fn body(route: &str) -> Value {
    match route {
        "change-hitpoints" | "change-currency" => json!({"version": 1, "delta": -1}),
        "equip-armor" | "unequip-armor" => json!({"version": 1, "item": "chain-mail"}),
        "equip-weapon" | "unequip-weapon" => json!({"version": 1, "item": "iron-sword"}),
        "move-item" | "merge-items" => json!({"version": 1, "from_slot": 0, "to_slot": 1}),
        "split-items" => json!({"version": 1, "slot": 0, "quantity": 1}),
        "use-item" => json!({"version": 1, "slot": 0}),
        "learn-skill" => json!({"version": 1, "skill": "athletics"}),
        "raise-ability" => json!({"version": 1, "ability": "strength"}),
        _ => Value::Null,
    }
}

/// A backend with one player and one fighter.
struct World {
    backend: Backend,
    token: String,
    character: String,
}

impl World {
    async fn start() -> Self {
        let backend = Backend::start().await;
        let token = backend.player("ada").await;
        let character = backend.character(&token, "Ada").await;
        Self { backend, token, character }
    }

    async fn intent(&self, route: &str, body: &Value) -> Answer {
        let path = [("character_id", self.character.as_str())];
        self.backend.call(route, Caller::Bearer(&self.token), &path, body).await
    }

    async fn intent_with_key(&self, route: &str, key: &str, body: &Value) -> Answer {
        let path = [("character_id", self.character.as_str())];
        let headers = [("content-type", "application/json"), ("idempotency-key", key)];
        self.backend.send(route, Caller::Bearer(&self.token), &path, &headers, &body.to_string()).await
    }

    async fn now(&self) -> Value {
        self.intent("get-character", &Value::Null).await.expect(200)
    }

    async fn give(&self, attributes: Value) {
        let account = self.now().await["account_id"].as_str().unwrap().to_owned();
        self.backend.give(&account, &self.character, &attributes).await;
        // Nothing but a test changes a row under its version; reading it shows the routes what became of it.
        self.now().await;
    }

    async fn play(&self) -> String {
        let body = json!({"character_id": self.character, "dungeon_id": "goblin-warren"});
        let caller = Caller::Bearer(&self.token);
        let placed = self.backend.call("create-game-session", caller, &[], &body).await.expect(201);
        placed["game_session"]["session_id"].as_str().unwrap().to_owned()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_intent_answers_with_the_whole_character_one_version_on() {
    let world = World::start().await;
    let hurt = world.intent("change-hitpoints", &json!({"version": 1, "delta": -30})).await.expect(200);
    assert_eq!((&hurt["version"], &hurt["hp"], &hurt["derived"]["hp_max"]), (&json!(2), &json!(100), &json!(130)));
    assert_eq!(world.now().await, hurt);
    let paid = world.intent("change-currency", &json!({"version": 2, "delta": 50})).await.expect(200);
    assert_eq!((&paid["version"], &paid["gold"]), (&json!(3), &json!(50)));
    let answer = world.intent("change-currency", &json!({"version": 3, "delta": -51})).await;
    answer.refused(422, "currency_out_of_range");
    assert_eq!(world.now().await, paid, "what is illegal changes nothing");
    world.backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_intent_goes_through() {
    let world = World::start().await;
    let stack = |item: &str, quantity: u32| json!({"item": item, "quantity": quantity});
    let inventory =
        [stack("chain-mail", 1), stack("iron-sword", 1), stack("healing-potion", 5), stack("goblin-ear", 3)];
    world.give(json!({"inventory": inventory, "hp": 50, "level": 4, "xp": 800, "hp_max": 169})).await;
    let slots = |answer: &Value| -> Vec<(String, u64)> {
        let slots = answer["inventory"].as_array().unwrap().iter();
        slots.map(|stack| (stack["item"].as_str().unwrap().to_owned(), stack["quantity"].as_u64().unwrap())).collect()
    };
    let armed = world.intent("equip-armor", &json!({"version": 1, "item": "chain-mail"})).await.expect(200);
    let worn = json!({"armor": {"item": "chain-mail", "wear": 0}, "shield": null, "weapon": null});
    assert_eq!((&armed["equipment"], &armed["derived"]["armor_class"]), (&worn, &json!(16)));
    let armed = world.intent("equip-weapon", &json!({"version": 2, "item": "iron-sword"})).await.expect(200);
    assert_eq!((&armed["derived"]["damage"], slots(&armed).len()), (&json!({"dice": 1, "sides": 8}), 2));
    let healed = world.intent("use-item", &json!({"version": 3, "slot": 0})).await.expect(200);
    assert_eq!((&healed["hp"], slots(&healed)[0].1), (&json!(90), 4));
    let split = world.intent("split-items", &json!({"version": 4, "slot": 0, "quantity": 1})).await.expect(200);
    assert_eq!(slots(&split).len(), 3);
    let moved = world.intent("move-item", &json!({"version": 5, "from_slot": 0, "to_slot": 1})).await.expect(200);
    assert_eq!(slots(&moved)[0].0, "goblin-ear");
    let merged = world.intent("merge-items", &json!({"version": 6, "from_slot": 2, "to_slot": 1})).await.expect(200);
    assert_eq!(slots(&merged), [("goblin-ear".to_owned(), 3), ("healing-potion".to_owned(), 4)]);
    let learnt = world.intent("learn-skill", &json!({"version": 7, "skill": "athletics"})).await.expect(200);
    assert_eq!((&learnt["skills"], &learnt["derived"]["skills"]["athletics"]), (&json!(["athletics"]), &json!(4)));
    let raised = world.intent("raise-ability", &json!({"version": 8, "ability": "strength"})).await.expect(200);
    assert_eq!((&raised["ability_scores"]["strength"], &raised["derived"]["attack_bonus"]), (&json!(16), &json!(5)));
    let bare = world.intent("unequip-weapon", &json!({"version": 9, "item": "iron-sword"})).await.expect(200);
    let bare_version = bare["version"].clone();
    let bare = world.intent("unequip-armor", &json!({"version": bare_version, "item": "chain-mail"})).await.expect(200);
    let nothing = json!({"armor": null, "shield": null, "weapon": null});
    assert_eq!((&bare["version"], &bare["equipment"], slots(&bare).len()), (&json!(11), &nothing, 4));
    world.backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_brings_the_latest_state_and_changes_nothing() {
    let world = World::start().await;
    let latest = world.intent("change-hitpoints", &json!({"version": 1, "delta": -30})).await.expect(200);
    for route in INTENTS {
        for version in [1, 3, u64::MAX] {
            let mut body = body(route);
            body["version"] = json!(version);
            let answer = world.intent(route, &body).await;
            answer.refused(409, "version_conflict");
            assert_eq!(answer.body["character"], latest, "{route} at {version}");
        }
    }
    assert_eq!(world.now().await, latest);
    world.backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_intents_at_once_one_wins_and_the_other_learns_what_came_of_it() {
    let world = World::start().await;
    for round in 0..10 {
        let earn = json!({"version": 1 + round, "delta": 1});
        let (one, other) =
            futures_util::join!(world.intent("change-currency", &earn), world.intent("change-currency", &earn));
        let (won, lost) = if one.status == 200 { (one, other) } else { (other, one) };
        assert_eq!(won.status, 200, "{}", won.body);
        lost.refused(409, "version_conflict");
        assert_eq!(lost.body["character"], won.body);
        assert_eq!(won.body["gold"], json!(round + 1));
    }
    world.backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_character_looks_missing_to_every_intent() {
    let world = World::start().await;
    let eve = world.backend.player("eve").await;
    for route in INTENTS.into_iter().chain(["delete-character", "restore-character"]) {
        let body = body(route);
        let mut answers = Vec::new();
        for id in [world.character.as_str(), "00000000000000000000000000000000"] {
            answers.push(world.backend.call(route, Caller::Bearer(&eve), &[("character_id", id)], &body).await);
        }
        answers[0].refused(404, "not_found");
        assert_eq!(answers[0], answers[1], "{route}");
    }
    assert_eq!(world.now().await["version"], 1);
    world.backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_request_finds_what_it_did() {
    let world = World::start().await;
    let earn = json!({"version": 1, "delta": 5});
    let first = world.intent_with_key("change-currency", "k-1", &earn).await.expect(200);
    let again = world.intent_with_key("change-currency", "k-1", &earn).await.expect(200);
    assert_eq!((&again, &again["gold"]), (&first, &json!(5)));
    for (key, body) in [("k-2", &earn), ("k-1", &json!({"version": 1, "delta": 6}))] {
        world.intent_with_key("change-currency", key, body).await.refused(409, "version_conflict");
    }
    world.intent("change-currency", &earn).await.refused(409, "version_conflict");
    world.intent_with_key("change-currency", "k-3", &json!({"version": 2, "delta": 1})).await.expect(200);
    // Its answer was lost, and meanwhile its player did something else: it is done, and shows what has become of the character.
    let late = world.intent_with_key("change-currency", "k-1", &earn).await.expect(200);
    assert_eq!((&late["version"], &late["gold"]), (&json!(3), &json!(6)));
    for version in 3..3 + INTENTS_REMEMBERED_MAX as u64 {
        let key = format!("k-{}", version + 1);
        world.intent_with_key("change-currency", &key, &json!({"version": version, "delta": 1})).await.expect(200);
    }
    world.intent_with_key("change-currency", "k-1", &earn).await.refused(409, "version_conflict");
    assert_eq!(world.now().await["gold"], 6 + INTENTS_REMEMBERED_MAX);
    world.backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_character_in_a_living_session_is_its_game_sims_alone() {
    let world = World::start().await;
    world.backend.gamesim("sim-1", 4, "boot-1").await;
    let session = world.play().await;
    for route in INTENTS {
        let answer = world.intent(route, &body(route)).await;
        answer.refused(409, "character_in_session");
        assert!(answer.body["error"]["message"].as_str().unwrap().contains(&session), "{}", answer.body);
    }
    world.intent("delete-character", &Value::Null).await.refused(409, "character_in_session");
    assert_eq!(world.now().await["version"], 1);
    world.backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_that_no_longer_binds_is_replaced() {
    let world = World::start().await;
    world.backend.gamesim("sim-1", 4, "boot-1").await;
    // The game sim dies: its session may still go on elsewhere, and holds the character until it has waited in vain.
    let session = world.play().await;
    let path = [("session_id", session.as_str())];
    let before = world.now().await;
    let admit = json!({"gamesim_epoch": 1, "session_epoch": 1, "seat": 0, "account_id": before["account_id"], "character_id": before["character_id"]});
    world.backend.call("admit-player", Caller::Gamesim("sim-1"), &path, &admit).await.expect(200);
    world.backend.pass_ms(6_000 + SESSION_GIVEN_UP_MS - 1);
    let answer = world.intent("change-currency", &json!({"version": 1, "delta": 5})).await;
    answer.refused(409, "character_in_session");
    world.backend.pass_ms(1);
    let earned = world.intent("change-currency", &json!({"version": 1, "delta": 5})).await.expect(200);
    assert_eq!(earned["version"], 2);
    // The seat's reservation runs out while the game sim lives on.
    world.backend.gamesim("sim-1", 4, "boot-2").await;
    let session = world.play().await;
    world.backend.pass_ms(30_001);
    world.backend.gamesim("sim-1", 4, "boot-2").await;
    let earned = world.intent("change-currency", &json!({"version": 2, "delta": 5})).await.expect(200);
    assert_eq!((&earned["version"], &earned["gold"]), (&json!(3), &json!(10)));
    let path = [("session_id", session.as_str())];
    let admit = json!({"gamesim_epoch": 2, "session_epoch": 1, "seat": 0, "account_id": earned["account_id"], "character_id": earned["character_id"]});
    let late = world.backend.call("admit-player", Caller::Gamesim("sim-1"), &path, &admit).await;
    assert!((400..500).contains(&late.status), "a late arrival took a character that had moved on: {}", late.body);
    world.intent("delete-character", &Value::Null).await.expect(200);
    world.backend.stop().await;
}
