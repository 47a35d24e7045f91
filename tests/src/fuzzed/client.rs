//! A game's client under datagrams of any kind from its server, of which most are sealed with the right key.

use super::sealed::{self, START_MS};
use super::tape::Tape;
use guildhall_client::GameClient;
use guildhall_client::game::EVENTS_WAITING_MAX;
use guildhall_protocol::netcode::ClientState;
use guildhall_protocol::payload::{Action, DATAGRAM_BYTES_MAX, INPUTS_MAX};

/// Things that are done in one run.
const ACTS_MAX: usize = 128;
const CHALLENGE: u8 = 2;
const KEEP_ALIVE: u8 = 4;
const PAYLOAD: u8 = 5;

/// Does to a client what the bytes say.
pub(super) fn run(bytes: &[u8]) {
    let mut tape = Tape::new(bytes);
    let token = sealed::connect_token(1, 0, START_MS, &[1; 256]).to_bytes();
    let mut client = GameClient::new(&token, 0).expect("the token is sound");
    let (mut now_ms, mut sequence) = (0, 0);
    // Most of the way it is connected: that is where there is something to break.
    if !tape.byte().is_multiple_of(8) {
        client.handle_tick(now_ms);
        for (kind, content) in [(CHALLENGE, [1; 308].as_slice()), (KEEP_ALIVE, &[0; 8])] {
            sequence += 1;
            client.handle_datagram(now_ms, &mut sealed::packet(kind, sequence, &sealed::keys(1).1, content));
        }
        assert_eq!(client.state(), ClientState::Connected);
    }
    for _ in 0..ACTS_MAX {
        if tape.is_over() {
            break;
        }
        act(&mut client, &mut tape, (&mut now_ms, &mut sequence));
        while let Some(sent) = client.poll_transmit() {
            assert!(sent.bytes.len() <= DATAGRAM_BYTES_MAX);
        }
        assert!(client.pending_inputs().count() <= INPUTS_MAX);
    }
    let waiting = std::iter::from_fn(|| client.poll_event()).count();
    // What one datagram brings may go beyond.
    assert!(waiting <= EVENTS_WAITING_MAX + DATAGRAM_BYTES_MAX * 8, "{waiting}");
    let token = sealed::connect_token(1, 1, START_MS, &[1; 256]).to_bytes();
    GameClient::carry_on(&token, now_ms, client.keep()).expect("the token is sound").handle_tick(now_ms);
}

fn act(client: &mut GameClient, tape: &mut Tape<'_>, (now_ms, sequence): (&mut u64, &mut u64)) {
    let key = sealed::keys(1).1;
    match tape.below(8) {
        0 => client.handle_datagram(*now_ms, &mut tape.chunk().to_vec()),
        1 => {
            let number = u64::from_le_bytes(tape.array());
            client.handle_datagram(*now_ms, &mut sealed::packet(tape.byte(), number, &key, tape.chunk()));
        }
        2..5 => {
            *sequence += 1;
            client.handle_datagram(*now_ms, &mut sealed::packet(PAYLOAD, *sequence, &key, tape.chunk()));
        }
        5 => {
            *now_ms += u64::from(tape.byte());
            client.handle_tick(*now_ms);
        }
        6 => {
            let [x, y, target] = tape.array();
            client.push_input(x.cast_signed(), y.cast_signed(), Action::Attack { target: target.into() });
        }
        _ => *now_ms += u64::from(u16::from_le_bytes(tape.array())),
    }
}
