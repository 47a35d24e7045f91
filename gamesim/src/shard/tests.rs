//! A shard and real netcode clients in memory, on virtual time, with a control plane that answers as the test wants it. The
//! store behind it is modelled closely enough to notice a write that must not be: it checks versions and numbers itself.

use super::*;
use crate::exchange::DeadLetter;
use crate::fixtures::game;
use crate::limits::{COVERED_FLUSH_INTERVAL_MS, SLOT_MS};
use guildhall_domain::api::{FinalizeRequest, ProgressRequest};
use guildhall_domain::progress::{GroupStatus, ProgressGroup};
use guildhall_domain::{AccountId, Character, CharacterId, CharacterName, HotState, Timestamp};
use guildhall_protocol::netcode::{
    Client, ClientState, ConnectToken, ConnectTokenParameters, PACKET_BYTES_MAX, TokenEntropy,
};
use guildhall_protocol::payload::{Action, EventInbox, InputFrame, ServerMessage, SnapshotRing, decode_server};

mod api;
mod bucket;
mod conduct;
mod endings;
mod expulsions;
mod handing_over;
mod missed;
mod play;
mod recording;
mod recovering;
mod resuming;
mod seats;
mod zones;

use api::Api;

const ADDRESS: &str = "203.0.113.7:4000";
const KEY: Key = [7; 32];
const EPOCH: u64 = 11;
const CONTENT_VERSION: u64 = 0xfeed;
const START_MS: u64 = 1_700_000_000_000;

/// Entity of the rat, and of the king: enemies are numbered from 2,048.
const RAT: u16 = 2_048;
const KING: u16 = 2_049;

fn session(bits: u128) -> SessionId {
    SessionId::from_bits(bits)
}

/// A player's program.
struct Player {
    client: Client,
    address: SocketAddr,
    inbox: EventInbox,
    ring: SnapshotRing,
    ack_tick: u32,
    inputs: Vec<InputFrame>,
    events: Vec<GameEvent>,
    latest: Option<ServerMessage>,
    is_silent: bool,
}

impl Player {
    fn wish(&mut self, move_x: i8, action: Action) {
        let seq = self.inputs.last().map_or(1, |input| input.seq + 1);
        self.inputs.push(InputFrame { seq, move_x, move_y: 0, action });
    }

    fn message(&self) -> ClientMessage {
        let recent = self.inputs.len().saturating_sub(8);
        let inputs = self.inputs[recent..].to_vec();
        ClientMessage { ack_tick: self.ack_tick, event_ack: self.inbox.received(), inputs }
    }

    fn receive(&mut self, now_ms: u64, from: SocketAddr, datagram: &mut [u8]) {
        let Some(payload) = self.client.handle_datagram(now_ms, from, datagram) else { return };
        let message = decode_server(payload, |tick| self.ring.get(tick)).unwrap();
        if message.tick > self.ack_tick {
            self.ack_tick = message.tick;
            self.ring.insert(message.snapshot.clone());
        }
        self.events.extend(self.inbox.receive(message.first_event_seq, message.events.clone()));
        self.latest = Some(message);
    }

    fn latest(&self) -> &ServerMessage {
        self.latest.as_ref().unwrap()
    }

    /// Where the player's own character stands, in centimetres from the west.
    fn x(&self, seat: u16) -> u16 {
        self.latest().snapshot.entity(seat).unwrap().x
    }

    fn is_over(&self) -> bool {
        matches!(self.client.state(), ClientState::Disconnected(_))
    }

    fn has(&self, wanted: impl Fn(&GameEvent) -> bool) -> bool {
        self.events.iter().any(wanted)
    }
}

/// Everything together.
struct House {
    shard: Shard,
    now_ms: u64,
    api: Api,
    players: Vec<Player>,
    tokens: u8,
}

impl House {
    fn new() -> Self {
        let shard = Self::shard(START_MS, false);
        Self { shard, now_ms: START_MS, api: Api::default(), players: Vec::new(), tokens: 0 }
    }

    fn shard(now_ms: u64, keeps_checkpoints: bool) -> Shard {
        let config = ShardConfig {
            public_address: ADDRESS.parse().unwrap(),
            private_key: KEY,
            challenge_key: [9; 32],
            gamesim_epoch: EPOCH,
            game: game(),
            content_version: CONTENT_VERSION,
            connections_max: 64,
            keeps_checkpoints,
            keeps_recordings: true,
            seed: 5,
        };
        Shard::new(config, now_ms)
    }

    fn user(session_bits: u128, seat: u8, hero: u128) -> UserData {
        UserData {
            session_id: session(session_bits),
            session_epoch: 1,
            seat,
            account_id: AccountId::from_bits(hero),
            character_id: CharacterId::from_bits(hero),
            protocol_version: PROTOCOL_VERSION,
            content_version: CONTENT_VERSION,
            gamesim_epoch: EPOCH,
        }
    }

    /// Lets a program with a fresh token set out; returns its number.
    fn arrive_as(&mut self, user: &UserData) -> usize {
        self.tokens += 1;
        let parameters = ConnectTokenParameters {
            protocol_id: PROTOCOL_ID,
            client_id: u64::from(self.tokens),
            server_address: ADDRESS.parse().unwrap(),
            create_s: self.now_ms / 1_000,
            expire_s: self.now_ms / 1_000 + 30,
            timeout_s: 5,
            user_data: &user.encode(),
            private_key: &KEY,
        };
        let entropy = TokenEntropy {
            nonce: [self.tokens; 24],
            client_to_server_key: [self.tokens; 32],
            server_to_client_key: [self.tokens.wrapping_add(128); 32],
        };
        let token = ConnectToken::generate(&parameters, &entropy);
        self.players.push(Player {
            client: Client::new(token, self.now_ms),
            address: SocketAddr::from(([198, 51, 100, 1], 5_000 + u16::from(self.tokens))),
            inbox: EventInbox::new(),
            ring: SnapshotRing::new(),
            ack_tick: 0,
            inputs: Vec::new(),
            events: Vec::new(),
            latest: None,
            is_silent: false,
        });
        self.players.len() - 1
    }

    fn arrive(&mut self, session_bits: u128, seat: u8, hero: u128) -> usize {
        let session_epoch = self.api.bucket.session_epoch();
        self.arrive_as(&UserData { session_epoch, ..Self::user(session_bits, seat, hero) })
    }

    /// Lets a player arrive and waits until they are in.
    fn enter(&mut self, session_bits: u128, seat: u8, hero: u128) -> usize {
        let player = self.arrive(session_bits, seat, hero);
        self.ticks(10);
        assert!(self.players[player].has(|event| matches!(event, GameEvent::Welcome { .. })), "not in");
        player
    }

    /// Until everything is written that a checkpoint has.
    fn flush(&mut self) {
        self.ticks(u32::try_from(COVERED_FLUSH_INTERVAL_MS).unwrap() / 50 + 60);
    }

    fn ticks(&mut self, count: u32) {
        for _ in 0..count {
            self.tick();
        }
    }

    fn tick(&mut self) {
        for player in &mut self.players {
            if player.client.state() == ClientState::Connected && !player.is_silent {
                let message = player.message().encode();
                player.client.send(&message).unwrap();
            }
        }
        for _ in 0..SLOTS_PER_TICK {
            self.slot();
        }
    }

    fn slot(&mut self) {
        self.now_ms += SLOT_MS;
        for player in &mut self.players {
            if !player.is_silent {
                player.client.handle_timeout(self.now_ms);
            }
            while let Some(mut sent) = player.client.poll_transmit() {
                if !player.is_silent {
                    self.shard.handle_datagram(self.now_ms, player.address, &mut sent.bytes);
                }
            }
        }
        self.shard.handle_slot(self.now_ms);
        while let Some(request) = self.shard.poll_request() {
            self.api.handle(self.now_ms, request);
        }
        while let Some(order) = self.api.poll_order(self.now_ms) {
            self.shard.handle_order(self.now_ms, order);
        }
        while let Some(mut sent) = self.shard.poll_transmit() {
            assert!(sent.bytes.len() <= PACKET_BYTES_MAX);
            let player = self.players.iter_mut().find(|player| player.address == sent.to).unwrap();
            if !player.is_silent {
                player.receive(self.now_ms, ADDRESS.parse().unwrap(), &mut sent.bytes);
            }
        }
    }

    /// Lets a player strike until the entity is dead.
    fn slay(&mut self, player: usize, target: u16) {
        self.players[player].wish(0, Action::Attack { target });
        self.ticks(4);
        let died = |event: &GameEvent| matches!(event, GameEvent::EnemyDied { entity, .. } if *entity == target);
        assert!(self.players[player].has(died), "{:?}", self.players[player].events);
    }
}
