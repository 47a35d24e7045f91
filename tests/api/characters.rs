//! Create, list and get a character.

use guildhall_tests::{Backend, Caller};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn a_new_character_has_the_numbers_of_its_class() {
    let backend = Backend::start().await;
    let token = backend.player("ada").await;
    let body = json!({"name": "Ada", "class": "fighter"});
    let made = backend.call("create-character", Caller::Bearer(&token), &[], &body).await.expect(201);
    let content = backend.call("get-content", Caller::Anyone, &[], &Value::Null).await.expect(200);
    assert_eq!(made["hp_max"], content["content"]["classes"]["fighter"]["hp_base"]);
    assert_eq!((&made["version"], &made["level"], &made["xp"]), (&json!(1), &json!(1), &json!(0)));
    let id = made["character_id"].as_str().unwrap();
    let got =
        backend.call("get-character", Caller::Bearer(&token), &[("character_id", id)], &Value::Null).await.expect(200);
    assert_eq!(got, made);
    backend.pass_ms(1);
    backend.character(&token, "Bryn").await;
    let list = backend.call("list-characters", Caller::Bearer(&token), &[], &Value::Null).await.expect(200);
    let names: Vec<&str> = list["characters"].as_array().unwrap().iter().map(|c| c["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Ada", "Bryn"]);
    backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_character_looks_exactly_like_a_missing_one() {
    let backend = Backend::start().await;
    let (ada, eve) = (backend.player("ada").await, backend.player("eve").await);
    let id = backend.character(&ada, "Ada").await;
    let foreign = backend.call("get-character", Caller::Bearer(&eve), &[("character_id", &id)], &Value::Null).await;
    let missing = [("character_id", "00000000000000000000000000000000")];
    let missing = backend.call("get-character", Caller::Bearer(&eve), &missing, &Value::Null).await;
    foreign.refused(404, "not_found");
    assert_eq!(foreign, missing);
    let list = backend.call("list-characters", Caller::Bearer(&eve), &[], &Value::Null).await.expect(200);
    assert_eq!(list, json!({"characters": []}));
    backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_idempotency_key_makes_one_character() {
    let backend = Backend::start().await;
    let token = backend.player("ada").await;
    let headers = [("content-type", "application/json"), ("idempotency-key", "k-1")];
    let send = |body: Value| {
        let (backend, token) = (&backend, token.as_str());
        async move { backend.send("create-character", Caller::Bearer(token), &[], &headers, &body.to_string()).await }
    };
    let first = send(json!({"name": "Ada", "class": "fighter"})).await.expect(201);
    let again = send(json!({"name": "Ada", "class": "fighter"})).await.expect(201);
    assert_eq!(first, again);
    send(json!({"name": "Eve", "class": "fighter"})).await.refused(422, "idempotency_key_reused");
    let scores =
        json!({"strength": 8, "dexterity": 8, "constitution": 8, "intelligence": 8, "wisdom": 8, "charisma": 8});
    let other = send(json!({"name": "Ada", "class": "fighter", "ability_scores": scores})).await;
    other.refused(422, "idempotency_key_reused");
    let list = backend.call("list-characters", Caller::Bearer(&token), &[], &Value::Null).await.expect(200);
    assert_eq!(list["characters"].as_array().unwrap().len(), 1);
    backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_has_more_characters_than_an_account_may() {
    let backend = Backend::start().await;
    let token = backend.player("ada").await;
    for number in 0..16 {
        backend.character(&token, &format!("Ada {number}")).await;
    }
    let body = json!({"name": "One more", "class": "fighter"});
    let answer = backend.call("create-character", Caller::Bearer(&token), &[], &body).await;
    answer.refused(409, "too_many_characters");
    backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ability_scores_are_bought_and_shown_with_what_follows() {
    let backend = Backend::start().await;
    let token = backend.player("ada").await;
    let make = |name: &'static str, scores: [u8; 6]| {
        let [strength, dexterity, constitution, intelligence, wisdom, charisma] = scores;
        let scores = json!({
            "strength": strength, "dexterity": dexterity, "constitution": constitution,
            "intelligence": intelligence, "wisdom": wisdom, "charisma": charisma,
        });
        let body = json!({"name": name, "class": "fighter", "ability_scores": scores});
        let (backend, token) = (&backend, token.as_str());
        async move { backend.call("create-character", Caller::Bearer(token), &[], &body).await }
    };
    let frail = make("Frail", [15, 15, 8, 15, 8, 8]).await.expect(201);
    // A fighter's own constitution is 14; three points of the modifier cost 12 of 130 hit points.
    assert_eq!((&frail["hp_max"], &frail["hp"]), (&json!(118), &json!(118)));
    let derived = &frail["derived"];
    assert_eq!(derived["hp_max"], frail["hp_max"]);
    assert_eq!(
        (&derived["armor_class"], &derived["attack_bonus"], &derived["damage_bonus"]),
        (&json!(12), &json!(4), &json!(2))
    );
    assert_eq!((&derived["saving_throws"]["constitution"], &derived["speed_mm_per_s"]), (&json!(1), &json!(5000)));
    for wrong in [[15, 15, 15, 15, 8, 8], [16, 8, 8, 8, 8, 8], [7, 8, 8, 8, 8, 8]] {
        let answer = make("Wrong", wrong).await;
        answer.refused(400, "invalid_request");
        assert!(answer.body["error"]["message"].as_str().unwrap().contains("ability_scores"), "{}", answer.body);
    }
    backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_one_characters_however_it_is_written() {
    let backend = Backend::start().await;
    let (ada, eve) = (backend.player("ada").await, backend.player("eve").await);
    backend.character(&ada, "\u{c9}owyn").await;
    for (token, name) in [(&eve, "\u{c9}owyn"), (&eve, "e\u{301}OWYN"), (&ada, "\u{e9}OwYn")] {
        let body = json!({"name": name, "class": "cleric"});
        let answer = backend.call("create-character", Caller::Bearer(token), &[], &body).await;
        answer.refused(409, "name_taken");
    }
    for deceptive in ["\u{410}da", "Ada\u{200b}", "Ada\u{202e}x", "\u{441}\u{43e}\u{441}\u{43e}"] {
        let body = json!({"name": deceptive, "class": "cleric"});
        let answer = backend.call("create-character", Caller::Bearer(&eve), &[], &body).await;
        answer.refused(400, "invalid_request");
    }
    let list = backend.call("list-characters", Caller::Bearer(&eve), &[], &Value::Null).await.expect(200);
    assert_eq!(list, json!({"characters": []}), "a refused name leaves no character behind");
    backend.character(&eve, "Eowyn").await;
    backend.stop().await;
}

const DAY_MS: u64 = 24 * 3_600 * 1_000;

/// The token of a player who signs in again, as tokens end within the hour.
async fn login(backend: &Backend, name: &str) -> String {
    let body = json!({"email": format!("{name}@example.com"), "password": "correct horse"});
    let answer = backend.call("login-account", Caller::Anyone, &[], &body).await.expect(200);
    answer["access_token"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_character_can_be_restored_for_thirty_days() {
    let backend = Backend::start().await;
    let token = backend.player("ada").await;
    let id = backend.character(&token, "Ada").await;
    let path = [("character_id", id.as_str())];
    let before = backend.call("get-character", Caller::Bearer(&token), &path, &Value::Null).await.expect(200);
    let deleted = backend.call("delete-character", Caller::Bearer(&token), &path, &Value::Null).await.expect(200);
    assert_eq!((&deleted["version"], &deleted["deleted_at"]), (&json!(2), &json!(backend.now().0)));
    assert_eq!(deleted["restorable_until"], json!(backend.now().0 + 30 * DAY_MS));
    backend.pass_ms(5);
    let again = backend.call("delete-character", Caller::Bearer(&token), &path, &Value::Null).await.expect(200);
    assert_eq!(again, deleted);

    backend.call("get-character", Caller::Bearer(&token), &path, &Value::Null).await.refused(404, "not_found");
    let hurt = json!({"version": 2, "delta": -1});
    backend.call("change-hitpoints", Caller::Bearer(&token), &path, &hurt).await.refused(404, "not_found");
    let play = json!({"character_id": id, "dungeon_id": "goblin-warren"});
    backend.call("create-game-session", Caller::Bearer(&token), &[], &play).await.refused(404, "not_found");
    let list = |flag: &'static [(&'static str, &'static str)]| {
        backend.call("list-characters", Caller::Bearer(&token), flag, &Value::Null)
    };
    assert_eq!(list(&[]).await.expect(200), json!({"characters": []}));
    assert_eq!(list(&[("include_deleted", "true")]).await.expect(200)["characters"], json!([deleted]));
    list(&[("include_deleted", "maybe")]).await.refused(400, "invalid_request");
    let body = json!({"name": "ADA", "class": "fighter"});
    backend.call("create-character", Caller::Bearer(&token), &[], &body).await.refused(409, "name_taken");

    backend.pass_ms(30 * DAY_MS - 6);
    let token = login(&backend, "ada").await;
    let restored = backend.call("restore-character", Caller::Bearer(&token), &path, &Value::Null).await.expect(200);
    assert_eq!((&restored["version"], &restored["hp"], &restored["name"]), (&json!(3), &before["hp"], &before["name"]));
    let again = backend.call("restore-character", Caller::Bearer(&token), &path, &Value::Null).await.expect(200);
    assert_eq!(again, restored);
    backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_thirty_days_the_character_is_gone_and_its_name_free() {
    let backend = Backend::start().await;
    let token = backend.player("ada").await;
    let id = backend.character(&token, "Ada").await;
    let path = [("character_id", id.as_str())];
    backend.call("delete-character", Caller::Bearer(&token), &path, &Value::Null).await.expect(200);
    backend.pass_ms(30 * DAY_MS);
    let token = login(&backend, "ada").await;
    for name in ["restore-character", "delete-character"] {
        backend.call(name, Caller::Bearer(&token), &path, &Value::Null).await.refused(404, "not_found");
    }
    let flag = [("include_deleted", "true")];
    let list = backend.call("list-characters", Caller::Bearer(&token), &flag, &Value::Null).await.expect(200);
    assert_eq!(list, json!({"characters": []}));
    backend.character(&token, "Ada").await;
    backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deleting_makes_room_and_restoring_needs_it() {
    let backend = Backend::start().await;
    let token = backend.player("ada").await;
    let mut ids = Vec::new();
    for number in 0..16 {
        ids.push(backend.character(&token, &format!("Ada {number}")).await);
    }
    let path = [("character_id", ids[0].as_str())];
    backend.call("delete-character", Caller::Bearer(&token), &path, &Value::Null).await.expect(200);
    backend.character(&token, "Bryn").await;
    let answer = backend.call("restore-character", Caller::Bearer(&token), &path, &Value::Null).await;
    answer.refused(409, "too_many_characters");
    backend.stop().await;
}
