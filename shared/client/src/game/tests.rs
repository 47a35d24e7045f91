//! A client and a server over a network that loses, repeats and reorders, in virtual time and under a seed.

use super::*;
use guildhall_domain::CharacterId;
use guildhall_protocol::PROTOCOL_ID;
use guildhall_protocol::netcode::{
    ConnectTokenParameters, ConnectionId, Server, ServerConfig, ServerEvent, TokenEntropy, USER_DATA_BYTES,
};
use guildhall_protocol::payload::{EntityKind, EntityState, EventOutbox, ServerHeader, Snapshot, encode_server, flags};

const SERVER: &str = "127.0.0.1:4000";
const CLIENT: &str = "127.0.0.1:5000";
const KEY: [u8; 32] = [7; 32];
const TICK_MS: u64 = 50;
const START_MS: u64 = 1_000_000;

fn token() -> [u8; 2_048] {
    let parameters = ConnectTokenParameters {
        protocol_id: PROTOCOL_ID,
        client_id: 1,
        server_address: SERVER.parse().unwrap(),
        create_s: START_MS / 1_000,
        expire_s: START_MS / 1_000 + 30,
        timeout_s: 5,
        user_data: &[0; USER_DATA_BYTES],
        private_key: &KEY,
    };
    let entropy = TokenEntropy { nonce: [1; 24], client_to_server_key: [2; 32], server_to_client_key: [3; 32] };
    ConnectToken::generate(&parameters, &entropy).to_bytes()
}

/// A server with one room in it: it counts what it applies and shows where that led to.
struct Room {
    netcode: Server,
    connection: Option<ConnectionId>,
    outbox: EventOutbox,
    snapshots: SnapshotRing,
    ack_tick: u32,
    tick: u32,
    applied: Vec<InputFrame>,
    told: Vec<GameEvent>,
}

impl Room {
    fn new() -> Self {
        let config = ServerConfig::new(PROTOCOL_ID, SERVER.parse().unwrap(), KEY, 4);
        Self {
            netcode: Server::new(config, [9; 32], START_MS),
            connection: None,
            outbox: EventOutbox::new(1_024),
            snapshots: SnapshotRing::new(),
            ack_tick: 0,
            tick: 0,
            applied: Vec::new(),
            told: Vec::new(),
        }
    }

    fn tell(&mut self, event: GameEvent) {
        self.told.push(event.clone());
        self.outbox.push(event).unwrap();
    }

    fn handle_datagram(&mut self, now_ms: u64, datagram: &mut [u8]) {
        let received = self.netcode.handle_datagram(now_ms, CLIENT.parse().unwrap(), datagram);
        if let Some(received) = received {
            let message = ClientMessage::decode(received.payload).unwrap();
            self.outbox.acknowledge(message.event_ack);
            if self.snapshots.get(message.ack_tick).is_some() {
                self.ack_tick = self.ack_tick.max(message.ack_tick);
            }
            let last = self.applied.last().map_or(0, |input| input.seq);
            self.applied.extend(message.inputs.iter().filter(|input| input.seq > last));
        }
        while let Some(event) = self.netcode.poll_event() {
            if let ServerEvent::Connected { connection, .. } = event {
                self.connection = Some(connection);
                self.tell(GameEvent::Welcome { seat: 2, my_entity: 2 });
            }
        }
    }

    fn snapshot(&self) -> Snapshot {
        let entity =
            |id, kind, x, flags| EntityState { id, kind, x, y: 100, hp: 9, hp_max: 9, facing: 0, flags, statuses: 0 };
        let walked: i32 = self.applied.iter().map(|input| i32::from(input.move_x.signum())).sum();
        let open = if self.tick > 100 { flags::OPEN } else { 0 };
        let player = entity(2, EntityKind::Player { seat: 2 }, (10_000 + 25 * walked) as u16, flags::ALIVE);
        let enemies = (0..20).map(|n| {
            let x = 500 + n * 10 + (self.tick / (u32::from(n) + 1)) as u16;
            entity(256 + n, EntityKind::Enemy { kind: 1 }, x, flags::ALIVE)
        });
        let mut entities = vec![player, entity(512, EntityKind::Door, 7, open)];
        entities.extend(enemies);
        Snapshot::new(self.tick, entities)
    }

    fn handle_tick(&mut self, now_ms: u64) {
        self.netcode.handle_timeout(now_ms);
        let Some(connection) = self.connection else { return };
        self.tick += 1;
        if self.tick.is_multiple_of(3) && self.tick < 500 {
            self.tell(GameEvent::XpGained { amount: self.tick, seq: self.tick.into() });
        }
        if self.tick == 101 {
            self.tell(GameEvent::DoorOpened { entity: 512 });
        }
        let header = ServerHeader {
            input_ack: self.applied.last().map_or(0, |input| input.seq),
            progress_seq: self.tick.into(),
            durable_seq: u64::from(self.tick / 2),
        };
        let baseline = self.snapshots.get(self.ack_tick).cloned();
        let snapshot = self.snapshot();
        let (first, events) = self.outbox.unacknowledged();
        let encoded = encode_server(&header, &snapshot, baseline.as_ref(), first, events);
        self.snapshots.insert(encoded.held);
        self.netcode.send(connection, &encoded.bytes).unwrap();
    }
}

/// Datagrams under way, by the time of their arrival.
struct Network {
    state: u64,
    to_server: Vec<(u64, Vec<u8>)>,
    to_client: Vec<(u64, Vec<u8>)>,
    loss_percent: u64,
    jitter_ms: u64,
}

impl Network {
    fn draw(&mut self, below: u64) -> u64 {
        // SplitMix64: small, and good enough for weather.
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % below.max(1)
    }

    /// The arrivals of one datagram: none, one or two.
    fn fate(&mut self, now_ms: u64, bytes: &[u8]) -> Vec<(u64, Vec<u8>)> {
        if self.draw(100) < self.loss_percent {
            return vec![];
        }
        let copies = if self.draw(100) < self.loss_percent / 4 { 2 } else { 1 };
        (0..copies).map(|_| (now_ms + 20 + self.draw(self.jitter_ms), bytes.to_vec())).collect()
    }
}

fn arrived(queue: &mut Vec<(u64, Vec<u8>)>, now_ms: u64) -> Vec<Vec<u8>> {
    let (mut due, later): (Vec<_>, Vec<_>) = queue.drain(..).partition(|(at, _)| *at <= now_ms);
    *queue = later;
    due.sort_by_key(|(at, _)| *at);
    due.into_iter().map(|(_, bytes)| bytes).collect()
}

struct Outcome {
    client: GameClient,
    room: Room,
    pushed: Vec<InputFrame>,
    heard: Vec<GameEvent>,
}

/// Plays 700 ticks; the last 100 in fine weather and without news, so that everything can arrive.
fn play(seed: u64, loss_percent: u64, jitter_ms: u64) -> Outcome {
    let mut network = Network { state: seed, to_server: vec![], to_client: vec![], loss_percent, jitter_ms };
    let mut client = GameClient::new(&token(), 0).unwrap();
    let (mut room, mut pushed, mut heard) = (Room::new(), vec![], vec![]);
    for step in 0..700 * TICK_MS / 10 {
        let elapsed_ms = step * 10;
        let now_ms = START_MS + elapsed_ms;
        if elapsed_ms == 600 * TICK_MS {
            (network.loss_percent, network.jitter_ms) = (0, 1);
        }
        for mut bytes in arrived(&mut network.to_server, now_ms) {
            room.handle_datagram(now_ms, &mut bytes);
        }
        for mut bytes in arrived(&mut network.to_client, now_ms) {
            let before = client.view().tick;
            client.handle_datagram(elapsed_ms, &mut bytes);
            assert!(client.view().tick >= before, "seed {seed}: an overtaken snapshot turned the world back");
        }
        if elapsed_ms.is_multiple_of(TICK_MS) {
            let (move_x, target) = (network.draw(3) as i8 - 1, network.draw(300) as u16);
            let action = if move_x == 0 { Action::Attack { target } } else { Action::None };
            if elapsed_ms < 600 * TICK_MS
                && let Some(seq) = client.push_input(move_x, 0, action)
            {
                pushed.push(InputFrame { seq, move_x, move_y: 0, action });
            }
            client.handle_tick(elapsed_ms);
            room.handle_tick(now_ms);
        }
        while let Some(transmit) = client.poll_transmit() {
            let arrivals = network.fate(now_ms, &transmit.bytes);
            network.to_server.extend(arrivals);
        }
        while let Some(transmit) = room.netcode.poll_transmit() {
            let arrivals = network.fate(now_ms, &transmit.bytes);
            network.to_client.extend(arrivals);
        }
        while let Some(event) = client.poll_event() {
            heard.push(event);
        }
    }
    Outcome { client, room, pushed, heard }
}

fn check(seed: u64, loss_percent: u64, jitter_ms: u64) {
    let Outcome { client, room, pushed, heard } = play(seed, loss_percent, jitter_ms);
    assert_eq!(client.state(), ClientState::Connected, "seed {seed}");
    assert!(pushed.len() > 300, "seed {seed}: only {} inputs", pushed.len());
    assert!(room.applied == pushed, "seed {seed}: inputs were lost, repeated or reordered");
    assert!(heard == room.told, "seed {seed}: events were lost, repeated or reordered");
    let view = client.view();
    assert_eq!((view.my_seat, view.my_entity), (Some(2), Some(2)));
    assert_eq!(view.input_ack, pushed.last().unwrap().seq);
    assert_eq!(client.pending_inputs().count(), 0);
    assert!(view.tick + 2 >= room.tick, "seed {seed}: the view is at {} of {}", view.tick, room.tick);
    let held = room.snapshots.get(view.tick).unwrap();
    assert_eq!(view.entities, *held.entities, "seed {seed}");
    assert_eq!(view.progress_seq, u64::from(view.tick));
    assert_eq!(view.durable_seq, u64::from(view.tick / 2));
    assert!(view.opened_doors.contains(&512) && view.open_doors().count() == 1);
}

#[test]
fn everything_arrives_once_in_fine_weather() {
    check(1, 0, 1);
}

#[test]
fn everything_arrives_once_through_loss_repetition_and_reordering() {
    for seed in 0..8 {
        check(seed, 25, 160);
    }
}

#[test]
fn what_is_not_a_token_is_refused() {
    assert!(GameClient::new(&[0; 2_048], 0).is_err());
    assert!(GameClient::new(&token()[..100], 0).is_err());
}

#[test]
fn junk_is_counted_and_changes_nothing() {
    let mut outcome = play(3, 0, 1);
    let (before, dropped) = (outcome.client.view().clone(), outcome.client.dropped());
    for length in 0..64 {
        outcome.client.handle_datagram(40_000, &mut vec![0x5a; length]);
    }
    assert_eq!(*outcome.client.view(), before);
    assert_eq!(outcome.client.dropped(), dropped + 64);
}

#[test]
fn events_that_nobody_reads_are_left_for_the_server_to_repeat() {
    let mut client = GameClient::new(&token(), 0).unwrap();
    let message = |first_event_seq, events| ServerMessage {
        tick: 1,
        input_ack: 0,
        progress_seq: 0,
        durable_seq: 0,
        baseline: 0,
        snapshot: Snapshot::new(1, vec![]),
        first_event_seq,
        events,
    };
    for first in 0..EVENTS_WAITING_MAX as u32 {
        client.handle_message(message(first, vec![GameEvent::PlayerLeft { seat: 1 }]));
    }
    let more = message(EVENTS_WAITING_MAX as u32, vec![GameEvent::DungeonCleared]);
    client.handle_message(more.clone());
    assert_eq!(client.inbox.received() as usize, EVENTS_WAITING_MAX);
    assert!(client.poll_event().is_some());
    client.handle_message(more);
    assert_eq!(client.inbox.received() as usize, EVENTS_WAITING_MAX + 1);
}

#[test]
fn the_party_follows_its_events() {
    let mut view = View::default();
    let joined = |seat| GameEvent::PlayerJoined { seat, character_id: CharacterId::from_bits(4), name: "Ada".into() };
    view.apply_event(&joined(1));
    view.apply_event(&joined(3));
    view.apply_event(&GameEvent::PlayerLeft { seat: 1 });
    assert_eq!(view.party.keys().copied().collect::<Vec<_>>(), [3]);
    view.apply_event(&GameEvent::SessionEnding { reason: 4 });
    assert_eq!((view.ending, view.refused), (Some(4), None));
}
