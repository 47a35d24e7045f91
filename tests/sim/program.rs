//! A client's program with its socket in the open: it plays by the rules, keeps a record of what it sent, and lends its
//! socket to whoever wants to send something else from the same address.

use base64::Engine;
use guildhall_client::game::GameClient;
use guildhall_domain::api::Placement;
use guildhall_domain::limits::TICK_MS;
use guildhall_protocol::netcode::PACKET_BYTES_MAX;
use guildhall_protocol::payload::Action;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::time::{Instant, Interval, interval};

/// A client that stands still.
pub(crate) struct Program {
    pub(crate) client: GameClient,
    pub(crate) socket: UdpSocket,
    /// Every datagram that it sent, oldest first.
    pub(crate) sent: Vec<Vec<u8>>,
    started: Instant,
    ticks: Interval,
}

/// A socket that nobody knows, for datagrams to this address.
pub(crate) async fn stranger(to: SocketAddr) -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.connect(to).await.unwrap();
    socket
}

/// The connect token of a placement, as bytes.
pub(crate) fn token(placement: &Placement) -> Vec<u8> {
    base64::engine::general_purpose::STANDARD.decode(&placement.connect.token).unwrap()
}

impl Program {
    /// A program with this token, which has not sent anything.
    pub(crate) async fn new(placement: &Placement) -> Self {
        let client = GameClient::new(&token(placement), 0).unwrap();
        let socket = stranger(client.server_address()).await;
        Self::over(socket, client)
    }

    /// The same program begun again, on the same socket and with the same token.
    pub(crate) fn again(self, placement: &Placement) -> Self {
        Self::over(self.socket, GameClient::new(&token(placement), 0).unwrap())
    }

    fn over(socket: UdpSocket, client: GameClient) -> Self {
        let ticks = interval(Duration::from_millis(TICK_MS.into()));
        Self { client, socket, sent: Vec::new(), started: Instant::now(), ticks }
    }

    /// Lets it run until `is_done`.
    pub(crate) async fn until(&mut self, is_done: impl Fn(&GameClient) -> bool) {
        let mut datagram = [0; PACKET_BYTES_MAX];
        while !is_done(&self.client) {
            tokio::select! {
                received = self.socket.recv(&mut datagram) => {
                    let now_ms = self.now_ms();
                    // Nobody listens there at the moment; that may change.
                    let Ok(length) = received else { continue };
                    self.client.handle_datagram(now_ms, &mut datagram[..length]);
                }
                _ = self.ticks.tick() => {
                    self.client.push_input(0, 0, Action::None);
                    self.client.handle_tick(self.now_ms());
                }
            }
            self.transmit().await;
        }
    }

    /// Lets it run until `future` is done.
    pub(crate) async fn while_waiting<T>(&mut self, future: impl Future<Output = T>) -> T {
        tokio::select! {
            output = future => output,
            () = self.until(|_| false) => unreachable!("it runs for ever"),
        }
    }

    /// Lets it run until it has been shown the world.
    pub(crate) async fn enter(&mut self) {
        self.until(|client| client.view().own_entity().is_some()).await;
    }

    /// Says goodbye.
    pub(crate) async fn disconnect(&mut self) {
        self.client.disconnect();
        self.transmit().await;
    }

    async fn transmit(&mut self) {
        while let Some(transmit) = self.client.poll_transmit() {
            // It fails where nobody listens at the moment.
            let _ = self.socket.send(&transmit.bytes).await;
            self.sent.push(transmit.bytes);
        }
    }

    /// The time that its client knows, in milliseconds.
    pub(crate) fn now_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap()
    }
}
