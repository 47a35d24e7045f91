//! Messages and snapshots as the two ends use them: what goes in comes out, what does not fit catches up, what is lost or
//! repeated on the way does no harm, and what is not a message is refused.

use guildhall_domain::CharacterId;
use guildhall_protocol::payload::*;
use proptest::prelude::*;

fn kind() -> impl Strategy<Value = EntityKind> {
    prop_oneof![
        any::<u16>().prop_map(|seat| EntityKind::Player { seat }),
        any::<u8>().prop_map(|kind| EntityKind::Enemy { kind }),
        any::<u8>().prop_map(|item| EntityKind::Loot { item }),
        Just(EntityKind::Door),
    ]
}

fn entity(ids: std::ops::RangeInclusive<u16>) -> impl Strategy<Value = EntityState> {
    let numbers = (any::<[u16; 4]>(), any::<[u8; 2]>(), any::<u32>());
    (ids, kind(), numbers).prop_map(|(id, kind, ([x, y, hp, hp_max], [facing, flags], statuses))| EntityState {
        id,
        kind,
        x,
        y,
        hp,
        hp_max,
        facing,
        flags,
        statuses,
    })
}

fn entities(ids: std::ops::RangeInclusive<u16>, count: usize) -> impl Strategy<Value = Vec<EntityState>> {
    prop::collection::vec(entity(ids), 0..count)
}

fn event() -> impl Strategy<Value = GameEvent> {
    use GameEvent as E;
    let small = (any::<u8>(), any::<u8>(), any::<u16>(), any::<u16>());
    let large = (any::<u32>(), any::<u64>(), any::<u128>(), "[a-zé東]{0,10}");
    (0..22, small, large).prop_map(|(variant, (a, b, entity, quantity), (amount, seq, id, name))| match variant {
        0 => E::Welcome { seat: a.into(), my_entity: entity },
        1 => E::PlayerJoined { seat: a.into(), character_id: CharacterId::from_bits(id), name },
        2 => E::PlayerLeft { seat: a.into() },
        3 => E::PlayerDied { seat: a.into() },
        4 => E::PlayerRespawned { seat: a.into() },
        5 => E::EnemyDied { entity, by_seat: a.into() },
        6 => E::LootDropped { entity, item: a, quantity },
        7 => E::LootTaken { entity, by_seat: a.into(), item: b, quantity },
        8 => E::PickUpRefused { entity },
        9 => E::DoorOpened { entity },
        10 => E::ChamberCleared { chamber: a },
        11 => E::BossPhase { entity, phase: a },
        12 => E::XpGained { amount, seq },
        13 => E::LevelUp { level: quantity },
        14 => E::GoldGained { amount, seq },
        15 => E::ItemGained { item: a, quantity, seq },
        16 => E::DungeonCleared,
        17 => E::SessionEnding { reason: a },
        18 => E::Refused { reason: a },
        19 => E::AbilityUsed { entity, ability: a },
        20 => E::SkillUp { skill: a, level: quantity },
        _ => {
            let units = ItemUnits { item: (b > 9).then_some(b), quantity, wear: entity };
            let worn = [None, Some(units), Some(ItemUnits { wear: 0, ..units })];
            E::Inventory(Box::new(Inventory { stacks: vec![units; usize::from(a % 29)], worn, seq }))
        }
    })
}

fn header() -> impl Strategy<Value = ServerHeader> {
    (any::<u32>(), any::<u64>(), any::<u64>()).prop_map(|(input_ack, progress_seq, durable_seq)| ServerHeader {
        input_ack,
        progress_seq,
        durable_seq,
    })
}

proptest! {
    #[test]
    fn a_server_message_survives_and_no_part_of_it_passes_for_one(
        header in header(), tick in 100u32.., age in 1u32..32, first_seq: u32,
        old in entities(0..=20, 15), new in entities(0..=20, 15), full: bool,
        events in prop::collection::vec(event(), 0..8),
    ) {
        let baseline = Snapshot::new(tick - age, old);
        let current = Snapshot::new(tick, new);
        let given = (!full).then_some(&baseline);
        let encoded = encode_server(&header, &current, given, first_seq, &events);
        prop_assert_eq!(encoded.events_sent, events.len());
        prop_assert_eq!(&encoded.held, &current);

        let find = |tick| (tick == baseline.tick).then_some(&baseline);
        let ServerHeader { input_ack, progress_seq, durable_seq } = header;
        let expected = ServerMessage {
            tick, input_ack, progress_seq, durable_seq, baseline: given.map_or(0, |held| held.tick),
            snapshot: current, first_event_seq: first_seq, events,
        };
        prop_assert_eq!(decode_server(&encoded.bytes, find), Ok(expected));
        for length in 0..encoded.bytes.len() {
            prop_assert!(decode_server(&encoded.bytes[..length], find).is_err(), "{} bytes passed", length);
        }
        let longer = [encoded.bytes.as_slice(), &[0]].concat();
        prop_assert_eq!(decode_server(&longer, find), Err(DecodeError::Trailing));
    }

    #[test]
    fn a_message_that_overflows_still_tells_exactly_what_it_tells(
        old in entities(0..=2_000, 400), new in entities(0..=2_000, 400),
        events in prop::collection::vec(event(), 0..80), tick in 100u32..,
    ) {
        let baseline = Snapshot::new(tick - 1, old);
        let current = Snapshot::new(tick, new);
        let encoded = encode_server(&ServerHeader::default(), &current, Some(&baseline), 5, &events);
        prop_assert!(encoded.bytes.len() <= PAYLOAD_BYTES_MAX);
        let decoded = decode_server(&encoded.bytes, |_| Some(&baseline)).unwrap();
        prop_assert_eq!(&decoded.snapshot, &encoded.held);
        prop_assert_eq!(&decoded.events[..], &events[..encoded.events_sent]);
        prop_assert!(encoded.events_sent > 0 || events.is_empty(), "a crowd starved the events");
        prop_assert!(encoded.held == current || encoded.bytes.len() + EVENT_BYTES_RESERVED + 40 > PAYLOAD_BYTES_MAX);
    }

    #[test]
    fn garbage_is_an_error_or_a_well_formed_snapshot(
        bytes in prop::collection::vec(any::<u8>(), 0..300), old in entities(0..=40, 40), tick: u32,
    ) {
        let baseline = Snapshot::new(tick, old);
        if let Ok(message) = decode_server(&bytes, |_| Some(&baseline)) {
            prop_assert!(message.snapshot.entities.is_sorted_by(|a, b| a.id < b.id));
        }
    }

    #[test]
    fn a_damaged_message_is_an_error_or_a_well_formed_snapshot(
        old in entities(0..=40, 40), new in entities(0..=40, 40), flips in prop::collection::vec(any::<prop::sample::Index>(), 1..4),
    ) {
        let baseline = Snapshot::new(1, old);
        let mut bytes = encode_server(&ServerHeader::default(), &Snapshot::new(2, new), Some(&baseline), 0, &[]).bytes;
        for flip in flips {
            let bit = flip.index(bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
        if let Ok(message) = decode_server(&bytes, |_| Some(&baseline)) {
            prop_assert!(message.snapshot.entities.is_sorted_by(|a, b| a.id < b.id));
        }
    }
}

/// Four players and thirty enemies, all walking at five metres per second.
fn crowd(tick: u32) -> Snapshot {
    let entity = |id: u16| {
        let kind = if id < 4 { EntityKind::Player { seat: id } } else { EntityKind::Enemy { kind: 1 } };
        let way = (tick * 18) as u16;
        EntityState {
            id,
            kind,
            x: 1_000 + way,
            y: 40_000 - way,
            hp: 90,
            hp_max: 100,
            facing: (tick * 5) as u8,
            flags: 1,
            statuses: 0,
        }
    };
    Snapshot::new(tick, (0..34).map(entity).collect())
}

#[test]
fn messages_are_small() {
    let header = ServerHeader { input_ack: 70_000, progress_seq: 500, durable_seq: 480 };
    let size = |current: &Snapshot, baseline: Option<&Snapshot>| {
        encode_server(&header, current, baseline, 200, &[]).bytes.len()
    };
    let baseline = crowd(50);
    let still = Snapshot { tick: 52, ..baseline.clone() };
    assert_eq!(size(&still, Some(&baseline)), 14, "what stands still costs nothing");
    // 27 bits for each entity that walks and turns: in the list, near, how far, and whither.
    let one_tick = size(&crowd(51), Some(&baseline));
    assert!(one_tick <= 129, "{one_tick} bytes for 34 walking entities, one tick after the baseline");
    let three_ticks = size(&crowd(53), Some(&baseline));
    assert!(three_ticks <= 146, "{three_ticks} bytes, three ticks after the baseline");
    let full = size(&baseline, None);
    assert!(full <= 415, "{full} bytes for a full snapshot");
}

#[test]
fn a_baseline_older_than_the_ring_is_not_used() {
    let (old, current) = (crowd(10), crowd(42));
    let full = encode_server(&ServerHeader::default(), &current, Some(&old), 0, &[]);
    assert_eq!(decode_server(&full.bytes, |_| None).unwrap().baseline, 0);
    let delta = encode_server(&ServerHeader::default(), &crowd(41), Some(&old), 0, &[]);
    assert_eq!(decode_server(&delta.bytes, |_| None), Err(DecodeError::UnknownBaseline(10)));
}

#[test]
fn a_long_name_is_cut_at_a_character() {
    let joined =
        |name: &str| GameEvent::PlayerJoined { seat: 0, character_id: CharacterId::from_bits(1), name: name.into() };
    let current = Snapshot::new(1, vec![]);
    let encoded = encode_server(&ServerHeader::default(), &current, None, 0, &[joined(&"東".repeat(16))]);
    assert_eq!(decode_server(&encoded.bytes, |_| None).unwrap().events, [joined(&"東".repeat(10))]);
}
