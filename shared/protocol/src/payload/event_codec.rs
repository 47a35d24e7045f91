//! The bits of reliable events: a five-bit tag, then the fields in the order of their declaration. Tags are never reused.

use super::bits::{BitReader, BitWriter};
use super::{DecodeError, GameEvent, NAME_BYTES_MAX};
use guildhall_domain::CharacterId;

const TAG_BITS: u32 = 5;
const NAME_LENGTH_BITS: u32 = 6;

/// Appends an event.
pub(super) fn put_event(out: &mut BitWriter, event: &GameEvent) {
    use GameEvent as E;
    out.put(tag(event), TAG_BITS);
    match event {
        E::Welcome { seat, my_entity } => put(out, &[(u64::from(*seat), 8), (u64::from(*my_entity), 16)]),
        E::PlayerJoined { seat, character_id, name } => {
            out.put(*seat, 8);
            for byte in character_id.to_bytes() {
                out.put(byte, 8);
            }
            put_name(out, name);
        }
        E::PlayerLeft { seat } | E::PlayerDied { seat } | E::PlayerRespawned { seat } => out.put(*seat, 8),
        E::EnemyDied { entity, by_seat: small } | E::BossPhase { entity, phase: small } => {
            put(out, &[(u64::from(*entity), 16), (u64::from(*small), 8)]);
        }
        E::LootDropped { entity, item, quantity } => {
            put(out, &[(u64::from(*entity), 16), (u64::from(*item), 8), (u64::from(*quantity), 16)]);
        }
        E::LootTaken { entity, by_seat, item, quantity } => {
            put(out, &[(u64::from(*entity), 16), (u64::from(*by_seat), 8)]);
            put(out, &[(u64::from(*item), 8), (u64::from(*quantity), 16)]);
        }
        E::PickUpRefused { entity } | E::DoorOpened { entity } => out.put(*entity, 16),
        E::ChamberCleared { chamber } => out.put(*chamber, 8),
        E::XpGained { amount, seq } | E::GoldGained { amount, seq } => {
            out.put_varint(*amount);
            out.put_varint(*seq);
        }
        E::LevelUp { level } => out.put(*level, 16),
        E::ItemGained { item, quantity, seq } => {
            put(out, &[(u64::from(*item), 8), (u64::from(*quantity), 16)]);
            out.put_varint(*seq);
        }
        E::DungeonCleared => {}
        E::SessionEnding { reason } | E::Refused { reason } => out.put(*reason, 8),
    }
}

fn tag(event: &GameEvent) -> u8 {
    use GameEvent as E;
    match event {
        E::Welcome { .. } => 0,
        E::PlayerJoined { .. } => 1,
        E::PlayerLeft { .. } => 2,
        E::PlayerDied { .. } => 3,
        E::PlayerRespawned { .. } => 4,
        E::EnemyDied { .. } => 5,
        E::LootDropped { .. } => 6,
        E::LootTaken { .. } => 7,
        E::PickUpRefused { .. } => 8,
        E::DoorOpened { .. } => 9,
        E::ChamberCleared { .. } => 10,
        E::BossPhase { .. } => 11,
        E::XpGained { .. } => 12,
        E::LevelUp { .. } => 13,
        E::GoldGained { .. } => 14,
        E::ItemGained { .. } => 15,
        E::DungeonCleared => 16,
        E::SessionEnding { .. } => 17,
        E::Refused { .. } => 18,
    }
}

/// Reads an event.
pub(super) fn take_event(reader: &mut BitReader<'_>) -> Result<GameEvent, DecodeError> {
    use GameEvent as E;
    Ok(match reader.take(TAG_BITS)? {
        0 => E::Welcome { seat: reader.take_u8()?, my_entity: reader.take_u16()? },
        1 => E::PlayerJoined { seat: reader.take_u8()?, character_id: take_id(reader)?, name: take_name(reader)? },
        2 => E::PlayerLeft { seat: reader.take_u8()? },
        3 => E::PlayerDied { seat: reader.take_u8()? },
        4 => E::PlayerRespawned { seat: reader.take_u8()? },
        5 => E::EnemyDied { entity: reader.take_u16()?, by_seat: reader.take_u8()? },
        6 => E::LootDropped { entity: reader.take_u16()?, item: reader.take_u8()?, quantity: reader.take_u16()? },
        7 => E::LootTaken {
            entity: reader.take_u16()?,
            by_seat: reader.take_u8()?,
            item: reader.take_u8()?,
            quantity: reader.take_u16()?,
        },
        8 => E::PickUpRefused { entity: reader.take_u16()? },
        9 => E::DoorOpened { entity: reader.take_u16()? },
        10 => E::ChamberCleared { chamber: reader.take_u8()? },
        11 => E::BossPhase { entity: reader.take_u16()?, phase: reader.take_u8()? },
        12 => E::XpGained { amount: reader.take_varint_u32()?, seq: reader.take_varint()? },
        13 => E::LevelUp { level: reader.take_u16()? },
        14 => E::GoldGained { amount: reader.take_varint_u32()?, seq: reader.take_varint()? },
        15 => E::ItemGained { item: reader.take_u8()?, quantity: reader.take_u16()?, seq: reader.take_varint()? },
        16 => E::DungeonCleared,
        17 => E::SessionEnding { reason: reader.take_u8()? },
        18 => E::Refused { reason: reader.take_u8()? },
        _ => return Err(DecodeError::OutOfRange("event tag")),
    })
}

fn put(out: &mut BitWriter, fields: &[(u64, u32)]) {
    for (value, width) in fields {
        out.put(*value, *width);
    }
}

fn put_name(out: &mut BitWriter, name: &str) {
    let name = name.get(..name.floor_char_boundary(NAME_BYTES_MAX)).unwrap_or_default();
    out.put(name.len() as u64, NAME_LENGTH_BITS);
    for byte in name.bytes() {
        out.put(byte, 8);
    }
}

fn take_name(reader: &mut BitReader<'_>) -> Result<String, DecodeError> {
    let length = reader.take(NAME_LENGTH_BITS)? as usize;
    if length > NAME_BYTES_MAX {
        return Err(DecodeError::OutOfRange("length of a name"));
    }
    let bytes: Result<Vec<u8>, _> = (0..length).map(|_| reader.take_u8()).collect();
    String::from_utf8(bytes?).map_err(|_| DecodeError::OutOfRange("name"))
}

fn take_id(reader: &mut BitReader<'_>) -> Result<CharacterId, DecodeError> {
    let mut bytes = [0; 16];
    for byte in &mut bytes {
        *byte = reader.take_u8()?;
    }
    Ok(CharacterId::from_bytes(bytes))
}
