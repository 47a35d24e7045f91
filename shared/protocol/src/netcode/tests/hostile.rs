//! What an attacker can do to datagrams: repeat, cut, damage, invent and multiply them. Whatever it is, it is counted, and
//! nothing else happens.

use super::world::*;
use crate::netcode::*;
use proptest::prelude::*;

/// One datagram of each kind, together with a world in which its receiver is waiting for it.
fn every_kind() -> Vec<(u8, World, Datagram)> {
    let roomy = || ServerConfig { unauthenticated_per_slot_max: u32::MAX, ..config() };
    let waiting = |packet_kind: u8, to_server: bool, config: ServerConfig, prepare: fn(&mut World)| {
        let mut world = World::new(config);
        prepare(&mut world);
        world.collect();
        let wanted =
            |datagram: &&Datagram| kind(datagram) == packet_kind && (datagram.to == server_address()) == to_server;
        let datagram = world.log.iter().rfind(wanted).expect("the packet was sent").clone();
        (packet_kind, world, datagram)
    };
    let lose_kind =
        |packet_kind: u8, to_server: bool, prepare: fn(&mut World)| waiting(packet_kind, to_server, roomy(), prepare);
    vec![
        lose_kind(0, true, |world| {
            world.lose = |_| true;
            world.add(address(1), token(1, 1));
            world.run(10);
        }),
        waiting(1, false, ServerConfig { connections_max: 0, ..roomy() }, |world| {
            world.lose = |datagram| kind(datagram) == 1;
            world.add(address(1), token(1, 1));
            world.run(20);
        }),
        lose_kind(2, false, |world| {
            world.lose = |datagram| kind(datagram) == 2;
            world.add(address(1), token(1, 1));
            world.run(20);
        }),
        lose_kind(3, true, |world| {
            world.lose = |datagram| kind(datagram) == 3;
            world.add(address(1), token(1, 1));
            world.run(30);
        }),
        lose_kind(4, false, |world| {
            world.lose = |datagram| kind(datagram) == 4;
            world.add(address(1), token(1, 1));
            world.run(30);
        }),
        lose_kind(5, true, |world| {
            world.connect(address(1), token(1, 1));
            world.lose = |_| true;
            world.clients.get_mut(&address(1)).unwrap().send(b"up").unwrap();
        }),
        lose_kind(5, false, |world| {
            let connection = world.connect(address(1), token(1, 1));
            world.lose = |_| true;
            world.server.send(connection, b"down").unwrap();
        }),
        lose_kind(6, true, |world| {
            world.connect(address(1), token(1, 1));
            world.lose = |_| true;
            let mut twin = world.clients.remove(&address(1)).unwrap();
            twin.disconnect();
            world.clients.insert(address(1), twin);
        }),
    ]
}

/// Everything that a datagram could change, except counters of bad packets.
fn shape(world: &mut World) -> (usize, usize, usize, ClientState, usize) {
    let sent = world.log.len();
    world.collect();
    assert_eq!(world.log.len(), sent, "it was answered");
    let payloads = world.at_server.len() + world.at_clients.len();
    (world.events.len(), world.server.connections(), payloads, world.state(address(1)), world.log.len())
}

fn bad(world: &World) -> u64 {
    world.server.counters().bad() + world.clients[&address(1)].bad_packets()
}

#[test]
fn every_cut_and_every_flipped_bit_of_every_packet_is_counted_and_does_nothing() {
    for (packet_kind, mut world, datagram) in every_kind() {
        let before = shape(&mut world);
        let mut damaged = Vec::new();
        for length in 0..datagram.bytes.len() {
            damaged.push(datagram.bytes[..length].to_vec());
        }
        for bit in 0..datagram.bytes.len() * 8 {
            let mut bytes = datagram.bytes.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            damaged.push(bytes);
        }
        damaged.push([datagram.bytes.as_slice(), &[0]].concat());
        for bytes in damaged {
            let count = bad(&world);
            world.deliver(Datagram { bytes, ..datagram.clone() });
            assert_eq!(bad(&world), count + 1, "kind {packet_kind}");
            assert_eq!(shape(&mut world), before, "kind {packet_kind}");
        }
        // The undamaged original still works: nothing was poisoned on the way.
        let count = bad(&world);
        world.deliver(datagram);
        assert_eq!(bad(&world), count, "kind {packet_kind}");
    }
}

#[test]
fn a_recording_played_again_does_nothing() {
    let mut world = World::new(config());
    let connection = world.connect(address(1), token(1, 1));
    for _ in 0..300 {
        world.clients.get_mut(&address(1)).unwrap().send(b"up").unwrap();
        world.server.send(connection, b"down").unwrap();
        world.run(5);
    }
    world.run(20);
    world.lose = |_| true;
    let before = shape(&mut world);
    let counters = *world.server.counters();
    let recording = world.log.clone();
    for datagram in recording {
        world.deliver(datagram);
    }
    assert_eq!(shape(&mut world), before);
    let after = world.server.counters();
    assert_eq!(after.token_reused, counters.token_reused + 1);
    assert!(after.replayed - counters.replayed > 300);
    assert_eq!(after.payloads_received, counters.payloads_received);
}

#[test]
fn unauthenticated_work_is_bounded_per_slot_and_honest_clients_get_through_afterwards() {
    let mut world = World::new(ServerConfig { unauthenticated_per_slot_max: 10, ..config() });
    let forged = token_with(9, 9, |token| token.private_key = &[1; 32]);
    let mut bytes = Vec::new();
    packet::put_request(&forged, &mut bytes);
    for number in 0..100 {
        world.deliver(Datagram { from: address(number), to: server_address(), bytes: bytes.clone() });
    }
    assert_eq!((world.server.counters().unauthentic, world.server.counters().over_budget), (10, 90));
    world.connect(address(1), token(1, 1));
    assert!(world.log.iter().all(|datagram| datagram.to == server_address() || datagram.to == address(1)));
}

#[test]
fn a_challenge_answers_for_its_own_token_only() {
    let mut world = World::new(config());
    world.lose = |datagram| kind(datagram) == 3;
    world.add(address(1), token(1, 1));
    world.run(20);
    let response = world.log.iter().rfind(|datagram| kind(datagram) == 3).unwrap().clone();
    // The same address shows another token, with the same keys but another identity.
    let mut bytes = Vec::new();
    let other = token_with(1, 1, |token| token.user_data = &[9; 256]);
    packet::put_request(&ConnectToken { nonce: other.nonce, ..other }, &mut bytes);
    world.deliver(Datagram { from: address(1), to: server_address(), bytes });
    world.deliver(response);
    assert_eq!(world.server.connections(), 0);
    assert_eq!(world.server.counters().unauthentic, 1);
}

#[test]
fn a_token_shown_under_the_address_of_a_connection_does_not_disturb_it() {
    let mut world = World::new(config());
    let connection = world.connect(address(1), token(1, 1));
    // Whoever sends this holds a token of their own, and hears nothing of what goes to the other's address.
    let mut bytes = Vec::new();
    packet::put_request(&token(2, 2), &mut bytes);
    for round in 0..400 {
        if round % 20 == 0 {
            world.deliver(Datagram { from: address(1), to: server_address(), bytes: bytes.clone() });
        }
        world.clients.get_mut(&address(1)).unwrap().send(b"up").unwrap();
        world.server.send(connection, b"down").unwrap();
        world.run(100);
    }
    world.run(20);
    assert_eq!(world.state(address(1)), ClientState::Connected);
    assert_eq!((world.at_server.len(), world.at_clients.len(), world.events.len()), (400, 400, 1));
    let counters = world.server.counters();
    assert!(counters.challenged > 10 && counters.token_expired > 0, "{counters:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn garbage_from_anywhere_is_counted_and_does_nothing(
        datagrams in prop::collection::vec((0u16..3, prop::collection::vec(any::<u8>(), 0..1_300), 0u8..128), 1..20)
    ) {
        let mut world = World::new(config());
        world.connect(address(1), token(1, 1));
        world.lose = |_| true;
        let before = shape(&mut world);
        for (number, mut bytes, prefix) in datagrams {
            // Plausible prefixes reach further into the code than random ones.
            if let Some(first) = bytes.first_mut() {
                *first = prefix;
            }
            let count = bad(&world);
            world.deliver(Datagram { from: address(number), to: server_address(), bytes: bytes.clone() });
            world.deliver(Datagram { from: server_address(), to: address(1), bytes });
            prop_assert_eq!(bad(&world), count + 2);
        }
        prop_assert_eq!(shape(&mut world), before);
    }

    #[test]
    fn a_token_parses_or_is_refused_and_never_panics(
        position in 0usize..2048, value: u8, length in 0usize..2100,
    ) {
        let bytes = token(1, 1).to_bytes();
        prop_assert_eq!(ConnectToken::parse(&bytes), Ok(token(1, 1)));
        let mut damaged = bytes.to_vec();
        damaged[position] = value;
        if let Ok(parsed) = ConnectToken::parse(&damaged) {
            prop_assert_eq!(parsed.to_bytes().to_vec(), damaged.clone());
        }
        damaged.resize(length, 0);
        prop_assert!(length == 2048 || ConnectToken::parse(&damaged).is_err());
    }
}
