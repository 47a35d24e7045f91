//! One client's connection to a room: the reliable events on their way, the snapshots that the client may build on, and the
//! inputs that wait for their tick. A player who comes back gets a new one, and with it the whole picture anew. What a link
//! has to tell is a [`Stream`], which belongs to the seat and goes on over the next one.

use super::inputs::InputQueue;
use super::venue::Person;
use crate::limits::{EVENTS_UNACKNOWLEDGED_MAX, MESSAGES_PER_TICK_MAX};
use guildhall_domain::CharacterId;
use guildhall_domain::limits::{SEATS_PER_SESSION_MAX, TICKS_PER_S};
use guildhall_protocol::netcode::ConnectionId;
use guildhall_protocol::payload::{
    ClientMessage, Encoder, EntityKind, EventOutbox, GameEvent, ServerHeader, Snapshot, SnapshotRing,
};
use std::collections::BTreeMap;
use std::hint::black_box;

/// Ticks between two looks at who of those whom a player has met is gone: a second.
const ACQUAINTANCE_TICKS: u32 = TICKS_PER_S;

/// The reliable events of one seat, whether somebody is connected to it or not: as many as are kept.
#[derive(Debug)]
pub(crate) struct Stream {
    outbox: EventOutbox,
    /// Whether an event found no room: there is a hole, and a connection is of no more use.
    is_broken: bool,
}

impl Stream {
    /// A stream whose first event gets this number.
    pub(super) fn starting_at(seq: u32) -> Self {
        Self { outbox: EventOutbox::starting_at(seq, EVENTS_UNACKNOWLEDGED_MAX), is_broken: false }
    }

    /// Queues a reliable event.
    pub(super) fn tell(&mut self, event: GameEvent) {
        self.is_broken = self.is_broken || self.outbox.push(event).is_err();
    }

    /// The number that the next event gets.
    pub(super) fn next_seq(&self) -> u32 {
        self.outbox.next_seq()
    }

    /// The stream for the next connection: all that is not acknowledged, or, where that has a hole, what comes after it.
    fn mended(mut self) -> Self {
        if std::mem::take(&mut self.is_broken) {
            self.outbox.begin_anew();
        }
        self
    }
}

/// The room's end of a connection.
#[derive(Debug)]
pub(crate) struct Link {
    connection: ConnectionId,
    stream: Stream,
    ring: SnapshotRing,
    /// What the client builds on.
    ack_tick: u32,
    /// The latest that its messages of this tick acknowledge.
    acked: u32,
    messages_this_tick: u32,
    /// Whom the player has met in a zone, by number.
    met: BTreeMap<u16, CharacterId>,
    pub(super) inputs: InputQueue,
}

impl Link {
    /// A connection that nothing has been told over, and on which the stream goes on.
    pub(super) fn new(connection: ConnectionId, stream: Stream) -> Self {
        Self {
            connection,
            stream: stream.mended(),
            ring: SnapshotRing::new(),
            ack_tick: 0,
            acked: 0,
            messages_this_tick: 0,
            met: BTreeMap::new(),
            inputs: InputQueue::default(),
        }
    }

    /// A connection without a seat.
    pub(crate) fn seatless(connection: ConnectionId) -> Self {
        Self::new(connection, Stream::starting_at(0))
    }

    /// What the seat keeps of a connection that is over.
    pub(super) fn into_stream(self) -> Stream {
        self.stream
    }

    pub(crate) const fn connection(&self) -> ConnectionId {
        self.connection
    }

    /// Queues a reliable event.
    pub(crate) fn tell(&mut self, event: GameEvent) {
        self.stream.tell(event);
    }

    /// The number that the next event gets.
    pub(super) fn next_seq(&self) -> u32 {
        self.stream.next_seq()
    }

    /// Tells the player in this seat of a zone who those are whom they see for the first time, and now and then which of
    /// their acquaintances are gone. Of their own party they know it already.
    pub(super) fn introduce<'a>(&mut self, own: u16, shown: &Snapshot, person: impl Fn(u16) -> Option<&'a Person>) {
        let is_own =
            |number: u16| usize::from(number) / SEATS_PER_SESSION_MAX == usize::from(own) / SEATS_PER_SESSION_MAX;
        for entity in &shown.entities {
            let EntityKind::Player { seat } = entity.kind else { break };
            let Some(person) = person(seat).filter(|_| !is_own(seat)) else { continue };
            if self.met.insert(seat, person.character_id) != Some(person.character_id) {
                let Person { character_id, name } = person.clone();
                self.tell(GameEvent::PlayerJoined { seat, character_id, name });
            }
        }
        if shown.tick % ACQUAINTANCE_TICKS == u32::from(own) % ACQUAINTANCE_TICKS {
            let is_gone = |number: u16, id: CharacterId| person(number).is_none_or(|person| person.character_id != id);
            let gone: Vec<_> =
                self.met.iter().filter(|(number, id)| is_gone(**number, **id)).map(|(n, _)| *n).collect();
            for seat in gone {
                self.met.remove(&seat);
                self.tell(GameEvent::PlayerLeft { seat });
            }
        }
    }

    /// Reads a field in each of its lines of memory.
    pub(super) fn prefetch(&self) {
        let Self { stream, met, inputs, .. } = self;
        black_box((stream.next_seq(), met.len(), inputs.applied()));
    }

    /// The same of what it keeps elsewhere.
    pub(super) fn prefetch_contents(&self) {
        black_box(self.ring.newest().map(|shown| shown.tick));
        self.inputs.prefetch();
    }

    /// What the client was shown last.
    pub(super) fn last_shown(&self) -> Snapshot {
        self.ring.newest().cloned().unwrap_or_default()
    }

    /// Whether the client acknowledges so little that the connection has to end.
    pub(super) const fn is_unresponsive(&self) -> bool {
        self.stream.is_broken
    }

    /// Whether the client has every event.
    pub(crate) fn is_told(&self) -> bool {
        self.stream.outbox.is_empty()
    }

    /// Takes in what the client has received, and its wishes. Returns how many inputs it brought, or `None` if it
    /// was not read: of the messages of one tick only the first few are.
    pub(crate) fn handle_message(&mut self, message: &ClientMessage) -> Option<u32> {
        self.messages_this_tick = self.messages_this_tick.saturating_add(1);
        if self.messages_this_tick > MESSAGES_PER_TICK_MAX {
            return None;
        }
        self.stream.outbox.acknowledge(message.event_ack);
        self.acked = self.acked.max(message.ack_tick);
        Some(self.inputs.push(&message.inputs))
    }

    /// The message that shows `snapshot` and whatever events are due.
    pub(crate) fn encode<'a>(
        &mut self,
        encoder: &'a mut Encoder,
        (progress_seq, durable_seq): (u64, u64),
        snapshot: Snapshot,
    ) -> &'a [u8] {
        self.messages_this_tick = 0;
        // Messages may arrive out of order, and the snapshot must still be here to build on.
        let acked = std::mem::take(&mut self.acked);
        if acked > self.ack_tick && self.ring.get(acked).is_some() {
            self.ack_tick = acked;
        }
        while let Some(older) = self.ring.pop_before(self.ack_tick) {
            encoder.recycle(older.entities);
        }
        let header = ServerHeader { input_ack: self.inputs.applied(), progress_seq, durable_seq };
        let (first_event_seq, events) = self.stream.outbox.unacknowledged();
        let baseline = self.ring.get(self.ack_tick);
        let (bytes, held, _) = encoder.encode(&header, snapshot, baseline, first_event_seq, events);
        self.ring.insert(held);
        bytes
    }
}
