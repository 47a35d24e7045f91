//! The difference between two snapshots: entities that are gone, that are new, and that changed. What is unchanged takes no
//! bits at all.
//!
//! Each of the three lists is a sequence of "one more" bits, and names entities by their distance from the one before. When
//! the changes do not fit, the rest is left out and the client keeps its older values; the writer says what the client then
//! holds, and because the server takes that as the next baseline, what was left out is simply still different and goes
//! next. The changes start at another entity every tick, so that under lasting overload none of them starves.

use super::bits::{BitReader, BitWriter};
use super::{DecodeError, EntityKind, EntityState};

/// Widths of the offsets of a moved entity, in bits; the last class holds the position itself.
const OFFSET_WIDTHS: [u32; 3] = [6, 8, 10];
const ABSOLUTE_CLASS: u64 = 3;

/// "No more" for each of the three lists: what an empty difference takes.
const LIST_ENDS_BITS: usize = 3;

/// What differs between two lists of entities, by index: `gone` and the first of `changed` into the baseline, `new` and the
/// second of `changed` into the current one. It keeps its room from one comparison to the next.
#[derive(Debug, Default)]
pub(super) struct Difference {
    gone: Vec<u16>,
    new: Vec<u16>,
    changed: Vec<(u16, u16)>,
}

impl Difference {
    fn compare(&mut self, baseline: &[EntityState], current: &[EntityState]) {
        self.gone.clear();
        self.new.clear();
        self.changed.clear();
        // Most of the time nobody has come or gone, and everything is in its place.
        let mut alike = 0;
        for (from, to) in baseline.iter().zip(current) {
            if from.id != to.id || alike == u16::MAX {
                break;
            }
            if from != to {
                self.changed.push((alike, alike));
            }
            alike += 1;
        }
        let rest = usize::from(alike);
        let mut old = (0..=u16::MAX).zip(baseline).skip(rest).peekable();
        for (place, to) in (0..=u16::MAX).zip(current).skip(rest) {
            while let Some((index, _)) = old.next_if(|(_, from)| from.id < to.id) {
                self.gone.push(index);
            }
            match old.next_if(|(_, from)| from.id == to.id) {
                Some((_, from)) if from == to => {}
                Some((index, _)) => self.changed.push((index, place)),
                None => self.new.push(place),
            }
        }
        self.gone.extend(old.map(|(index, _)| index));
    }
}

/// Appends the way from `baseline` to `current`, both sorted by id, as far as it fits into `bits_max` bits of `out`.
/// Returns what a reader who holds `baseline` will hold afterwards, if that is not all of `current`.
pub(super) fn put_delta(
    out: &mut BitWriter,
    difference: &mut Difference,
    (baseline, current): (&[EntityState], &[EntityState]),
    tick: u32,
    bits_max: usize,
) -> Option<Vec<EntityState>> {
    difference.compare(baseline, current);
    let Difference { gone, new, changed } = difference;
    let mut next = 0;
    let gone_sent = put_list(out, gone, bits_max.saturating_sub(LIST_ENDS_BITS), |out, index| {
        out.put_gap((u32::from(index) - next) as u16);
        next = u32::from(index) + 1;
    });
    let mut next = 0;
    let new_sent = put_list(out, new, bits_max.saturating_sub(LIST_ENDS_BITS - 1), |out, place| {
        let Some(entity) = current.get(usize::from(place)) else { return };
        out.put_gap(u32::from(entity.id).saturating_sub(next) as u16);
        next = u32::from(entity.id) + 1;
        put_entity(out, entity);
    });
    let start = out.bits();
    let bits_max = bits_max.saturating_sub(LIST_ENDS_BITS - 2);
    let mut changed_sent = put_changes(out, changed, (baseline, current), bits_max);
    if changed_sent < changed.len() {
        out.truncate(start);
        let first = turn(tick, changed.len());
        changed.rotate_left(first);
        changed_sent = put_changes(out, changed, (baseline, current), bits_max);
    }
    if (gone_sent, new_sent, changed_sent) == (gone.len(), new.len(), changed.len()) {
        return None;
    }
    gone.truncate(gone_sent);
    new.truncate(new_sent);
    changed.truncate(changed_sent);
    Some(hold(baseline, current, difference))
}

/// Appends as many items as fit below `bits_max`, and the end of the list. Returns how many.
fn put_list<T: Copy>(
    out: &mut BitWriter,
    items: &[T],
    bits_max: usize,
    mut put_item: impl FnMut(&mut BitWriter, T),
) -> usize {
    let mut sent = 0;
    for item in items {
        let before = out.bits();
        out.put_bit(true);
        put_item(out, *item);
        if out.bits() > bits_max {
            out.truncate(before);
            break;
        }
        sent += 1;
    }
    out.put_bit(false);
    sent
}

/// Appends changes in their order; distances go round the end of the baseline to its start.
fn put_changes(
    out: &mut BitWriter,
    changes: &[(u16, u16)],
    (baseline, current): (&[EntityState], &[EntityState]),
    bits_max: usize,
) -> usize {
    let mut next = 0;
    put_list(out, changes, bits_max, |out, (index, place)| {
        let (index, place) = (usize::from(index), usize::from(place));
        let (Some(from), Some(to)) = (baseline.get(index), current.get(place)) else { return };
        let gap = if index < next { index + baseline.len() - next } else { index - next };
        out.put_gap(gap as u16);
        next = index + 1;
        put_change(out, from, to);
    })
}

/// Where among `count` items tick `tick` begins. Steps of the golden ratio spread successive beginnings as evenly as can be,
/// whatever the count, so every item is soon near one.
fn turn(tick: u32, count: usize) -> usize {
    const GOLDEN_RATIO_32: u32 = 0x9e37_79b9;
    ((u64::from(tick.wrapping_mul(GOLDEN_RATIO_32)) * count as u64) >> 32) as usize
}

/// The baseline after this part of the difference to `current`.
fn hold(baseline: &[EntityState], current: &[EntityState], told: &Difference) -> Vec<EntityState> {
    let mut held: Vec<Option<&EntityState>> = baseline.iter().map(Some).collect();
    for index in &told.gone {
        if let Some(entity) = held.get_mut(usize::from(*index)) {
            *entity = None;
        }
    }
    for (index, place) in &told.changed {
        if let Some(entity) = held.get_mut(usize::from(*index)) {
            *entity = current.get(usize::from(*place));
        }
    }
    let new = told.new.iter().filter_map(|place| current.get(usize::from(*place)));
    let mut held: Vec<EntityState> = held.into_iter().flatten().chain(new).cloned().collect();
    held.sort_by_key(|entity| entity.id);
    held
}

/// Reads a difference and applies it to `baseline`, which is sorted by id; so is the result.
pub(super) fn take_delta(
    reader: &mut BitReader<'_>,
    baseline: &[EntityState],
) -> Result<Vec<EntityState>, DecodeError> {
    let mut held: Vec<Option<EntityState>> = baseline.iter().cloned().map(Some).collect();
    let mut next = 0;
    while reader.take_bit()? {
        let index = next + usize::from(reader.take_gap()?);
        held.get_mut(index).ok_or(DecodeError::OutOfRange("removed entity"))?.take();
        next = index + 1;
    }
    let mut new = Vec::new();
    let mut next = 0;
    while reader.take_bit()? {
        let id =
            u16::try_from(next + u32::from(reader.take_gap()?)).map_err(|_| DecodeError::OutOfRange("entity id"))?;
        if baseline.binary_search_by_key(&id, |entity| entity.id).is_ok() {
            return Err(DecodeError::OutOfRange("new entity"));
        }
        new.push(take_entity(reader, id)?);
        next = u32::from(id) + 1;
    }
    let mut visited = vec![false; baseline.len()];
    let mut next = 0;
    while reader.take_bit()? {
        let out_of_range = DecodeError::OutOfRange("changed entity");
        let index = (next + usize::from(reader.take_gap()?)).checked_rem(baseline.len()).ok_or(out_of_range)?;
        let seen = visited.get_mut(index).ok_or(out_of_range)?;
        let entity = held.get_mut(index).and_then(Option::as_mut).ok_or(out_of_range)?;
        if std::mem::replace(seen, true) {
            return Err(out_of_range);
        }
        take_change(reader, entity)?;
        next = index + 1;
    }
    let mut held: Vec<EntityState> = held.into_iter().flatten().chain(new).collect();
    held.sort_by_key(|entity| entity.id);
    Ok(held)
}

/// Fields side by side, at most 64 bits, which are written at once.
#[derive(Default)]
struct Fields {
    bits: u64,
    width: u32,
}

impl Fields {
    const fn add(&mut self, value: u64, width: u32) {
        self.bits |= value << self.width;
        self.width += width;
    }
}

fn put_change(out: &mut BitWriter, from: &EntityState, to: &EntityState) {
    let mut fields = Fields::default();
    if (from.x, from.y) == (to.x, to.y) {
        fields.add(0, 1);
    } else {
        fields.add(1, 1);
        add_move(&mut fields, from, to);
    }
    if from.facing == to.facing {
        fields.add(0, 1);
    } else {
        fields.add(1 | u64::from(to.facing) << 1, 9);
    }
    let is_rare = (from.hp, from.flags, from.hp_max, from.kind, from.statuses)
        != (to.hp, to.flags, to.hp_max, to.kind, to.statuses);
    fields.add(is_rare.into(), 1);
    out.put(fields.bits, fields.width);
    if !is_rare {
        return;
    }
    let lasting = [from.hp_max != to.hp_max, from.kind != to.kind, from.statuses != to.statuses];
    let rare = [from.hp != to.hp, from.flags != to.flags, lasting.contains(&true)];
    rare.iter().for_each(|differs| out.put_bit(*differs));
    let [hp, flags, is_lasting] = rare;
    if hp {
        out.put(to.hp, 16);
    }
    if flags {
        out.put(to.flags, 8);
    }
    if !is_lasting {
        return;
    }
    lasting.iter().for_each(|differs| out.put_bit(*differs));
    let [hp_max, kind, statuses] = lasting;
    if hp_max {
        out.put(to.hp_max, 16);
    }
    if kind {
        put_kind(out, to.kind);
    }
    if statuses {
        out.put_varint(to.statuses);
    }
}

fn take_change(reader: &mut BitReader<'_>, entity: &mut EntityState) -> Result<(), DecodeError> {
    if reader.take_bit()? {
        take_move(reader, entity)?;
    }
    if reader.take_bit()? {
        entity.facing = reader.take_u8()?;
    }
    if !reader.take_bit()? {
        return Ok(());
    }
    let [hp, flags, is_lasting] = [reader.take_bit()?, reader.take_bit()?, reader.take_bit()?];
    if hp {
        entity.hp = reader.take_u16()?;
    }
    if flags {
        entity.flags = reader.take_u8()?;
    }
    if !is_lasting {
        return Ok(());
    }
    let [hp_max, kind, statuses] = [reader.take_bit()?, reader.take_bit()?, reader.take_bit()?];
    if hp_max {
        entity.hp_max = reader.take_u16()?;
    }
    if kind {
        entity.kind = take_kind(reader)?;
    }
    if statuses {
        entity.statuses = reader.take_varint_u32()?;
    }
    Ok(())
}

fn add_move(fields: &mut Fields, from: &EntityState, to: &EntityState) {
    let offset_x = i32::from(to.x) - i32::from(from.x);
    let offset_y = i32::from(to.y) - i32::from(from.y);
    let fits = |width: u32| {
        let half = 1 << (width - 1);
        (-half..half).contains(&offset_x) && (-half..half).contains(&offset_y)
    };
    match (0u64..).zip(OFFSET_WIDTHS).find(|(_, width)| fits(*width)) {
        Some((class, width)) => {
            let half = 1 << (width - 1);
            let [x, y] = [offset_x, offset_y].map(|offset| u64::from((offset + half) as u32));
            fields.add(class | x << 2 | y << (2 + width), 2 + 2 * width);
        }
        None => fields.add(ABSOLUTE_CLASS | u64::from(to.x) << 2 | u64::from(to.y) << 18, 34),
    }
}

fn take_move(reader: &mut BitReader<'_>, entity: &mut EntityState) -> Result<(), DecodeError> {
    let class = reader.take(2)? as usize;
    let Some(&width) = OFFSET_WIDTHS.get(class) else {
        entity.x = reader.take_u16()?;
        entity.y = reader.take_u16()?;
        return Ok(());
    };
    let half = 1 << (width - 1);
    for place in [&mut entity.x, &mut entity.y] {
        let offset = reader.take(width)? as i32 - half;
        *place = u16::try_from(i32::from(*place) + offset).map_err(|_| DecodeError::OutOfRange("position"))?;
    }
    Ok(())
}

fn put_entity(out: &mut BitWriter, entity: &EntityState) {
    put_kind(out, entity.kind);
    out.put(entity.x, 16);
    out.put(entity.y, 16);
    let has_hp = (entity.hp, entity.hp_max) != (0, 0);
    out.put_bit(has_hp);
    if has_hp {
        out.put(entity.hp, 16);
        out.put(entity.hp_max, 16);
    }
    out.put(entity.facing, 8);
    out.put(entity.flags, 8);
    out.put_bit(entity.statuses != 0);
    if entity.statuses != 0 {
        out.put_varint(entity.statuses);
    }
}

fn take_entity(reader: &mut BitReader<'_>, id: u16) -> Result<EntityState, DecodeError> {
    let kind = take_kind(reader)?;
    let (x, y) = (reader.take_u16()?, reader.take_u16()?);
    let has_hp = reader.take_bit()?;
    let (hp, hp_max) = if has_hp { (reader.take_u16()?, reader.take_u16()?) } else { (0, 0) };
    let (facing, flags) = (reader.take_u8()?, reader.take_u8()?);
    let statuses = if reader.take_bit()? { reader.take_varint_u32()? } else { 0 };
    Ok(EntityState { id, kind, x, y, hp, hp_max, facing, flags, statuses })
}

fn put_kind(out: &mut BitWriter, kind: EntityKind) {
    match kind {
        EntityKind::Player { seat } => {
            out.put(0_u64, 2);
            out.put_varint(seat);
        }
        EntityKind::Enemy { kind: number } | EntityKind::Loot { item: number } => {
            out.put(if matches!(kind, EntityKind::Enemy { .. }) { 1_u64 } else { 2 }, 2);
            out.put(number, 8);
        }
        EntityKind::Door => out.put(3_u64, 2),
    }
}

fn take_kind(reader: &mut BitReader<'_>) -> Result<EntityKind, DecodeError> {
    Ok(match reader.take(2)? {
        0 => EntityKind::Player { seat: reader.take_varint_u16()? },
        1 => EntityKind::Enemy { kind: reader.take_u8()? },
        2 => EntityKind::Loot { item: reader.take_u8()? },
        _ => EntityKind::Door,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entity(id: u16) -> EntityState {
        let kind = EntityKind::Enemy { kind: 1 };
        EntityState { id, kind, x: 100, y: 200, hp: 30, hp_max: 40, facing: 5, flags: 0, statuses: 0 }
    }

    fn moved(id: u16) -> EntityState {
        EntityState { x: 103, ..entity(id) }
    }

    /// How many bits the difference takes of so many, and whether it is all told.
    fn put(baseline: &[EntityState], current: &[EntityState], bits_max: usize) -> (usize, bool) {
        let mut out = BitWriter::default();
        let rest = put_delta(&mut out, &mut Difference::default(), (baseline, current), 0, bits_max);
        (out.bits(), rest.is_none())
    }

    #[test]
    fn a_difference_fits_into_as_many_bits_as_it_takes() {
        let few = [3, 4, 9].map(entity);
        for (what, baseline, current) in [
            ("gone", few.as_slice(), few.get(1..).unwrap()),
            ("new", few.get(1..).unwrap(), few.as_slice()),
            ("changed", &few, &[entity(3), moved(4), entity(9)]),
            ("all of it", &few, &[entity(2), moved(4), entity(9)]),
        ] {
            let (bits, _) = put(baseline, current, usize::MAX);
            assert_eq!(put(baseline, current, bits), (bits, true), "{what}");
            let (fewer, is_all) = put(baseline, current, bits - 1);
            assert!(fewer < bits && !is_all, "{what}");
        }
    }

    #[test]
    fn what_is_unchanged_takes_no_bits_whoever_comes_and_goes() {
        let many: Vec<_> = (1..100).map(entity).collect();
        let (none, _) = put(&many, &many, usize::MAX);
        assert_eq!(none, LIST_ENDS_BITS);
        // One more bit, and the smallest gap.
        let (one, _) = put(&many, many.get(1..).unwrap(), usize::MAX);
        assert_eq!(one, LIST_ENDS_BITS + 2);
    }

    /// Where the changes do not fit they begin anywhere, and go round the end of the baseline.
    #[test]
    fn changes_go_round_the_end() {
        let baseline: Vec<_> = (1..20).map(entity).collect();
        let current: Vec<_> = (1..20).map(moved).collect();
        let (bits, _) = put(&baseline, &current, usize::MAX);
        for tick in 0..40 {
            let mut out = BitWriter::default();
            let held = put_delta(&mut out, &mut Difference::default(), (&baseline, &current), tick, bits - 1).unwrap();
            let bytes = out.into_bytes();
            assert_eq!(take_delta(&mut BitReader::new(&bytes), &baseline), Ok(held.clone()), "{tick}");
            assert_eq!(held.iter().zip(&baseline).filter(|(held, before)| held == before).count(), 1, "{tick}");
        }
    }
}
