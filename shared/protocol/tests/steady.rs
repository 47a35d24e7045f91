//! In steady state the server's end of the transport allocates nothing: buffers that are given back are used again.

use guildhall_protocol::PROTOCOL_ID;
use guildhall_protocol::netcode::{
    Client, ClientState, ConnectToken, ConnectTokenParameters, ConnectionId, Server, ServerConfig, ServerEvent,
    TokenEntropy,
};
use std::net::SocketAddr;

const KEY: [u8; 32] = [7; 32];
const START_MS: u64 = 1_000_000;
const CLIENTS: u8 = 50;

fn client(number: u8, server: SocketAddr) -> Client {
    let parameters = ConnectTokenParameters {
        protocol_id: PROTOCOL_ID,
        client_id: number.into(),
        server_address: server,
        create_s: START_MS / 1_000,
        expire_s: START_MS / 1_000 + 30,
        timeout_s: 5,
        user_data: &[0; 256],
        private_key: &KEY,
    };
    let keys = TokenEntropy {
        nonce: [number; 24],
        client_to_server_key: [number; 32],
        server_to_client_key: [number ^ 0x80; 32],
    };
    Client::new(ConnectToken::generate(&parameters, &keys), START_MS)
}

/// One tick of everybody. Returns how many allocations the server's part of it took.
fn tick(
    now_ms: u64,
    server: &mut Server,
    clients: &mut [(SocketAddr, Client)],
    connections: &mut Vec<ConnectionId>,
) -> u64 {
    let mut datagrams = Vec::new();
    for (address, client) in clients.iter_mut() {
        client.handle_timeout(now_ms);
        if client.state() == ClientState::Connected {
            let _sent = client.send(&[1; 40]);
        }
        datagrams.extend(std::iter::from_fn(|| client.poll_transmit()).map(|transmit| (*address, transmit.bytes)));
    }
    let mut answers = Vec::with_capacity(1_000);
    let mut sent = Vec::with_capacity(1_000);
    let allocated = allocation_counter::measure(|| {
        for (from, datagram) in &mut datagrams {
            let _payload = server.handle_datagram(now_ms, *from, datagram);
        }
        server.handle_timeout(now_ms);
        for connection in connections.iter() {
            let _gone = server.send(*connection, &[2; 90]);
        }
        while let Some(transmit) = server.poll_transmit() {
            sent.push(transmit);
        }
    });
    while let Some(event) = server.poll_event() {
        if let ServerEvent::Connected { connection, .. } = event {
            connections.push(connection);
        }
    }
    for transmit in sent {
        answers.push((transmit.to, transmit.bytes.clone()));
        server.recycle(transmit.bytes);
    }
    for (to, mut bytes) in answers {
        if let Some((_, client)) = clients.iter_mut().find(|(address, _)| *address == to) {
            let from = client.server_address();
            client.handle_datagram(now_ms, from, &mut bytes);
        }
    }
    allocated.count_total
}

#[test]
fn the_server_allocates_nothing_once_everybody_is_there() {
    let address: SocketAddr = "203.0.113.7:4000".parse().unwrap();
    let config = ServerConfig::new(PROTOCOL_ID, address, KEY, CLIENTS.into());
    let mut server = Server::new(config, [9; 32], START_MS);
    let mut clients: Vec<_> = (0..CLIENTS)
        .map(|number| (SocketAddr::from(([198, 51, 100, number], 5_000)), client(number, address)))
        .collect();
    let mut connections = Vec::new();
    let mut at_first = 0;
    for number in 0..100 {
        at_first += tick(START_MS + 50 * number, &mut server, &mut clients, &mut connections);
    }
    assert_eq!(server.connections(), usize::from(CLIENTS));
    assert!(at_first > 0, "the count counts");
    let before = server.counters().payloads_received;
    let steady: u64 =
        (100..200).map(|number| tick(START_MS + 50 * number, &mut server, &mut clients, &mut connections)).sum();
    assert_eq!(server.counters().payloads_received - before, 100 * u64::from(CLIENTS));
    assert_eq!(steady, 0, "allocations in 100 ticks of {CLIENTS} players");
}
