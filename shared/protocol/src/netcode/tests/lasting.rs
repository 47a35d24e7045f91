//! How connections last and end.

use super::world::*;
use crate::netcode::crypto::nonces;
use crate::netcode::*;

fn disconnected(world: &World) -> Vec<DisconnectReason> {
    let reason = |event: &ServerEvent| match event {
        ServerEvent::Disconnected { reason, .. } => Some(*reason),
        ServerEvent::Connected { .. } => None,
    };
    world.events.iter().filter_map(reason).collect()
}

#[test]
fn an_idle_connection_stays_alive_on_keep_alives() {
    let mut world = World::new(config());
    world.connect(address(1), token(1, 1));
    let before = world.log.len();
    world.run(60_000);
    assert_eq!(world.state(address(1)), ClientState::Connected);
    assert_eq!(world.server.connections(), 1);
    let sent = world.log.len() - before;
    assert!((1_000..=1_300).contains(&sent), "{sent} keep-alives in a minute of both ends");
}

#[test]
fn silence_ends_both_ends_at_the_time_that_the_token_says() {
    let mut world = World::new(config());
    world.connect(address(1), token(1, 1));
    world.lose = |_| true;
    world.run(4_900);
    assert_eq!((world.state(address(1)), world.server.connections()), (ClientState::Connected, 1));
    world.run(300);
    assert_eq!(world.state(address(1)), ClientState::Disconnected(ClientDisconnect::TimedOut));
    assert_eq!(disconnected(&world), [DisconnectReason::TimedOut]);
    assert_eq!(world.server.counters().timed_out, 1);
}

/// The server looks every so often, also at the very moment from which on it is to look again.
#[test]
fn silence_is_noticed_at_the_first_look_at_which_it_is_long_enough() {
    let mut world = World::new(config());
    world.connect(address(1), token(1, 1));
    world.lose = |_| true;
    world.run(4_795);
    let look_ms = world.now_ms + SWEEP_INTERVAL_MS + 1;
    world.server.handle_timeout(look_ms);
    assert_eq!(world.server.connections(), 1);
    world.server.handle_timeout(look_ms + SWEEP_INTERVAL_MS);
    assert_eq!(world.server.connections(), 0);
}

#[test]
fn a_server_that_never_answers_is_given_up() {
    let mut world = World::new(config());
    world.add(address(1), token(1, 1));
    world.lose = |_| true;
    world.run(5_100);
    assert_eq!(world.state(address(1)), ClientState::Disconnected(ClientDisconnect::RequestTimedOut));
    world.lose = |datagram| kind(datagram) == 3;
    world.add(address(2), token(2, 1));
    world.run(5_200);
    assert_eq!(world.state(address(2)), ClientState::Disconnected(ClientDisconnect::ResponseTimedOut));
}

#[test]
fn a_token_without_a_time_out_gets_the_longest() {
    for timeout_s in [0, u32::MAX] {
        let mut world = World::new(config());
        world.connect(address(1), token_with(1, 1, |token| token.timeout_s = timeout_s));
        world.lose = |_| true;
        world.run(u64::from(TIMEOUT_S_MAX) * 1_000 - 1_000);
        assert_eq!(world.server.connections(), 1);
        world.run(1_100);
        assert_eq!(world.server.connections(), 0);
    }
}

#[test]
fn either_end_can_say_goodbye_through_heavy_loss() {
    let mut world = World::new(config());
    world.connect(address(1), token(1, 1));
    let second = world.connect(address(2), token(2, 1));
    world.weather.loss = 60;
    world.clients.get_mut(&address(1)).unwrap().disconnect();
    world.server.disconnect(second);
    world.collect();
    world.run(50);
    assert_eq!(world.state(address(1)), ClientState::Disconnected(ClientDisconnect::ByClient));
    assert_eq!(world.state(address(2)), ClientState::Disconnected(ClientDisconnect::ByServer));
    assert_eq!(disconnected(&world), [DisconnectReason::ByClient], "an end that the server asked for is not reported");
    assert_eq!(world.server.counters().disconnected, 2);
    assert_eq!(world.server.send(second, b"x"), Err(SendError::NotConnected));
    world.server.disconnect(second);
    assert_eq!(world.server.counters().disconnected, 2);
}

#[test]
fn an_id_is_void_after_its_connection_even_when_the_place_is_taken_again() {
    let mut world = World::new(config());
    let old = world.connect(address(1), token(1, 1));
    world.server.disconnect(old);
    let new = world.connect(address(2), token(2, 1));
    assert_eq!(old.index(), new.index());
    assert_eq!(world.server.send(old, b"x"), Err(SendError::NotConnected));
    assert_eq!(world.server.address(old), None);
    world.server.disconnect(old);
    assert_eq!(world.server.connections(), 1);
}

#[test]
fn a_returning_client_replaces_its_old_connection() {
    let mut world = World::new(config());
    let old = world.connect(address(1), token(1, 1));
    let new = world.connect(address(2), token(1, 2));
    assert_eq!(world.server.connections(), 1);
    let replaced = ServerEvent::Disconnected { connection: old, reason: DisconnectReason::Replaced };
    assert_eq!(world.events[1], replaced, "the end is reported before the new beginning");
    world.run(50);
    assert_eq!(world.state(address(1)), ClientState::Disconnected(ClientDisconnect::ByServer));

    // The same machine, port and all, after a crash.
    world.connect(address(2), token(1, 3));
    assert_eq!(world.server.connections(), 1);
    assert_eq!(world.server.send(new, b"x"), Err(SendError::NotConnected));
    assert_eq!(disconnected(&world), [DisconnectReason::Replaced; 2]);
}

#[test]
fn a_client_tries_the_next_server_of_its_token() {
    let mut world = World::new(config());
    let mut token = token(1, 1);
    token.server_addresses.insert(0, "10.9.9.9:1".parse().unwrap());
    let token = ConnectToken::parse(&token.to_bytes()).unwrap();
    world.add(address(1), token);
    world.run(5_200);
    assert_eq!(world.state(address(1)), ClientState::Connected);
}

#[test]
fn no_key_and_nonce_meet_twice_in_a_whole_life() {
    nonces::start();
    let mut world = World::new(ServerConfig { connections_max: 3, ..config() });
    world.weather = Weather { loss: 30, duplication: 30, jitter_ms: 100 };
    for round in 0..4 {
        for number in 1..=5 {
            world.add(address(number), token(u64::from(number), round + 1));
        }
        for _ in 0..50 {
            let ids = world.events.iter().filter_map(|event| match event {
                ServerEvent::Connected { connection, .. } => Some(*connection),
                ServerEvent::Disconnected { .. } => None,
            });
            for connection in ids.collect::<Vec<_>>() {
                let _ = world.server.send(connection, b"down");
            }
            for client in world.clients.values_mut() {
                let _ = client.send(b"up");
            }
            world.run(50);
        }
        for client in world.clients.values_mut() {
            client.disconnect();
        }
        world.run(200);
    }
    assert!(world.server.counters().denied > 0 && world.server.counters().challenged > 20);
    let sealed = nonces::finish();
    assert!(sealed > 1_000, "only {sealed} packets were sealed");
}

/// A client connects, the server is started anew with this key, and the client shows its token again, which lives on.
fn start_anew(private_key: Key) {
    nonces::start();
    let mut world = World::new(config());
    let connection = world.connect(address(1), token(1, 1));
    let _ = world.server.send(connection, b"down");
    world.run(200);
    world.clients.clear();
    world.server = Server::new(ServerConfig { private_key, ..config() }, [0xd5; 32], world.now_ms);
    world.add(address(1), token(1, 1));
    world.run(500);
    assert_eq!(world.server.counters().challenged, 0);
    assert!(nonces::finish() > 4);
}

#[test]
fn no_key_and_nonce_meet_twice_across_a_restart_because_the_private_key_is_new() {
    start_anew([0x1e; 32]);
}

#[test]
#[should_panic(expected = "was used twice under one key")]
fn with_the_private_key_of_before_they_would() {
    start_anew(PRIVATE_KEY);
}
