//! Delivery of reliable events: the server repeats what is not acknowledged in every datagram, the client yields each event
//! once and in order. An acknowledgement is simply the number of the next event. Both ends can outlive a connection: a stream
//! goes on over the next one where the acknowledgements ended.

use super::GameEvent;
use std::collections::VecDeque;

/// The client leaves more events unacknowledged than the connection may hold; the server should drop it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many unacknowledged events")]
pub struct OutboxFull;

/// The server's queue of events that one client has not acknowledged.
#[derive(Debug, Clone)]
pub struct EventOutbox {
    unacknowledged: VecDeque<GameEvent>,
    first_seq: u32,
    events_max: usize,
}

impl EventOutbox {
    /// An empty queue that holds up to `events_max` events.
    pub fn new(events_max: usize) -> Self {
        Self::starting_at(0, events_max)
    }

    /// An empty queue that holds up to `events_max` events, the first of which gets this number.
    pub fn starting_at(first_seq: u32, events_max: usize) -> Self {
        Self { unacknowledged: VecDeque::new(), first_seq, events_max }
    }

    /// Gives up what is not acknowledged, together with an event that found no room. What is queued from here on gets
    /// numbers that leave a gap, by which the client's inbox knows that it has missed something.
    pub fn begin_anew(&mut self) {
        self.first_seq = self.next_seq().saturating_add(1);
        self.unacknowledged.clear();
    }

    /// The number that the next event gets.
    pub fn next_seq(&self) -> u32 {
        self.first_seq.saturating_add(u32::try_from(self.unacknowledged.len()).unwrap_or(u32::MAX))
    }

    /// Queues an event and returns its number. When the queue is full the event is not queued: an ordered stream with a
    /// hole would be worse than none, so the caller ends the connection.
    pub fn push(&mut self, event: GameEvent) -> Result<u32, OutboxFull> {
        if self.unacknowledged.len() >= self.events_max {
            return Err(OutboxFull);
        }
        let seq = self.next_seq();
        if seq == u32::MAX {
            return Err(OutboxFull);
        }
        self.unacknowledged.push_back(event);
        Ok(seq)
    }

    /// Forgets the events below `event_ack`. An acknowledgement of events that were never queued is ignored; returns
    /// whether it made sense.
    pub fn acknowledge(&mut self, event_ack: u32) -> bool {
        let newly = event_ack.saturating_sub(self.first_seq) as usize;
        if newly > self.unacknowledged.len() {
            return false;
        }
        self.unacknowledged.drain(..newly);
        self.first_seq = self.first_seq.max(event_ack);
        true
    }

    /// The number of the first unacknowledged event, and all of them in order, for [`super::encode_server`], which takes
    /// as many as fit.
    pub fn unacknowledged(&mut self) -> (u32, &[GameEvent]) {
        (self.first_seq, self.unacknowledged.make_contiguous())
    }

    /// How many events wait for acknowledgement.
    pub fn len(&self) -> usize {
        self.unacknowledged.len()
    }

    /// Whether everything is acknowledged.
    pub fn is_empty(&self) -> bool {
        self.unacknowledged.is_empty()
    }
}

/// The client's end: knows which events have arrived.
#[derive(Debug, Clone, Default)]
pub struct EventInbox {
    received: u32,
    /// Whether the connection has brought a number yet.
    has_heard: bool,
}

impl EventInbox {
    /// An inbox that has seen nothing. The first number that it hears is its beginning.
    pub fn new() -> Self {
        Self::default()
    }

    /// The inbox for the next connection to the same seat of the same placement: it goes on where this one ends.
    #[must_use]
    pub fn carried_on(&self) -> Self {
        Self { received: self.received, has_heard: false }
    }

    /// Takes the events of one datagram, the first of which has number `first_seq`, and yields those not seen before, in
    /// order. Events that start beyond a gap are dropped: the server repeats them from the gap on. Only at the beginning of
    /// a connection a gap means that the server has nothing from before it any more; then they count from there.
    pub fn receive(&mut self, first_seq: u32, events: Vec<GameEvent>) -> impl Iterator<Item = GameEvent> + use<> {
        if !std::mem::replace(&mut self.has_heard, true) {
            self.received = self.received.max(first_seq);
        }
        let seen = self.received.checked_sub(first_seq).map_or(events.len(), |seen| seen as usize);
        let fresh = u32::try_from(events.len().saturating_sub(seen)).unwrap_or(0);
        self.received = self.received.saturating_add(fresh);
        events.into_iter().skip(seen)
    }

    /// The number of the next event: the `event_ack` to send.
    pub fn received(&self) -> u32 {
        self.received
    }
}
