//! Admission: from a connection request to an established connection (NETCODE 1.02, "Server-Side Connection Process").
//!
//! Checks run from cheap to dear: size and version, protocol, expiry, the token's standing, the slot's budget, and only then
//! a cipher. Nothing is remembered for an address before its token has proved authentic, and no connection is made before
//! the address has answered a challenge.

use super::crypto::Cipher;
use super::ledger::{Standing, TokenCode, TokenLedger};
use super::packet::{Header, Packet, Request};
use super::server::Server;
use super::server_state::{DisconnectReason, ServerConfig};
use super::token::PrivateToken;
use super::{CHALLENGE_TOKEN_BYTES, GLOBAL_SEQUENCE_FIRST, Key, MAC_BYTES, USER_DATA_BYTES};
use crate::netcode::bytes::Reader;
use std::collections::HashMap;
use std::net::SocketAddr;

/// A client that was challenged and has not answered yet. There are never more of them than tokens in the ledger.
struct Handshake {
    code: TokenCode,
    client_to_server_key: Key,
    server_to_client_key: Key,
    timeout_ms: u64,
    expire_s: u64,
}

/// A client whose token and address are proven.
pub(super) struct Admitted {
    pub(super) address: SocketAddr,
    pub(super) client_id: u64,
    pub(super) user_data: Box<[u8; USER_DATA_BYTES]>,
    pub(super) receive_cipher: Cipher,
    pub(super) server_to_client_key: Key,
    pub(super) timeout_ms: u64,
}

/// What the server remembers about clients that are not connected, and the counters behind its nonces.
pub(super) struct Admission {
    ledger: TokenLedger,
    handshakes: HashMap<SocketAddr, Handshake>,
    challenge_cipher: Cipher,
    challenge_sequence: u64,
    global_sequence: u64,
    budget: u32,
    budget_per_slot: u32,
}

impl std::fmt::Debug for Admission {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Admission").field("handshakes", &self.handshakes.len()).finish_non_exhaustive()
    }
}

impl Admission {
    pub(super) fn new(config: &ServerConfig, challenge_key: &Key) -> Self {
        Self {
            ledger: TokenLedger::new(config.tokens_max),
            handshakes: HashMap::new(),
            challenge_cipher: Cipher::new(challenge_key),
            challenge_sequence: 0,
            global_sequence: GLOBAL_SEQUENCE_FIRST,
            budget: config.unauthenticated_per_slot_max,
            budget_per_slot: config.unauthenticated_per_slot_max,
        }
    }

    pub(super) fn handshakes(&self) -> usize {
        self.handshakes.len()
    }

    /// Renews the budget, and forgets expired tokens together with what was still waiting for an answer to them.
    pub(super) fn handle_timeout(&mut self, now_ms: u64) {
        self.budget = self.budget_per_slot;
        while let Some((code, address)) = self.ledger.pop_expired(now_ms / 1_000) {
            if self.handshakes.get(&address).is_some_and(|handshake| handshake.code == code) {
                self.handshakes.remove(&address);
            }
        }
    }

    fn spend(&mut self) -> bool {
        let rest = self.budget.checked_sub(1);
        self.budget = rest.unwrap_or(0);
        rest.is_some()
    }

    /// Seals what the server must know again when the client answers, so that it need not keep it. The standard leaves
    /// zeros after the user data; ours holds the token's code, which ties the answer to that one token.
    fn seal_challenge(&mut self, token: &PrivateToken, code: &TokenCode) -> Option<(u64, [u8; CHALLENGE_TOKEN_BYTES])> {
        let sequence = self.challenge_sequence;
        self.challenge_sequence = sequence.checked_add(1)?;
        let mut sealed = [0; CHALLENGE_TOKEN_BYTES];
        let (data, mac) = sealed.split_last_chunk_mut::<MAC_BYTES>()?;
        let fields = token.client_id.to_le_bytes().into_iter().chain(token.user_data).chain(*code);
        for (to, from) in data.iter_mut().zip(fields) {
            *to = from;
        }
        *mac = self.challenge_cipher.seal(sequence, &[], data);
        Some((sequence, sealed))
    }

    /// The client id, user data and token code of a challenge token that this server sealed.
    fn open_challenge(
        &self,
        sequence: u64,
        token: &[u8; CHALLENGE_TOKEN_BYTES],
    ) -> Option<(u64, Box<[u8; USER_DATA_BYTES]>, TokenCode)> {
        let mut sealed = *token;
        let data = self.challenge_cipher.open(sequence, &[], &mut sealed).ok()?;
        let mut reader = Reader(data);
        Some((reader.u64()?, Box::new(*reader.array()?), *reader.array()?))
    }
}

impl Server {
    pub(super) fn handle_request(&mut self, from: SocketAddr, request: Request<'_>) {
        let now_s = self.now_ms / 1_000;
        let standing = self.admission.ledger.standing(&request.code, from);
        if request.protocol_id != self.config.protocol_id {
            self.counters.wrong_protocol += 1;
        } else if request.expire_s <= now_s {
            self.counters.token_expired += 1;
        } else if request.expire_s - now_s > self.config.token_lifetime_s_max {
            self.counters.token_too_long_lived += 1;
        } else if standing == Standing::Refused {
            self.counters.token_reused += 1;
        } else if standing == Standing::Unknown && !self.admission.ledger.has_room() {
            self.counters.tokens_full += 1;
        } else if !self.admission.spend() {
            self.counters.over_budget += 1;
        } else {
            self.open_request(from, request, standing);
        }
    }

    fn open_request(&mut self, from: SocketAddr, request: Request<'_>, standing: Standing) {
        let Request { protocol_id, expire_s, nonce, code, sealed } = request;
        let token = match PrivateToken::open(sealed, &nonce, protocol_id, expire_s, &self.config.private_key) {
            Ok(Some(token)) => token,
            Ok(None) => {
                self.counters.malformed += 1;
                return;
            }
            Err(_) => {
                self.counters.unauthentic += 1;
                return;
            }
        };
        if !token.server_addresses.contains(&self.config.public_address) {
            self.counters.token_wrong_address += 1;
            return;
        }
        if standing == Standing::Unknown {
            self.admission.ledger.bind(code, from, expire_s);
        }
        if self.is_full_for(from, token.client_id) {
            self.deny(from, &token.server_to_client_key);
            return;
        }
        let handshake = Handshake {
            code,
            client_to_server_key: token.client_to_server_key,
            server_to_client_key: token.server_to_client_key,
            timeout_ms: token.timeout_ms,
            expire_s,
        };
        self.admission.handshakes.insert(from, handshake);
        if let Some((sequence, sealed)) = self.admission.seal_challenge(&token, &code) {
            let packet = Packet::Challenge { sequence, token: &sealed };
            if self.send_global(from, &token.server_to_client_key, &packet) {
                self.counters.challenged += 1;
            }
        }
    }

    pub(super) fn handle_response(&mut self, from: SocketAddr, header: Header, datagram: &mut [u8]) {
        let Some(handshake) = self.admission.handshakes.get(&from) else {
            // A client repeats its response until it hears that it is connected.
            let counter = match self.connections.by_address(from) {
                Some(_) => &mut self.counters.replayed,
                None => &mut self.counters.unknown_address,
            };
            *counter += 1;
            return;
        };
        if handshake.expire_s <= self.now_ms / 1_000 {
            self.counters.token_expired += 1;
            return;
        }
        let receive_cipher = Cipher::new(&handshake.client_to_server_key);
        let (code, server_to_client_key) = (handshake.code, handshake.server_to_client_key);
        let timeout_ms = handshake.timeout_ms;
        if !self.admission.spend() {
            self.counters.over_budget += 1;
            return;
        }
        let opened = match header.open(datagram, &receive_cipher, self.config.protocol_id) {
            Ok(Packet::Response { sequence, token }) => self.admission.open_challenge(sequence, token),
            Ok(_) => None,
            Err(error) => {
                self.count_open_error(error);
                return;
            }
        };
        let Some((client_id, user_data, _)) = opened.filter(|(_, _, answered)| *answered == code) else {
            self.counters.unauthentic += 1;
            return;
        };
        if self.is_full_for(from, client_id) {
            self.deny(from, &server_to_client_key);
            return;
        }
        self.admission.ledger.consume(&code);
        self.admission.handshakes.remove(&from);
        self.replace(from, client_id);
        self.establish(Admitted {
            address: from,
            client_id,
            user_data,
            receive_cipher,
            server_to_client_key,
            timeout_ms,
        });
    }

    /// Whether a connection of this address and client would find no place. Its own predecessors make room for it.
    fn is_full_for(&self, address: SocketAddr, client_id: u64) -> bool {
        let takes_over =
            self.connections.by_address(address).is_some() || self.connections.by_client(client_id).is_some();
        !takes_over && self.connections.len() >= self.connections.connections_max()
    }

    /// Ends the connections that a new one of this address and client takes over. A player who lost the network comes back
    /// with a new token long before the old connection times out.
    fn replace(&mut self, address: SocketAddr, client_id: u64) {
        if let Some(predecessor) = self.connections.by_address(address) {
            // The address hears nothing: whoever is there holds other keys.
            self.end(predecessor, DisconnectReason::Replaced);
        }
        if let Some(predecessor) = self.connections.by_client(client_id) {
            self.say_goodbye(predecessor);
            self.end(predecessor, DisconnectReason::Replaced);
        }
    }

    fn deny(&mut self, to: SocketAddr, key: &Key) {
        if self.send_global(to, key, &Packet::Denied) {
            self.counters.denied += 1;
        }
    }

    /// Sends a packet outside of any connection. Its number comes from the upper half, which no connection uses.
    fn send_global(&mut self, to: SocketAddr, key: &Key, packet: &Packet<'_>) -> bool {
        let sequence = self.admission.global_sequence;
        let Some(next) = sequence.checked_add(1) else { return false };
        self.admission.global_sequence = next;
        let cipher = Cipher::new(key);
        self.outgoing.push(to, |out| packet.seal(sequence, &cipher, self.config.protocol_id, out));
        true
    }
}
