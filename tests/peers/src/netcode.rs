//! renet's and renet2's server and load: their own loop (update, take in, send, `send_packets`) once per tick, on absolute time.
//! The two crates have this interface in common, so this file is a module of both.
//!
//! Authentication is the one without a backend's tokens; what follows is the same, every packet is sealed. A transport of
//! either holds 1,024 clients, so the process has as many as the players need, all on one thread.

use super::api::{
    self, DefaultChannel, NetcodeClientTransport, NetcodeServerTransport, RenetClient, RenetServer, ServerEvent,
};
use crate::pace::{LOAD_SLOT, LOAD_SLOTS, Pace, TICK};
use crate::tally::{self, Numbers, Tally};
use crate::{Outcome, Traffic};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Clients of one transport: a round number that both accept.
const CLIENTS_PER_TRANSPORT: usize = 1_000;

pub fn serve(traffic: &Traffic) -> Outcome<()> {
    let mut servers = Vec::new();
    for _ in 0..traffic.players.div_ceil(CLIENTS_PER_TRANSPORT) {
        servers.push(Server::open(traffic)?);
    }
    let places: Vec<String> = servers.iter().map(|server| server.address.to_string()).collect();
    println!("{}", places.join(","));
    let questions = tally::questions()?;
    let (mut tally, mut pace) = (Tally::default(), Pace::start(TICK));
    loop {
        tally.begin(pace.due());
        for server in &mut servers {
            server.tick(traffic.out_bytes, &mut tally)?;
        }
        tally.end(pace.due());
        if !tally.answer(&questions, || servers.iter().map(|server| server.messages.connected_clients()).sum()) {
            return Ok(());
        }
        tally.skipped += pace.skip();
        pace.wait();
    }
}

struct Server {
    messages: RenetServer,
    transport: NetcodeServerTransport,
    address: SocketAddr,
    heard: Vec<Numbers>,
    ticks: u32,
    updated: Instant,
}

impl Server {
    fn open(traffic: &Traffic) -> Outcome<Self> {
        let socket = crate::socket()?;
        let address = socket.local_addr()?;
        let (messages, transport) = api::server(CLIENTS_PER_TRANSPORT, now()?, socket)?;
        let heard = (0..traffic.players).map(|_| Numbers::default()).collect();
        Ok(Self { messages, transport, address, heard, ticks: 0, updated: Instant::now() })
    }

    fn tick(&mut self, bytes: usize, tally: &mut Tally) -> Outcome<()> {
        let elapsed = self.updated.elapsed();
        self.updated += elapsed;
        self.messages.update(elapsed);
        self.transport.update(elapsed, &mut self.messages).map_err(|error| format!("{error:?}"))?;
        while let Some(event) = self.messages.get_event() {
            if let ServerEvent::ClientDisconnected { client_id, reason } = event {
                eprintln!("client {client_id} is gone: {reason}");
            }
        }
        self.ticks += 1;
        for client in self.messages.clients_id() {
            while let Some(input) = self.messages.receive_message(client, DefaultChannel::Unreliable) {
                self.heard.get_mut(client as usize).ok_or("a stranger")?.take_in(&input, tally);
            }
            // To each one's own: what a player sees differs from what the next one sees.
            self.messages.send_message(client, DefaultChannel::Unreliable, tally::message(self.ticks, bytes));
        }
        self.transport.send_packets(&mut self.messages);
        Ok(())
    }
}

pub fn load(traffic: &Traffic) -> Outcome<()> {
    let places: Vec<SocketAddr> = traffic.place.split(',').map(str::parse).collect::<Result<_, _>>()?;
    println!("{}", traffic.place);
    let questions = tally::questions()?;
    let mut clients: Vec<Client> = Vec::new();
    let (mut tally, mut pace) = (Tally::default(), Pace::start(LOAD_SLOT));
    for slot in (0..LOAD_SLOTS).cycle() {
        tally.begin(pace.due());
        if clients.len() < traffic.players {
            let place = places.get(clients.len() / CLIENTS_PER_TRANSPORT).ok_or("too few servers")?;
            clients.push(Client::start(clients.len() as u64, *place)?);
        }
        for client in clients.iter_mut().skip(slot).step_by(LOAD_SLOTS) {
            client.tick(traffic.in_bytes, &mut tally)?;
        }
        if !tally.answer(&questions, || clients.iter().filter(|client| client.heard.has_begun()).count()) {
            break;
        }
        pace.advance();
        pace.wait();
    }
    Ok(())
}

struct Client {
    messages: RenetClient,
    transport: NetcodeClientTransport,
    heard: Numbers,
    ticks: u32,
    updated: Instant,
}

impl Client {
    fn start(client_id: u64, server: SocketAddr) -> Outcome<Self> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        socket.set_nonblocking(true)?;
        let (messages, transport) = api::client(client_id, now()?, server, socket)?;
        Ok(Self { messages, transport, heard: Numbers::default(), ticks: 0, updated: Instant::now() })
    }

    fn tick(&mut self, bytes: usize, tally: &mut Tally) -> Outcome<()> {
        let elapsed = self.updated.elapsed();
        self.updated += elapsed;
        self.messages.update(elapsed);
        // A client that has lost its connection ends the measurement.
        self.transport.update(elapsed, &mut self.messages).map_err(|error| format!("a client: {error}"))?;
        if self.messages.is_connected() {
            while let Some(snapshot) = self.messages.receive_message(DefaultChannel::Unreliable) {
                self.heard.take_in(&snapshot, tally);
            }
            self.ticks += 1;
            self.messages.send_message(DefaultChannel::Unreliable, tally::message(self.ticks, bytes));
        }
        Ok(self.transport.send_packets(&mut self.messages)?)
    }
}

fn now() -> Outcome<Duration> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?)
}
