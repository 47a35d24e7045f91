//! How connections begin, and all the ways in which they must not.

use super::world::*;
use crate::netcode::*;

#[test]
fn a_client_with_a_token_connects_and_payloads_flow_both_ways() {
    let mut world = World::new(config());
    let connection = world.connect(address(1), token(7, 1));
    let connected = ServerEvent::Connected { connection, client_id: 7, user_data: Box::new([7; 256]) };
    assert_eq!(world.events, [connected]);
    assert_eq!(world.server.address(connection), Some(address(1)));

    world.server.send(connection, &[1; PAYLOAD_PACKET_BYTES_MAX]).unwrap();
    world.clients.get_mut(&address(1)).unwrap().send(b"up").unwrap();
    world.collect();
    world.run(10);
    assert_eq!(world.at_server, [(connection, b"up".to_vec())]);
    assert_eq!(world.at_clients, [(address(1), vec![1; PAYLOAD_PACKET_BYTES_MAX])]);
    assert_eq!(world.server.counters().bad(), 0);

    for size in [0, PAYLOAD_PACKET_BYTES_MAX + 1] {
        assert_eq!(world.server.send(connection, &vec![0; size]), Err(SendError::PayloadSize(size)));
    }
}

#[test]
fn clients_connect_through_loss_duplication_and_reordering_and_no_payload_comes_twice() {
    for seed in 1..=20 {
        let mut world = World::new(config());
        world.seed(seed);
        world.weather = Weather { loss: 40, duplication: 30, jitter_ms: 120 };
        for number in 1..=6 {
            world.add(address(number), token(u64::from(number), 1));
        }
        world.run(4_000);
        for number in 1..=6 {
            assert_eq!(world.state(address(number)), ClientState::Connected, "seed {seed}, client {number}");
        }
        assert_eq!(world.events.len(), 6);
        for round in 0..100u32 {
            for number in 1..=6 {
                let client = world.clients.get_mut(&address(number)).unwrap();
                client.send(&[&round.to_le_bytes()[..], &number.to_le_bytes()].concat()).unwrap();
            }
            world.run(10);
        }
        world.run(300);
        let total = world.at_server.len();
        world.at_server.sort();
        world.at_server.dedup();
        assert_eq!(world.at_server.len(), total, "seed {seed}: a payload came twice");
        assert!(total > 200, "seed {seed}: only {total} of 600 payloads came");
        assert!(world.server.counters().replayed > 0);
    }
}

#[test]
fn a_lost_first_keep_alive_does_not_keep_a_busy_connection_from_standing() {
    let mut world = World::new(config());
    world.add(address(1), token(1, 1));
    world.lose = |datagram| kind(datagram) == 4;
    world.run(50);
    world.lose = |_| false;
    let Some(ServerEvent::Connected { connection, .. }) = world.events.pop() else { panic!("not connected") };
    for _ in 0..20 {
        world.server.send(connection, b"tick").unwrap();
        world.run(10);
    }
    assert_eq!(world.state(address(1)), ClientState::Connected);
}

#[test]
fn a_token_belongs_to_the_first_address_that_shows_it() {
    let mut world = World::new(config());
    world.lose = |datagram| kind(datagram) == 2;
    world.add(address(1), token(1, 1));
    world.run(10);
    world.add(address(2), token(1, 1));
    world.run(300);
    assert!(world.server.counters().challenged >= 3, "the owner may repeat its request");
    assert!(world.log.iter().all(|datagram| datagram.to != address(2)), "the thief was answered");
    assert!(world.server.counters().token_reused >= 2);
    world.lose = |_| false;
    world.run(300);
    assert_eq!(world.state(address(1)), ClientState::Connected);
    assert_eq!(world.state(address(2)), ClientState::SendingRequest);
}

#[test]
fn a_token_works_once() {
    let mut world = World::new(config());
    world.connect(address(1), token(1, 1));
    world.clients.get_mut(&address(1)).unwrap().disconnect();
    world.collect();
    world.run(50);
    assert_eq!(world.server.connections(), 0);
    let before = world.log.len();
    for number in [1, 2] {
        world.add(address(number), token(1, 1));
    }
    world.run(1_000);
    assert_eq!(world.server.connections(), 0);
    assert!(world.server.counters().token_reused >= 20);
    assert!(world.log[before..].iter().all(|datagram| datagram.to == server_address()), "a used token was answered");
    world.connect(address(1), token(1, 2));
}

#[test]
fn requests_that_must_be_refused_are_refused_without_an_answer() {
    type Change = fn(&mut ConnectTokenParameters<'_>);
    type Counter = fn(&ServerCounters) -> u64;
    let cases: [(&str, Change, Counter); 7] = [
        ("expired", |token| token.expire_s = EPOCH_MS / 1_000, |counters| counters.token_expired),
        ("far future", |token| token.expire_s += 31, |counters| counters.token_too_long_lived),
        ("end of time", |token| token.expire_s = u64::MAX, |counters| counters.token_too_long_lived),
        ("protocol", |token| token.protocol_id += 1, |counters| counters.wrong_protocol),
        ("key", |token| token.private_key = &[0x5b; 32], |counters| counters.unauthentic),
        ("port", |token| token.server_address.set_port(1), |counters| counters.token_wrong_address),
        ("server", |token| token.server_address = address(3), |counters| counters.token_wrong_address),
    ];
    for (name, change, counter) in cases {
        let mut world = World::new(config());
        let mut bytes = Vec::new();
        packet::put_request(&token_with(1, 1, change), &mut bytes);
        world.deliver(Datagram { from: address(1), to: server_address(), bytes });
        world.collect();
        assert_eq!(counter(world.server.counters()), 1, "{name}");
        assert_eq!(world.server.counters().bad(), 1, "{name}");
        assert!(world.log.is_empty(), "{name} was answered");
    }
}

#[test]
fn a_token_that_expires_on_the_way_connects_nobody() {
    let mut world = World::new(config());
    world.lose = |datagram| kind(datagram) == 3;
    world.add(address(1), token_with(1, 1, |token| token.expire_s = token.create_s + 2));
    world.run(1_990);
    assert_eq!(world.state(address(1)), ClientState::SendingResponse);
    world.lose = |_| false;
    world.run(100);
    assert_eq!(world.state(address(1)), ClientState::Disconnected(ClientDisconnect::TokenExpired));
    let late = world.log.iter().rfind(|datagram| kind(datagram) == 3).unwrap().clone();
    let unknown = world.server.counters().unknown_address;
    world.deliver(late);
    assert_eq!(world.server.connections(), 0);
    assert_eq!(world.server.counters().unknown_address, unknown + 1, "the handshake outlived its token");
}

#[test]
fn a_response_after_its_tokens_end_connects_nobody_even_before_the_next_slot() {
    let mut world = World::new(config());
    world.lose = |datagram| kind(datagram) == 3;
    world.add(address(1), token_with(1, 1, |token| token.expire_s = token.create_s + 2));
    world.run(1_990);
    let late = world.log.iter().rfind(|datagram| kind(datagram) == 3).unwrap().clone();
    world.now_ms += 10;
    world.deliver(late);
    assert_eq!((world.server.connections(), world.server.counters().token_expired), (0, 1));
}

#[test]
fn a_request_of_another_size_is_not_worth_a_cipher() {
    let mut world = World::new(config());
    let mut request = Vec::new();
    packet::put_request(&token(1, 1), &mut request);
    for bytes in [request[..request.len() - 1].to_vec(), [request.as_slice(), &[0]].concat()] {
        world.deliver(Datagram { from: address(1), to: server_address(), bytes });
    }
    assert_eq!((world.server.counters().malformed, world.server.counters().unauthentic), (2, 0));
}

#[test]
fn a_full_server_denies_and_has_room_again_when_somebody_leaves() {
    let mut world = World::new(ServerConfig { connections_max: 2, ..config() });
    let first = world.connect(address(1), token(1, 1));
    world.connect(address(2), token(2, 1));
    world.add(address(3), token(3, 1));
    world.run(50);
    assert_eq!(world.state(address(3)), ClientState::Disconnected(ClientDisconnect::Denied));
    assert!(world.server.counters().denied >= 1);
    // A returning player needs no free place.
    world.connect(address(4), token(2, 2));
    world.server.disconnect(first);
    world.connect(address(5), token(3, 2));
    assert_eq!(world.server.connections(), 2);
}

#[test]
fn two_clients_race_for_the_last_place_and_one_is_denied() {
    let mut world = World::new(ServerConfig { connections_max: 1, ..config() });
    world.add(address(1), token(1, 1));
    world.add(address(2), token(2, 1));
    world.run(100);
    let states = [world.state(address(1)), world.state(address(2))];
    assert!(states.contains(&ClientState::Connected));
    assert!(states.contains(&ClientState::Disconnected(ClientDisconnect::Denied)));
}

#[test]
fn a_full_ledger_refuses_new_tokens_until_old_ones_expire() {
    let mut world = World::new(ServerConfig { tokens_max: 1, ..config() });
    world.connect(address(1), token(1, 1));
    world.add(address(2), token(2, 1));
    world.run(200);
    assert_eq!(world.state(address(2)), ClientState::SendingRequest);
    assert!(world.server.counters().tokens_full >= 2);
    world.run(30_000);
    let late = token_with(2, 2, |token| {
        token.create_s += 30;
        token.expire_s += 30;
    });
    world.connect(address(2), late);
}

#[test]
fn a_token_may_live_as_long_as_the_server_allows_and_no_longer() {
    let mut world = World::new(config());
    let longest = token_with(1, 1, |token| token.expire_s = token.create_s + config().token_lifetime_s_max);
    world.connect(address(1), longest);
    assert_eq!(world.server.counters().bad(), 0);
}

#[test]
fn a_response_beyond_the_budget_waits_for_the_next_slot() {
    let mut world = World::new(ServerConfig { unauthenticated_per_slot_max: 1, ..config() });
    world.lose = |datagram| kind(datagram) == 3;
    world.add(address(1), token(1, 1));
    world.run(20);
    let response = world.log.iter().rfind(|datagram| kind(datagram) == 3).unwrap().clone();
    let mut bytes = Vec::new();
    packet::put_request(&token(2, 2), &mut bytes);
    world.deliver(Datagram { from: address(2), to: server_address(), bytes });
    world.deliver(response.clone());
    assert_eq!((world.server.connections(), world.server.counters().over_budget), (0, 1));
    world.step();
    world.deliver(response);
    assert_eq!(world.server.connections(), 1);
}

#[test]
fn who_is_not_the_server_is_not_heard() {
    let mut world = World::new(config());
    world.lose = |datagram| kind(datagram) == 2;
    world.add(address(1), token(1, 1));
    world.run(20);
    let challenge = world.log.iter().rfind(|datagram| kind(datagram) == 2).unwrap().clone();
    world.deliver(Datagram { from: address(2), ..challenge.clone() });
    assert_eq!((world.state(address(1)), bad_packets(&world)), (ClientState::SendingRequest, 1));
    world.deliver(challenge);
    assert_eq!((world.state(address(1)), bad_packets(&world)), (ClientState::SendingResponse, 1));
}

fn bad_packets(world: &World) -> u64 {
    world.clients[&address(1)].bad_packets()
}

#[test]
fn a_request_is_repeated_at_its_interval() {
    let mut client = Client::new(token(1, 1), EPOCH_MS);
    let mut sent = |at_ms| {
        client.handle_timeout(EPOCH_MS + at_ms);
        std::iter::from_fn(|| client.poll_transmit()).count()
    };
    assert_eq!([0, RESEND_INTERVAL_MS - 1, RESEND_INTERVAL_MS, RESEND_INTERVAL_MS + 1].map(&mut sent), [1, 0, 1, 0]);
}

#[test]
fn a_token_does_not_expire_before_it_was_made() {
    let token = |expire_s| token_with(1, 1, |token| token.expire_s = expire_s);
    let made_s = EPOCH_MS / 1_000;
    for expire_s in [made_s, made_s + 1] {
        let parsed = ConnectToken::parse(&token(expire_s).to_bytes()).unwrap();
        assert_eq!(parsed.expire_s(), expire_s);
    }
    assert!(ConnectToken::parse(&token(made_s - 1).to_bytes()).is_err());
}

#[test]
fn connections_and_payloads_are_counted() {
    let mut world = World::new(config());
    for number in [1, 2] {
        let connection = world.connect(address(number), token(number.into(), 1));
        for _ in 0..3 {
            world.server.send(connection, b"down").unwrap();
        }
    }
    let counters = world.server.counters();
    assert_eq!((counters.connected, counters.payloads_sent), (2, 6));
}

#[test]
fn a_packet_of_another_size_than_its_kinds_has_no_header() {
    let has_header = |kind: u8, data_bytes: usize| {
        let bytes = [vec![1 << 4 | kind, 0], vec![0; data_bytes + MAC_BYTES]].concat();
        packet::Header::parse(&bytes).is_some()
    };
    for (kind, sizes) in [(1, [0, 0]), (2, [308, 308]), (3, [308, 308]), (4, [8, 8]), (5, [1, 1_200]), (6, [0, 0])] {
        let [least, most] = sizes;
        assert!(has_header(kind, least) && has_header(kind, most), "{kind}");
        assert!(!has_header(kind, most + 1) && (least == 0 || !has_header(kind, least - 1)), "{kind}");
    }
}
