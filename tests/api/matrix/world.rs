//! What the calls are about: Ada and her characters, one of them in a session that `sim-a` runs and in which Bob has a seat;
//! and for every route a request that would succeed if the right one made it.

use super::callers::{Tokens, Who};
use crate::intents;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use guildhall_domain::combat_log::{ChunkWriter, Deed};
use guildhall_domain::limits::{GAMESIM_KEPT_MS, GAMESIM_LEASE_MS, SESSION_GIVEN_UP_MS};
use guildhall_functions::Route;
use guildhall_storage::{Action, Commit, Condition, Key, TableName, Write};
use guildhall_tests::backend::Rows;
use guildhall_tests::{Answer, Backend, Caller};
use serde_json::{Value, json};

/// No id of anything.
const NOBODY: &str = "00000000000000000000000000000000";

pub(super) struct World {
    pub(super) backend: Backend,
    pub(super) tokens: Tokens,
    /// The database as every call finds it.
    pub(super) rows: Rows,
    pub(super) ada: String,
    eve: String,
    bob: String,
    /// Ada's character that plays.
    pub(super) playing: Value,
    /// Ada's character that has everything it takes for every intent.
    pub(super) free: String,
    /// Ada's character that wears and wields what others carry.
    pub(super) armed: String,
    /// Ada's character that is deleted.
    lost: String,
    /// Bob's character, whose seat waits for him.
    guest: String,
    pub(super) session: String,
    /// With which Ada's free character waits for a game sim of a build that there is not.
    pub(super) ticket: String,
    content_version: String,
}

/// A call's path parameters and body.
pub(super) struct Request {
    pub(super) path: Vec<(&'static str, String)>,
    pub(super) body: Value,
}

fn text(answer: &Value, name: &str) -> String {
    answer[name].as_str().unwrap_or_else(|| panic!("no {name} in {answer}")).to_owned()
}

async fn enter(backend: &Backend, route: &str, name: &str, status: u16) -> Value {
    let body = json!({"email": format!("{name}@example.com"), "password": "correct horse"});
    backend.call(route, Caller::Anyone, &[], &body).await.expect(status)
}

async fn register(backend: &Backend, name: &str) -> Value {
    enter(backend, "register-account", name, 201).await
}

impl World {
    pub(super) async fn start() -> Self {
        Self::on(Backend::start().await).await
    }

    pub(super) async fn on(backend: Backend) -> Self {
        // A game sim that nobody has heard of since, and that an operator may clean up.
        backend.gamesim("sim-0", 1, "boot-1").await;
        backend.pass_ms(GAMESIM_KEPT_MS + SESSION_GIVEN_UP_MS + GAMESIM_LEASE_MS);
        let (ada, bob) = (register(&backend, "ada").await, register(&backend, "bob").await);
        let (eve, dora) = (register(&backend, "eve").await, register(&backend, "dora").await);
        let [owner, other, banned, deleted] = [&ada, &bob, &eve, &dora].map(|login| text(login, "access_token"));
        let logged_out = text(&enter(&backend, "login-account", "ada", 200).await, "access_token");
        backend.call("logout-account", Caller::Bearer(&logged_out), &[], &Value::Null).await.expect(200);
        let path = [("account_id", eve["account_id"].as_str().unwrap())];
        backend.call("ban-account", Caller::Operator("olga"), &path, &Value::Null).await.expect(200);
        let body = json!({"password": "correct horse"});
        backend.call("delete-account", Caller::Bearer(&deleted), &[], &body).await.expect(200);

        let [free, armed, lost, playing] = characters(&backend, &owner, &text(&ada, "account_id")).await;
        let guest = backend.character(&other, "Bob").await;
        backend.gamesim("sim-a", 2, "boot-1").await;
        assert_eq!(backend.gamesim("sim-a", 2, "boot-2").await, 2);
        let (session, connect) = session(&backend, (&owner, &playing), (&other, &guest)).await;
        come_from_elsewhere(&backend, &session).await;
        assert_eq!(backend.gamesim("sim-b", 4, "boot-1").await, 1);

        let body = json!({"character_id": free, "dungeon_id": "goblin-warren", "build_version": "another"});
        let queued = backend.call("create-game-session", Caller::Bearer(&owner), &[], &body).await.expect(202);
        let ticket = text(&queued["placement_ticket"], "ticket_id");
        let refresh = text(&ada, "refresh_token");
        let ended = [logged_out.as_str(), &banned, &deleted];
        let tokens = Tokens::new(&owner, &other, ended, [&refresh, &connect], backend.now());
        let path = [("character_id", playing.as_str())];
        let playing = backend.call("get-character", Caller::Bearer(&owner), &path, &Value::Null).await.expect(200);
        let content = backend.call("get-content-manifest", Caller::Anyone, &[], &Value::Null).await.expect(200);
        let rows = backend.rows().await;
        let [ada, bob, eve] = [ada, bob, eve].map(|login| text(&login, "account_id"));
        let content_version = text(&content, "version");
        Self {
            backend,
            tokens,
            rows,
            ada,
            eve,
            bob,
            playing,
            free,
            armed,
            lost,
            guest,
            session,
            ticket,
            content_version,
        }
    }

    /// Puts the database back to [`Self::rows`]; gives the keys of what differed, but for the counts of attempts, which a
    /// refusal may raise.
    pub(super) async fn changed_and_put_back(&self) -> Vec<Key> {
        let mut changed = self.backend.put_back(&self.rows).await;
        changed.retain(|key| !key.pk.starts_with("throttle#"));
        changed
    }

    pub(super) fn ids_of_the_owner(&self) -> [&str; 6] {
        let playing = self.playing["character_id"].as_str().unwrap();
        [&self.ada, &self.free, &self.armed, &self.lost, &self.ticket, playing]
    }

    pub(super) async fn send(&self, route: &Route, who: Who, request: &Request) -> Answer {
        let path: Vec<_> = request.path.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.backend.call(route.name, self.tokens.caller(who), &path, &request.body).await
    }

    /// The same request about characters that do not exist.
    pub(super) fn about_nothing(&self, request: &Request) -> Request {
        let forget = |text: String| self.ids_of_the_owner().into_iter().fold(text, |text, id| text.replace(id, NOBODY));
        let path = request.path.iter().map(|(name, value)| (*name, forget(value.clone()))).collect();
        Request { path, body: serde_json::from_str(&forget(request.body.to_string())).unwrap() }
    }

    /// A request that would succeed if the right one made it.
    pub(super) fn request(&self, route: &Route, who: Who) -> Request {
        let character = match route.name {
            "unequip-armor" | "unequip-weapon" => &self.armed,
            "restore-character" => &self.lost,
            _ => &self.free,
        };
        let account = if route.name == "unban-account" { &self.eve } else { &self.ada };
        let all = [
            ("character_id", character.as_str()),
            ("account_id", account),
            ("session_id", &self.session),
            ("ticket_id", &self.ticket),
            ("gamesim_id", "sim-a"),
            ("kind", "items"),
            ("id", "chain-mail"),
        ];
        let path = all.into_iter().filter(|(name, _)| route.path.contains(&format!("{{{name}}}")));
        let path = path.map(|(name, value)| (name, value.to_owned())).collect();
        Request { path, body: self.body(route.name, who) }
    }

    fn body(&self, route: &str, who: Who) -> Value {
        let session = |rest: Value| {
            let (gamesim_epoch, session_epoch) = epochs(who);
            let mut body = rest;
            body["gamesim_epoch"] = json!(gamesim_epoch);
            body["session_epoch"] = json!(session_epoch);
            body
        };
        match route {
            "register-account" => json!({"email": "fay@example.com", "password": "correct horse"}),
            "login-account" => json!({"email": "ada@example.com", "password": "correct horse"}),
            "refresh-token" => json!({"refresh_token": self.tokens.refresh}),
            "logout-account" => json!({"everywhere": true}),
            "change-password" => json!({"old_password": "correct horse", "new_password": "battery staple"}),
            "delete-account" => json!({"password": "correct horse"}),
            "create-character" => json!({"name": "Greta", "class": "fighter"}),
            "create-game-session" => json!({"character_id": self.free, "dungeon_id": "goblin-warren"}),
            "issue-companion-ticket" | "join-game-session" => json!({"character_id": self.free}),
            "admit-player" => session(json!({"account_id": self.bob, "character_id": self.guest, "seat": 1})),
            "recover-game-session" => session(json!({})),
            "save-progress" => session(json!({"groups": [{"writes": [self.write()]}]})),
            "save-events" => session(json!({"first_number": 0, "chunk": self.chunk()})),
            "finalize-game-session" => session(json!({"outcome": "failed"})),
            "heartbeat-gamesim" => json!({
                "epoch": epochs(who).0,
                "state": "ready",
                "load": {"sessions": 1, "players": 1, "tick_lateness_p99_us": 0, "unsaved_changes": 0},
            }),
            "register-gamesim" => json!({
                "ports": [4000],
                "capacity": 1,
                "build_version": "test",
                "protocol_version": guildhall_protocol::PROTOCOL_VERSION,
                "content_version": self.content_version,
                "connect_key": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
                "boot_id": "boot-3",
            }),
            intent => intents::body(intent),
        }
    }

    /// A combat log in which somebody dies.
    fn chunk(&self) -> String {
        let now_ms = self.backend.now().0;
        let mut writer = ChunkWriter::begin(now_ms).unwrap();
        assert!(writer.push(now_ms, None, &Deed::PlayerDied { seat: 0 }));
        STANDARD.encode(writer.into_bytes())
    }

    /// Progress of Ada's character that plays.
    pub(super) fn write(&self) -> Value {
        let hot = ["level", "xp", "hp", "hp_max", "gold", "inventory", "dungeons_cleared"];
        let mut hot: Value = hot.into_iter().map(|name| (name.to_owned(), self.playing[name].clone())).collect();
        hot["gold"] = json!(99);
        json!({
            "account_id": self.ada,
            "character_id": self.playing["character_id"],
            "seq": 1,
            "base_version": self.playing["version"],
            "hot": hot,
            "release": false,
        })
    }
}

/// The epochs of game sim and session that a caller quotes.
fn epochs(who: Who) -> (u64, u32) {
    match who {
        Who::OldBoot | Who::OtherGamesim => (1, 1),
        Who::OldPlacement => (2, 0),
        _ => (2, 1),
    }
}

/// Ada's characters: free, armed, deleted, and one that is going to play.
async fn characters(backend: &Backend, owner: &str, account_id: &str) -> [String; 4] {
    let mut ids = Vec::new();
    for name in ["Ada", "Agnes", "Alma", "Anna"] {
        ids.push(backend.character(owner, name).await);
    }
    let stack = |item: &str, quantity: u32| json!({"item": item, "quantity": quantity});
    let potions = [stack("healing-potion", 2), stack("healing-potion", 3)];
    let arms = [stack("chain-mail", 1), stack("iron-sword", 1)];
    let inventory = [potions, arms].concat();
    let grown = json!({"inventory": inventory, "hp": 50, "gold": 10, "level": 4, "xp": 800, "hp_max": 169});
    backend.give(account_id, &ids[0], &grown).await;
    let worn = json!({"equipment": {"armor": {"item": "chain-mail"}, "weapon": {"item": "iron-sword"}}});
    backend.give(account_id, &ids[1], &worn).await;
    // Reading shows the routes what no route has written.
    backend.call("list-characters", Caller::Bearer(owner), &[], &Value::Null).await.expect(200);
    let path = [("character_id", ids[2].as_str())];
    backend.call("delete-character", Caller::Bearer(owner), &path, &Value::Null).await.expect(200);
    ids.try_into().unwrap()
}

/// Lets the session be one that was on a game sim before, which died, and that nobody has come back to.
async fn come_from_elsewhere(backend: &Backend, session: &str) {
    let former = json!([{"session_epoch": 0, "gamesim_id": "sim-0", "gamesim_epoch": 1, "port": 4_000}]);
    let actions = [("former", former), ("state", json!("reserved"))];
    let actions = actions.map(|(name, value)| Action::set_encoded(name, &value).unwrap());
    let write = Write::update(Key::new(TableName::Sessions, session, "session"), actions, Condition::Exists);
    backend.table().commit(Commit::one(write)).await.unwrap();
}

/// A session of Ada's in which she plays and Bob has a seat; gives its id and Ada's ticket.
async fn session(backend: &Backend, ada: (&str, &str), bob: (&str, &str)) -> (String, String) {
    let body = json!({"character_id": ada.1, "dungeon_id": "goblin-warren"});
    let placed = backend.call("create-game-session", Caller::Bearer(ada.0), &[], &body).await.expect(201);
    let session = text(&placed["game_session"], "session_id");
    let path = [("session_id", session.as_str())];
    let body = json!({"character_id": bob.1});
    backend.call("join-game-session", Caller::Bearer(bob.0), &path, &body).await.expect(200);
    let character = [("character_id", ada.1)];
    let sheet = backend.call("get-character", Caller::Bearer(ada.0), &character, &Value::Null).await.expect(200);
    let body = json!({
        "account_id": sheet["account_id"], "character_id": ada.1, "seat": 0, "gamesim_epoch": 2, "session_epoch": 1,
    });
    backend.call("admit-player", Caller::Gamesim("sim-a"), &path, &body).await.expect(200);
    (session, text(&placed["connect"], "token"))
}
