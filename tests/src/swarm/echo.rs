//! The floor: a server that moves datagrams and does not look at them. It reads and writes as a shard does, in the same
//! slots and batches, and answers each datagram with one of the size that a shard's have.

use super::figures::{Served, Times};
use super::{Outcome, server};
use guildhall_gamesim::datagrams::{BATCH_DATAGRAMS, Inbox, Outbox, keep_whole};
use guildhall_gamesim::limits::{DATAGRAMS_PER_LOOK_MAX, RECEIVE_BUFFER_BYTES, SLOT_MS};
use guildhall_gamesim::wheel::{Cadence, Wheel};
use guildhall_protocol::netcode::Transmit;
use guildhall_telemetry::Histogram;
use std::net::{Ipv4Addr, UdpSocket};
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::Duration;

/// The argument that makes a process an echo.
pub(super) const SERVE: &str = "echo";
/// Name of the thread that is measured.
pub(super) const THREAD: &str = "echo-0";

/// Runs the echo: `address bytes`, the latter the size of its answers.
pub(super) fn serve(arguments: &[String]) -> Outcome<()> {
    let [address, bytes] = arguments else { return Err("an echo wants an address and the size of its answers".into()) };
    let (address, bytes): (Ipv4Addr, _) = (address.parse()?, bytes.parse()?);
    let socket = UdpSocket::bind((address, 0))?;
    keep_whole(&socket);
    rustix::net::sockopt::set_socket_recv_buffer_size(&socket, RECEIVE_BUFFER_BYTES)?;
    println!("{}", socket.local_addr()?);
    let questions = server::questions();
    let thread = std::thread::Builder::new().name(THREAD.to_owned()).spawn(move || echo(&socket, bytes, &questions))?;
    thread.join().map_err(|_| "the echo has crashed")?
}

fn echo(socket: &UdpSocket, bytes: usize, questions: &Receiver<()>) -> Outcome<()> {
    let (mut inbox, mut outbox) = (Inbox::new(), Outbox::new());
    let mut spare: Vec<Vec<u8>> = Vec::new();
    let (lateness, sent) = (Histogram::default(), Histogram::default());
    let mut snapshots = (lateness.snapshot(), sent.snapshot());
    let mut served = Served::default();
    let mut wheel = Wheel::start(Duration::from_millis(SLOT_MS));
    let mut cadence = Cadence::default();
    loop {
        lateness.record(micros(wheel.since_start()));
        let mut read = 0;
        while read < DATAGRAMS_PER_LOOK_MAX {
            served.receive_calls += 1;
            let Ok(count) = inbox.receive(socket) else { break };
            read += count;
            served.datagrams_in += count as u64;
            for (from, datagram) in inbox.datagrams() {
                served.bytes_in += datagram.len() as u64;
                let mut answer = spare.pop().unwrap_or_default();
                answer.resize(bytes, 0x5a);
                outbox.push(Transmit { to: *from, bytes: answer });
            }
            let done = outbox.send(socket, |bytes| spare.push(bytes));
            served.datagrams_out += done.datagrams;
            served.bytes_out += done.bytes;
            served.send_calls += done.calls;
            served.datagrams_unsent += done.unsent;
            if count < BATCH_DATAGRAMS {
                break;
            }
        }
        sent.record(micros(wheel.since_start()));
        match questions.try_recv() {
            Ok(()) => {
                let now = (lateness.snapshot(), sent.snapshot());
                let times =
                    |of: &dyn Fn(f64) -> u64| Times { p50: of(0.5), p99: of(0.99), p999: of(0.999), max: of(1.0) };
                let (late, done) = (now.0.since(&snapshots.0), now.1.since(&snapshots.1));
                served.lateness_us = times(&|q| late.quantile(q));
                served.sent_us = times(&|q| done.quantile(q));
                println!("{}", serde_json::to_string(&served)?);
                (served, snapshots) = (Served::default(), now);
            }
            Err(TryRecvError::Empty) => {}
            Err(TryRecvError::Disconnected) => return Ok(()),
        }
        served.slots_skipped += wheel.turn(cadence.advance(read) as u32);
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
