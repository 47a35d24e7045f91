//! A server and a client that exchange messages over a network which loses, repeats and reorders them: the client's world
//! becomes the server's, and every event arrives exactly once and in order.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test, in functions of tests too")]

use guildhall_protocol::payload::*;
use proptest::prelude::*;

/// A small generator, seeded by the test case.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    fn chance(&mut self, per_cent: u64) -> bool {
        self.below(100) < per_cent
    }
}

struct Server {
    tick: u32,
    world: Vec<EntityState>,
    held: SnapshotRing,
    acknowledged: u32,
    outbox: EventOutbox,
    events_made: u32,
}

#[derive(Default)]
struct Client {
    held: SnapshotRing,
    applied: u32,
    inbox: EventInbox,
    events: Vec<GameEvent>,
}

impl Server {
    fn change_world(&mut self, random: &mut Random, population: u64) {
        for _ in 0..random.below(population) {
            let id = random.below(population) as u16;
            let (x, y) = (random.below(65_536) as u16, random.below(65_536) as u16);
            match (self.world.iter().position(|entity| entity.id == id), random.below(10)) {
                (Some(index), 0) => drop(self.world.remove(index)),
                (Some(index), 1) => (self.world[index].x, self.world[index].y) = (x, y),
                (Some(index), step) => self.world[index].x = self.world[index].x.wrapping_add(step as u16),
                (None, _) => {
                    let kind = EntityKind::Enemy { kind: (id % 7) as u8 };
                    self.world.push(EntityState {
                        id,
                        kind,
                        x,
                        y,
                        hp: x,
                        hp_max: y,
                        facing: 0,
                        flags: flags::ALIVE,
                        statuses: 0,
                    });
                }
            }
        }
    }

    fn message(&mut self) -> Vec<u8> {
        self.tick += 1;
        let current = Snapshot::new(self.tick, self.world.clone());
        let (first_seq, events) = self.outbox.unacknowledged();
        let baseline = self.held.get(self.acknowledged);
        let encoded = encode_server(&ServerHeader::default(), &current, baseline, first_seq, events);
        assert!(encoded.bytes.len() <= PAYLOAD_BYTES_MAX);
        self.held.insert(encoded.held);
        encoded.bytes
    }

    fn receive(&mut self, bytes: &[u8]) {
        let message = ClientMessage::decode(bytes).unwrap();
        self.acknowledged = self.acknowledged.max(message.ack_tick);
        assert!(self.outbox.acknowledge(message.event_ack));
    }
}

impl Client {
    fn receive(&mut self, bytes: &[u8]) {
        let Ok(message) = decode_server(bytes, |tick| self.held.get(tick)) else { return };
        self.events.extend(self.inbox.receive(message.first_event_seq, message.events));
        self.applied = self.applied.max(message.tick);
        self.held.insert(message.snapshot);
    }

    fn message(&self) -> Vec<u8> {
        ClientMessage { ack_tick: self.applied, event_ack: self.inbox.received(), inputs: vec![] }.encode()
    }
}

/// Moves datagrams with loss, duplication and up to ten ticks of delay.
#[derive(Default)]
struct Road(Vec<(u64, Vec<u8>)>);

impl Road {
    fn send(&mut self, now: u64, bytes: Vec<u8>, random: &mut Random, bad_weather: bool) {
        if !bad_weather {
            self.0.push((now, bytes));
            return;
        }
        while random.chance(65) {
            let delay = random.below(10);
            self.0.push((now + delay, bytes.clone()));
        }
    }

    fn arrived(&mut self, now: u64, random: &mut Random) -> Vec<Vec<u8>> {
        let (due, later): (Vec<_>, _) = std::mem::take(&mut self.0).into_iter().partition(|(at, _)| *at <= now);
        self.0 = later;
        let mut due: Vec<_> = due.into_iter().map(|(_, bytes)| bytes).collect();
        if random.chance(50) {
            due.reverse();
        }
        due
    }
}

fn play(seed: u64, population: u64, ticks: u64) {
    let mut random = Random(seed);
    let outbox = EventOutbox::new(usize::MAX);
    let mut server =
        Server { tick: 0, world: vec![], held: SnapshotRing::new(), acknowledged: 0, outbox, events_made: 0 };
    let mut client = Client::default();
    let (mut down, mut up) = (Road::default(), Road::default());
    // After `ticks` of storm and change both cease; what was left out must catch up within a few dozen round trips.
    for now in 0..ticks + 200 {
        let storm = now < ticks;
        if storm {
            server.change_world(&mut random, population);
            for _ in 0..random.below(4) {
                server.outbox.push(GameEvent::XpGained { amount: server.events_made, seq: 1 }).unwrap();
                server.events_made += 1;
            }
        }
        down.send(now, server.message(), &mut random, storm);
        down.arrived(now, &mut random).iter().for_each(|bytes| client.receive(bytes));
        up.send(now, client.message(), &mut random, storm);
        up.arrived(now, &mut random).iter().for_each(|bytes| server.receive(bytes));
    }
    let seen = client.held.newest().unwrap();
    assert_eq!(seen.tick, server.tick);
    assert_eq!(seen.entities, Snapshot::new(0, server.world.clone()).entities);
    assert_eq!(server.held.newest(), client.held.newest());
    let amounts = client.events.iter().map(|event| match event {
        GameEvent::XpGained { amount, .. } => *amount,
        other => panic!("an event that nobody sent: {other:?}"),
    });
    assert!(amounts.eq(0..server.events_made), "events were lost, repeated or reordered");
    assert!(server.outbox.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn a_small_world_converges(seed: u64) {
        play(seed, 40, 150);
    }

    /// Far more than one datagram holds: snapshots are cut all the time.
    #[test]
    fn a_world_too_large_for_a_datagram_converges(seed: u64) {
        play(seed, 600, 80);
    }
}

#[test]
fn under_lasting_overload_no_entity_starves() {
    let entity = |id: u16, x: u16| EntityState {
        id,
        kind: EntityKind::Door,
        x,
        y: 0,
        hp: 0,
        hp_max: 0,
        facing: 0,
        flags: 0,
        statuses: 0,
    };
    let mut held = Snapshot::new(1, (0..900).map(|id| entity(id, 0)).collect());
    let mut last_moved = vec![0; 900];
    for tick in 2..300u32 {
        let current = Snapshot::new(tick, (0..900).map(|id| entity(id, tick as u16 * 200)).collect());
        let next = encode_server(&ServerHeader::default(), &current, Some(&held), 0, &[]).held;
        for (index, (old, new)) in held.entities.iter().zip(&next.entities).enumerate() {
            if old != new {
                last_moved[index] = tick;
            }
        }
        held = next;
    }
    let stale = last_moved.iter().filter(|tick| **tick < 200).count();
    assert_eq!(stale, 0, "{stale} of 900 entities were not heard of for 100 ticks");
}

#[test]
fn an_outbox_is_bounded_and_believes_only_possible_acknowledgements() {
    let mut outbox = EventOutbox::new(2);
    assert_eq!(outbox.push(GameEvent::DungeonCleared), Ok(0));
    assert_eq!(outbox.push(GameEvent::DungeonCleared), Ok(1));
    assert_eq!(outbox.push(GameEvent::DungeonCleared), Err(OutboxFull));
    assert!(!outbox.acknowledge(3), "events acknowledged that were never sent");
    assert!(outbox.acknowledge(1));
    assert_eq!(outbox.push(GameEvent::DungeonCleared), Ok(2));
    assert!(outbox.acknowledge(0), "an old acknowledgement is nothing bad");
    assert_eq!(outbox.unacknowledged(), (1, &[GameEvent::DungeonCleared, GameEvent::DungeonCleared][..]));
    assert_eq!(outbox.len(), 2);
}

#[test]
fn an_inbox_yields_each_event_once_and_waits_at_a_gap() {
    let events = |range: std::ops::Range<u16>| range.map(|level| GameEvent::LevelUp { level }).collect::<Vec<_>>();
    let mut inbox = EventInbox::new();
    assert_eq!(inbox.receive(0, events(0..0)).collect::<Vec<_>>(), []);
    assert_eq!(inbox.receive(1, events(1..3)).collect::<Vec<_>>(), []);
    assert_eq!(inbox.receive(0, events(0..2)).collect::<Vec<_>>(), events(0..2));
    assert_eq!(inbox.receive(0, events(0..2)).collect::<Vec<_>>(), []);
    assert_eq!(inbox.receive(1, events(1..5)).collect::<Vec<_>>(), events(2..5));
    assert_eq!(inbox.received(), 5);
    assert_eq!(inbox.receive(u32::MAX, events(0..1)).collect::<Vec<_>>(), []);
    assert_eq!(inbox.received(), 5);
}

#[test]
fn a_stream_goes_on_over_another_connection_and_says_where_it_has_a_hole() {
    let level = |level| GameEvent::LevelUp { level };
    let mut outbox = EventOutbox::starting_at(7, 4);
    let mut inbox = EventInbox::new();
    outbox.push(level(7)).unwrap();
    let (first, sent) = outbox.unacknowledged();
    assert_eq!(inbox.receive(first, sent.to_vec()).collect::<Vec<_>>(), [level(7)], "a fresh inbox begins anywhere");
    // The acknowledgement is lost with the connection.
    outbox.push(level(8)).unwrap();
    let mut inbox = inbox.carried_on();
    let (first, sent) = outbox.unacknowledged();
    assert_eq!(inbox.receive(first, sent.to_vec()).collect::<Vec<_>>(), [level(8)]);
    assert!(outbox.acknowledge(inbox.received()) && outbox.is_empty());

    for number in 9..13 {
        outbox.push(level(number)).unwrap();
    }
    assert_eq!(outbox.push(level(13)), Err(OutboxFull));
    outbox.begin_anew();
    assert_eq!((outbox.push(level(14)), outbox.next_seq()), (Ok(14), 15));
    let (first, sent) = outbox.unacknowledged();
    let sent = sent.to_vec();
    assert_eq!(inbox.receive(first, sent.clone()).collect::<Vec<_>>(), [], "a gap in the middle of a connection");
    let mut inbox = inbox.carried_on();
    assert_eq!(inbox.receive(first, sent).collect::<Vec<_>>(), [level(14)]);
    assert_eq!(inbox.received(), 15);
}
