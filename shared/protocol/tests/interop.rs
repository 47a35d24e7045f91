//! The reference implementation of NETCODE 1.02 against ours, over loopback sockets on ephemeral ports: their client with
//! our server, our client with their server, with tokens minted by either side. If these fail, we do not speak the standard.
//!
//! The reference reads the wall clock for expiry, so tokens are dated with it; nothing waits for it: datagrams on the
//! loopback are there when `send_to` returns, and both ends move on virtual time.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test, in functions of tests too")]

use guildhall_protocol::netcode::*;
use std::net::{SocketAddr, UdpSocket};
use std::time::{SystemTime, UNIX_EPOCH};

const PROTOCOL: u64 = 0x1122_3344_5566_7788;
const STEPS_MAX: u64 = 2_000;
const STEP_MS: u64 = 10;

fn unix_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64
}

fn socket() -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_nonblocking(true).unwrap();
    socket
}

fn our_token(server: SocketAddr, private_key: &Key) -> [u8; CONNECT_TOKEN_BYTES] {
    let create_s = unix_ms() / 1_000;
    let parameters = ConnectTokenParameters {
        protocol_id: PROTOCOL,
        client_id: 77,
        server_address: server,
        create_s,
        expire_s: create_s + 30,
        timeout_s: 5,
        user_data: &[0x42; 256],
        private_key,
    };
    let entropy = TokenEntropy {
        nonce: netcode::generate_key()[..24].try_into().unwrap(),
        client_to_server_key: netcode::generate_key(),
        server_to_client_key: netcode::generate_key(),
    };
    ConnectToken::generate(&parameters, &entropy).to_bytes()
}

fn their_token(server: SocketAddr, private_key: &Key) -> [u8; CONNECT_TOKEN_BYTES] {
    netcode::generate_connect_token(&[server], &[server], 30, 5, 77, PROTOCOL, private_key, &[0x42; 256]).unwrap()
}

/// Our server on a real socket.
struct OurServer {
    socket: UdpSocket,
    server: Server,
    payloads: Vec<Vec<u8>>,
    events: Vec<ServerEvent>,
}

impl OurServer {
    fn new(private_key: Key, now_ms: u64) -> Self {
        let socket = socket();
        let config = ServerConfig::new(PROTOCOL, socket.local_addr().unwrap(), private_key, 4);
        let server = Server::new(config, netcode::generate_key(), now_ms);
        Self { socket, server, payloads: vec![], events: vec![] }
    }

    fn step(&mut self, now_ms: u64) {
        let mut buffer = [0; PACKET_BYTES_MAX];
        while let Ok((length, from)) = self.socket.recv_from(&mut buffer) {
            if let Some(received) = self.server.handle_datagram(now_ms, from, &mut buffer[..length]) {
                self.payloads.push(received.payload.to_vec());
            }
            self.events.extend(std::iter::from_fn(|| self.server.poll_event()));
        }
        self.server.handle_timeout(now_ms);
        self.flush();
    }

    fn flush(&mut self) {
        while let Some(transmit) = self.server.poll_transmit() {
            self.socket.send_to(&transmit.bytes, transmit.to).unwrap();
        }
    }
}

fn their_client_on_our_server(token: fn(SocketAddr, &Key) -> [u8; CONNECT_TOKEN_BYTES]) {
    let private_key = netcode::generate_key();
    let start_ms = unix_ms();
    let mut ours = OurServer::new(private_key, start_ms);
    let mut client = netcode::Client::new("127.0.0.1:0".parse().unwrap(), 0.0).unwrap();
    client.connect(&token(ours.socket.local_addr().unwrap(), &private_key)).unwrap();

    let mut connection = None;
    let mut received = Vec::new();
    for step in 1..STEPS_MAX {
        client.update(step as f64 * STEP_MS as f64 / 1_000.0);
        ours.step(start_ms + step * STEP_MS);
        while let Some((payload, _)) = client.receive_packet() {
            received.push(payload);
        }
        if let Some(ServerEvent::Connected { connection: id, client_id, user_data }) = ours.events.pop() {
            assert_eq!((client_id, user_data), (77, Box::new([0x42; 256])));
            connection = Some(id);
        }
        if let (Some(id), netcode::ClientState::Connected) = (connection, client.state()) {
            client.send_packet(b"from their client").unwrap();
            ours.server.send(id, &[7; PAYLOAD_PACKET_BYTES_MAX]).unwrap();
        }
        if received.len() > 3 && ours.payloads.len() > 3 {
            break;
        }
    }
    assert!(received.len() > 3 && received.iter().all(|payload| payload == &[7; PAYLOAD_PACKET_BYTES_MAX]));
    assert!(ours.payloads.len() > 3 && ours.payloads.iter().all(|payload| payload == b"from their client"));

    client.disconnect();
    ours.step(start_ms + STEPS_MAX * STEP_MS);
    assert_eq!(
        ours.events,
        [ServerEvent::Disconnected { connection: connection.unwrap(), reason: DisconnectReason::ByClient }]
    );
}

fn our_client_on_their_server(token: fn(SocketAddr, &Key) -> [u8; CONNECT_TOKEN_BYTES]) {
    let private_key = netcode::generate_key();
    let mut server = netcode::Server::new("127.0.0.1:0".parse().unwrap(), PROTOCOL, &private_key, 0.0).unwrap();
    server.start(4).unwrap();
    let socket = socket();
    let token = ConnectToken::parse(&token(server.address(), &private_key)).unwrap();
    let mut client = Client::new(token, 0);
    let mut received = Vec::new();
    let mut arrived = Vec::new();
    let mut buffer = [0; PACKET_BYTES_MAX];
    for step in 1..STEPS_MAX {
        let now_ms = step * STEP_MS;
        while let Ok((length, from)) = socket.recv_from(&mut buffer) {
            if let Some(payload) = client.handle_datagram(now_ms, from, &mut buffer[..length]) {
                received.push(payload.to_vec());
            }
        }
        client.handle_timeout(now_ms);
        if client.state() == ClientState::Connected {
            client.send(&[9; PAYLOAD_PACKET_BYTES_MAX]).unwrap();
            server.send_packet(0, b"from their server").unwrap();
        }
        while let Some(transmit) = client.poll_transmit() {
            socket.send_to(&transmit.bytes, transmit.to).unwrap();
        }
        server.update(now_ms as f64 / 1_000.0);
        arrived.extend(std::iter::from_fn(|| server.receive_packet(0)).map(|(payload, _)| payload));
        if received.len() > 3 && arrived.len() > 3 {
            break;
        }
    }
    assert!(received.len() > 3 && received.iter().all(|payload| payload == b"from their server"));
    assert!(arrived.len() > 3 && arrived.iter().all(|payload| payload == &[9; PAYLOAD_PACKET_BYTES_MAX]));
    assert_eq!((server.client_id(0), server.client_user_data(0)), (77, Some(&[0x42; 256])));

    server.disconnect_client(0);
    while let Ok((length, from)) = socket.recv_from(&mut buffer) {
        client.handle_datagram(STEPS_MAX * STEP_MS, from, &mut buffer[..length]);
    }
    assert_eq!(client.state(), ClientState::Disconnected(ClientDisconnect::ByServer));
    assert_eq!(client.bad_packets(), 0);
}

#[test]
fn their_client_enters_our_server_with_our_token() {
    their_client_on_our_server(our_token);
}

#[test]
fn their_client_enters_our_server_with_their_token() {
    their_client_on_our_server(their_token);
}

#[test]
fn our_client_enters_their_server_with_our_token() {
    our_client_on_their_server(our_token);
}

#[test]
fn our_client_enters_their_server_with_their_token() {
    our_client_on_their_server(their_token);
}

#[test]
fn a_full_server_of_ours_denies_their_client() {
    let private_key = netcode::generate_key();
    let start_ms = unix_ms();
    let mut ours = OurServer::new(private_key, start_ms);
    let config = ServerConfig::new(PROTOCOL, ours.socket.local_addr().unwrap(), private_key, 0);
    ours.server = Server::new(config, netcode::generate_key(), start_ms);
    let mut client = netcode::Client::new("127.0.0.1:0".parse().unwrap(), 0.0).unwrap();
    client.connect(&our_token(ours.socket.local_addr().unwrap(), &private_key)).unwrap();
    for step in 1..100 {
        client.update(step as f64 / 100.0);
        ours.step(start_ms + step * STEP_MS);
    }
    assert_eq!(client.state(), netcode::ClientState::ConnectionDenied);
}

#[test]
fn a_token_of_theirs_with_every_address_reads_the_same_here() {
    let list: Vec<SocketAddr> = (0..32u16)
        .map(|number| match number % 2 {
            0 => SocketAddr::from(([10, 0, 0, number as u8], 40_000 + number)),
            _ => format!("[2001:db8::{number:x}]:{}", 50_000 + number).parse().unwrap(),
        })
        .collect();
    let bytes = netcode::generate_connect_token(&list, &list, 30, 5, 1, PROTOCOL, &[3; 32], &[0; 256]).unwrap();
    let token = ConnectToken::parse(&bytes).unwrap();
    assert_eq!(token.server_addresses(), list);
    assert_eq!(token.to_bytes(), bytes);
}
