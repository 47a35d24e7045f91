//! What the standard's reference implementation in C makes of fixed inputs, byte for byte: a token and a packet of each
//! kind (`tests/vectors`, under the licence beside them). Ours has to read them, and to write the same.

use crate::netcode::crypto::Cipher;
use crate::netcode::packet::{Header, Packet, Request, put_request};
use crate::netcode::token::PrivateToken;
use crate::netcode::{CHALLENGE_TOKEN_BYTES, ConnectToken, Key};

const PROTOCOL: u64 = 0x1122_3344_5566_7788;
const CLIENT: u64 = 0x0102_0304_0506_0708;
const CREATE_S: u64 = 1_720_000_000;
const EXPIRE_S: u64 = 1_720_000_100;
const TIMEOUT_MS: u64 = 15_000;
const PACKET_SEQUENCE: u64 = 0x11_2233_4455;
const CHALLENGE_SEQUENCE: u64 = 1_000;
const ADDRESSES: [&str; 2] = ["127.0.0.1:40000", "[::1]:50000"];

const PRIVATE_KEY: Key = [
    0x60, 0x6a, 0xbe, 0x6e, 0xc9, 0x19, 0x10, 0xea, 0x9a, 0x65, 0x62, 0xf6, 0x6f, 0x2b, 0x30, 0xe4, 0x43, 0x71, 0xd6,
    0x2c, 0xd1, 0x99, 0x27, 0x26, 0x6b, 0x3c, 0x60, 0xf4, 0xb7, 0x15, 0xab, 0xa1,
];
const CHALLENGE_TOKEN: &[u8; CHALLENGE_TOKEN_BYTES] =
    include_bytes!("../../../tests/vectors/challenge_token_encrypted.bin");

/// Bytes that rise from `first` by `step`, as the keys and the user data of the vectors do.
fn rising<const N: usize>(first: u8, step: u8) -> [u8; N] {
    std::array::from_fn(|nth| first.wrapping_add(step.wrapping_mul(nth as u8)))
}

#[test]
fn the_token_reads_and_writes_as_the_reference_does() {
    let bytes = include_bytes!("../../../tests/vectors/connect_token.bin");
    let token = ConnectToken::parse(bytes).unwrap();
    assert_eq!((token.protocol_id, token.create_s, token.expire_s), (PROTOCOL, CREATE_S, EXPIRE_S));
    assert_eq!((token.nonce, u64::from(token.timeout_s) * 1_000), (rising(100, 1), TIMEOUT_MS));
    assert_eq!((token.client_to_server_key, token.server_to_client_key), (rising(0, 1), rising(255, 255)));
    assert_eq!(token.server_addresses(), ADDRESSES.map(|address| address.parse().unwrap()));
    assert_eq!(token.to_bytes(), *bytes);

    let mut request = Vec::new();
    put_request(&token, &mut request);
    assert_eq!(request, include_bytes!("../../../tests/vectors/packet_request.bin"));
}

#[test]
fn the_request_opens_to_what_the_reference_put_in() {
    let mut datagram = include_bytes!("../../../tests/vectors/packet_request.bin").to_vec();
    let Request { protocol_id, expire_s, nonce, sealed, .. } = Request::parse(&mut datagram).unwrap();
    assert_eq!((protocol_id, expire_s, nonce), (PROTOCOL, EXPIRE_S, rising(100, 1)));
    assert!(PrivateToken::open(&mut sealed.clone(), &nonce, protocol_id, expire_s + 1, &PRIVATE_KEY).is_err());
    let token = PrivateToken::open(sealed, &nonce, protocol_id, expire_s, &PRIVATE_KEY).unwrap().unwrap();
    assert_eq!((token.client_id, token.timeout_ms, token.user_data), (CLIENT, TIMEOUT_MS, rising(0, 1)));
    assert_eq!((token.client_to_server_key, token.server_to_client_key), (rising(0, 1), rising(255, 255)));
    assert_eq!(token.server_addresses, ADDRESSES.map(|address| address.parse().unwrap()));
}

#[test]
fn the_challenge_token_opens_to_what_the_reference_put_in() {
    let cipher = Cipher::new(&rising(0, 2));
    let mut sealed = *CHALLENGE_TOKEN;
    let data = cipher.open(CHALLENGE_SEQUENCE, &[], &mut sealed).unwrap();
    let (client, rest) = data.split_first_chunk().unwrap();
    assert_eq!((u64::from_le_bytes(*client), rest.first_chunk()), (CLIENT, Some(&rising::<256>(0, 1))));
    assert_eq!(rest.get(256..), Some([0; 20].as_slice()), "zeros follow the user data");
}

#[test]
fn every_packet_reads_and_writes_as_the_reference_does() {
    let payload: [u8; 1_200] = rising(0, 1);
    let token = CHALLENGE_TOKEN;
    let packets: [(Packet<'_>, &[u8]); 6] = [
        (Packet::Denied, include_bytes!("../../../tests/vectors/packet_denied.bin")),
        (
            Packet::Challenge { sequence: CHALLENGE_SEQUENCE, token },
            include_bytes!("../../../tests/vectors/packet_challenge.bin"),
        ),
        (
            Packet::Response { sequence: CHALLENGE_SEQUENCE, token },
            include_bytes!("../../../tests/vectors/packet_response.bin"),
        ),
        (
            Packet::KeepAlive { index: 7, connections_max: 32 },
            include_bytes!("../../../tests/vectors/packet_keep_alive.bin"),
        ),
        (Packet::Payload(&payload), include_bytes!("../../../tests/vectors/packet_payload.bin")),
        (Packet::Disconnect, include_bytes!("../../../tests/vectors/packet_disconnect.bin")),
    ];
    let cipher = Cipher::new(&rising(17, 1));
    for (packet, vector) in packets {
        let mut sealed = Vec::new();
        packet.seal(PACKET_SEQUENCE, &cipher, PROTOCOL, &mut sealed);
        assert_eq!(sealed, vector, "{packet:?}");
        let mut datagram = vector.to_vec();
        let header = Header::parse(&datagram).unwrap();
        assert_eq!(header.sequence, PACKET_SEQUENCE);
        assert_eq!(header.open(&mut datagram, &cipher, PROTOCOL), Ok(packet));
    }
}
