//! The game connection as a value: netcode and payload messages on one side, inputs, events and a view of the world on the
//! other. No socket, no clock, no randomness.
//!
//! The owner feeds datagrams to [`GameClient::handle_datagram`], calls [`GameClient::push_input`] and
//! [`GameClient::handle_tick`] twenty times a second, and sends what [`GameClient::poll_transmit`] yields. `inputs` holds
//! what the player wants until the server has applied it, `view` what the server says. `crate::connection` is such an
//! owner, made with tokio.

mod inputs;
mod view;

pub use view::{PartySeat, View};

use guildhall_protocol::netcode::{self, ClientDisconnect, ClientState, ConnectToken, TokenError, Transmit};
use guildhall_protocol::payload::{
    Action, ClientMessage, EventInbox, GameEvent, INPUTS_MAX, InputFrame, ServerMessage, SnapshotRing, decode_server,
};
use inputs::Inputs;
use std::collections::VecDeque;
use std::net::SocketAddr;

/// Events that wait for `poll_event`. While there are this many, further ones are left for the server to repeat.
pub const EVENTS_WAITING_MAX: usize = 1_024;

/// What a client carries over to its next connection to the same seat of the same placement: which events it has heard, and
/// what of its view only events tell.
#[derive(Debug, Clone, Default)]
pub struct Kept {
    inbox: EventInbox,
    view: View,
}

/// One connection to a game session. Whoever wants to come back makes a new one with a new token, and with what this one
/// has [kept](Self::keep) if the session is still where it was.
#[derive(Debug)]
pub struct GameClient {
    netcode: netcode::Client,
    snapshots: SnapshotRing,
    inbox: EventInbox,
    events: VecDeque<GameEvent>,
    inputs: Inputs,
    view: View,
    snapshots_received: u64,
    undecodable: u64,
}

impl GameClient {
    /// A client that sets out with this connect token, 2,048 bytes. `now_ms` may count from anywhere, as long as it never
    /// runs backwards; the first `handle_tick` sends the first datagram.
    pub fn new(connect_token: &[u8], now_ms: u64) -> Result<Self, TokenError> {
        Self::carry_on(connect_token, now_ms, Kept::default())
    }

    /// A client that comes back and goes on from what it has kept: it is told what it has missed, each event once and in
    /// order.
    pub fn carry_on(connect_token: &[u8], now_ms: u64, kept: Kept) -> Result<Self, TokenError> {
        let token = ConnectToken::parse(connect_token)?;
        Ok(Self {
            netcode: netcode::Client::new(token, now_ms),
            snapshots: SnapshotRing::new(),
            inbox: kept.inbox,
            events: VecDeque::new(),
            inputs: Inputs::default(),
            view: kept.view,
            snapshots_received: 0,
            undecodable: 0,
        })
    }

    /// Takes in a datagram that came from [`Self::server_address`]; whoever owns the socket sees to that, for example by
    /// connecting it. Whatever is wrong with the datagram is counted and otherwise ignored.
    pub fn handle_datagram(&mut self, now_ms: u64, datagram: &mut [u8]) {
        let from = self.netcode.server_address();
        let Some(payload) = self.netcode.handle_datagram(now_ms, from, datagram) else { return };
        let snapshots = &self.snapshots;
        match decode_server(payload, |tick| snapshots.get(tick)) {
            Ok(message) => self.handle_message(message),
            Err(_) => self.undecodable += 1,
        }
    }

    fn handle_message(&mut self, message: ServerMessage) {
        let ServerMessage { tick, input_ack, progress_seq, durable_seq, snapshot, first_event_seq, events, .. } =
            message;
        if self.events.len() < EVENTS_WAITING_MAX {
            for event in self.inbox.receive(first_event_seq, events) {
                self.view.apply_event(&event);
                self.events.push_back(event);
            }
        }
        self.view.raise(input_ack, progress_seq, durable_seq);
        self.inputs.acknowledge(input_ack);
        // A datagram that was overtaken may bring events, but the world has moved on.
        if tick > self.view.tick {
            self.view.apply_snapshot(&snapshot);
            self.snapshots.insert(snapshot);
            self.snapshots_received += 1;
        }
    }

    /// Adds the wish of one tick, to be repeated until the server has applied it, and returns its number. `move_x` is
    /// eastward, `move_y` southward; only the direction counts. `None`: the server has not welcomed the player yet, or
    /// [`INPUTS_MAX`] inputs wait already, and this one is not taken.
    pub fn push_input(&mut self, move_x: i8, move_y: i8, action: Action) -> Option<u32> {
        if self.netcode.state() != ClientState::Connected || self.view.my_entity.is_none() {
            return None;
        }
        self.inputs.push(move_x, move_y, action)
    }

    /// To be called at 20 Hz: keeps the connection going, and makes the one datagram of this tick when it stands.
    pub fn handle_tick(&mut self, now_ms: u64) {
        self.netcode.handle_timeout(now_ms);
        if self.netcode.state() != ClientState::Connected {
            return;
        }
        let message = ClientMessage {
            ack_tick: self.view.tick,
            event_ack: self.inbox.received(),
            inputs: self.inputs.pending().copied().take(INPUTS_MAX).collect(),
        };
        // The state was checked and the message is small; what fails here is a lost datagram, and the next one repeats it.
        if let Err(error) = self.netcode.send(&message.encode()) {
            tracing::debug!(%error, "a tick's message was not sent");
        }
    }

    /// Says goodbye. To leave the session for good and not just this connection, push [`Action::Leave`] first.
    pub fn disconnect(&mut self) {
        self.netcode.disconnect();
    }

    /// The next datagram to send.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        self.netcode.poll_transmit()
    }

    /// The next event; each comes once and in order. The view includes it already.
    pub fn poll_event(&mut self) -> Option<GameEvent> {
        self.events.pop_front()
    }

    /// What the next connection goes on from, once all events of this one are taken.
    pub fn keep(&self) -> Kept {
        Kept { inbox: self.inbox.carried_on(), view: self.view.carried_on() }
    }

    /// The world as last heard.
    pub fn view(&self) -> &View {
        &self.view
    }

    /// The inputs that the server is not known to have applied, oldest first.
    pub fn pending_inputs(&self) -> impl Iterator<Item = &InputFrame> {
        self.inputs.pending()
    }

    /// How far the connection has come.
    pub fn state(&self) -> ClientState {
        self.netcode.state()
    }

    /// Why the connection is over, if it is.
    pub fn disconnected(&self) -> Option<ClientDisconnect> {
        match self.netcode.state() {
            ClientState::Disconnected(reason) => Some(reason),
            _ => None,
        }
    }

    /// The server that the token names.
    pub fn server_address(&self) -> SocketAddr {
        self.netcode.server_address()
    }

    /// Snapshots taken in so far.
    pub fn snapshots_received(&self) -> u64 {
        self.snapshots_received
    }

    /// Datagrams dropped so far: forged, repeated, or with a payload that cannot be read.
    pub fn dropped(&self) -> u64 {
        self.netcode.bad_packets() + self.undecodable
    }
}

#[cfg(test)]
mod tests;
