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
