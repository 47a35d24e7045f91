//! The memory of connect tokens: each is bound to the first address that shows it and is consumed by its first connection.
//!
//! An entry stays until its token expires by itself. It is never evicted to make room: a full ledger refuses new tokens,
//! because forgetting an old one would let it be used twice.

use super::MAC_BYTES;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::net::SocketAddr;

/// A token is recognised by the code at its end.
pub(crate) type TokenCode = [u8; MAC_BYTES];

#[derive(Debug)]
struct Entry {
    address: SocketAddr,
    used: bool,
}

/// What the ledger says about a token shown by an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Never seen.
    Unknown,
    /// Seen from this address, and not consumed.
    Open,
    /// Consumed, or bound to another address.
    Refused,
}

#[derive(Debug)]
pub(crate) struct TokenLedger {
    entries: HashMap<TokenCode, Entry>,
    expiries: BinaryHeap<Reverse<(u64, TokenCode)>>,
    tokens_max: usize,
}

impl TokenLedger {
    pub(crate) fn new(tokens_max: usize) -> Self {
        Self { entries: HashMap::new(), expiries: BinaryHeap::new(), tokens_max }
    }

    pub(crate) fn standing(&self, code: &TokenCode, from: SocketAddr) -> Standing {
        match self.entries.get(code) {
            None => Standing::Unknown,
            Some(entry) if entry.address == from && !entry.used => Standing::Open,
            Some(_) => Standing::Refused,
        }
    }

    /// Whether a token of unknown standing could be remembered.
    pub(crate) fn has_room(&self) -> bool {
        self.entries.len() < self.tokens_max
    }

    /// Binds a token of unknown standing to an address.
    pub(crate) fn bind(&mut self, code: TokenCode, address: SocketAddr, expire_s: u64) {
        self.entries.insert(code, Entry { address, used: false });
        self.expiries.push(Reverse((expire_s, code)));
    }

    /// Marks a bound token as used.
    pub(crate) fn consume(&mut self, code: &TokenCode) {
        if let Some(entry) = self.entries.get_mut(code) {
            entry.used = true;
        }
    }

    /// Forgets one token that has expired and says which it was and whom it was bound to.
    pub(crate) fn pop_expired(&mut self, now_s: u64) -> Option<(TokenCode, SocketAddr)> {
        let Reverse((expire_s, code)) = *self.expiries.peek()?;
        if expire_s > now_s {
            return None;
        }
        self.expiries.pop();
        self.entries.remove(&code).map(|entry| (code, entry.address))
    }
}
