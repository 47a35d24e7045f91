//! How many clients a core could let in: full handshakes of the UDP protocol, the server's part alone, in this process. And
//! what a forged request costs it, which nobody can be kept from sending.

use crate::Outcome;
use crate::figure::Figure;
use guildhall_gamesim::limits::SLOT_MS;
use guildhall_protocol::PROTOCOL_ID;
use guildhall_protocol::netcode::{
    Client, ClientState, ConnectToken, ConnectTokenParameters, Server, ServerConfig, TokenEntropy,
};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

const KEY: [u8; 32] = [7; 32];
const START_MS: u64 = 1_800_000_000_000;
/// Clients that come in, and how many of them set out between two slots.
const CLIENTS: u32 = 8_000;
const CLIENTS_PER_SLOT: usize = 20;
/// Forged requests of a flood, and how many of them fall to a slot.
const FORGED_PER_S: f64 = 100_000.0;
const FORGED_PER_SLOT: usize = 200;
/// The promise, per second.
const HANDSHAKES_MIN: f64 = 10_000.0;

pub(crate) fn measure() -> Outcome<Vec<Figure>> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 4_000));
    let config = ServerConfig::new(PROTOCOL_ID, address, KEY, CLIENTS as usize);
    let mut server = Server::new(config, [9; 32], START_MS);
    let mut clients: Vec<(SocketAddr, Client)> = (0..CLIENTS).map(|number| client(number, address)).collect();
    let (mut now_ms, mut time) = (START_MS, Duration::ZERO);
    for together in clients.chunks_mut(CLIENTS_PER_SLOT) {
        while together.iter().any(|(_, client)| client.state() != ClientState::Connected) {
            now_ms += SLOT_MS;
            let mut datagrams = Vec::new();
            for (from, client) in together.iter_mut() {
                client.handle_timeout(now_ms);
                datagrams.extend(std::iter::from_fn(|| client.poll_transmit()).map(|sent| (*from, sent.bytes)));
            }
            let mut answers = Vec::with_capacity(CLIENTS_PER_SLOT);
            let began = Instant::now();
            for (from, datagram) in &mut datagrams {
                server.handle_datagram(now_ms, *from, datagram);
                while server.poll_event().is_some() {}
            }
            server.handle_timeout(now_ms);
            answers.extend(std::iter::from_fn(|| server.poll_transmit()));
            time += began.elapsed();
            for answer in &mut answers {
                if let Some((_, client)) = together.iter_mut().find(|(from, _)| *from == answer.to) {
                    client.handle_datagram(now_ms, address, &mut answer.bytes);
                }
            }
        }
    }
    let handshakes = f64::from(CLIENTS) / time.as_secs_f64();
    let rate = Figure::new("full handshakes, one core", handshakes, "/s").at_least(HANDSHAKES_MIN);
    let forged_few = forged(&mut server, address, now_ms, CLIENTS_PER_SLOT)?;
    let forged_many = forged(&mut server, address, now_ms, FORGED_PER_SLOT)?;
    let share = FORGED_PER_S * forged_many.as_secs_f64() * 100.0;
    Ok(vec![
        rate.note(format!("{CLIENTS} clients; request, challenge, response and keep-alive, without the kernel's part")),
        Figure::time("a forged request, while a slot's budget lasts", forged_few),
        Figure::new("100,000 of them in a second, of a core", share, "%").note("without the kernel's part"),
    ])
}

/// The mean time that a request with a token of somebody else's takes.
fn forged(server: &mut Server, address: SocketAddr, now_ms: u64, per_slot: usize) -> Outcome<Duration> {
    let token = token(0, address, &[8; 32], now_ms);
    let mut client = Client::new(token, now_ms);
    client.handle_timeout(now_ms);
    let request = client.poll_transmit().ok_or("no request")?.bytes;
    let (mut time, mut count) = (Duration::ZERO, 0);
    for slot in 0..200 {
        server.handle_timeout(now_ms + SLOT_MS * slot);
        for _ in 0..per_slot {
            let mut datagram = request.clone();
            let began = Instant::now();
            server.handle_datagram(now_ms, address, &mut datagram);
            time += began.elapsed();
            count += 1;
        }
    }
    Ok(time / count)
}

fn client(number: u32, server: SocketAddr) -> (SocketAddr, Client) {
    let from = SocketAddr::from((Ipv4Addr::from(0x0a00_0000 + number), 5_000));
    (from, Client::new(token(number, server, &KEY, START_MS), START_MS))
}

fn token(number: u32, server: SocketAddr, private_key: &[u8; 32], now_ms: u64) -> ConnectToken {
    let parameters = ConnectTokenParameters {
        protocol_id: PROTOCOL_ID,
        client_id: number.into(),
        server_address: server,
        create_s: now_ms / 1_000,
        expire_s: now_ms / 1_000 + 30,
        timeout_s: 10,
        user_data: &[0; 256],
        private_key,
    };
    let mut nonce = [0; 24];
    nonce[..4].copy_from_slice(&number.to_le_bytes());
    let (mut up, mut down) = ([1; 32], [2; 32]);
    up[..4].copy_from_slice(&number.to_le_bytes());
    down[..4].copy_from_slice(&number.to_le_bytes());
    let entropy = TokenEntropy { nonce, client_to_server_key: up, server_to_client_key: down };
    ConnectToken::generate(&parameters, &entropy)
}
