//! The table of connections: places found in constant time by id, by address and by client. It holds state; the rules are
//! in `server`.

use super::crypto::Cipher;
use super::replay::ReplayWindow;
use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::hint::black_box;
use std::net::{IpAddr, SocketAddr};

/// Names one connection of one server, for as long as it lasts: a place, and how often that place was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId {
    index: u32,
    generation: u32,
}

impl ConnectionId {
    /// The place, from 0 to `connections_max` − 1: an index for tables beside the server.
    pub fn index(self) -> usize {
        self.index as usize
    }
}

/// One established connection.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) address: SocketAddr,
    pub(crate) client_id: u64,
    pub(crate) send_cipher: Cipher,
    pub(crate) receive_cipher: Cipher,
    pub(crate) next_sequence: u64,
    pub(crate) replay: ReplayWindow,
    pub(crate) timeout_ms: u64,
    pub(crate) last_received_ms: u64,
    pub(crate) last_sent_ms: u64,
    pub(crate) last_keep_alive_ms: u64,
    /// Whether the client has shown that it knows it is connected. Until then it ignores payloads, and only keep-alives help.
    pub(crate) confirmed: bool,
}

#[derive(Debug, Default)]
struct Place {
    generation: u32,
    connection: Option<Box<Connection>>,
}

/// A client's address, hashed in one go: each packet is looked up by it.
#[derive(Debug, PartialEq, Eq)]
struct Whereabouts(SocketAddr);

impl Hash for Whereabouts {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        let port = self.0.port();
        match self.0.ip() {
            IpAddr::V4(ip) => hasher.write_u64(u64::from(ip.to_bits()) << 16 | u64::from(port)),
            IpAddr::V6(ip) => (ip.to_bits(), port).hash(hasher),
        }
    }
}

#[derive(Debug)]
pub(crate) struct Connections {
    places: Vec<Place>,
    free: Vec<u32>,
    by_address: HashMap<Whereabouts, ConnectionId>,
    by_client: HashMap<u64, ConnectionId>,
    connections_max: usize,
}

impl Connections {
    pub(crate) fn new(connections_max: usize) -> Self {
        Self {
            places: Vec::new(),
            free: Vec::new(),
            by_address: HashMap::new(),
            by_client: HashMap::new(),
            connections_max: connections_max.min(u32::MAX as usize),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.by_address.len()
    }

    pub(crate) fn connections_max(&self) -> usize {
        self.connections_max
    }

    /// Takes a place. The caller has removed other connections of the same address or client. `None`: all are taken.
    pub(crate) fn insert(&mut self, connection: Connection) -> Option<ConnectionId> {
        if self.len() >= self.connections_max {
            return None;
        }
        let index = match self.free.pop() {
            Some(index) => index,
            None => {
                self.places.push(Place::default());
                u32::try_from(self.places.len() - 1).ok()?
            }
        };
        let place = self.places.get_mut(index as usize)?;
        let id = ConnectionId { index, generation: place.generation };
        self.by_address.insert(Whereabouts(connection.address), id);
        self.by_client.insert(connection.client_id, id);
        place.connection = Some(Box::new(connection));
        Some(id)
    }

    /// Frees a place; its id is void from then on.
    pub(crate) fn remove(&mut self, id: ConnectionId) -> Option<Box<Connection>> {
        let place = self.places.get_mut(id.index())?;
        if place.generation != id.generation {
            return None;
        }
        let connection = place.connection.take()?;
        place.generation = place.generation.wrapping_add(1);
        self.by_address.remove(&Whereabouts(connection.address));
        self.by_client.remove(&connection.client_id);
        self.free.push(id.index);
        Some(connection)
    }

    pub(crate) fn find(&self, id: ConnectionId) -> Option<&Connection> {
        let place = self.places.get(id.index())?;
        place.connection.as_deref().filter(|_| place.generation == id.generation)
    }

    pub(crate) fn find_mut(&mut self, id: ConnectionId) -> Option<&mut Connection> {
        let place = self.places.get_mut(id.index())?;
        place.connection.as_deref_mut().filter(|_| place.generation == id.generation)
    }

    pub(crate) fn by_address(&self, address: SocketAddr) -> Option<ConnectionId> {
        self.by_address.get(&Whereabouts(address)).copied()
    }

    pub(crate) fn by_client(&self, client_id: u64) -> Option<ConnectionId> {
        self.by_client.get(&client_id).copied()
    }

    /// Reads a field in each line of memory in which a packet of this connection looks.
    pub(crate) fn prefetch(&self, id: ConnectionId) {
        if let Some(connection) = self.find(id) {
            let Connection { replay, receive_cipher, send_cipher, .. } = connection;
            black_box((replay.newest(), receive_cipher.ends(), send_cipher.ends()));
        }
    }

    /// Every connection, in the order of places.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (ConnectionId, &mut Connection)> {
        (0..).zip(&mut self.places).filter_map(|(index, place)| {
            let id = ConnectionId { index, generation: place.generation };
            place.connection.as_deref_mut().map(|connection| (id, connection))
        })
    }
}
