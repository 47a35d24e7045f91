//! The server's end: admits clients that hold a token and answer at their address, opens and seals the packets of those it
//! admitted, and drops everything else at the least cost.
//!
//! `handle_datagram` sorts by the first byte: requests and responses go to `admission`, the rest belongs to a connection.
//! This file keeps the connections alive; it decides nothing about what their payloads say.

use super::admission::{Admission, Admitted};
use super::bytes::plain_address;
use super::connections::{Connection, Connections};
use super::crypto::Cipher;
use super::outgoing::{Outgoing, Transmit};
use super::packet::{Header, Kind, OpenError, Packet, REQUEST_PREFIX, Request};
use super::replay::ReplayWindow;
use super::server_state::{DisconnectReason, ReceivedPayload, ServerConfig, ServerCounters, ServerEvent};
use super::{
    ConnectionId, DISCONNECT_PACKETS, GLOBAL_SEQUENCE_FIRST, Key, PAYLOAD_PACKET_BYTES_MAX, RESEND_INTERVAL_MS,
    SWEEP_INTERVAL_MS, SendError,
};
use std::collections::VecDeque;
use std::net::SocketAddr;

/// The server's end of all its connections.
#[derive(Debug)]
pub struct Server {
    pub(super) config: ServerConfig,
    pub(super) now_ms: u64,
    pub(super) connections: Connections,
    pub(super) admission: Admission,
    pub(super) counters: ServerCounters,
    pub(super) outgoing: Outgoing,
    events: VecDeque<ServerEvent>,
    next_sweep_ms: u64,
}

impl Server {
    /// A server without connections. `challenge_key` is random and new at every boot; so must `config.private_key` be.
    pub fn new(config: ServerConfig, challenge_key: Key, now_ms: u64) -> Self {
        let mut config = config;
        config.public_address = plain_address(config.public_address);
        Self {
            connections: Connections::new(config.connections_max),
            admission: Admission::new(&config, &challenge_key),
            config,
            now_ms,
            counters: ServerCounters::default(),
            outgoing: Outgoing::default(),
            events: VecDeque::new(),
            next_sweep_ms: now_ms,
        }
    }

    /// Takes a datagram in, opening it in place. Whatever is wrong with it is counted and otherwise ignored. `now_ms` is
    /// the time since 1970 in milliseconds; running backwards, it stands still.
    pub fn handle_datagram<'a>(
        &mut self,
        now_ms: u64,
        from: SocketAddr,
        datagram: &'a mut [u8],
    ) -> Option<ReceivedPayload<'a>> {
        self.now_ms = self.now_ms.max(now_ms);
        let from = plain_address(from);
        if datagram.first() == Some(&REQUEST_PREFIX) {
            match Request::parse(datagram) {
                Some(request) => self.handle_request(from, request),
                None => self.counters.malformed += 1,
            }
            return None;
        }
        let Some(header) = Header::parse(datagram) else {
            self.counters.malformed += 1;
            return None;
        };
        match header.kind {
            Kind::Response => {
                self.handle_response(from, header, datagram);
                None
            }
            Kind::KeepAlive | Kind::Payload | Kind::Disconnect => self.handle_connected(from, header, datagram),
            Kind::Denied | Kind::Challenge => {
                self.counters.malformed += 1;
                None
            }
        }
    }

    /// The connection of the client at this address.
    pub fn connection_at(&self, address: SocketAddr) -> Option<ConnectionId> {
        self.connections.by_address(plain_address(address))
    }

    /// Has what a packet of this connection needs fetched from memory. Changes nothing; for whoever is about to handle many
    /// packets, of which each would wait for that otherwise.
    pub fn prefetch(&self, connection: ConnectionId) {
        self.connections.prefetch(connection);
    }

    fn handle_connected<'a>(
        &mut self,
        from: SocketAddr,
        header: Header,
        datagram: &'a mut [u8],
    ) -> Option<ReceivedPayload<'a>> {
        let Some(id) = self.connections.by_address(from) else {
            self.counters.unknown_address += 1;
            return None;
        };
        let connection = self.connections.find_mut(id)?;
        if !connection.replay.is_new(header.sequence) {
            self.counters.replayed += 1;
            return None;
        }
        let packet = match header.open(datagram, &connection.receive_cipher, self.config.protocol_id) {
            Ok(packet) => packet,
            Err(error) => {
                self.count_open_error(error);
                return None;
            }
        };
        connection.replay.accept(header.sequence);
        connection.last_received_ms = self.now_ms;
        connection.confirmed = true;
        match packet {
            Packet::Payload(payload) => {
                self.counters.payloads_received += 1;
                Some(ReceivedPayload { connection: id, payload })
            }
            Packet::Disconnect => {
                self.end(id, DisconnectReason::ByClient);
                None
            }
            _ => None,
        }
    }

    /// To be called once per slot: renews the budget for unauthenticated work, sends keep-alives, ends silent connections
    /// and forgets expired tokens.
    pub fn handle_timeout(&mut self, now_ms: u64) {
        self.now_ms = self.now_ms.max(now_ms);
        self.admission.handle_timeout(self.now_ms);
        if self.now_ms < self.next_sweep_ms {
            return;
        }
        self.next_sweep_ms = self.now_ms.saturating_add(SWEEP_INTERVAL_MS);
        let now_ms = self.now_ms;
        let connections_max = self.connections.connections_max();
        let mut silent = Vec::new();
        for (id, connection) in self.connections.iter_mut() {
            let last_needed_ms =
                if connection.confirmed { connection.last_sent_ms } else { connection.last_keep_alive_ms };
            if now_ms.saturating_sub(connection.last_received_ms) >= connection.timeout_ms {
                silent.push(id);
            } else if now_ms.saturating_sub(last_needed_ms) >= RESEND_INTERVAL_MS {
                let packet = keep_alive(id, connections_max);
                send_packet(connection, &packet, self.config.protocol_id, now_ms, &mut self.outgoing);
                connection.last_keep_alive_ms = now_ms;
            }
        }
        for id in silent {
            self.counters.timed_out += 1;
            self.say_goodbye(id);
            self.end(id, DisconnectReason::TimedOut);
        }
    }

    /// Queues a payload of 1 to 1,200 bytes.
    pub fn send(&mut self, connection: ConnectionId, payload: &[u8]) -> Result<(), SendError> {
        if !(1..=PAYLOAD_PACKET_BYTES_MAX).contains(&payload.len()) {
            return Err(SendError::PayloadSize(payload.len()));
        }
        let connection = self.connections.find_mut(connection).ok_or(SendError::NotConnected)?;
        let packet = Packet::Payload(payload);
        if !send_packet(connection, &packet, self.config.protocol_id, self.now_ms, &mut self.outgoing) {
            return Err(SendError::Exhausted);
        }
        self.counters.payloads_sent += 1;
        Ok(())
    }

    /// Ends a connection and tells the client. An id that is not valid any more is ignored.
    pub fn disconnect(&mut self, connection: ConnectionId) {
        self.say_goodbye(connection);
        if self.connections.remove(connection).is_some() {
            self.counters.disconnected += 1;
        }
    }

    /// The next thing that happened to a connection.
    pub fn poll_event(&mut self) -> Option<ServerEvent> {
        self.events.pop_front()
    }

    /// The next datagram to send.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        self.outgoing.pop()
    }

    /// Takes back the buffer of a datagram that was sent, so that the next one need not allocate.
    pub fn recycle(&mut self, bytes: Vec<u8>) {
        self.outgoing.recycle(bytes);
    }

    /// What has happened so far.
    pub fn counters(&self) -> &ServerCounters {
        &self.counters
    }

    /// How many connections there are.
    pub fn connections(&self) -> usize {
        self.connections.len()
    }

    /// How many clients were challenged and may still answer, until their tokens expire.
    pub fn handshakes(&self) -> usize {
        self.admission.handshakes()
    }

    /// Where a connection's client is.
    pub fn address(&self, connection: ConnectionId) -> Option<SocketAddr> {
        self.connections.find(connection).map(|connection| connection.address)
    }

    /// Puts an admitted client into a place that the caller knows to be free, and tells it.
    pub(super) fn establish(&mut self, admitted: Admitted) {
        let now_ms = self.now_ms;
        let connection = Connection {
            address: admitted.address,
            client_id: admitted.client_id,
            send_cipher: Cipher::new(&admitted.server_to_client_key),
            receive_cipher: admitted.receive_cipher,
            next_sequence: 0,
            replay: ReplayWindow::default(),
            timeout_ms: admitted.timeout_ms,
            last_received_ms: now_ms,
            last_sent_ms: now_ms,
            last_keep_alive_ms: now_ms,
            confirmed: false,
        };
        let Some(id) = self.connections.insert(connection) else { return };
        self.counters.connected += 1;
        let packet = keep_alive(id, self.connections.connections_max());
        if let Some(connection) = self.connections.find_mut(id) {
            send_packet(connection, &packet, self.config.protocol_id, now_ms, &mut self.outgoing);
        }
        self.events.push_back(ServerEvent::Connected {
            connection: id,
            client_id: admitted.client_id,
            user_data: admitted.user_data,
        });
    }

    /// Ends a connection and reports it.
    pub(super) fn end(&mut self, connection: ConnectionId, reason: DisconnectReason) {
        if self.connections.remove(connection).is_some() {
            self.counters.disconnected += 1;
            self.events.push_back(ServerEvent::Disconnected { connection, reason });
        }
    }

    /// Queues the disconnect packets. There are several because none is acknowledged.
    pub(super) fn say_goodbye(&mut self, connection: ConnectionId) {
        if let Some(connection) = self.connections.find_mut(connection) {
            for _ in 0..DISCONNECT_PACKETS {
                let protocol_id = self.config.protocol_id;
                send_packet(connection, &Packet::Disconnect, protocol_id, self.now_ms, &mut self.outgoing);
            }
        }
    }

    pub(super) fn count_open_error(&mut self, error: OpenError) {
        match error {
            OpenError::Unauthentic => self.counters.unauthentic += 1,
            OpenError::Malformed => self.counters.malformed += 1,
        }
    }
}

fn keep_alive(id: ConnectionId, connections_max: usize) -> Packet<'static> {
    let index = u32::try_from(id.index()).unwrap_or(u32::MAX);
    Packet::KeepAlive { index, connections_max: u32::try_from(connections_max).unwrap_or(u32::MAX) }
}

/// Seals and queues a packet of a connection, unless that would leave the connection's half of the sequence numbers.
fn send_packet(
    connection: &mut Connection,
    packet: &Packet<'_>,
    protocol_id: u64,
    now_ms: u64,
    outgoing: &mut Outgoing,
) -> bool {
    let sequence = connection.next_sequence;
    if sequence >= GLOBAL_SEQUENCE_FIRST {
        return false;
    }
    connection.next_sequence = sequence + 1;
    connection.last_sent_ms = now_ms;
    let cipher = &connection.send_cipher;
    outgoing.push(connection.address, |out| packet.seal(sequence, cipher, protocol_id, out));
    true
}
