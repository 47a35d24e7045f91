//! The client's end: shows its token, answers the challenge, keeps the connection alive (NETCODE 1.02, "Client-Side
//! Connection Process"). One value is one attempt; whoever wants to come back makes a new one with a new token.

use super::bytes::plain_address;
use super::crypto::Cipher;
use super::outgoing::{Outgoing, Transmit};
use super::packet::{Header, Packet, put_request};
use super::replay::ReplayWindow;
use super::token::timeout_ms;
use super::{
    CHALLENGE_TOKEN_BYTES, ConnectToken, DISCONNECT_PACKETS, PAYLOAD_PACKET_BYTES_MAX, RESEND_INTERVAL_MS, SendError,
};
use std::net::{Ipv4Addr, SocketAddr};

/// How far a client has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientState {
    /// Shows its token.
    SendingRequest,
    /// Answers the challenge.
    SendingResponse,
    /// Payloads flow.
    Connected,
    /// Over; a new attempt needs a new token.
    Disconnected(ClientDisconnect),
}

/// Why a client is not connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientDisconnect {
    /// `disconnect` was called.
    ByClient,
    /// The server ended the connection.
    ByServer,
    /// Every place of the server is taken.
    Denied,
    /// No answer to the request.
    RequestTimedOut,
    /// No answer to the response.
    ResponseTimedOut,
    /// The server fell silent.
    TimedOut,
    /// The token expired before the connection stood.
    TokenExpired,
}

/// The client's end of a connection.
#[derive(Debug)]
pub struct Client {
    token: ConnectToken,
    state: ClientState,
    now_ms: u64,
    started_ms: u64,
    last_received_ms: u64,
    /// `None`: something is due at once.
    last_sent_ms: Option<u64>,
    server_index: usize,
    challenge: Option<(u64, Box<[u8; CHALLENGE_TOKEN_BYTES]>)>,
    send_cipher: Cipher,
    receive_cipher: Cipher,
    next_sequence: u64,
    replay: ReplayWindow,
    outgoing: Outgoing,
    bad_packets: u64,
}

impl Client {
    /// A client that sets out with this token. `now_ms` may count from anywhere, as long as it does not run backwards.
    pub fn new(token: ConnectToken, now_ms: u64) -> Self {
        Self {
            state: ClientState::SendingRequest,
            now_ms,
            started_ms: now_ms,
            last_received_ms: now_ms,
            last_sent_ms: None,
            server_index: 0,
            challenge: None,
            send_cipher: Cipher::new(&token.client_to_server_key),
            receive_cipher: Cipher::new(&token.server_to_client_key),
            next_sequence: 0,
            replay: ReplayWindow::default(),
            outgoing: Outgoing::default(),
            bad_packets: 0,
            token,
        }
    }

    /// Takes a datagram in, opening it in place, and yields its payload if it has one.
    pub fn handle_datagram<'a>(&mut self, now_ms: u64, from: SocketAddr, datagram: &'a mut [u8]) -> Option<&'a [u8]> {
        self.now_ms = self.now_ms.max(now_ms);
        if self.is_disconnected() {
            return None;
        }
        if plain_address(from) != self.server_address() {
            self.bad_packets += 1;
            return None;
        }
        let Some((sequence, packet)) = self.open(datagram) else {
            self.bad_packets += 1;
            return None;
        };
        match (self.state, packet) {
            (ClientState::SendingRequest | ClientState::SendingResponse, Packet::Denied) => {
                self.fail(ClientDisconnect::Denied);
            }
            (ClientState::SendingRequest, Packet::Challenge { sequence, token }) => {
                self.challenge = Some((sequence, Box::new(*token)));
                self.advance(ClientState::SendingResponse);
                self.send_due();
            }
            (ClientState::SendingResponse, Packet::KeepAlive { .. }) => {
                self.replay.accept(sequence);
                self.advance(ClientState::Connected);
            }
            (ClientState::Connected, Packet::KeepAlive { .. }) => self.receive(sequence),
            (ClientState::Connected, Packet::Payload(payload)) => {
                self.receive(sequence);
                return Some(payload);
            }
            (ClientState::Connected, Packet::Disconnect) => {
                self.state = ClientState::Disconnected(ClientDisconnect::ByServer);
            }
            _ => {}
        }
        None
    }

    /// The sequence number and content of an authentic packet that is not a repetition.
    fn open<'a>(&self, datagram: &'a mut [u8]) -> Option<(u64, Packet<'a>)> {
        let header = Header::parse(datagram)?;
        if header.kind.is_replay_protected() && !self.replay.is_new(header.sequence) {
            return None;
        }
        let packet = header.open(datagram, &self.receive_cipher, self.token.protocol_id).ok()?;
        Some((header.sequence, packet))
    }

    fn receive(&mut self, sequence: u64) {
        self.replay.accept(sequence);
        self.last_received_ms = self.now_ms;
    }

    fn advance(&mut self, state: ClientState) {
        self.state = state;
        self.last_received_ms = self.now_ms;
        self.last_sent_ms = None;
    }

    /// Sends what is due and gives up what is overdue. To be called at least every 100 ms, and once right after `new`.
    pub fn handle_timeout(&mut self, now_ms: u64) {
        self.now_ms = self.now_ms.max(now_ms);
        if let Some(reason) = self.overdue() {
            self.fail(reason);
        }
        self.send_due();
    }

    fn overdue(&self) -> Option<ClientDisconnect> {
        let silent = self.now_ms.saturating_sub(self.last_received_ms) >= timeout_ms(self.token.timeout_s);
        let lifetime_ms = self.token.expire_s.saturating_sub(self.token.create_s).saturating_mul(1_000);
        let expired = self.now_ms.saturating_sub(self.started_ms) >= lifetime_ms;
        match self.state {
            ClientState::SendingRequest | ClientState::SendingResponse if expired => {
                Some(ClientDisconnect::TokenExpired)
            }
            ClientState::SendingRequest if silent => Some(ClientDisconnect::RequestTimedOut),
            ClientState::SendingResponse if silent => Some(ClientDisconnect::ResponseTimedOut),
            ClientState::Connected if silent => Some(ClientDisconnect::TimedOut),
            _ => None,
        }
    }

    /// Gives up this server: tries the token's next one, unless the connection stood or the token has expired.
    fn fail(&mut self, reason: ClientDisconnect) {
        let next = self.server_index + 1;
        let final_reason = matches!(reason, ClientDisconnect::TimedOut | ClientDisconnect::TokenExpired);
        if final_reason || next >= self.token.server_addresses.len() {
            self.state = ClientState::Disconnected(reason);
            return;
        }
        self.server_index = next;
        self.challenge = None;
        self.replay = ReplayWindow::default();
        self.advance(ClientState::SendingRequest);
    }

    fn send_due(&mut self) {
        if self.last_sent_ms.is_some_and(|sent_ms| self.now_ms.saturating_sub(sent_ms) < RESEND_INTERVAL_MS) {
            return;
        }
        match (self.state, self.challenge.take()) {
            (ClientState::SendingRequest, _) => {
                let to = self.server_address();
                self.outgoing.push(to, |out| put_request(&self.token, out));
                self.last_sent_ms = Some(self.now_ms);
            }
            (ClientState::SendingResponse, Some((sequence, token))) => {
                self.send_packet(&Packet::Response { sequence, token: &token });
                self.challenge = Some((sequence, token));
            }
            (ClientState::Connected, _) => {
                self.send_packet(&Packet::KeepAlive { index: 0, connections_max: 0 });
            }
            _ => {}
        }
    }

    /// Queues a payload of 1 to 1,200 bytes.
    pub fn send(&mut self, payload: &[u8]) -> Result<(), SendError> {
        if !(1..=PAYLOAD_PACKET_BYTES_MAX).contains(&payload.len()) {
            return Err(SendError::PayloadSize(payload.len()));
        }
        if self.state != ClientState::Connected {
            return Err(SendError::NotConnected);
        }
        if self.send_packet(&Packet::Payload(payload)) { Ok(()) } else { Err(SendError::Exhausted) }
    }

    fn send_packet(&mut self, packet: &Packet<'_>) -> bool {
        let sequence = self.next_sequence;
        let Some(next) = sequence.checked_add(1) else { return false };
        self.next_sequence = next;
        self.last_sent_ms = Some(self.now_ms);
        let to = self.server_address();
        self.outgoing.push(to, |out| packet.seal(sequence, &self.send_cipher, self.token.protocol_id, out));
        true
    }

    /// Says goodbye. The disconnect packets wait in `poll_transmit`.
    pub fn disconnect(&mut self) {
        if self.state == ClientState::Connected {
            for _ in 0..DISCONNECT_PACKETS {
                self.send_packet(&Packet::Disconnect);
            }
        }
        if !self.is_disconnected() {
            self.state = ClientState::Disconnected(ClientDisconnect::ByClient);
        }
    }

    /// The next datagram to send.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        self.outgoing.pop()
    }

    /// How far it has come.
    pub fn state(&self) -> ClientState {
        self.state
    }

    /// The server it talks to.
    pub fn server_address(&self) -> SocketAddr {
        let nowhere = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
        self.token.server_addresses.get(self.server_index).copied().unwrap_or(nowhere)
    }

    /// Datagrams dropped because they were forged, damaged, repeated or from elsewhere. What comes after the end is not counted.
    pub fn bad_packets(&self) -> u64 {
        self.bad_packets
    }

    fn is_disconnected(&self) -> bool {
        matches!(self.state, ClientState::Disconnected(_))
    }
}
