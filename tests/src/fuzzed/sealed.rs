//! Packets and connect tokens sealed with the right keys around any content: written from docs/PROTOCOL.md and not with the
//! product's own code, which seals nothing that makes no sense.

use chacha20poly1305::aead::AeadInOut;
use chacha20poly1305::{ChaCha20Poly1305, KeyInit, XChaCha20Poly1305};
use guildhall_protocol::PROTOCOL_ID;
use guildhall_protocol::netcode::{
    ConnectToken, ConnectTokenParameters, Key, MAC_BYTES, PRIVATE_TOKEN_BYTES, TOKEN_NONCE_BYTES, TokenEntropy,
};
use std::net::SocketAddr;

const VERSION: &[u8; 13] = b"NETCODE 1.02\0";

/// Where the servers of the targets are.
pub(super) const ADDRESS: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 7)), 4_000);
/// The key of their connect tokens.
pub(super) const PRIVATE_KEY: Key = [7; 32];
/// The key of their challenges.
pub(super) const CHALLENGE_KEY: Key = [9; 32];
/// When the targets begin, in milliseconds since 1970.
pub(super) const START_MS: u64 = 1_800_000_000_000;

/// The keys of the client of that number: to the server, and to the client.
pub(super) const fn keys(client: u8) -> (Key, Key) {
    ([client; 32], [client ^ 0x80; 32])
}

/// Where the client of that number is.
pub(super) fn address(client: u8) -> SocketAddr {
    SocketAddr::from(([198, 51, 100, client], 5_000))
}

/// A connect token of the client of that number, the `count`th that it is given.
pub(super) fn connect_token(client: u8, count: u8, now_ms: u64, user_data: &[u8; 256]) -> ConnectToken {
    let parameters = ConnectTokenParameters {
        protocol_id: PROTOCOL_ID,
        client_id: u64::from(client) + 1,
        server_address: ADDRESS,
        create_s: now_ms / 1_000,
        expire_s: now_ms / 1_000 + 30,
        timeout_s: 5,
        user_data,
        private_key: &PRIVATE_KEY,
    };
    let (client_to_server_key, server_to_client_key) = keys(client);
    let mut nonce = [client; TOKEN_NONCE_BYTES];
    nonce[0] = count;
    ConnectToken::generate(&parameters, &TokenEntropy { nonce, client_to_server_key, server_to_client_key })
}

/// A sealed packet of any kind with any content.
pub(super) fn packet(kind: u8, sequence: u64, key: &Key, content: &[u8]) -> Vec<u8> {
    let length = (8 - sequence.leading_zeros() as usize / 8).max(1);
    let prefix = kind & 0xf | (length as u8) << 4;
    let mut packet = vec![prefix];
    packet.extend(sequence.to_le_bytes().iter().take(length));
    let mut data = content.to_vec();
    let associated = [VERSION.as_slice(), &PROTOCOL_ID.to_le_bytes(), &[prefix]].concat();
    let mut nonce = [0; 12];
    nonce[4..].copy_from_slice(&sequence.to_le_bytes());
    let code = ChaCha20Poly1305::new(key.into())
        .encrypt_inout_detached(&nonce.into(), &associated, data.as_mut_slice().into())
        .expect("a packet is far shorter than the cipher's limit");
    packet.extend(data);
    packet.extend_from_slice(&code);
    packet
}

/// A connection request whose token is sealed around any content.
pub(super) fn request(expire_s: u64, nonce: &[u8; TOKEN_NONCE_BYTES], content: &[u8]) -> Vec<u8> {
    let mut data = content.to_vec();
    data.resize(PRIVATE_TOKEN_BYTES - MAC_BYTES, 0);
    let associated = [VERSION.as_slice(), &PROTOCOL_ID.to_le_bytes(), &expire_s.to_le_bytes()].concat();
    let code = XChaCha20Poly1305::new((&PRIVATE_KEY).into())
        .encrypt_inout_detached(nonce.into(), &associated, data.as_mut_slice().into())
        .expect("a token is far shorter than the cipher's limit");
    let head = [&[0], VERSION.as_slice(), &PROTOCOL_ID.to_le_bytes(), &expire_s.to_le_bytes(), nonce].concat();
    [&head, data.as_slice(), &code].concat()
}
