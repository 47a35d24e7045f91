//! A shard with its clients, on a clock of its own.

use super::super::sealed::{self, ADDRESS, CHALLENGE_KEY, PRIVATE_KEY, START_MS};
use super::super::tape::Tape;
use super::api::{Api, session_id, unasked};
use super::game;
use guildhall_domain::{AccountId, CharacterId};
use guildhall_gamesim::exchange::Order;
use guildhall_gamesim::limits::{SLOT_MS, SLOTS_PER_TICK};
use guildhall_gamesim::shard::{Shard, ShardConfig};
use guildhall_protocol::netcode::{Client, ClientState, PACKET_BYTES_MAX};
use guildhall_protocol::payload::{Action, ClientMessage, INPUTS_MAX, InputFrame};
use guildhall_protocol::{PROTOCOL_VERSION, UserData};

/// Clients at one time, and sessions that they may be of.
const CLIENTS_MAX: usize = 6;
const SESSIONS: u8 = 3;
const CONTENT_VERSION: u64 = 1;
const GAMESIM_EPOCH: u64 = 1;
/// Longest that the clock jumps, in seconds.
const JUMP_S_MAX: u64 = 70;
/// Questions that the shard may have waiting: a handful for each room and arrival.
const WAITING_MAX: usize = 128;
/// Ticks within which a shard that was told to stop and is answered has stopped: partings and time-outs included.
const STOP_TICKS_MAX: u32 = 1_000;

struct Guest {
    number: u8,
    client: Client,
    /// Whether it hears and says nothing.
    is_silent: bool,
    seq: u32,
}

/// Everything together.
pub(super) struct House {
    shard: Shard,
    api: Api,
    guests: Vec<Guest>,
    now_ms: u64,
    arrived: u8,
    last: Option<(u8, Vec<u8>)>,
}

impl House {
    pub(super) fn new(api: Api) -> Self {
        let config = ShardConfig {
            public_address: ADDRESS,
            private_key: PRIVATE_KEY,
            challenge_key: CHALLENGE_KEY,
            gamesim_epoch: GAMESIM_EPOCH,
            game: game().clone(),
            content_version: CONTENT_VERSION,
            connections_max: CLIENTS_MAX,
            keeps_checkpoints: true,
            keeps_recordings: true,
            seed: 5,
        };
        let shard = Shard::new(config, START_MS);
        Self { shard, api, guests: Vec::new(), now_ms: START_MS, arrived: 0, last: None }
    }

    pub(super) fn act(&mut self, tape: &mut Tape<'_>) {
        match tape.below(16) {
            0 => {
                let [session, seat, hero] = tape.array();
                self.arrive(session % SESSIONS, seat, hero % 8);
            }
            1..=3 => (0..=tape.below(16)).for_each(|_| self.tick()),
            4 | 5 => self.speak(tape),
            6 => {
                let (guest, payload) = (tape.below(self.guests.len()), tape.chunk());
                if let Some(guest) = self.guests.get_mut(guest) {
                    let _ = guest.client.send(payload);
                }
            }
            7 => {
                let (number, mut datagram) = (tape.byte(), tape.chunk().to_vec());
                self.shard.handle_datagram(self.now_ms, sealed::address(number), &mut datagram);
            }
            8 => {
                let [at, damage] = tape.array();
                let Some((number, mut datagram)) = self.last.clone() else { return };
                if let Some(byte) = datagram.get_mut(usize::from(at)) {
                    *byte ^= damage;
                }
                self.shard.handle_datagram(self.now_ms, sealed::address(number), &mut datagram);
            }
            9 => self.now_ms += u64::from(u16::from_le_bytes(tape.array())) % (JUMP_S_MAX * 1_000),
            10..=12 => {
                let order = self.api.answer(tape);
                order.into_iter().for_each(|order| self.shard.handle_order(self.now_ms, order));
            }
            13 => {
                let order = unasked(tape, self.now_ms, SESSIONS);
                self.shard.handle_order(self.now_ms, order);
            }
            14 => {
                let guest = tape.below(self.guests.len());
                if let Some(guest) = self.guests.get_mut(guest) {
                    guest.is_silent = !guest.is_silent;
                }
            }
            _ => {
                let guest = tape.below(self.guests.len());
                if let Some(guest) = self.guests.get_mut(guest) {
                    guest.client.disconnect();
                }
            }
        }
    }

    /// A client with a token for a seat sets out. The oldest makes room.
    pub(super) fn arrive(&mut self, session: u8, seat: u8, hero: u8) {
        self.arrived = self.arrived.wrapping_add(1);
        if self.guests.len() >= CLIENTS_MAX {
            self.guests.remove(0);
        }
        let user = UserData {
            session_id: session_id(session),
            session_epoch: self.api.session_epoch(),
            seat,
            account_id: AccountId::from_bits(u128::from(hero) + 1),
            character_id: CharacterId::from_bits(u128::from(hero) + 1),
            protocol_version: PROTOCOL_VERSION,
            content_version: CONTENT_VERSION,
            gamesim_epoch: GAMESIM_EPOCH,
        };
        let token = sealed::connect_token(self.arrived, self.arrived, self.now_ms, &user.encode());
        let client = Client::new(token, self.now_ms);
        self.guests.push(Guest { number: self.arrived, client, is_silent: false, seq: 0 });
    }

    /// A client says something that a client may say, sensible or not.
    fn speak(&mut self, tape: &mut Tape<'_>) {
        let guest = tape.below(self.guests.len());
        let Some(guest) = self.guests.get_mut(guest) else { return };
        let [count, ack, events] = tape.array();
        let mut message = ClientMessage { ack_tick: ack.into(), event_ack: events.into(), inputs: Vec::new() };
        for _ in 0..usize::from(count) % (INPUTS_MAX / 4) {
            guest.seq += 1;
            let [x, y, kind, one, two] = tape.array();
            let (move_x, move_y, action) = (x.cast_signed(), y.cast_signed(), action(kind, one, two));
            message.inputs.push(InputFrame { seq: guest.seq, move_x, move_y, action });
        }
        let _ = guest.client.send(&message.encode());
    }

    pub(super) fn tick(&mut self) {
        for guest in &mut self.guests {
            if guest.client.state() == ClientState::Connected && !guest.is_silent {
                let message = ClientMessage { ack_tick: 0, event_ack: 0, inputs: Vec::new() };
                let _ = guest.client.send(&message.encode());
            }
        }
        for _ in 0..SLOTS_PER_TICK {
            self.slot();
        }
        if self.api.session_epoch() != 1 {
            self.answer_all();
        }
    }

    fn slot(&mut self) {
        self.now_ms += SLOT_MS;
        for guest in &mut self.guests {
            guest.client.handle_timeout(self.now_ms);
            while let Some(mut sent) = guest.client.poll_transmit() {
                if !guest.is_silent {
                    self.last = Some((guest.number, sent.bytes.clone()));
                    self.shard.handle_datagram(self.now_ms, sealed::address(guest.number), &mut sent.bytes);
                }
            }
        }
        self.shard.handle_slot(self.now_ms);
        self.drain();
    }

    /// Takes what the shard has to say, to the API and to its clients.
    fn drain(&mut self) {
        while let Some(request) = self.shard.poll_request() {
            self.api.ask(request);
        }
        while let Some(mut sent) = self.shard.poll_transmit() {
            assert!(sent.bytes.len() <= PACKET_BYTES_MAX);
            let guest = self.guests.iter_mut().find(|guest| sealed::address(guest.number) == sent.to);
            if let Some(guest) = guest.filter(|guest| !guest.is_silent) {
                guest.client.handle_datagram(self.now_ms, ADDRESS, &mut sent.bytes);
            }
            self.shard.recycle(sent.bytes);
        }
    }

    fn answer_all(&mut self) {
        while let Some(order) = self.api.answer_well() {
            self.shard.handle_order(self.now_ms, order);
            self.drain();
        }
    }

    /// What holds whatever was done.
    pub(super) fn check(&mut self) {
        self.drain();
        let report = self.shard.report();
        assert_eq!(report.rooms_failed, 0, "a room has panicked");
        assert!(report.rooms <= usize::from(SESSIONS) && report.players <= CLIENTS_MAX, "{report:?}");
        assert!(self.api.waiting() <= WAITING_MAX, "{} questions wait", self.api.waiting());
    }

    /// Tells the shard to stop and answers whatever it asks, until it has.
    pub(super) fn stop(mut self) {
        self.shard.handle_order(self.now_ms, Order::Stop);
        for _ in 0..STOP_TICKS_MAX {
            self.answer_all();
            if self.shard.is_finished() {
                return;
            }
            self.tick();
            self.check();
        }
        panic!("the shard does not stop: {:?}", self.shard.report());
    }
}

fn action(kind: u8, one: u8, two: u8) -> Action {
    // Players are numbered from 0, everything else from 2,048.
    let target = if two >= 128 { u16::from(one) } else { 2_048 + u16::from(one) };
    match kind % 10 {
        0 => Action::Attack { target },
        1 => Action::PickUp { target },
        2 if two == 7 => Action::Leave,
        3 => Action::Ability { number: two % 32, target },
        4 => Action::UseItem { slot: one },
        5 => Action::Equip { slot: one },
        6 => Action::Unequip { place: one },
        7 => Action::MoveItem { from: one, to: two },
        8 => Action::Drop { slot: one, quantity: two.into() },
        _ => Action::None,
    }
}
