//! What every route does with a request that makes no sense: a 4xx in the product's error body, never a 5xx.

use crate::intents;
use guildhall_functions::{Access, ROUTES, Route};
use guildhall_tests::{Backend, Caller};
use serde_json::{Map, Value, json};

const ID: &str = "00000000000000000000000000000000";
const JSON: (&str, &str) = ("content-type", "application/json");

fn path(route: &Route) -> Vec<(&'static str, &'static str)> {
    let all = [
        ("session_id", ID),
        ("character_id", ID),
        ("ticket_id", ID),
        ("gamesim_id", "sim-1"),
        ("account_id", ID),
        ("kind", "items"),
        ("id", "x"),
    ];
    all.into_iter().filter(|(name, _)| route.path.contains(&format!("{{{name}}}"))).collect()
}

fn caller<'a>(route: &Route, token: &'a str) -> Caller<'a> {
    match route.access {
        Access::Public => Caller::Anyone,
        Access::Player => Caller::Bearer(token),
        Access::Gamesim => Caller::Gamesim("sim-1"),
        Access::Operator => Caller::Operator("olga"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_refuses_nonsense_politely() {
    let backend = Backend::start().await;
    let token = backend.player("ada").await;
    let deep = format!("{}1{}", "{\"a\":".repeat(2_000), "}".repeat(2_000));
    let bodies = [
        "{",
        "[]",
        "null",
        "\"text\"",
        "{\"surprise\":1}",
        "{\"email\":1,\"password\":[]}",
        "{\"email\":\"a@b.c\",\"email\":\"d@e.f\"}",
        "\u{0}",
        deep.as_str(),
    ];
    for route in ROUTES {
        for body in bodies {
            let answer = backend.send(route.name, caller(route, &token), &path(route), &[JSON], body).await;
            assert!(
                (400..500).contains(&answer.status),
                "{route:?} answered {} to {body:.40}: {}",
                answer.status,
                answer.body
            );
            answer.refused(answer.status, answer.code());
        }
        let huge = format!("{{\"a\":\"{}\"}}", "x".repeat(route.body_bytes_max));
        let answer = backend.send(route.name, caller(route, &token), &path(route), &[JSON], &huge).await;
        answer.refused(413, "payload_too_large");
    }
    backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_must_say_that_it_is_json() {
    let backend = Backend::start().await;
    for headers in [&[][..], &[("content-type", "text/plain")][..]] {
        let answer = backend.send("login-account", Caller::Anyone, &[], headers, "{}").await;
        answer.refused(415, "unsupported_media_type");
    }
    backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_player_route_refuses_a_bad_token_in_the_same_words() {
    let backend = Backend::start().await;
    let token = backend.player("ada").await;
    let forged = format!("{}x", &token[..token.len() - 1]);
    let (long, none) = ("x".repeat(5_000), "eyJhbGciOiJub25lIn0.e30.");
    for route in ROUTES.iter().filter(|route| route.access == Access::Player) {
        let body = match route.name {
            "create-character" => "{\"name\":\"Ada\",\"class\":\"fighter\"}".to_owned(),
            "change-password" => "{\"old_password\":\"correct horse\",\"new_password\":\"battery staple\"}".to_owned(),
            "delete-account" => "{\"password\":\"correct horse\"}".to_owned(),
            "create-game-session" => format!("{{\"character_id\":\"{ID}\",\"dungeon_id\":\"goblin-warren\"}}"),
            "join-game-session" | "issue-companion-ticket" => format!("{{\"character_id\":\"{ID}\"}}"),
            name => Some(intents::body(name))
                .filter(|body| !body.is_null())
                .map_or_else(String::new, |body| body.to_string()),
        };
        for bad in ["", "x", none, forged.as_str(), long.as_str()] {
            let answer = backend.send(route.name, Caller::Bearer(bad), &path(route), &[JSON], &body).await;
            answer.refused(401, "unauthorized");
        }
        backend.send(route.name, Caller::Anyone, &path(route), &[JSON], &body).await.refused(401, "unauthorized");
    }
    backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_ids_keys_and_classes_are_named() {
    let backend = Backend::start().await;
    let token = backend.player("ada").await;
    let bad_id = [("character_id", "../../etc")];
    let answer = backend.send("get-character", Caller::Bearer(&token), &bad_id, &[], "").await;
    answer.refused(400, "invalid_request");
    let body = "{\"name\":\"Ada\",\"class\":\"necromancer\"}";
    let answer = backend.send("create-character", Caller::Bearer(&token), &[], &[JSON], body).await;
    answer.refused(400, "invalid_request");
    assert!(answer.body["error"]["message"].as_str().unwrap().contains("fighter"), "{}", answer.body);
    let (long, body) = ("k".repeat(129), body.replace("necromancer", "fighter"));
    for key in ["", "a b", "é", long.as_str()] {
        let headers = [JSON, ("idempotency-key", key)];
        let answer = backend.send("create-character", Caller::Bearer(&token), &[], &headers, &body).await;
        answer.refused(400, "invalid_request");
    }
    backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_game_sim_cannot_slip_in_what_is_not_its_to_write() {
    let backend = Backend::start().await;
    for (field, value) in [("version", "9"), ("name", "\"Ada\""), ("surprise", "1")] {
        let hot = format!(
            "{{\"level\":1,\"xp\":0,\"hp\":1,\"hp_max\":1,\"gold\":0,\"inventory\":[],\"dungeons_cleared\":0,\"{field}\":{value}}}"
        );
        let write = format!(
            "{{\"character_id\":\"{ID}\",\"account_id\":\"{ID}\",\"seq\":1,\"base_version\":1,\"hot\":{hot},\"release\":false}}"
        );
        let body = format!("{{\"gamesim_epoch\":1,\"session_epoch\":1,\"groups\":[{{\"writes\":[{write}]}}]}}");
        let path = [("session_id", ID)];
        let answer = backend.send("save-progress", Caller::Gamesim("sim-1"), &path, &[JSON], &body).await;
        answer.refused(400, "invalid_request");
    }
    backend.stop().await;
}

/// The rightful game sim, too, writes nothing that no character can be. What it may say is judged before its lease is.
#[tokio::test(flavor = "multi_thread")]
async fn a_game_sim_cannot_write_what_no_character_can_be() {
    let backend = Backend::start().await;
    let save = async |change: &Value| {
        let mut hot = json!({
            "level": 1, "xp": 0, "hp": 1, "hp_max": 1, "gold": 0, "inventory": [], "dungeons_cleared": 0,
        });
        hot.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let write = json!({
            "character_id": ID, "account_id": ID, "seq": 1, "base_version": 1, "hot": hot, "release": false,
        });
        let body = json!({"gamesim_epoch": 1, "session_epoch": 1, "groups": [{"writes": [write]}]});
        backend.call("save-progress", Caller::Gamesim("sim-1"), &[("session_id", ID)], &body).await
    };
    save(&json!({})).await.expect(200);
    let stack = |quantity: u32| json!({"item": "potion", "quantity": quantity});
    let skills: Map<String, Value> = (0..65).map(|number| (format!("skill-{number}"), json!(1))).collect();
    for change in [
        json!({"level": 0}),
        json!({"hp": 2}),
        json!({"gold": 1_000_000_000_001_u64}),
        json!({"gold": -1}),
        json!({"inventory": [stack(0)]}),
        json!({"inventory": [stack(10_000)]}),
        json!({"inventory": vec![stack(1); 29]}),
        json!({"inventory": [{"item": "", "quantity": 1}]}),
        json!({"practice": skills}),
    ] {
        save(&change).await.refused(400, "invalid_request");
    }
    backend.stop().await;
}
