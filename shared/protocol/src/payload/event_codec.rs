//! The bits of reliable events: a five-bit tag, then the fields in the order of their declaration. Tags are never reused.

use super::bits::{BitReader, BitWriter};
use super::{DecodeError, GameEvent, Inventory, ItemUnits, NAME_BYTES_MAX};
use guildhall_domain::CharacterId;
use guildhall_domain::limits::INVENTORY_SLOTS_MAX;

const TAG_BITS: u32 = 5;
const NAME_LENGTH_BITS: u32 = 6;
const SLOTS_BITS: u32 = 5;

const _: () = assert!(INVENTORY_SLOTS_MAX < 1 << SLOTS_BITS);

/// Appends an event.
pub(super) fn put_event(out: &mut BitWriter, event: &GameEvent) {
    use GameEvent as E;
    out.put(tag(event), TAG_BITS);
    match event {
        E::Welcome { seat, my_entity } => {
            out.put_varint(*seat);
            out.put(*my_entity, 16);
        }
        E::PlayerJoined { seat, character_id, name } => {
            out.put_varint(*seat);
            for byte in character_id.to_bytes() {
                out.put(byte, 8);
            }
            put_name(out, name);
        }
        E::PlayerLeft { seat } | E::PlayerDied { seat } | E::PlayerRespawned { seat } => {
            out.put_varint(*seat);
        }
        E::EnemyDied { entity, by_seat } => {
            out.put(*entity, 16);
            out.put_varint(*by_seat);
        }
        E::BossPhase { entity, phase } => put(out, &[(u64::from(*entity), 16), (u64::from(*phase), 8)]),
        E::LootDropped { entity, item, quantity } => {
            put(out, &[(u64::from(*entity), 16), (u64::from(*item), 8), (u64::from(*quantity), 16)]);
        }
        E::LootTaken { entity, by_seat, item, quantity } => {
            out.put(*entity, 16);
            out.put_varint(*by_seat);
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
        E::AbilityUsed { entity, ability } => put(out, &[(u64::from(*entity), 16), (u64::from(*ability), 8)]),
        E::SkillUp { skill, level } => put(out, &[(u64::from(*skill), 8), (u64::from(*level), 16)]),
        E::Inventory(inventory) => put_inventory(out, inventory),
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
        E::AbilityUsed { .. } => 19,
        E::SkillUp { .. } => 20,
        E::Inventory(_) => 21,
    }
}

/// Reads an event.
pub(super) fn take_event(reader: &mut BitReader<'_>) -> Result<GameEvent, DecodeError> {
    use GameEvent as E;
    Ok(match reader.take(TAG_BITS)? {
        0 => E::Welcome { seat: reader.take_varint_u16()?, my_entity: reader.take_u16()? },
        1 => E::PlayerJoined {
            seat: reader.take_varint_u16()?,
            character_id: take_id(reader)?,
            name: take_name(reader)?,
        },
        2 => E::PlayerLeft { seat: reader.take_varint_u16()? },
        3 => E::PlayerDied { seat: reader.take_varint_u16()? },
        4 => E::PlayerRespawned { seat: reader.take_varint_u16()? },
        5 => E::EnemyDied { entity: reader.take_u16()?, by_seat: reader.take_varint_u16()? },
        6 => E::LootDropped { entity: reader.take_u16()?, item: reader.take_u8()?, quantity: reader.take_u16()? },
        7 => E::LootTaken {
            entity: reader.take_u16()?,
            by_seat: reader.take_varint_u16()?,
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
        19 => E::AbilityUsed { entity: reader.take_u16()?, ability: reader.take_u8()? },
        20 => E::SkillUp { skill: reader.take_u8()?, level: reader.take_u16()? },
        21 => E::Inventory(Box::new(take_inventory(reader)?)),
        _ => return Err(DecodeError::OutOfRange("event tag")),
    })
}

fn put(out: &mut BitWriter, fields: &[(u64, u32)]) {
    for (value, width) in fields {
        out.put(*value, *width);
    }
}

/// Slots beyond the last one that there can be are left out.
fn put_inventory(out: &mut BitWriter, inventory: &Inventory) {
    let stacks = inventory.stacks.get(..INVENTORY_SLOTS_MAX).unwrap_or(&inventory.stacks);
    out.put(stacks.len() as u64, SLOTS_BITS);
    stacks.iter().for_each(|units| put_units(out, units));
    for worn in &inventory.worn {
        out.put_bit(worn.is_some());
        worn.iter().for_each(|units| put_units(out, units));
    }
    out.put_varint(inventory.seq);
}

fn put_units(out: &mut BitWriter, units: &ItemUnits) {
    out.put_bit(units.item.is_some());
    units.item.iter().for_each(|item| out.put(*item, 8));
    out.put_varint(units.quantity);
    out.put_varint(units.wear);
}

fn take_inventory(reader: &mut BitReader<'_>) -> Result<Inventory, DecodeError> {
    let count = reader.take(SLOTS_BITS)? as usize;
    if count > INVENTORY_SLOTS_MAX {
        return Err(DecodeError::OutOfRange("number of slots"));
    }
    let stacks: Result<Vec<_>, _> = (0..count).map(|_| take_units(reader)).collect();
    let mut inventory = Inventory { stacks: stacks?, ..Inventory::default() };
    for worn in &mut inventory.worn {
        *worn = if reader.take_bit()? { Some(take_units(reader)?) } else { None };
    }
    inventory.seq = reader.take_varint()?;
    Ok(inventory)
}

fn take_units(reader: &mut BitReader<'_>) -> Result<ItemUnits, DecodeError> {
    let item = if reader.take_bit()? { Some(reader.take_u8()?) } else { None };
    let small = |value: u32| u16::try_from(value).map_err(|_| DecodeError::OutOfRange("units"));
    let (quantity, wear) = (small(reader.take_varint_u32()?)?, small(reader.take_varint_u32()?)?);
    Ok(ItemUnits { item, quantity, wear })
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
