//! The loop of a connection: one socket, one 20 Hz clock, one [`GameClient`].

use super::{OpenError, Wish};
use crate::game::{GameClient, Kept, View};
use guildhall_domain::limits::TICK_MS;
use guildhall_protocol::netcode::{ClientState, PACKET_BYTES_MAX};
use guildhall_protocol::payload::{Action, GameEvent};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior};

/// Events that wait for the game to read them.
const EVENTS_CHANNEL_MAX: usize = 256;
/// How long the driver waits for the server to apply the wish to leave, in milliseconds.
const LEAVE_WAIT_MS: u64 = 1_000;

/// The ends that the game holds.
pub(super) struct Handles {
    pub(super) wish: watch::Sender<Wish>,
    pub(super) leaving: watch::Sender<bool>,
    pub(super) view: watch::Receiver<View>,
    pub(super) state: watch::Receiver<ClientState>,
    pub(super) events: mpsc::Receiver<GameEvent>,
}

/// The ends that the task holds, and what it drives.
pub(super) struct Driver {
    socket: UdpSocket,
    client: GameClient,
    started: Instant,
    wish: watch::Receiver<Wish>,
    leaving: watch::Receiver<bool>,
    view: watch::Sender<View>,
    state: watch::Sender<ClientState>,
    events: mpsc::Sender<GameEvent>,
    farewell: Option<Farewell>,
}

/// A wish to leave that is on its way.
struct Farewell {
    /// Number of the input that carries it, once it is under way.
    seq: Option<u32>,
    deadline_ms: u64,
}

impl Driver {
    /// A driver for this token, on a socket that hears nobody but the token's server.
    pub(super) async fn bind(token: &[u8], kept: Kept) -> Result<(Self, Handles), OpenError> {
        let client = GameClient::carry_on(token, 0, kept)?;
        let server = client.server_address();
        let any: SocketAddr =
            if server.is_ipv6() { (Ipv6Addr::UNSPECIFIED, 0).into() } else { (Ipv4Addr::UNSPECIFIED, 0).into() };
        let socket = UdpSocket::bind(any).await?;
        socket.connect(server).await?;
        let (wish_sender, wish) = watch::channel(Wish::default());
        let (leaving_sender, leaving) = watch::channel(false);
        let (view, view_receiver) = watch::channel(client.view().clone());
        let (state, state_receiver) = watch::channel(client.state());
        let (events, events_receiver) = mpsc::channel(EVENTS_CHANNEL_MAX);
        let handles = Handles {
            wish: wish_sender,
            leaving: leaving_sender,
            view: view_receiver,
            state: state_receiver,
            events: events_receiver,
        };
        let started = Instant::now();
        Ok((Self { socket, client, started, wish, leaving, view, state, events, farewell: None }, handles))
    }

    /// Runs until the connection is over, and returns what the next one goes on from.
    pub(super) async fn run(mut self) -> Kept {
        let mut datagram = [0; PACKET_BYTES_MAX];
        let mut ticks = tokio::time::interval(Duration::from_millis(TICK_MS.into()));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while self.client.disconnected().is_none() {
            tokio::select! {
                received = self.socket.recv(&mut datagram) => self.receive(received, &mut datagram),
                _ = ticks.tick() => self.tick(),
            }
            self.transmit().await;
            self.publish();
        }
        // What has arrived belongs to the game, however slowly it reads; if it has gone away, there is nobody to tell.
        while let Some(event) = self.client.poll_event() {
            if self.events.send(event).await.is_err() {
                break;
            }
        }
        self.client.keep()
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn receive(&mut self, received: std::io::Result<usize>, datagram: &mut [u8]) {
        let now_ms = self.now_ms();
        match received.map(|length| datagram.get_mut(..length)) {
            Ok(Some(datagram)) => self.client.handle_datagram(now_ms, datagram),
            Ok(None) => {}
            // Nobody listens there, for the moment or for good; the connection's own time-out tells which.
            Err(error) => tracing::trace!(%error, "the socket reports an error"),
        }
    }

    fn tick(&mut self) {
        let now_ms = self.now_ms();
        // The game has dropped its end: this connection goes, the seat stays.
        if self.wish.has_changed().is_err() {
            self.client.disconnect();
            return;
        }
        if *self.leaving.borrow() {
            self.leave(now_ms);
        } else {
            let Wish { move_x, move_y, action } = *self.wish.borrow();
            // When the window is full, the wish of this tick is lost, as it would be with a key pressed too late.
            let _ = self.client.push_input(move_x, move_y, action);
        }
        self.client.handle_tick(now_ms);
    }

    fn leave(&mut self, now_ms: u64) {
        let farewell = self.farewell.get_or_insert(Farewell { seq: None, deadline_ms: now_ms + LEAVE_WAIT_MS });
        if farewell.seq.is_none() {
            farewell.seq = self.client.push_input(0, 0, Action::Leave);
        }
        let heard = farewell.seq.is_some_and(|seq| self.client.view().input_ack >= seq);
        if heard || now_ms >= farewell.deadline_ms {
            self.client.disconnect();
        }
    }

    async fn transmit(&mut self) {
        while let Some(transmit) = self.client.poll_transmit() {
            if let Err(error) = self.socket.send(&transmit.bytes).await {
                tracing::trace!(%error, "a datagram was not sent");
            }
        }
    }

    /// Shows the game what has changed.
    fn publish(&mut self) {
        while let Ok(permit) = self.events.try_reserve() {
            let Some(event) = self.client.poll_event() else { break };
            permit.send(event);
        }
        let client = &self.client;
        self.view.send_if_modified(|shown| {
            let changed = shown != client.view();
            if changed {
                shown.clone_from(client.view());
            }
            changed
        });
        self.state.send_if_modified(|shown| std::mem::replace(shown, client.state()) != client.state());
    }
}
