//! A shard and real game clients, each behind a network of its own, in virtual time. The API behind the shard admits everybody
//! and stores nothing, which is all that walking needs.

use super::network::{Way, Weather};
use guildhall_client::GameClient;
use guildhall_domain::api::Admitted;
use guildhall_domain::content::Content;
use guildhall_domain::limits::TICK_MS;
use guildhall_domain::progress::GroupStatus;
use guildhall_domain::{AccountId, Build, Character, CharacterId, CharacterName, HotState, SessionId, Timestamp};
use guildhall_gamesim::exchange::{LoggedChunk, Order, Request};
use guildhall_gamesim::limits::SLOT_MS;
use guildhall_gamesim::shard::{Shard, ShardConfig};
use guildhall_gamesim::world::Game;
use guildhall_protocol::netcode::{ConnectToken, ConnectTokenParameters, PACKET_BYTES_MAX, TokenEntropy};
use guildhall_protocol::{PROTOCOL_ID, PROTOCOL_VERSION, UserData};
use guildhall_tests::party::DUNGEON;
use std::net::SocketAddr;
use std::sync::Arc;

const ADDRESS: &str = "203.0.113.7:4000";
const KEY: [u8; 32] = [7; 32];
const EPOCH: u64 = 11;
const CONTENT_VERSION: u64 = 0xfeed;
const START_MS: u64 = 1_700_000_000_000;
/// What everybody plays.
pub(super) const CLASS: &str = "fighter";

/// A player's program, and the two ways between it and the shard.
pub(super) struct Seat {
    pub(super) client: GameClient,
    pub(super) up: Way,
    pub(super) down: Way,
    address: SocketAddr,
}

pub(super) struct Stage {
    pub(super) content: Arc<Content>,
    pub(super) now_ms: u64,
    pub(super) seats: Vec<Seat>,
    /// What the shard has written down.
    pub(super) logged: Vec<LoggedChunk>,
    shard: Shard,
}

impl Stage {
    pub(super) fn new(content: Content) -> Self {
        let content = Arc::new(content);
        let config = ShardConfig {
            public_address: ADDRESS.parse().unwrap(),
            private_key: KEY,
            challenge_key: [9; 32],
            gamesim_epoch: EPOCH,
            game: Game::standard(Arc::clone(&content)),
            content_version: CONTENT_VERSION,
            connections_max: 64,
            keeps_checkpoints: false,
            keeps_recordings: false,
            seed: 5,
        };
        Self { shard: Shard::new(config, START_MS), content, now_ms: START_MS, seats: Vec::new(), logged: Vec::new() }
    }

    /// Seats one more player, who sets out at once.
    pub(super) fn seat(&mut self, weather: Weather) {
        let seat = u8::try_from(self.seats.len()).unwrap();
        let number = seat + 1;
        let user = UserData {
            session_id: SessionId::from_bits(1),
            session_epoch: 1,
            seat,
            account_id: AccountId::from_bits(number.into()),
            character_id: CharacterId::from_bits(number.into()),
            protocol_version: PROTOCOL_VERSION,
            content_version: CONTENT_VERSION,
            gamesim_epoch: EPOCH,
        };
        let parameters = ConnectTokenParameters {
            protocol_id: PROTOCOL_ID,
            client_id: number.into(),
            server_address: ADDRESS.parse().unwrap(),
            create_s: self.now_ms / 1_000,
            expire_s: self.now_ms / 1_000 + 30,
            timeout_s: 5,
            user_data: &user.encode(),
            private_key: &KEY,
        };
        let entropy = TokenEntropy {
            nonce: [number; 24],
            client_to_server_key: [number; 32],
            server_to_client_key: [number + 128; 32],
        };
        let token = ConnectToken::generate(&parameters, &entropy);
        self.seats.push(Seat {
            client: GameClient::new(&token.to_bytes(), self.now_ms).unwrap(),
            up: Way::new(weather, 2 * u64::from(number)),
            down: Way::new(weather, 2 * u64::from(number) + 1),
            address: SocketAddr::from(([198, 51, 100, number], 5_000)),
        });
    }

    /// Lets every client make the datagram of its tick. The clients' clock is the stage's, or nearly.
    pub(super) fn tick_clients(&mut self) {
        for seat in &mut self.seats {
            seat.client.handle_tick(self.now_ms);
        }
    }

    /// Lets the shard's next slot pass, and what flies arrive. Calls back for each seat whose client has heard something.
    pub(super) fn slot(&mut self, mut heard: impl FnMut(u64, usize, &GameClient)) {
        self.now_ms += SLOT_MS;
        for seat in &mut self.seats {
            while let Some(sent) = seat.client.poll_transmit() {
                seat.up.send(self.now_ms, sent.bytes);
            }
            while let Some(mut datagram) = seat.up.receive(self.now_ms) {
                self.shard.handle_datagram(self.now_ms, seat.address, &mut datagram);
            }
        }
        self.shard.handle_slot(self.now_ms);
        while let Some(request) = self.shard.poll_request() {
            self.answer(request);
        }
        while let Some(sent) = self.shard.poll_transmit() {
            assert!(sent.bytes.len() <= PACKET_BYTES_MAX);
            let seat = self.seats.iter_mut().find(|seat| seat.address == sent.to).unwrap();
            seat.down.send(self.now_ms, sent.bytes);
        }
        for (number, seat) in self.seats.iter_mut().enumerate() {
            while let Some(mut datagram) = seat.down.receive(self.now_ms) {
                seat.client.handle_datagram(self.now_ms, &mut datagram);
                while seat.client.poll_event().is_some() {}
                heard(self.now_ms, number, &seat.client);
            }
        }
    }

    /// Milliseconds since the beginning.
    pub(super) fn passed_ms(&self) -> u64 {
        self.now_ms - START_MS
    }

    pub(super) fn is_tick(&self) -> bool {
        self.passed_ms().is_multiple_of(TICK_MS.into())
    }

    fn answer(&mut self, request: Request) {
        let order = match request {
            Request::Admit { ticket, request } => {
                let character = Character {
                    character_id: request.character_id,
                    account_id: request.account_id,
                    name: CharacterName::parse("Ada").unwrap(),
                    class: CLASS.into(),
                    version: 1,
                    created_at: Timestamp(0),
                    deleted_at: None,
                    build: Build::default(),
                    hot: HotState::of_class(&self.content, CLASS).unwrap(),
                };
                let admitted = Admitted { character, dungeon_id: DUNGEON.into(), seed: 1, resume: None };
                Order::Admitted { ticket, answer: Ok(Box::new(admitted)), checkpoint: None }
            }
            Request::Save(request) => {
                let answer = Ok(request.groups.iter().map(|_| GroupStatus::Applied).collect());
                Order::Saved { session_id: request.session_id, session_epoch: request.session_epoch, answer }
            }
            Request::Log(chunk) => return self.logged.push(chunk),
            other => panic!("nobody was to ask for {other:?}"),
        };
        self.shard.handle_order(self.now_ms, order);
    }
}
