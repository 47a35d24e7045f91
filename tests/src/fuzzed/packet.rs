//! The server's end of the transport under datagrams of any kind, and connect tokens that anybody may have made.

use super::sealed::{self, ADDRESS, CHALLENGE_KEY, PRIVATE_KEY, START_MS};
use super::tape::Tape;
use guildhall_protocol::PROTOCOL_ID;
use guildhall_protocol::netcode::{
    Client, ConnectToken, ConnectionId, PACKET_BYTES_MAX, Server, ServerConfig, ServerEvent,
};
use std::collections::BTreeSet;
use std::net::SocketAddr;

/// Clients that there are, of which one less finds room.
const CLIENTS: u8 = 4;
/// Things that are done in one run.
const ACTS_MAX: usize = 96;

/// A server, its honest clients, and whoever else sends.
struct Network {
    server: Server,
    clients: Vec<Client>,
    now_ms: u64,
    tokens: u8,
    /// Connections that the server has told of, and where they are.
    connected: BTreeSet<ConnectionId>,
    places: BTreeSet<SocketAddr>,
    /// What clients have sent.
    sent: Vec<(SocketAddr, Vec<u8>)>,
}

/// Does to a server what the bytes say.
pub(super) fn run(bytes: &[u8]) {
    let mut tape = Tape::new(bytes);
    let mut network = Network::new();
    for _ in 0..ACTS_MAX {
        if tape.is_over() {
            break;
        }
        network.act(&mut tape);
    }
}

/// Reads bytes as a connect token, and as the sealed part of one.
pub(super) fn run_token(bytes: &[u8]) {
    if let Ok(token) = ConnectToken::parse(bytes) {
        let again = ConnectToken::parse(&token.to_bytes()).expect("what was read can be written");
        assert!(again == token && !token.server_addresses().is_empty());
        let mut client = Client::new(token, START_MS);
        client.handle_timeout(START_MS);
        while let Some(sent) = client.poll_transmit() {
            assert!(sent.bytes.len() <= PACKET_BYTES_MAX);
        }
    }
    let mut network = Network::new();
    network.deliver(sealed::address(1), &mut sealed::request(START_MS / 1_000 + 30, &[1; 24], bytes));
}

impl Network {
    fn new() -> Self {
        let config = ServerConfig::new(PROTOCOL_ID, ADDRESS, PRIVATE_KEY, usize::from(CLIENTS) - 1);
        let server = Server::new(config, CHALLENGE_KEY, START_MS);
        let clients = (0..CLIENTS).map(|client| Self::client(client, 0, START_MS)).collect();
        let (connected, places) = Default::default();
        Self { server, clients, now_ms: START_MS, tokens: 0, connected, places, sent: Vec::new() }
    }

    fn client(client: u8, count: u8, now_ms: u64) -> Client {
        Client::new(sealed::connect_token(client, count, now_ms, &[client; 256]), now_ms)
    }

    fn act(&mut self, tape: &mut Tape<'_>) {
        let act = tape.below(10);
        let client = tape.byte() % CLIENTS;
        let from = sealed::address(client);
        match act {
            0 => self.deliver(from, &mut tape.chunk().to_vec()),
            1 => {
                let kind = tape.byte();
                let sequence = u64::from_le_bytes(tape.array()) >> (tape.byte() % 64);
                let key = sealed::keys(client).0;
                self.deliver(from, &mut sealed::packet(kind, sequence, &key, tape.chunk()));
            }
            2 => {
                let expire_s = (self.now_ms / 1_000).wrapping_add(u64::from(tape.byte() % 90));
                let nonce = [tape.byte(); 24];
                self.deliver(from, &mut sealed::request(expire_s, &nonce, tape.chunk()));
            }
            3 => {
                // Something that was sent before, damaged or not, from there or from elsewhere.
                let which = tape.below(self.sent.len());
                let (place, damage) = (usize::from(tape.byte()), tape.byte());
                let Some((owner, mut datagram)) = self.sent.get(which).cloned() else { return };
                let from = if tape.byte().is_multiple_of(2) { owner } else { from };
                if let Some(byte) = datagram.get_mut(place) {
                    *byte ^= damage;
                }
                self.deliver(from, &mut datagram);
            }
            4 => {
                let payload = tape.chunk();
                if let Some(client) = self.clients.get_mut(usize::from(client)) {
                    let _ = client.send(payload);
                }
                self.round();
            }
            5 => {
                self.tokens = self.tokens.wrapping_add(1);
                self.clients[usize::from(client)] = Self::client(client, self.tokens, self.now_ms);
                self.round();
            }
            6 => self.clients[usize::from(client)].disconnect(),
            7 => {
                let id = self.connected.iter().nth(usize::from(client)).copied();
                let payload = tape.chunk();
                if let Some(id) = id {
                    let _ = self.server.send(id, payload);
                    if payload.is_empty() {
                        self.server.disconnect(id);
                    }
                }
            }
            8 => self.now_ms = self.now_ms.saturating_add(u64::from(u16::from_le_bytes(tape.array()))),
            _ => self.now_ms = self.now_ms.max(u64::from_le_bytes(tape.array())),
        }
        self.check();
    }

    /// Lets everybody who has something to send send it, twice: there and back.
    fn round(&mut self) {
        self.now_ms = self.now_ms.saturating_add(100);
        self.server.handle_timeout(self.now_ms);
        self.check();
        for number in 0..CLIENTS {
            self.clients[usize::from(number)].handle_timeout(self.now_ms);
            while let Some(mut sent) = self.clients[usize::from(number)].poll_transmit() {
                let from = sealed::address(number);
                if self.sent.len() < 64 {
                    self.sent.push((from, sent.bytes.clone()));
                }
                self.deliver(from, &mut sent.bytes);
            }
        }
    }

    /// Hands the server a datagram. Whoever has not proven an address hears less than was said.
    fn deliver(&mut self, from: SocketAddr, datagram: &mut [u8]) {
        let length = datagram.len();
        let is_proven = self.places.contains(&from);
        if let Some(received) = self.server.handle_datagram(self.now_ms, from, datagram) {
            assert!(!received.payload.is_empty() && received.payload.len() < length);
        }
        self.note_events();
        let is_proven = is_proven || self.places.contains(&from);
        let answered = self.forward(from);
        assert!(is_proven || answered < length.max(1), "{answered} bytes for {length}");
    }

    fn note_events(&mut self) {
        while let Some(event) = self.server.poll_event() {
            match event {
                ServerEvent::Connected { connection, .. } => {
                    assert!(self.connected.insert(connection), "{connection:?} connects twice");
                }
                ServerEvent::Disconnected { connection, .. } => {
                    assert!(self.connected.remove(&connection), "{connection:?} was not there");
                }
            }
        }
        self.connected.retain(|id| self.server.address(*id).is_some());
        self.places = self.connected.iter().filter_map(|id| self.server.address(*id)).collect();
    }

    /// Hands what the server sends to whom it is for; how many bytes went to this address.
    fn forward(&mut self, address: SocketAddr) -> usize {
        let mut bytes = 0;
        while let Some(mut sent) = self.server.poll_transmit() {
            bytes += if sent.to == address { sent.bytes.len() } else { 0 };
            assert!(sent.bytes.len() <= PACKET_BYTES_MAX);
            let number = (0..CLIENTS).find(|number| sealed::address(*number) == sent.to).expect("an address in use");
            self.clients[usize::from(number)].handle_datagram(self.now_ms, ADDRESS, &mut sent.bytes);
        }
        bytes
    }

    fn check(&mut self) {
        self.note_events();
        self.forward(ADDRESS);
        assert!(self.server.connections() < usize::from(CLIENTS));
        assert_eq!(self.server.connections(), self.connected.len());
    }
}
