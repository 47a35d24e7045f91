//! Every number of the transport, by name and with its unit last. Sizes are NETCODE 1.02's; times and caps are ours where
//! the standard leaves them open.

/// First field of every token, request and associated data: the version of the standard.
pub(crate) const VERSION_INFO: &[u8; 13] = b"NETCODE 1.02\0";

/// Size of a key, in bytes.
pub const KEY_BYTES: usize = 32;
/// Size of a message authentication code, in bytes.
pub const MAC_BYTES: usize = 16;
/// Size of a public connect token, in bytes.
pub const CONNECT_TOKEN_BYTES: usize = 2_048;
/// Size of the sealed part of a connect token, in bytes.
pub const PRIVATE_TOKEN_BYTES: usize = 1_024;
/// Size of the nonce of a connect token, in bytes.
pub const TOKEN_NONCE_BYTES: usize = 24;
/// Size of the user data of a connect token, in bytes.
pub const USER_DATA_BYTES: usize = 256;
/// Server addresses that a connect token may list.
pub const TOKEN_ADDRESSES_MAX: usize = 32;
/// Size of a sealed challenge token, in bytes.
pub const CHALLENGE_TOKEN_BYTES: usize = 300;
/// Size of a connection request, in bytes.
pub const REQUEST_BYTES: usize = 1 + 13 + 8 + 8 + TOKEN_NONCE_BYTES + PRIVATE_TOKEN_BYTES;
/// Most that a sealed packet adds to its data, in bytes: prefix, sequence number and code.
pub const PACKET_OVERHEAD_BYTES_MAX: usize = 1 + 8 + MAC_BYTES;
/// Largest payload of a payload packet, in bytes.
pub const PAYLOAD_PACKET_BYTES_MAX: usize = 1_200;
/// Largest packet of any kind, in bytes: a receive buffer of this size never cuts a valid one.
pub const PACKET_BYTES_MAX: usize = PACKET_OVERHEAD_BYTES_MAX + PAYLOAD_PACKET_BYTES_MAX;
/// Largest challenge packet, in bytes: the longest answer to an address that is not proven yet.
pub const CHALLENGE_PACKET_BYTES_MAX: usize = PACKET_OVERHEAD_BYTES_MAX + 8 + CHALLENGE_TOKEN_BYTES;

/// Sequence numbers that the replay window looks back.
pub const REPLAY_WINDOW_PACKETS: u64 = 256;
/// First number of the sequence that challenge and denied packets share over all connections. A connection counts from 0
/// under the same key, so no nonce is used twice as long as neither leaves its half.
pub const GLOBAL_SEQUENCE_FIRST: u64 = 1 << 63;
/// Time between repeated requests, responses and keep-alives, in milliseconds.
pub const RESEND_INTERVAL_MS: u64 = 100;
/// Time between two looks at every connection for keep-alives and time-outs, in milliseconds.
pub const SWEEP_INTERVAL_MS: u64 = 100;
/// Copies of the disconnect packet that announce an end.
pub const DISCONNECT_PACKETS: usize = 10;
/// Longest silence that any connection may keep, in seconds, whatever its token says.
pub const TIMEOUT_S_MAX: u32 = 60;

/// Default of `ServerConfig::unauthenticated_per_slot_max`.
pub const UNAUTHENTICATED_PER_SLOT_DEFAULT: u32 = 64;
/// Default of `ServerConfig::tokens_max`.
pub const TOKENS_DEFAULT: usize = 65_536;
/// Default of `ServerConfig::token_lifetime_s_max`.
pub const TOKEN_LIFETIME_S_DEFAULT: u64 = 60;

// Nothing that an unproven address is sent is as large as what it had to send.
const _: () = assert!(CHALLENGE_PACKET_BYTES_MAX < REQUEST_BYTES);
// A token with all 32 addresses fits both of its forms.
const _: () = assert!(8 + 4 + 4 + 32 * 19 + 2 * KEY_BYTES + USER_DATA_BYTES <= PRIVATE_TOKEN_BYTES - MAC_BYTES);
const _: () = assert!(REQUEST_BYTES <= PACKET_BYTES_MAX);
const _: () = assert!(guildhall_domain::limits::CONNECT_TOKEN_LIFETIME_S <= TOKEN_LIFETIME_S_DEFAULT);
