//! A call as plain data, so that it can be made again to the byte.

use crate::{Answer, Backend, Caller};
use guildhall_domain::api::GamesimState;
use guildhall_domain::{CharacterId, SessionId};
use serde_json::{Value, json};

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// A player; whose token it is, is said when the call is made.
    Player,
    /// The game sim of that name.
    Gamesim(String),
    /// What looks after the fleet.
    Operator,
}

/// A call.
#[derive(Debug, Clone)]
pub struct Call {
    /// The route.
    pub name: &'static str,
    /// Who calls.
    pub who: Who,
    /// Name and value of the path parameter.
    pub path: Option<(&'static str, String)>,
    /// The `Idempotency-Key`.
    pub key: Option<String>,
    /// The body; null, if there is none.
    pub body: Value,
}

impl Call {
    /// Makes it, with that token if a player calls.
    pub async fn make(&self, backend: &Backend, token: &str) -> Answer {
        let caller = match &self.who {
            Who::Player => Caller::Bearer(token),
            Who::Gamesim(name) => Caller::Gamesim(name),
            Who::Operator => Caller::Operator("schedule"),
        };
        let mut headers = vec![("content-type", "application/json")];
        headers.extend(self.key.as_ref().map(|key| ("idempotency-key", key.as_str())));
        let path: Vec<_> = self.path.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let body = if self.body.is_null() { String::new() } else { self.body.to_string() };
        backend.send(self.name, caller, &path, &headers, &body).await
    }

    /// A game session for a character and those whose companion tickets these are.
    pub fn create(character_id: CharacterId, companions: &[String], key: String) -> Self {
        let body = json!({"character_id": character_id, "dungeon_id": "goblin-warren", "companions": companions});
        Self { name: "create-game-session", who: Who::Player, path: None, key: Some(key), body }
    }

    /// A seat in one.
    pub fn join(character_id: CharacterId, session_id: SessionId) -> Self {
        let body = json!({ "character_id": character_id });
        let path = Some(("session_id", session_id.to_string()));
        Self { name: "join-game-session", who: Who::Player, path, key: None, body }
    }

    /// A companion ticket.
    pub fn issue(character_id: CharacterId) -> Self {
        let body = json!({ "character_id": character_id });
        Self { name: "issue-companion-ticket", who: Who::Player, path: None, key: None, body }
    }

    /// A call of that route about a placement ticket.
    pub fn of_ticket(name: &'static str, ticket_id: SessionId) -> Self {
        let path = Some(("ticket_id", ticket_id.to_string()));
        Self { name, who: Who::Player, path, key: None, body: Value::Null }
    }

    /// A game sim's first words.
    pub fn register(name: &str, capacity: u32, boot: u64, content_version: &str) -> Self {
        let body = json!({
            "ports": [4000],
            "capacity": capacity,
            "build_version": "test",
            "protocol_version": guildhall_protocol::PROTOCOL_VERSION,
            "content_version": content_version,
            "connect_key": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
            "boot_id": format!("boot-{boot}"),
        });
        Self { name: "register-gamesim", who: Who::Gamesim(name.to_owned()), path: None, key: None, body }
    }

    /// The clean-up of the fleet.
    pub fn reap() -> Self {
        Self { name: "reap-fleet", who: Who::Operator, path: None, key: None, body: json!({}) }
    }

    /// A game sim's sign of life.
    pub fn heartbeat(name: &str, epoch: u64, state: GamesimState) -> Self {
        let load = json!({"sessions": 0, "players": 0, "tick_lateness_p99_us": 0, "unsaved_changes": 0});
        let body = json!({"epoch": epoch, "state": state, "load": load});
        let path = Some(("gamesim_id", name.to_owned()));
        Self { name: "heartbeat-gamesim", who: Who::Gamesim(name.to_owned()), path, key: None, body }
    }
}
