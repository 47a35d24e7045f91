//! Every value of every request, replaced by what nobody would send in good faith, against things that exist: whatever comes,
//! the answer is one that the route declares, and no fault of the server's.

use crate::intents;
use guildhall_functions::{Access, Method, ROUTES, Route};
use guildhall_tests::{Answer, Backend, Caller};
use serde_json::{Map, Value, json};

/// JSON texts, well-formed and not.
const HOSTILE: &[&str] = &[
    "null",
    "true",
    "0",
    "-1",
    "-0",
    "1.5",
    "1e300",
    "1e999",
    "NaN",
    "-Infinity",
    "01",
    "65536",
    "4294967296",
    "2147483648",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "\"\"",
    "\" \"",
    "\"\\u0000\"",
    "\"\\ud800\"",
    "\"\\u202eadA\"",
    "\"\\u200b\"",
    "\"İİİİ@İ.İ\"",
    "\"💀💀💀\"",
    "\"a\\r\\nset-cookie: b\"",
    "\"00000000000000000000000000000000\"",
    "\"../../../etc/passwd\"",
    "[]",
    "[[[]]]",
    "{}",
    "{\"a\":1,\"a\":2}",
];

/// Texts in the place of an id in a path.
const HOSTILE_PATHS: &[&str] =
    &["", " ", "\0", "..", "💀", "\u{202e}", "ABCDEF00000000000000000000000000", "%2e%2e", "a\r\nb"];

/// A game sim, a player in a session, and a character that is free.
struct World {
    backend: Backend,
    token: String,
    account: String,
    character: String,
    playing: String,
    session: String,
    gamesim_epoch: u64,
}

impl World {
    async fn start() -> Self {
        let backend = Backend::start().await;
        let gamesim_epoch = backend.gamesim("sim-1", 100, "boot-1").await;
        let token = backend.player("ada").await;
        let character = backend.character(&token, "Ada").await;
        let playing = backend.character(&token, "Bryn").await;
        let body = json!({"character_id": playing, "dungeon_id": "goblin-warren"});
        let placed = backend.call("create-game-session", Caller::Bearer(&token), &[], &body).await.expect(201);
        let session = placed["game_session"]["session_id"].as_str().unwrap().to_owned();
        let path = [("character_id", playing.as_str())];
        let sheet = backend.call("get-character", Caller::Bearer(&token), &path, &Value::Null).await.expect(200);
        let account = sheet["account_id"].as_str().unwrap().to_owned();
        Self { backend, token, account, character, playing, session, gamesim_epoch }
    }

    /// The path parameters of a route, all of things that exist.
    fn path(&self, route: &Route) -> Vec<(&'static str, String)> {
        let all = [
            ("session_id", &self.session),
            ("character_id", &self.character),
            ("gamesim_id", &"sim-1".to_owned()),
            ("account_id", &self.account),
            ("kind", &"items".to_owned()),
            ("id", &"iron-sword".to_owned()),
        ];
        let own = all.into_iter().filter(|(name, _)| route.path.contains(&format!("{{{name}}}")));
        own.map(|(name, value)| (name, value.clone())).collect()
    }

    /// A body that makes sense; nothing for a route that takes none.
    fn body(&self, route: &str) -> Value {
        let own = json!({"gamesim_epoch": self.gamesim_epoch, "session_epoch": 1});
        let with = |more: Value| -> Value {
            let fields = [&own, &more].map(|value| value.as_object().cloned().unwrap_or_default());
            fields.into_iter().flatten().collect::<Map<_, _>>().into()
        };
        match route {
            "register-account" => json!({"email": "new@example.com", "password": "correct horse"}),
            "login-account" => json!({"email": "ada@example.com", "password": "correct horse"}),
            "refresh-token" => json!({"refresh_token": "x"}),
            "logout-account" => json!({"everywhere": false}),
            "change-password" => json!({"old_password": "correct horse", "new_password": "battery staple"}),
            "delete-account" => json!({"password": "correct horse"}),
            "create-character" => json!({"name": "Cato", "class": "fighter", "ability_scores": {
                "strength": 15, "dexterity": 13, "constitution": 14, "intelligence": 8, "wisdom": 12, "charisma": 10,
            }}),
            "create-game-session" => json!({"character_id": self.character, "dungeon_id": "goblin-warren"}),
            "join-game-session" => json!({"character_id": self.playing}),
            "admit-player" => with(json!({"account_id": self.account, "character_id": self.playing, "seat": 0})),
            "recover-game-session" => with(json!({})),
            "save-progress" => with(json!({"groups": [{"writes": [{
                "character_id": self.playing, "account_id": self.account, "seq": 1, "base_version": 1, "release": false,
                "hot": {
                    "level": 1, "xp": 0, "hp": 1, "hp_max": 1, "gold": 0, "dungeons_cleared": 0,
                    "inventory": [{"item": "iron-sword", "quantity": 1}],
                },
            }]}]})),
            "finalize-game-session" => with(json!({"outcome": "cleared"})),
            "register-gamesim" => json!({
                "ports": [4000], "capacity": 1, "build_version": "test", "protocol_version": 1, "boot_id": "boot-1",
                "content_version": "0000000000000000", "connect_key": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
            }),
            "heartbeat-gamesim" => json!({
                "epoch": self.gamesim_epoch, "state": "ready", "expelled": [{"account_id": self.account, "at": 1}],
                "load": {"sessions": 1, "players": 1, "tick_lateness_p99_us": 1, "unsaved_changes": 1},
            }),
            intent => intents::body(intent),
        }
    }

    async fn send(
        &self,
        route: &Route,
        token: &str,
        path: &[(&str, String)],
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let caller = match route.access {
            Access::Public => Caller::Anyone,
            Access::Player => Caller::Bearer(token),
            Access::Gamesim => Caller::Gamesim("sim-1"),
            Access::Operator => Caller::Operator("olga"),
        };
        let path: Vec<(&str, &str)> = path.iter().map(|(name, value)| (*name, value.as_str())).collect();
        if is_throttled(route) {
            self.backend.pass_ms(61_000);
        }
        let headers = [&[("content-type", "application/json")], headers].concat();
        self.backend.send(route.name, caller, &path, &headers, body).await
    }
}

/// Whether passwords are tried here: time must pass, or the throttle would spare the route the work.
fn is_throttled(route: &Route) -> bool {
    route.path.starts_with("/v1/auth/") || route.path.starts_with("/v1/account")
}

/// Where the leaves of a value are, as JSON pointers.
fn leaves(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| leaves(value, &format!("{at}/{name}"), found)),
        Value::Array(items) => {
            (0..).zip(items).for_each(|(index, value): (usize, _)| leaves(value, &format!("{at}/{index}"), found));
        }
        _ => {}
    }
    if !at.is_empty() {
        found.push(at.to_owned());
    }
}

#[track_caller]
fn judge(route: &Route, what: &str, answer: &Answer) {
    assert!(answer.status < 500, "{route:?} answers {what} with {}: {}", answer.status, answer.body);
    if answer.status >= 400 {
        answer.refused(answer.status, answer.code());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_value_of_any_body_is_the_servers_fault() {
    let world = World::start().await;
    for route in ROUTES.iter().filter(|route| !world.body(route.name).is_null()) {
        // What one route leaves behind must not spare the next one the work.
        let world = World::start().await;
        let mut token = world.token.clone();
        let mut found = Vec::new();
        leaves(&world.body(route.name), "", &mut found);
        for (number, leaf) in found.iter().enumerate() {
            let long = format!("\"{}\"", "\u{301}".repeat(1_500));
            for hostile in HOSTILE.iter().copied().chain([long.as_str()]) {
                let mut body = world.body(route.name);
                *body.pointer_mut(leaf).unwrap() = json!("@@");
                let body = body.to_string().replace("\"@@\"", hostile);
                let answer = world.send(route, &token, &world.path(route), &[], &body).await;
                judge(route, &format!("{leaf} = {hostile:.40}"), &answer);
                let ends = ["logout-account", "change-password", "delete-account"].contains(&route.name);
                if ends && (answer.status < 300 || answer.status == 401) {
                    token = world.backend.player(&format!("{}-{number}-{}", route.name, hostile.len())).await;
                }
            }
        }
        world.backend.stop().await;
    }
    world.backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_path_and_no_key_is_the_servers_fault() {
    let world = World::start().await;
    let long = "x".repeat(5_000);
    for route in ROUTES {
        let body =
            Some(world.body(route.name)).filter(|body| !body.is_null()).map_or_else(String::new, |b| b.to_string());
        for (place, hostile) in
            world.path(route).iter().flat_map(|(name, _)| HOSTILE_PATHS.iter().map(move |text| (name, text)))
        {
            let mut path = world.path(route);
            path.iter_mut().filter(|(name, _)| name == place).for_each(|(_, value)| *value = (*hostile).to_owned());
            let answer = world.send(route, &world.token, &path, &[], &body).await;
            judge(route, &format!("{place} = {hostile:?}"), &answer);
            assert!(answer.status >= 400, "{route:?} takes {hostile:?} for {place}");
        }
        for key in ["", " ", "a b", "a\tb", "é", "💀", long.as_str()] {
            let answer = world.send(route, "", &world.path(route), &[("idempotency-key", key)], &body).await;
            answer.refused(400, "invalid_request");
        }
    }
    world.backend.stop().await;
}

/// Two readers of one text must not hear two things, and a query ends up in logs.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_said_twice_or_in_the_wrong_place() {
    let world = World::start().await;
    for route in ROUTES.iter().filter(|route| !world.body(route.name).is_null()) {
        let body = world.body(route.name);
        let (name, value) = body.as_object().unwrap().iter().next().unwrap();
        let text = body.to_string();
        let twice = format!("{{\"{name}\":{value},{}", &text[1..]);
        let answer = world.send(route, &world.token, &world.path(route), &[], &twice).await;
        answer.refused(400, "malformed_json");
        let said = answer.body["error"]["message"].as_str().unwrap().to_owned();
        assert!(said.contains(&format!("`{name}` is given twice")), "{said}");
    }
    for route in ROUTES.iter().filter(|route| route.method != Method::Get) {
        let query = [("password", "correct+horse"), ("email", "ada@example.com")];
        let answer = world.backend.get(route.name, &[], &query, &[]).await;
        answer.refused(400, "invalid_request");
        assert_eq!(answer.body["error"]["message"], "this request takes no query", "{route:?}");
    }
    world.backend.stop().await;
}
