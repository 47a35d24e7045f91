//! A shard and its clients in one process and on virtual time, without sockets: for what can be counted, and for the part of
//! a shard's work that is its own and not the kernel's.

use super::client::{Arrival, Client, Fighter};
use super::{Outcome, arena, server};
use crate::Dice;
use guildhall_gamesim::limits::{SLOT_MS, SLOTS_PER_TICK};
use guildhall_gamesim::shard::{Shard, ShardConfig};
use guildhall_gamesim::world::Game;
use guildhall_protocol::netcode::Transmit;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

const SEED: u64 = 7;
/// When it begins, in milliseconds since 1970.
const START_MS: u64 = 1_800_000_000_000;
/// Players who come in during one slot.
const ARRIVALS_PER_SLOT: usize = 4;
/// Ticks in which everybody has come in.
const ARRIVAL_TICKS_MAX: u32 = 2_000;

/// A shard that is played on.
#[derive(Debug)]
pub struct Rehearsal {
    shard: Shard,
    game: Arc<Game>,
    address: SocketAddr,
    dice: Dice,
    clients: Vec<Fighter>,
    players: u32,
    now_ms: u64,
    incoming: Vec<(SocketAddr, Vec<u8>)>,
    outgoing: Vec<Transmit>,
}

/// What came of a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Played {
    /// Snapshots that came to clients.
    pub delivered: u32,
    /// What the shard wanted of the world outside.
    pub requests: u32,
}

impl Rehearsal {
    /// So many players in rooms of four, all of whom are seated and have played for a while. `keeps`: whether there are
    /// checkpoints and recordings.
    ///
    /// # Errors
    /// Somebody does not get in.
    pub fn start(players: u32, keeps: bool) -> Outcome<Self> {
        let (game, mut dice) = (arena::game()?, Dice(SEED));
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 4_000));
        let config = ShardConfig {
            public_address: address,
            private_key: arena::private_key(SEED),
            challenge_key: arena::key(&mut dice),
            gamesim_epoch: arena::EPOCH,
            game: Arc::clone(&game),
            content_version: arena::CONTENT_VERSION,
            connections_max: players as usize,
            keeps_checkpoints: keeps,
            keeps_recordings: keeps,
            seed: SEED,
        };
        let capacity = players as usize + 64;
        let mut rehearsal = Self {
            shard: Shard::new(config, START_MS),
            game,
            address,
            dice,
            clients: Vec::with_capacity(players as usize),
            players,
            now_ms: START_MS,
            incoming: Vec::with_capacity(capacity),
            outgoing: Vec::with_capacity(capacity),
        };
        for _ in 0..ARRIVAL_TICKS_MAX {
            if rehearsal.tick(&mut |work| work())?.delivered == players {
                return Ok(rehearsal);
            }
        }
        Err("not everybody has come in".into())
    }

    /// Plays one tick. All the work of the shard on datagrams and slots is done inside of `measured`, slot by slot; what the
    /// world outside answers it is not.
    ///
    /// # Errors
    /// As of [`Self::slot`].
    pub fn tick(&mut self, measured: &mut dyn FnMut(&mut dyn FnMut())) -> Outcome<Played> {
        let mut all = Played::default();
        for _ in 0..SLOTS_PER_TICK {
            let Played { delivered, requests } = self.slot(measured)?;
            all = Played { delivered: all.delivered + delivered, requests: all.requests + requests };
        }
        Ok(all)
    }

    /// Plays so many ticks, after as many in which everybody settles, and gives how long the shard worked for each of them.
    ///
    /// # Errors
    /// As of [`Self::slot`], and if a snapshot does not arrive.
    pub fn measure(&mut self, ticks: usize) -> Outcome<Vec<Duration>> {
        let mut times = Vec::with_capacity(2 * ticks);
        for _ in 0..2 * ticks {
            let mut time = Duration::ZERO;
            let played = self.tick(&mut |work| {
                let began = Instant::now();
                work();
                time += began.elapsed();
            })?;
            if played.delivered != self.players {
                return Err(format!("{} of {} snapshots arrived", played.delivered, self.players).into());
            }
            times.push(time);
        }
        Ok(times.split_off(ticks))
    }

    /// Plays one slot of a tick.
    ///
    /// # Errors
    /// The shard wants something that nobody here has an answer to, or somebody has lost the connection.
    pub fn slot(&mut self, measured: &mut dyn FnMut(&mut dyn FnMut())) -> Outcome<Played> {
        self.now_ms += SLOT_MS;
        self.send((self.now_ms / SLOT_MS) as usize % SLOTS_PER_TICK)?;
        let Self { shard, incoming, outgoing, now_ms, .. } = self;
        measured(&mut || {
            for (from, datagram) in &mut *incoming {
                shard.handle_datagram(*now_ms, *from, datagram);
            }
            shard.handle_slot(*now_ms);
            outgoing.extend(std::iter::from_fn(|| shard.poll_transmit()));
        });
        self.incoming.clear();
        let mut played = Played { delivered: self.deliver()?, requests: 0 };
        while let Some(request) = self.shard.poll_request() {
            played.requests += 1;
            if let Some(order) = server::answer(&self.game, request)? {
                self.shard.handle_order(self.now_ms, order);
            }
        }
        Ok(played)
    }

    /// What players have done that fair ones do not, so far.
    pub fn violations(&self) -> u64 {
        self.shard.report().violations.iter().sum()
    }

    /// Lets the clients of this slot send, and some more set out.
    fn send(&mut self, slot: usize) -> Outcome<()> {
        for _ in 0..ARRIVALS_PER_SLOT.min(self.players as usize - self.clients.len()) {
            let number = u32::try_from(self.clients.len())?;
            let token = arena::token(number, self.address, SEED, self.now_ms / 1_000, &mut self.dice);
            self.clients.push(Fighter::new(&token, self.now_ms * 1_000, number.into())?);
        }
        for (number, client) in self.clients.iter_mut().enumerate().skip(slot).step_by(SLOTS_PER_TICK) {
            client.handle_tick(self.now_ms * 1_000);
            if client.is_over() {
                return Err(format!("player {number} has lost the connection").into());
            }
            let from = place(number);
            self.incoming.extend(std::iter::from_fn(|| client.poll_transmit()).map(|bytes| (from, bytes)));
        }
        Ok(())
    }

    /// Brings the clients what was sent to them. Returns how much of it was news.
    fn deliver(&mut self) -> Outcome<u32> {
        let mut delivered = 0;
        for Transmit { to, mut bytes } in self.outgoing.drain(..) {
            let client = self.clients.get_mut(number(to)).ok_or("nobody is there")?;
            // What it is opened in is the buffer's copy: the shard gets its own back.
            let mut datagram = bytes.clone();
            delivered += u32::from(client.handle_datagram(self.now_ms * 1_000, &mut datagram) == Arrival::News);
            bytes.clear();
            self.shard.recycle(bytes);
        }
        Ok(delivered)
    }
}

/// The address of a client.
fn place(number: usize) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::from(0x0a00_0000 + number as u32), 5_000))
}

/// The client at an address.
fn number(place: SocketAddr) -> usize {
    match place.ip() {
        std::net::IpAddr::V4(ip) => (u32::from(ip) - 0x0a00_0000) as usize,
        std::net::IpAddr::V6(_) => usize::MAX,
    }
}
