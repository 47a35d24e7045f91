//! A flood: datagrams at a steady rate from a million forged addresses, none of which a server may take in. A third are
//! connection requests with everything right but the seal, a third packets of connections that there are not, a third noise.

use super::client::{Client, Fighter};
use super::wire::Wire;
use super::{Outcome, arena};
use crate::Dice;
use guildhall_gamesim::wheel::Wheel;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::Duration;

const SLOT: Duration = Duration::from_millis(1);
const SLOTS_PER_S: u64 = 1_000;
/// As far back as a thread can stand.
const NICE: i32 = 19;
/// Addresses of the flood, beyond all players'.
const ADDRESSES: std::ops::Range<u64> = 1 << 21..3 << 20;
/// Front of a connection request that passes every check before the cipher; the rest is the token's own.
const REQUEST_FRONT_BYTES: usize = 1 + 13 + 8 + 8;
/// First byte of a payload packet whose sequence number has two bytes.
const PAYLOAD_PREFIX: u8 = 5 | 2 << 4;

/// The thread that floods.
pub(super) struct Flood {
    sent: Arc<AtomicU64>,
    is_over: Arc<AtomicBool>,
    thread: JoinHandle<Outcome<u64>>,
}

impl Flood {
    /// Begins, with so many datagrams in each second.
    pub(super) fn start(server: SocketAddr, per_s: u64, now_s: u64) -> Outcome<Self> {
        let (sent, is_over) = (Arc::<AtomicU64>::default(), Arc::new(AtomicBool::new(false)));
        let (their_sent, their_end) = (Arc::clone(&sent), Arc::clone(&is_over));
        let mut dice = Dice(now_s);
        // Sealed with a key that is not the server's.
        let token = arena::token(0, server, !now_s, now_s, &mut dice);
        let mut stranger = Fighter::new(&token, 0, 1)?;
        stranger.handle_tick(0);
        let request = stranger.poll_transmit().ok_or("a stranger says nothing")?;
        let thread = std::thread::Builder::new().name("flood-0".to_owned()).spawn(move || {
            // Whoever floods a server from elsewhere takes none of its processors; here it goes last, and takes what is left.
            rustix::process::nice(NICE)?;
            let mut wire = Wire::open(server)?;
            let (mut wheel, mut owed, mut answered) = (Wheel::start(SLOT), 0, 0);
            while !their_end.load(Relaxed) {
                owed += per_s;
                while owed >= SLOTS_PER_S {
                    owed -= SLOTS_PER_S;
                    wire.push(from(&mut dice), forged(&request, &mut dice))?;
                    their_sent.fetch_add(1, Relaxed);
                }
                wire.flush()?;
                wire.receive()?;
                answered += wire.arrived().count() as u64;
                // Slots that are late are not made up for: a burst would be no steady rate.
                wheel.turn(1);
            }
            Ok(answered)
        })?;
        Ok(Self { sent, is_over, thread })
    }

    /// Datagrams sent so far.
    pub(super) fn sent(&self) -> u64 {
        self.sent.load(Relaxed)
    }

    /// Ends it, and tells how many answers it got.
    pub(super) fn stop(self) -> Outcome<u64> {
        self.is_over.store(true, Relaxed);
        self.thread.join().map_err(|_| "the flood has crashed")?
    }
}

fn from(dice: &mut Dice) -> u32 {
    (ADDRESSES.start + dice.below(ADDRESSES.end - ADDRESSES.start)) as u32
}

fn forged(request: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut datagram = match dice.below(3) {
        0 => request.to_vec(),
        1 => [&[PAYLOAD_PREFIX][..], &[0; 60]].concat(),
        _ => vec![0; 1 + dice.below(200) as usize],
    };
    let forged_from =
        if datagram.len() == request.len() { REQUEST_FRONT_BYTES } else { usize::from(datagram.len() == 61) };
    // A few numbers that are never the same make it another one; more would be the flood's work and not the server's.
    for chunk in datagram.get_mut(forged_from..).unwrap_or_default().chunks_mut(8).take(8) {
        let noise = dice.below(u64::MAX).to_le_bytes();
        chunk.iter_mut().zip(noise).for_each(|(byte, noise)| *byte = noise);
    }
    datagram
}

#[cfg(test)]
mod tests {
    use super::*;
    use guildhall_protocol::PROTOCOL_ID;
    use guildhall_protocol::netcode::{Server, ServerConfig};

    #[test]
    fn a_server_takes_nothing_of_it_in_and_its_ciphers_see_some() {
        let address: SocketAddr = "127.0.0.1:4000".parse().unwrap();
        let (now_s, mut dice) = (1_800_000_000, Dice(4));
        let token = arena::token(0, address, 1, now_s, &mut dice);
        let mut stranger = Fighter::new(&token, 0, 1).unwrap();
        stranger.handle_tick(0);
        let request = stranger.poll_transmit().unwrap();
        let config = ServerConfig::new(PROTOCOL_ID, address, arena::private_key(2), 64);
        let mut server = Server::new(config, arena::key(&mut dice), now_s * 1_000);
        for number in 0..3_000 {
            server.handle_timeout(now_s * 1_000 + number / 100);
            let from = SocketAddr::from(([127, 80, (number >> 8) as u8, number as u8], 9));
            assert!(server.handle_datagram(now_s * 1_000, from, &mut forged(&request, &mut dice)).is_none());
        }
        assert!(server.poll_transmit().is_none(), "an answer to junk");
        let counters = server.counters();
        assert_eq!(counters.bad(), 3_000, "{counters:?}");
        assert!(
            counters.unauthentic > 500 && counters.unknown_address > 500 && counters.malformed > 500,
            "{counters:?}"
        );
    }
}
