//! The sans-IO heart of the game server: the connections and rooms of one core. Datagrams and orders go in, datagrams and
//! requests come out; time, keys and randomness are arguments. Shards share nothing, so there is not a lock in here.
//!
//! Rooms are spread over the slots of a tick. [`Shard::handle_slot`] is called once per slot and moves the rooms of that
//! slot on by one tick; everything else reacts at once. Of a connection, [`Place`] says where it belongs: to an arrival that
//! waits for the API (`arrivals`), to a seat in a room, or to the partings, which hear why they have to go.
//!
//! A panic in a room's code is caught here and ends that room alone.

use crate::checkpoint::StoredCheckpoint;
use crate::exchange::{ApiFailure, CheckpointObject, Order, Request, Ticket};
use crate::limits::{PARTING_MS, SLOTS_PER_TICK};
use crate::room::{Claim, Desk, Link, Parting, Room, RoomConfig, RoomEffect, Venue};
use crate::world::Game;
use crate::writer::Placement;
use guildhall_domain::api::Admitted;
use guildhall_domain::combat_log::ViolationKind;
use guildhall_domain::session::Outcome;
use guildhall_domain::{AccountId, SessionId};
use guildhall_protocol::netcode::{ConnectionId, Key, Server, ServerConfig, ServerCounters, ServerEvent, Transmit};
use guildhall_protocol::payload::{ClientMessage, GameEvent, RefusalReason, Snapshot};
use guildhall_protocol::{PROTOCOL_ID, PROTOCOL_VERSION, UserData};
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

mod arrivals;
mod depot;
mod doors;
mod orders;
mod places;
mod prefetch;
mod rooms;
#[cfg(test)]
mod tests;
mod zones;

use arrivals::Arrivals;
use depot::Depot;
use places::{Place, Places};
use prefetch::Ahead;
use rooms::{RoomKey, Rooms};
use zones::Zones;

/// What a shard is.
#[derive(Clone)]
pub struct ShardConfig {
    /// Address in the connect tokens of this shard's sessions.
    pub public_address: SocketAddr,
    /// Key that connect tokens are sealed with; new at every boot.
    pub private_key: Key,
    /// Key of the handshake's challenges; random, and this shard's own.
    pub challenge_key: Key,
    /// Epoch of this game sim.
    pub gamesim_epoch: u64,
    /// What is played: the content in force, checked, under the ruleset.
    pub game: Arc<Game>,
    /// The content's version.
    pub content_version: u64,
    /// Connections at one time.
    pub connections_max: usize,
    /// Whether [`Request::Checkpoint`] is carried out. If not, sessions end with this game sim.
    pub keeps_checkpoints: bool,
    /// Whether [`Request::Record`] is carried out. If not, nothing is recorded.
    pub keeps_recordings: bool,
    /// Seed of whatever is random but not secret.
    pub seed: u64,
}

impl std::fmt::Debug for ShardConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ShardConfig").field("public_address", &self.public_address).finish_non_exhaustive()
    }
}

/// How a shard is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ShardReport {
    /// Rooms that are open.
    pub rooms: usize,
    /// Players connected and seated.
    pub players: usize,
    /// Characters with changes that are not known to be stored.
    pub unsaved: usize,
    /// When the oldest change came in that waits for a checkpoint to be stored, in milliseconds.
    pub waiting_since_ms: Option<u64>,
    /// Length of the last object of checkpoints, in bytes.
    pub checkpoint_bytes: usize,
    /// Objects of checkpoints that were stored, so far.
    pub checkpoints_stored: u64,
    /// Objects of checkpoints of which that is not known, so far.
    pub checkpoints_failed: u64,
    /// Rooms that waited for a checkpoint for too long and go on without, so far.
    pub rooms_uncovered: u64,
    /// Rooms that a panic has ended, so far.
    pub rooms_failed: u64,
    /// Messages that made no sense, so far.
    pub messages_malformed: u64,
    /// Messages beyond what one tick reads, so far.
    pub messages_excess: u64,
    /// What clients did that fair ones do not, by kind, so far.
    pub violations: [u64; ViolationKind::ALL.len()],
    /// What the transport has seen, so far.
    pub transport: ServerCounters,
}

#[derive(Debug)]
struct Leaver {
    parting: Parting,
    until_ms: u64,
}

/// The connections and rooms of one core.
#[derive(Debug)]
pub struct Shard {
    gamesim_epoch: u64,
    port: u16,
    room_config: RoomConfig,
    server: Server,
    rooms: Rooms,
    zones: Zones,
    /// Which rooms move in which slot.
    slots: [Vec<RoomKey>; SLOTS_PER_TICK],
    slot: usize,
    places: Places,
    ahead: Ahead,
    arrivals: Arrivals,
    leavers: BTreeMap<ConnectionId, Leaver>,
    requests: VecDeque<Request>,
    depot: Depot,
    desk: Desk,
    /// Room for what a client says.
    message: ClientMessage,
    /// Room for what rooms want done.
    effects: Vec<RoomEffect>,
    is_stopping: bool,
    rooms_failed: u64,
    rooms_uncovered: u64,
    messages_malformed: u64,
    messages_excess: u64,
    /// Of rooms that have gone.
    violations_before: [u64; ViolationKind::ALL.len()],
}

impl Shard {
    /// A shard without rooms.
    pub fn new(config: ShardConfig, now_ms: u64) -> Self {
        let transport =
            ServerConfig::new(PROTOCOL_ID, config.public_address, config.private_key, config.connections_max);
        Self {
            gamesim_epoch: config.gamesim_epoch,
            port: config.public_address.port(),
            room_config: RoomConfig {
                game: config.game,
                content_version: config.content_version,
                keeps_checkpoints: config.keeps_checkpoints,
                keeps_recordings: config.keeps_recordings,
            },
            server: Server::new(transport, config.challenge_key, now_ms),
            rooms: Rooms::default(),
            zones: Zones::default(),
            slots: [const { Vec::new() }; SLOTS_PER_TICK],
            slot: 0,
            places: Places::default(),
            ahead: Ahead::default(),
            arrivals: Arrivals::seeded(config.seed),
            leavers: BTreeMap::new(),
            requests: VecDeque::new(),
            depot: Depot::seeded(config.seed.rotate_left(16)),
            desk: Desk::default(),
            message: ClientMessage::default(),
            effects: Vec::new(),
            is_stopping: false,
            rooms_failed: 0,
            rooms_uncovered: 0,
            messages_malformed: 0,
            messages_excess: 0,
            violations_before: [0; ViolationKind::ALL.len()],
        }
    }

    /// Takes a datagram in, opening it in place.
    pub fn handle_datagram(&mut self, now_ms: u64, from: SocketAddr, datagram: &mut [u8]) {
        let mut message = std::mem::take(&mut self.message);
        let received = self.server.handle_datagram(now_ms, from, datagram);
        let received = received.map(|received| (received.connection, message.read(received.payload)));
        self.drain_events(now_ms);
        match received {
            Some((connection, Ok(()))) => self.handle_message(connection, &message),
            Some((connection, Err(_))) => self.handle_malformed(connection),
            None => {}
        }
        self.message = message;
    }

    /// Moves the rooms of the next slot on by one tick, and whatever else waits for its time. To be called once per slot of
    /// [`crate::limits::SLOT_MS`].
    pub fn handle_slot(&mut self, now_ms: u64) {
        self.server.handle_timeout(now_ms);
        self.drain_events(now_ms);
        self.ask_for_arrivals(now_ms);
        self.step_zones(now_ms);
        let mut members = self.slots.get_mut(self.slot).map(std::mem::take).unwrap_or_default();
        let mut effects = std::mem::take(&mut self.effects);
        let mut desk = std::mem::take(&mut self.desk);
        for (at, room) in members.iter().enumerate() {
            self.prefetch_rooms(&members, at);
            self.step_room(now_ms, *room, &mut desk, &mut effects);
        }
        members.retain(|room| self.rooms.at(*room).is_some());
        self.see_leavers_off(now_ms, &mut desk);
        // All at once: what seals stays at hand, and what moves rooms did before.
        desk.addressees().for_each(|to| self.server.prefetch(to));
        desk.send_all(|connection, payload| self.send(connection, payload));
        (self.desk, self.effects) = (desk, effects);
        if let Some(slot) = self.slots.get_mut(self.slot) {
            *slot = members;
        }
        if let Some(bytes) = self.depot.poll(now_ms) {
            self.requests.push_back(Request::Checkpoint(CheckpointObject { port: self.port, bytes }));
        }
        self.slot = (self.slot + 1) % SLOTS_PER_TICK;
    }

    /// The next datagram to send.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        self.server.poll_transmit()
    }

    /// Takes back the buffer of a datagram that was sent.
    pub fn recycle(&mut self, bytes: Vec<u8>) {
        self.server.recycle(bytes);
    }

    /// The next request to the world outside.
    pub fn poll_request(&mut self) -> Option<Request> {
        self.requests.pop_front()
    }

    /// Whether the shard was told to stop and has nothing left to do.
    pub fn is_finished(&self) -> bool {
        self.is_stopping && self.rooms.is_empty() && self.arrivals.is_empty() && self.leavers.is_empty()
    }

    /// Whether nobody is here, nor about to come or gone with something left to do: slots may be late.
    pub fn is_idle(&self) -> bool {
        self.places.is_empty() && self.rooms.is_empty() && self.arrivals.is_empty()
    }

    /// Whether somebody is at the door: connecting, or waiting for the API.
    pub fn is_awaited(&self) -> bool {
        self.server.handshakes() > 0 || !self.arrivals.is_empty()
    }

    /// How it is doing.
    pub fn report(&self) -> ShardReport {
        ShardReport {
            rooms: self.rooms.len(),
            players: self.rooms.iter().map(Room::playing).sum(),
            unsaved: self.rooms.iter().map(Room::unsaved).sum(),
            waiting_since_ms: self.rooms.iter().filter_map(Room::waiting_since_ms).min(),
            checkpoint_bytes: self.depot.object_bytes,
            checkpoints_stored: self.depot.stored,
            checkpoints_failed: self.depot.failed,
            rooms_uncovered: self.rooms_uncovered,
            rooms_failed: self.rooms_failed,
            messages_malformed: self.messages_malformed,
            messages_excess: self.messages_excess,
            violations: self.rooms.iter().fold(self.violations_before, |sum, room| added(sum, room.violations())),
            transport: *self.server.counters(),
        }
    }

    fn handle_malformed(&mut self, connection: ConnectionId) {
        self.messages_malformed += 1;
        if let Some(Place::Seated { room, seat }) = self.places.get(connection)
            && let Some(room) = self.rooms.at_mut(*room)
        {
            room.handle_malformed(*seat, connection);
        }
    }

    fn handle_message(&mut self, connection: ConnectionId, message: &ClientMessage) {
        let is_read = match self.places.get(connection) {
            Some(Place::Seated { room, seat }) => {
                let room = self.rooms.at_mut(*room);
                room.is_some_and(|room| room.handle_message(*seat, connection, message))
            }
            Some(Place::Parting) => match self.leavers.get_mut(&connection) {
                Some(leaver) => leaver.parting.link.handle_message(message).is_some(),
                None => true,
            },
            // Nothing to say to yet: inputs are repeated until they count.
            Some(Place::Arriving(_)) | None => true,
        };
        self.messages_excess += u64::from(!is_read);
    }

    /// Moves a room on by one tick.
    fn step_room(&mut self, now_ms: u64, key: RoomKey, desk: &mut Desk, effects: &mut Vec<RoomEffect>) {
        let is_awaited = self.arrivals.is_awaited(key.session_id);
        self.with_room_at(now_ms, key, effects, |room, effects| {
            if room.is_deserted() && !is_awaited {
                room.close_deserted(now_ms, effects);
            }
            room.step(now_ms, desk, effects);
        });
        // A late admission must find the closed room, or it would open the session anew.
        if !is_awaited && self.rooms.at(key).is_some_and(Room::is_closed) {
            self.remove_room(now_ms, key.session_id);
        }
    }

    fn remove_room(&mut self, now_ms: u64, session_id: SessionId) {
        self.requests.extend(self.zones.leave(session_id).map(Request::Record));
        let room = self.rooms.remove(session_id);
        if let Some(room) = &room {
            self.violations_before = added(self.violations_before, room.violations());
        }
        match room {
            Some(room) if room.is_lost() => self.depot.lose(now_ms, session_id),
            _ => self.depot.forget(now_ms, session_id),
        }
    }

    /// Does something with a room, ends the room if that panics, and sees to what the room wants done.
    fn with_room<T>(
        &mut self,
        now_ms: u64,
        session_id: SessionId,
        effects: &mut Vec<RoomEffect>,
        act: impl FnOnce(&mut Room, &mut Vec<RoomEffect>) -> T,
    ) -> Option<T> {
        self.with_room_at(now_ms, self.rooms.key(session_id)?, effects, act)
    }

    fn with_room_at<T>(
        &mut self,
        now_ms: u64,
        key: RoomKey,
        effects: &mut Vec<RoomEffect>,
        act: impl FnOnce(&mut Room, &mut Vec<RoomEffect>) -> T,
    ) -> Option<T> {
        let (room, session_id) = (self.rooms.at_mut(key)?, key.session_id);
        let zone_id = room.zone_id().map(str::to_owned);
        let lent = zone_id.as_ref().and_then(|id| self.zones.take(id));
        let is_lent = lent.is_some();
        if zone_id.is_some() {
            room.lend(lent);
        }
        // What the room holds after a panic is what `Room::fail` is made for.
        let outcome = catch_unwind(AssertUnwindSafe(|| act(room, effects)));
        if outcome.is_err() {
            tracing::error!(%session_id, "a room panicked and is closed");
            self.rooms_failed += 1;
            room.fail(now_ms, effects);
        }
        let mut is_broken = false;
        if let Some(id) = &zone_id {
            let venue = room.give_back();
            is_broken = is_lent && venue.is_none();
            self.zones.put(id, venue);
        }
        for effect in effects.drain(..) {
            self.apply(now_ms, session_id, effect);
        }
        if let Some(id) = zone_id.filter(|_| is_broken) {
            self.break_zone(now_ms, &id);
        }
        outcome.ok()
    }

    fn apply(&mut self, now_ms: u64, session_id: SessionId, effect: RoomEffect) {
        match effect {
            RoomEffect::Part(parting) => self.part(now_ms, parting),
            RoomEffect::Drop(connection) => self.drop_connection(connection),
            RoomEffect::Ask(request) => self.requests.push_back(request),
            RoomEffect::Record(part) => self.requests.push_back(Request::Record(part)),
            RoomEffect::Keep(checkpoint) => self.depot.keep(now_ms, session_id, checkpoint),
            RoomEffect::Uncover => {
                self.rooms_uncovered += 1;
                self.depot.forget(now_ms, session_id);
            }
        }
    }

    fn send(&mut self, connection: ConnectionId, payload: &[u8]) {
        // A connection that is gone has been reported as such, or will be; there is nobody to send to.
        let _ = self.server.send(connection, payload);
    }

    fn drop_connection(&mut self, connection: ConnectionId) {
        self.places.remove(connection);
        self.leavers.remove(&connection);
        self.server.disconnect(connection);
    }

    fn part(&mut self, now_ms: u64, parting: Parting) {
        let connection = parting.link.connection();
        self.places.insert(connection, Place::Parting);
        self.leavers.insert(connection, Leaver { parting, until_ms: now_ms.saturating_add(PARTING_MS) });
    }

    /// Repeats to those who part why they have to, once per tick, until they know or their time is up.
    fn see_leavers_off(&mut self, now_ms: u64, desk: &mut Desk) {
        let mut done = Vec::new();
        for (connection, Leaver { parting, until_ms }) in &mut self.leavers {
            if connection.index() % SLOTS_PER_TICK != self.slot {
                continue;
            }
            if now_ms >= *until_ms || parting.link.is_told() {
                done.push(*connection);
                continue;
            }
            // A client drops what is older than what it has seen.
            parting.shown.tick = parting.shown.tick.saturating_add(1);
            desk.write(*connection, |encoder| parting.link.encode(encoder, (0, 0), parting.shown.clone()));
        }
        for connection in done {
            self.drop_connection(connection);
        }
    }
}

fn added<const N: usize>(mut sum: [u64; N], more: &[u64; N]) -> [u64; N] {
    sum.iter_mut().zip(more).for_each(|(sum, more)| *sum = sum.saturating_add(*more));
    sum
}
