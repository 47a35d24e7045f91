//! A party of four bots, a shard and an API in one process, in virtual time: no sockets, no waiting, and nothing left to
//! chance. What the shard asks of the world outside is answered by the real handlers; objects are taken for stored.

use super::tally::{Tally, metered};
use super::{PLAYERS_PER_ROOM, RouteUse};
use crate::call::Call;
use crate::party::{DUNGEON, MEMBERS};
use crate::recorded::seed_content;
use crate::{Backend, Caller};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use guildhall_client::GameClient;
use guildhall_client::bot::{BotMemory, decide};
use guildhall_domain::api::{GamesimState, SaveEventsRequest};
use guildhall_domain::limits::{HEARTBEAT_INTERVAL_MS, TICK_MS};
use guildhall_domain::{CharacterId, SessionId};
use guildhall_gamesim::exchange::{LoggedChunk, Order, Request};
use guildhall_gamesim::limits::SLOT_MS;
use guildhall_gamesim::shard::{Shard, ShardConfig};
use guildhall_gamesim::world::Game;
use guildhall_protocol::payload::Action;
use serde::Serialize;
use serde_json::{Value, json};
use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

const GAMESIM: &str = "sim-1";
/// The port that [`Call::register`] names.
const PORT: u16 = 4_000;
/// How long a session may take, in milliseconds.
const SESSION_MS_MAX: u64 = 600_000;
/// Where a session may last.
const ZONE: &str = "green-vale";

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// A player, their character and, while they play, their program.
struct Member {
    token: String,
    character_id: CharacterId,
    memory: BotMemory,
    client: Option<GameClient>,
    address: SocketAddr,
}

pub(super) struct Party {
    backend: Backend,
    shard: Shard,
    game: Arc<Game>,
    members: Vec<Member>,
    tally: Tally,
    beat_at_ms: u64,
    played_ms: u64,
    /// What they play.
    place: &'static str,
    /// Whether they have had enough.
    leaves: bool,
}

impl Party {
    /// Four accounts with a character each, a login each, and a game sim with room for them.
    pub(super) async fn start() -> Outcome<Self> {
        let backend = Backend::start().await;
        let content = backend.call("get-content-manifest", Caller::Anyone, &[], &Value::Null).await.expect(200);
        let version = content["version"].as_str().ok_or("no version")?;
        let epoch = Call::register(GAMESIM, 10, 1, version).make(&backend, "").await.expect(201)["epoch"].clone();
        let mut members = Vec::new();
        for (number, (name, class)) in (1_u8..).zip(MEMBERS) {
            let token = backend.player(&name.to_lowercase()).await;
            let body = json!({"name": name, "class": class});
            let made = backend.call("create-character", Caller::Bearer(&token), &[], &body).await.expect(201);
            let character_id = made["character_id"].as_str().ok_or("no character")?.parse()?;
            let address = SocketAddr::from((Ipv4Addr::new(198, 51, 100, number), 5_000));
            members.push(Member { token, character_id, memory: BotMemory::new(class), client: None, address });
        }
        let game = Game::standard(Arc::new(seed_content()));
        let config = ShardConfig {
            public_address: SocketAddr::from((Ipv4Addr::LOCALHOST, PORT)),
            // As `Call::register` says.
            private_key: [0; 32],
            challenge_key: [9; 32],
            gamesim_epoch: epoch.as_u64().ok_or("no epoch")?,
            game: Arc::clone(&game),
            content_version: u64::from_str_radix(version, 16)?,
            connections_max: 64,
            keeps_checkpoints: true,
            keeps_recordings: true,
            seed: 5,
        };
        let now_ms = backend.now().0;
        let shard = Shard::new(config, now_ms);
        Ok(Self {
            backend,
            shard,
            game,
            members,
            tally: Tally::default(),
            beat_at_ms: now_ms,
            played_ms: 0,
            place: DUNGEON,
            leaves: false,
        })
    }

    /// One dungeon, from the first request to the last write.
    pub(super) async fn play_dungeon(&mut self) -> Outcome<()> {
        let began_ms = self.backend.now().0;
        (self.place, self.leaves) = (DUNGEON, false);
        self.play_until(|_| false).await?;
        self.played_ms += self.backend.now().0 - began_ms;
        Ok(())
    }

    /// One session in a zone, which the party leaves after this time. Returns what was used, which is not counted otherwise.
    pub(super) async fn stay_in_zone(&mut self, stay_ms: u64) -> Outcome<Tally> {
        let (before, began_ms) = (std::mem::take(&mut self.tally), self.backend.now().0);
        (self.place, self.leaves) = (ZONE, false);
        self.play_until(|now_ms| now_ms - began_ms > stay_ms).await?;
        Ok(std::mem::replace(&mut self.tally, before))
    }

    async fn play_until(&mut self, is_enough: impl Fn(u64) -> bool) -> Outcome<()> {
        let began_ms = self.backend.now().0;
        self.enter().await?;
        let mut has_begun = false;
        while !has_begun || !self.shard.is_idle() {
            has_begun |= !self.shard.is_idle();
            self.leaves |= is_enough(self.backend.now().0);
            self.slot().await?;
            if self.backend.now().0 - began_ms > SESSION_MS_MAX {
                return Err("the session does not end".into());
            }
        }
        for member in &mut self.members {
            member.client = None;
        }
        Ok(())
    }

    /// The way in that a game takes: content, consent of the others, one session for all, and a ticket for each.
    async fn enter(&mut self) -> Outcome<()> {
        self.beat().await;
        self.as_member(0, "get-content", &[], Value::Null).await;
        let mut companions = Vec::new();
        for other in 1..PLAYERS_PER_ROOM {
            let body = json!({"character_id": self.character(other)?});
            companions.push(self.as_member(other, "issue-companion-ticket", &[], body).await["ticket"].clone());
        }
        let body = json!({"character_id": self.character(0)?, "dungeon_id": self.place, "companions": companions});
        let mut placement = self.as_member(0, "create-game-session", &[], body).await;
        let session = placement["game_session"]["session_id"].as_str().ok_or("no session")?.to_owned();
        for number in 0..PLAYERS_PER_ROOM {
            let character = self.character(number)?;
            if number > 0 {
                let body = json!({"character_id": character});
                placement = self.as_member(number, "join-game-session", &[("session_id", &session)], body).await;
            }
            let path = [("character_id", character.as_str())];
            let sheet = self.as_member(number, "get-character", &path, Value::Null).await;
            let token = STANDARD.decode(placement["connect"]["token"].as_str().ok_or("no token")?)?;
            let now_ms = self.backend.now().0;
            let member = self.members.get_mut(number).ok_or("no such member")?;
            member.memory = BotMemory::new(sheet["class"].as_str().ok_or("no class")?);
            member.client = Some(GameClient::new(&token, now_ms)?);
        }
        Ok(())
    }

    /// Lets one slot of a tick pass.
    async fn slot(&mut self) -> Outcome<()> {
        self.backend.pass_ms(SLOT_MS);
        let now_ms = self.backend.now().0;
        if now_ms.is_multiple_of(TICK_MS.into()) {
            self.tick_clients(now_ms);
        }
        if now_ms >= self.beat_at_ms {
            self.beat().await;
        }
        self.shard.handle_slot(now_ms);
        while let Some(request) = self.shard.poll_request() {
            if let Some(order) = self.answer(request).await? {
                self.shard.handle_order(now_ms, order);
            }
        }
        while let Some(mut sent) = self.shard.poll_transmit() {
            self.tally.datagrams_out += 1;
            self.tally.bytes_out += sent.bytes.len() as u64;
            let member = self.members.iter_mut().find(|member| member.address == sent.to);
            let Some(Member { client: Some(client), memory, .. }) = member else { continue };
            client.handle_datagram(now_ms, &mut sent.bytes);
            while let Some(event) = client.poll_event() {
                memory.note_event(&event);
            }
        }
        Ok(())
    }

    fn tick_clients(&mut self, now_ms: u64) {
        for Member { client, memory, address, .. } in &mut self.members {
            let Some(client) = client else { continue };
            let decision = decide(client.view(), self.game.content(), self.place, memory);
            memory.note_decision(client.view(), &decision);
            let action = if self.leaves { Action::Leave } else { decision.action };
            // The wish of a tick for which there is no room is lost, as in any game.
            let _ = client.push_input(decision.move_x, decision.move_y, action);
            client.handle_tick(now_ms);
            while let Some(mut sent) = client.poll_transmit() {
                self.shard.handle_datagram(now_ms, *address, &mut sent.bytes);
            }
        }
    }

    async fn answer(&mut self, request: Request) -> Outcome<Option<Order>> {
        Ok(Some(match request {
            Request::Admit { ticket, request } => {
                let answer = self.of_session("admit-player", request.session_id, &request).await?;
                Order::Admitted { ticket, answer: Ok(Box::new(serde_json::from_value(answer)?)), checkpoint: None }
            }
            Request::Save(request) => {
                let (session_id, session_epoch) = (request.session_id, request.session_epoch);
                let answer = self.of_session("save-progress", session_id, &request).await?;
                Order::Saved {
                    session_id,
                    session_epoch,
                    answer: Ok(serde_json::from_value(answer["groups"].clone())?),
                }
            }
            Request::Finalize(request) => {
                let (session_id, session_epoch) = (request.session_id, request.session_epoch);
                self.of_session("finalize-game-session", session_id, &request).await?;
                Order::Finalized { session_id, session_epoch, answer: Ok(()) }
            }
            Request::Log(LoggedChunk { session_id, session_epoch, gamesim_epoch, first, bytes }) => {
                let chunk = STANDARD.encode(bytes);
                let request =
                    SaveEventsRequest { session_id, gamesim_epoch, session_epoch, first_number: first, chunk };
                self.of_session("save-events", session_id, &request).await?;
                return Ok(None);
            }
            Request::Checkpoint(_) => {
                self.tally.checkpoints += 1;
                Order::Checkpointed { is_stored: true, is_ours: true }
            }
            Request::Record(part) => {
                self.tally.recordings += 1;
                self.tally.recording_bytes += part.bytes.len() as u64;
                return Ok(None);
            }
            Request::Bury(letter) => return Err(format!("a group could not be written: {letter:?}").into()),
        }))
    }

    /// A call of the game sim's about a session.
    async fn of_session(&mut self, route: &'static str, id: SessionId, request: &impl Serialize) -> Outcome<Value> {
        let mut body = serde_json::to_value(request)?;
        body.as_object_mut().ok_or("a request that is no object")?.remove("session_id");
        let (id, caller) = (id.to_string(), Caller::Gamesim(GAMESIM));
        let path = [("session_id", id.as_str())];
        let (answer, used) = metered(&self.backend, self.backend.call(route, caller, &path, &body)).await;
        self.tally.count(route, used);
        Ok(answer.expect(200))
    }

    /// A call of a member's.
    async fn as_member(&mut self, member: usize, route: &'static str, path: &[(&str, &str)], body: Value) -> Value {
        let caller = self.members.get(member).map_or(Caller::Anyone, |member| Caller::Bearer(&member.token));
        let (answer, used) = metered(&self.backend, self.backend.call(route, caller, path, &body)).await;
        self.tally.count(route, used);
        assert!(answer.status < 300, "{route}: {}", answer.body);
        answer.body
    }

    fn character(&self, member: usize) -> Outcome<String> {
        Ok(self.members.get(member).ok_or("no such member")?.character_id.to_string())
    }

    /// A heartbeat, which is the fleet's affair and not this room's.
    async fn beat(&mut self) {
        self.beat_at_ms = self.backend.now().0 + HEARTBEAT_INTERVAL_MS;
        self.heartbeat().await;
    }

    /// One heartbeat, and what it costs.
    pub(super) async fn heartbeat(&self) -> RouteUse {
        let beat = Call::heartbeat(GAMESIM, 1, GamesimState::Ready);
        let (answer, used) = metered(&self.backend, beat.make(&self.backend, "")).await;
        answer.expect(200);
        used
    }

    /// One clean-up of the fleet, and what it costs.
    pub(super) async fn reap(&self) -> RouteUse {
        let (answer, used) = metered(&self.backend, Call::reap().make(&self.backend, "")).await;
        answer.expect(200);
        used
    }

    /// How long was played.
    pub(super) const fn played_ms(&self) -> u64 {
        self.played_ms
    }

    pub(super) async fn stop(self) -> Tally {
        self.backend.stop().await;
        self.tally
    }
}
