//! A server, its clients and the network between them, moved by hand.

use crate::netcode::*;
use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;

pub(super) const PROTOCOL: u64 = 0x1122_3344_5566_7788;
pub(super) const PRIVATE_KEY: Key = [0x5a; 32];
pub(super) const EPOCH_MS: u64 = 1_700_000_000_000;

pub(super) fn server_address() -> SocketAddr {
    "10.0.0.1:40000".parse().unwrap()
}

/// The address of client number `number`; every third speaks IPv6.
pub(super) fn address(number: u16) -> SocketAddr {
    if number.is_multiple_of(3) {
        format!("[fd00::{number:x}]:5000").parse().unwrap()
    } else {
        SocketAddr::from(([10, 1, (number >> 8) as u8, number as u8], 5000))
    }
}

pub(super) fn config() -> ServerConfig {
    ServerConfig::new(PROTOCOL, server_address(), PRIVATE_KEY, 8)
}

/// A token for `client_id` whose randomness is derived from `salt`: another salt, another token.
pub(super) fn token(client_id: u64, salt: u8) -> ConnectToken {
    token_with(client_id, salt, |_| {})
}

pub(super) fn token_with(
    client_id: u64,
    salt: u8,
    change: impl FnOnce(&mut ConnectTokenParameters<'_>),
) -> ConnectToken {
    let low = client_id as u8;
    let user_data = [low; 256];
    let create_s = EPOCH_MS / 1000;
    let mut parameters = ConnectTokenParameters {
        protocol_id: PROTOCOL,
        client_id,
        server_address: server_address(),
        create_s,
        expire_s: create_s + 30,
        timeout_s: 5,
        user_data: &user_data,
        private_key: &PRIVATE_KEY,
    };
    change(&mut parameters);
    let mut client_to_server_key = [salt; 32];
    client_to_server_key[0] = low;
    let mut server_to_client_key = [salt ^ 0xff; 32];
    server_to_client_key[1] = low;
    let mut nonce = [salt; 24];
    nonce[2] = low;
    ConnectToken::generate(&parameters, &TokenEntropy { nonce, client_to_server_key, server_to_client_key })
}

/// How the network treats datagrams, in per cent and milliseconds.
#[derive(Clone, Copy, Default)]
pub(super) struct Weather {
    pub(super) loss: u64,
    pub(super) duplication: u64,
    pub(super) jitter_ms: u64,
}

#[derive(Clone, Debug)]
pub(super) struct Datagram {
    pub(super) from: SocketAddr,
    pub(super) to: SocketAddr,
    pub(super) bytes: Vec<u8>,
}

pub(super) struct World {
    pub(super) now_ms: u64,
    pub(super) server: Server,
    pub(super) clients: BTreeMap<SocketAddr, Client>,
    pub(super) weather: Weather,
    /// Everything that was ever sent.
    pub(super) log: Vec<Datagram>,
    pub(super) events: Vec<ServerEvent>,
    pub(super) at_server: Vec<(ConnectionId, Vec<u8>)>,
    pub(super) at_clients: Vec<(SocketAddr, Vec<u8>)>,
    /// Datagrams to lose, decided by the test.
    pub(super) lose: fn(&Datagram) -> bool,
    in_flight: Vec<(u64, Datagram)>,
    random: u64,
    /// Bytes received from, less bytes sent to, each address that has not proved itself.
    credit: HashMap<SocketAddr, i64>,
}

impl World {
    pub(super) fn new(config: ServerConfig) -> Self {
        Self {
            now_ms: EPOCH_MS,
            server: Server::new(config, [0xc4; 32], EPOCH_MS),
            clients: BTreeMap::new(),
            weather: Weather::default(),
            log: Vec::new(),
            events: Vec::new(),
            at_server: Vec::new(),
            at_clients: Vec::new(),
            lose: |_| false,
            in_flight: Vec::new(),
            random: 0x9e37_79b9_7f4a_7c15,
            credit: HashMap::new(),
        }
    }

    pub(super) fn seed(&mut self, seed: u64) {
        self.random = seed.wrapping_mul(0x2545_f491_4f6c_dd1d) | 1;
    }

    pub(super) fn add(&mut self, at: SocketAddr, token: ConnectToken) {
        self.clients.insert(at, Client::new(token, self.now_ms));
    }

    pub(super) fn state(&self, at: SocketAddr) -> ClientState {
        self.clients[&at].state()
    }

    /// Connects one client in fair weather.
    pub(super) fn connect(&mut self, at: SocketAddr, token: ConnectToken) -> ConnectionId {
        self.add(at, token);
        self.run(100);
        assert_eq!(self.state(at), ClientState::Connected);
        match self.events.last() {
            Some(ServerEvent::Connected { connection, .. }) => *connection,
            other => panic!("expected a connection, not {other:?}"),
        }
    }

    /// Lets `ms` pass in steps of 5.
    pub(super) fn run(&mut self, ms: u64) {
        for _ in 0..ms / 5 {
            self.step();
        }
    }

    pub(super) fn step(&mut self) {
        self.now_ms += 5;
        let (due, later) = std::mem::take(&mut self.in_flight).into_iter().partition(|(at, _)| *at <= self.now_ms);
        self.in_flight = later;
        let due: Vec<(u64, Datagram)> = due;
        for (_, datagram) in due {
            self.deliver(datagram);
        }
        self.server.handle_timeout(self.now_ms);
        for client in self.clients.values_mut() {
            client.handle_timeout(self.now_ms);
        }
        self.collect();
    }

    /// Hands a datagram over at once.
    pub(super) fn deliver(&mut self, mut datagram: Datagram) {
        let size = datagram.bytes.len() as i64;
        if datagram.to == server_address() {
            *self.credit.entry(datagram.from).or_default() += size;
            if let Some(payload) = self.server.handle_datagram(self.now_ms, datagram.from, &mut datagram.bytes) {
                self.at_server.push((payload.connection, payload.payload.to_vec()));
            }
            while let Some(event) = self.server.poll_event() {
                self.events.push(event);
            }
        } else if let Some(client) = self.clients.get_mut(&datagram.to)
            && let Some(payload) = client.handle_datagram(self.now_ms, datagram.from, &mut datagram.bytes)
        {
            self.at_clients.push((datagram.to, payload.to_vec()));
        }
    }

    /// Puts what both ends want to send on the way.
    pub(super) fn collect(&mut self) {
        while let Some(event) = self.server.poll_event() {
            self.events.push(event);
        }
        while let Some(transmit) = self.server.poll_transmit() {
            let global = transmit.bytes[0] & 0xf < 4;
            let credit = self.credit.entry(transmit.to).or_default();
            *credit -= if global { transmit.bytes.len() as i64 } else { 0 };
            assert!(*credit >= 0, "{} got more than it sent", transmit.to);
            let bytes = transmit.bytes.clone();
            self.server.recycle(transmit.bytes);
            self.send(&Datagram { from: server_address(), to: transmit.to, bytes });
        }
        let mut sent = Vec::new();
        for (from, client) in &mut self.clients {
            while let Some(Transmit { to, bytes }) = client.poll_transmit() {
                sent.push(Datagram { from: *from, to, bytes });
            }
        }
        sent.iter().for_each(|datagram| self.send(datagram));
    }

    fn send(&mut self, datagram: &Datagram) {
        self.log.push(datagram.clone());
        if (self.lose)(datagram) || self.chance(self.weather.loss) {
            return;
        }
        let copies = 1 + usize::from(self.chance(self.weather.duplication));
        for _ in 0..copies {
            let delay = 5 + self.draw() % (self.weather.jitter_ms + 1);
            self.in_flight.push((self.now_ms + delay, datagram.clone()));
        }
    }

    fn chance(&mut self, per_cent: u64) -> bool {
        self.draw() % 100 < per_cent
    }

    fn draw(&mut self) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random >> 11
    }
}

/// The packet kind of a datagram, by its number in the standard.
pub(super) fn kind(datagram: &Datagram) -> u8 {
    datagram.bytes[0] & 0xf
}
