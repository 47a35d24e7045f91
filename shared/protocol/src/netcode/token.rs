//! Connect tokens: what a web backend mints, what a client carries, and the sealed part that only the server can read.
//!
//! The layouts are NETCODE 1.02's "Connect Token Structure". The client's copy holds the client's keys in the clear, so it
//! travels over TLS only; on the way to the server it shows nothing but the sealed part.

use super::bytes::{Reader, plain_address, put_addresses};
use super::crypto::{self, Unauthentic};
use super::limits::VERSION_INFO;
use super::{
    CONNECT_TOKEN_BYTES, Key, MAC_BYTES, PRIVATE_TOKEN_BYTES, TIMEOUT_S_MAX, TOKEN_NONCE_BYTES, USER_DATA_BYTES,
};
use std::fmt;
use std::net::SocketAddr;

/// What a web backend puts into a connect token.
#[derive(Clone)]
pub struct ConnectTokenParameters<'a> {
    /// Which game.
    pub protocol_id: u64,
    /// Which client; a server keeps one connection per client id.
    pub client_id: u64,
    /// The server that the token is for.
    pub server_address: SocketAddr,
    /// When the token is made, in seconds since 1970.
    pub create_s: u64,
    /// When it expires, in seconds since 1970.
    pub expire_s: u64,
    /// Silence after which either end gives up, in seconds; 0 and more than [`TIMEOUT_S_MAX`] mean [`TIMEOUT_S_MAX`].
    pub timeout_s: u32,
    /// What the server is to know about the client.
    pub user_data: &'a [u8; USER_DATA_BYTES],
    /// The key that the backend shares with the server.
    pub private_key: &'a Key,
}

impl fmt::Debug for ConnectTokenParameters<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectTokenParameters").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

/// The random part of a connect token, drawn anew for each from a secure source.
#[derive(Clone)]
pub struct TokenEntropy {
    /// Nonce of the sealed part.
    pub nonce: [u8; TOKEN_NONCE_BYTES],
    /// Key of packets to the server.
    pub client_to_server_key: Key,
    /// Key of packets to the client.
    pub server_to_client_key: Key,
}

impl fmt::Debug for TokenEntropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenEntropy")
    }
}

/// Why bytes are not a connect token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a connect token: {0}")]
pub struct TokenError(&'static str);

/// A connect token as the client holds it.
#[derive(Clone, PartialEq, Eq)]
pub struct ConnectToken {
    pub(crate) protocol_id: u64,
    pub(crate) create_s: u64,
    pub(crate) expire_s: u64,
    pub(crate) nonce: [u8; TOKEN_NONCE_BYTES],
    pub(crate) private: Box<[u8; PRIVATE_TOKEN_BYTES]>,
    pub(crate) timeout_s: u32,
    pub(crate) server_addresses: Vec<SocketAddr>,
    pub(crate) client_to_server_key: Key,
    pub(crate) server_to_client_key: Key,
}

impl fmt::Debug for ConnectToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectToken")
            .field("server_addresses", &self.server_addresses)
            .field("expire_s", &self.expire_s)
            .finish_non_exhaustive()
    }
}

impl ConnectToken {
    /// Mints a token for one server.
    pub fn generate(parameters: &ConnectTokenParameters<'_>, entropy: &TokenEntropy) -> Self {
        let server_addresses = vec![plain_address(parameters.server_address)];
        let mut data = Vec::with_capacity(PRIVATE_TOKEN_BYTES);
        data.extend_from_slice(&parameters.client_id.to_le_bytes());
        data.extend_from_slice(&parameters.timeout_s.to_le_bytes());
        put_addresses(&mut data, &server_addresses);
        data.extend_from_slice(&entropy.client_to_server_key);
        data.extend_from_slice(&entropy.server_to_client_key);
        data.extend_from_slice(parameters.user_data);

        let mut private = Box::new([0; PRIVATE_TOKEN_BYTES]);
        for (to, from) in private.iter_mut().zip(data) {
            *to = from;
        }
        if let Some((sealed, code)) = private.split_last_chunk_mut() {
            let associated = token_associated_data(parameters.protocol_id, parameters.expire_s);
            *code = crypto::seal_token(parameters.private_key, &entropy.nonce, &associated, sealed);
        }
        Self {
            protocol_id: parameters.protocol_id,
            create_s: parameters.create_s,
            expire_s: parameters.expire_s,
            nonce: entropy.nonce,
            private,
            timeout_s: parameters.timeout_s,
            server_addresses,
            client_to_server_key: entropy.client_to_server_key,
            server_to_client_key: entropy.server_to_client_key,
        }
    }

    /// The token as it travels from the backend to the client, over TLS: it holds the client's keys.
    pub fn to_bytes(&self) -> [u8; CONNECT_TOKEN_BYTES] {
        let mut out = Vec::with_capacity(CONNECT_TOKEN_BYTES);
        out.extend_from_slice(VERSION_INFO);
        out.extend_from_slice(&self.protocol_id.to_le_bytes());
        out.extend_from_slice(&self.create_s.to_le_bytes());
        out.extend_from_slice(&self.expire_s.to_le_bytes());
        out.extend_from_slice(&self.nonce);
        out.extend_from_slice(self.private.as_slice());
        out.extend_from_slice(&self.timeout_s.to_le_bytes());
        put_addresses(&mut out, &self.server_addresses);
        out.extend_from_slice(&self.client_to_server_key);
        out.extend_from_slice(&self.server_to_client_key);
        let mut bytes = [0; CONNECT_TOKEN_BYTES];
        for (to, from) in bytes.iter_mut().zip(out) {
            *to = from;
        }
        bytes
    }

    /// The inverse of [`Self::to_bytes`].
    pub fn parse(bytes: &[u8]) -> Result<Self, TokenError> {
        if bytes.len() != CONNECT_TOKEN_BYTES {
            return Err(TokenError("its size is not 2,048 bytes"));
        }
        let mut reader = Reader(bytes);
        if reader.array() != Some(VERSION_INFO) {
            return Err(TokenError("it is not of NETCODE 1.02"));
        }
        let token = Self::parse_fields(&mut reader).ok_or(TokenError("a field is malformed"))?;
        if token.create_s > token.expire_s {
            return Err(TokenError("it expires before it was made"));
        }
        if reader.0.iter().any(|byte| *byte != 0) {
            return Err(TokenError("its padding is not zero"));
        }
        Ok(token)
    }

    fn parse_fields(reader: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            protocol_id: reader.u64()?,
            create_s: reader.u64()?,
            expire_s: reader.u64()?,
            nonce: *reader.array()?,
            private: Box::new(*reader.array()?),
            timeout_s: reader.u32()?,
            server_addresses: reader.addresses()?,
            client_to_server_key: *reader.array()?,
            server_to_client_key: *reader.array()?,
        })
    }

    /// The servers to try, in order; at least one.
    pub fn server_addresses(&self) -> &[SocketAddr] {
        &self.server_addresses
    }

    /// When the token expires, in seconds since 1970 on the backend's clock.
    pub fn expire_s(&self) -> u64 {
        self.expire_s
    }
}

/// The sealed part of a connect token, opened by the server.
pub(crate) struct PrivateToken {
    pub(crate) client_id: u64,
    pub(crate) timeout_ms: u64,
    pub(crate) server_addresses: Vec<SocketAddr>,
    pub(crate) client_to_server_key: Key,
    pub(crate) server_to_client_key: Key,
    pub(crate) user_data: [u8; USER_DATA_BYTES],
}

impl PrivateToken {
    /// Opens the sealed part in place.
    pub(crate) fn open(
        sealed: &mut [u8; PRIVATE_TOKEN_BYTES],
        nonce: &[u8; TOKEN_NONCE_BYTES],
        protocol_id: u64,
        expire_s: u64,
        private_key: &Key,
    ) -> Result<Option<Self>, Unauthentic> {
        let Some((data, code)) = sealed.split_last_chunk_mut::<MAC_BYTES>() else { return Ok(None) };
        let associated = token_associated_data(protocol_id, expire_s);
        crypto::open_token(private_key, nonce, &associated, data, code)?;
        Ok(Self::parse(data))
    }

    fn parse(data: &[u8]) -> Option<Self> {
        let mut reader = Reader(data);
        Some(Self {
            client_id: reader.u64()?,
            timeout_ms: timeout_ms(reader.u32()?),
            server_addresses: reader.addresses()?,
            client_to_server_key: *reader.array()?,
            server_to_client_key: *reader.array()?,
            user_data: *reader.array()?,
        })
    }
}

/// The silence that a token allows, in milliseconds. The standard lets a token ask for none or for no end; both get the most.
pub(crate) fn timeout_ms(timeout_s: u32) -> u64 {
    let seconds = if timeout_s == 0 { TIMEOUT_S_MAX } else { timeout_s.min(TIMEOUT_S_MAX) };
    u64::from(seconds) * 1_000
}

fn token_associated_data(protocol_id: u64, expire_s: u64) -> Vec<u8> {
    [VERSION_INFO.as_slice(), &protocol_id.to_le_bytes(), &expire_s.to_le_bytes()].concat()
}
