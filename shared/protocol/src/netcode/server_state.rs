//! The vocabulary of [`super::Server`]: what it is configured with, what it reports and what it counts.

use super::{ConnectionId, Key, TOKEN_LIFETIME_S_DEFAULT, TOKENS_DEFAULT, UNAUTHENTICATED_PER_SLOT_DEFAULT};
use std::net::SocketAddr;

/// What a server is and how much it bears.
#[derive(Clone)]
pub struct ServerConfig {
    /// Which game; tokens and packets of another are refused.
    pub protocol_id: u64,
    /// The address that connect tokens must list.
    pub public_address: SocketAddr,
    /// The key that connect tokens are sealed with; new at every boot.
    pub private_key: Key,
    /// Connections at one time.
    pub connections_max: usize,
    /// Packets that may reach a cipher without coming from a connection, between two calls of `handle_timeout`.
    pub unauthenticated_per_slot_max: u32,
    /// Connect tokens remembered until they expire. When full, new ones are refused.
    pub tokens_max: usize,
    /// How far in the future a token may expire, in seconds: it bounds how long `tokens_max` can stay full.
    pub token_lifetime_s_max: u64,
}

impl ServerConfig {
    /// A configuration with the default caps.
    pub fn new(protocol_id: u64, public_address: SocketAddr, private_key: Key, connections_max: usize) -> Self {
        Self {
            protocol_id,
            public_address,
            private_key,
            connections_max,
            unauthenticated_per_slot_max: UNAUTHENTICATED_PER_SLOT_DEFAULT,
            tokens_max: TOKENS_DEFAULT,
            token_lifetime_s_max: TOKEN_LIFETIME_S_DEFAULT,
        }
    }
}

impl std::fmt::Debug for ServerConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerConfig").field("public_address", &self.public_address).finish_non_exhaustive()
    }
}

/// Something that happened to a connection. Poll events after every datagram: a connection is announced before its first
/// payload, and an end before anything that reuses its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerEvent {
    /// A client proved its token and its address.
    Connected {
        /// The new connection.
        connection: ConnectionId,
        /// The client id of its token.
        client_id: u64,
        /// The user data of its token.
        user_data: Box<[u8; 256]>,
    },
    /// A connection ended. `disconnect` by the caller is not reported.
    Disconnected {
        /// The connection; the id is not valid any more.
        connection: ConnectionId,
        /// Why.
        reason: DisconnectReason,
    },
}

/// Why a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DisconnectReason {
    /// The client said goodbye.
    ByClient,
    /// The client fell silent.
    TimedOut,
    /// The same client connected anew with another token, or another client did from the same address.
    Replaced,
}

/// A payload, opened in place in the datagram's buffer.
#[derive(Debug, PartialEq, Eq)]
pub struct ReceivedPayload<'a> {
    /// Who sent it.
    pub connection: ConnectionId,
    /// What.
    pub payload: &'a [u8],
}

/// What a server has seen since it started, in packets unless said otherwise. Bad packets are dropped without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ServerCounters {
    /// Payloads handed out.
    pub payloads_received: u64,
    /// Payloads queued for sending.
    pub payloads_sent: u64,
    /// Connections established.
    pub connected: u64,
    /// Connections ended, for any reason.
    pub disconnected: u64,
    /// Connections ended by silence.
    pub timed_out: u64,
    /// Challenges sent.
    pub challenged: u64,
    /// Requests and responses answered with "denied" because every place is taken.
    pub denied: u64,
    /// Bad: the size, prefix, version or kind is impossible, or an opened packet has the wrong shape.
    pub malformed: u64,
    /// Bad: neither a request nor from a connected or connecting address.
    pub unknown_address: u64,
    /// Bad: a request for another protocol id.
    pub wrong_protocol: u64,
    /// Bad: the token has expired.
    pub token_expired: u64,
    /// Bad: the token expires later than any of ours would.
    pub token_too_long_lived: u64,
    /// Bad: the token was used before, or by another address.
    pub token_reused: u64,
    /// Bad: the token is not for this server's address.
    pub token_wrong_address: u64,
    /// Bad: the memory of used tokens is full.
    pub tokens_full: u64,
    /// Bad: more unauthenticated work than a slot allows.
    pub over_budget: u64,
    /// Bad: the cipher refused it.
    pub unauthentic: u64,
    /// Bad: seen before, or too old to tell.
    pub replayed: u64,
}

impl ServerCounters {
    /// All packets that were dropped as bad.
    pub fn bad(&self) -> u64 {
        [
            self.malformed,
            self.unknown_address,
            self.wrong_protocol,
            self.token_expired,
            self.token_too_long_lived,
            self.token_reused,
            self.token_wrong_address,
            self.tokens_full,
            self.over_budget,
            self.unauthentic,
            self.replayed,
        ]
        .iter()
        .sum()
    }
}
