//! What one player may see at one tick, and the short history of it that both ends keep: the server to compute differences
//! from, the client to apply them to.

use std::collections::VecDeque;
use std::ops::Deref;
use std::sync::Arc;

/// Snapshots kept per connection on each end, one per tick: 1.6 seconds at 20 ticks per second. A baseline older than that
/// is not used; the server then sends a full snapshot.
pub const SNAPSHOTS_KEPT: usize = 32;

/// The bits of [`EntityState::flags`]. The others are reserved and travel unchanged.
pub mod flags {
    /// The entity lives.
    pub const ALIVE: u8 = 1;
    /// The door is open.
    pub const OPEN: u8 = 1 << 1;
    /// The entity is striking.
    pub const ATTACKING: u8 = 1 << 2;
    /// The entity is a boss.
    pub const BOSS: u8 = 1 << 3;
}

/// What an entity is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntityKind {
    /// A player's character.
    Player {
        /// The player's seat; in a zone, its number there.
        seat: u16,
    },
    /// An enemy.
    Enemy {
        /// Index into the dungeon's list of enemies.
        kind: u8,
    },
    /// Loot on the ground.
    Loot {
        /// Index into the dungeon's list of items.
        item: u8,
    },
    /// A door between chambers.
    Door,
}

/// One entity as a client sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntityState {
    /// Number of the entity within its session.
    pub id: u16,
    /// What it is.
    pub kind: EntityKind,
    /// Position eastwards, in centimetres.
    pub x: u16,
    /// Position southwards, in centimetres.
    pub y: u16,
    /// Hit points.
    pub hp: u16,
    /// Hit points when unhurt.
    pub hp_max: u16,
    /// Direction it faces, in 256ths of a turn.
    pub facing: u8,
    /// A set of [`flags`].
    pub flags: u8,
    /// The states that it is in: a set of bits, by their indexes into the content's, in order of their ids.
    pub statuses: u32,
}

/// What only the receiver is told of its character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OwnState {
    /// Mana.
    pub mana: u16,
    /// Stamina.
    pub stamina: u16,
    /// Walking speed as things stand, in millimetres per second.
    pub speed_mm_per_s: u16,
}

/// Entities in order of their ids, each id once. Copies share them.
#[derive(Debug, Clone, Default)]
pub struct Entities(Option<Arc<Vec<EntityState>>>);

impl Entities {
    /// Whether both are one and the same list, not just equal ones. There is one list of nothing.
    pub(super) fn is(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            (one, other) => one.is_none() && other.is_none(),
        }
    }

    /// The room that the list takes, if nobody else has a copy of it.
    pub(super) fn room(&mut self) -> Option<&mut Vec<EntityState>> {
        let list = self.0.get_or_insert_default();
        // To look is cheaper than to try.
        if Arc::strong_count(list) > 1 { None } else { Arc::get_mut(list) }
    }
}

impl PartialEq for Entities {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Entities {}

impl From<Vec<EntityState>> for Entities {
    /// Sorts the entities and keeps the first of each id.
    fn from(mut entities: Vec<EntityState>) -> Self {
        entities.sort_by_key(|entity| entity.id);
        entities.dedup_by_key(|entity| entity.id);
        Self(Some(Arc::new(entities)))
    }
}

impl Deref for Entities {
    type Target = [EntityState];

    fn deref(&self) -> &[EntityState] {
        self.0.as_ref().map_or(&[], |list| list)
    }
}

impl<'a> IntoIterator for &'a Entities {
    type Item = &'a EntityState;
    type IntoIter = std::slice::Iter<'a, EntityState>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// All entities visible at one tick.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Snapshot {
    /// The tick it shows; ticks of a session start at 1.
    pub tick: u32,
    /// The entities.
    pub entities: Entities,
    /// The receiver's own character.
    pub own: OwnState,
}

impl Snapshot {
    /// The snapshot of `tick`; sorts the entities and keeps the first of each id.
    pub fn new(tick: u32, entities: Vec<EntityState>) -> Self {
        Self { tick, entities: entities.into(), own: OwnState::default() }
    }

    /// The entity with this id.
    pub fn entity(&self, id: u16) -> Option<&EntityState> {
        self.entities.binary_search_by_key(&id, |entity| entity.id).ok().and_then(|index| self.entities.get(index))
    }
}

/// Snapshots of one connection in order of their ticks: those of the latest [`SNAPSHOTS_KEPT`] ticks that may still be
/// built on.
#[derive(Debug, Clone, Default)]
pub struct SnapshotRing(VecDeque<Snapshot>);

impl SnapshotRing {
    /// An empty ring.
    pub fn new() -> Self {
        Self::default()
    }

    /// Keeps `snapshot`, which is newer than all the others; an older one is dropped.
    pub fn insert(&mut self, snapshot: Snapshot) {
        let tick = snapshot.tick;
        if self.newest().is_none_or(|newest| newest.tick < tick) {
            while self.pop_before(tick.saturating_sub(SNAPSHOTS_KEPT as u32 - 1)).is_some() {}
            self.0.push_back(snapshot);
        }
    }

    /// The snapshot of exactly this tick, if it is still kept.
    pub fn get(&self, tick: u32) -> Option<&Snapshot> {
        self.0.binary_search_by_key(&tick, |snapshot| snapshot.tick).ok().and_then(|place| self.0.get(place))
    }

    /// The snapshot with the highest tick.
    pub fn newest(&self) -> Option<&Snapshot> {
        self.0.back()
    }

    /// Takes the oldest snapshot out if it is older than `tick`: nobody will build on it any more.
    pub fn pop_before(&mut self, tick: u32) -> Option<Snapshot> {
        self.0.pop_front_if(|oldest| oldest.tick < tick)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ring_keeps_the_latest_ticks_and_nothing_else() {
        let mut ring = SnapshotRing::new();
        assert!(ring.newest().is_none());
        for tick in 1..=40 {
            ring.insert(Snapshot::new(tick, vec![]));
        }
        assert!(ring.get(8).is_none() && ring.get(9).is_some() && ring.get(40).is_some() && ring.get(41).is_none());
        ring.insert(Snapshot::new(8, vec![]));
        assert!(ring.get(8).is_none(), "an older snapshot took the place of a newer one");
        assert_eq!(ring.newest().map(|snapshot| snapshot.tick), Some(40));
        let older = |ring: &mut SnapshotRing, tick| ring.pop_before(tick).map(|snapshot| snapshot.tick);
        assert_eq!([10, 11, 10].map(|tick| older(&mut ring, tick)), [Some(9), Some(10), None]);
        assert!(ring.get(11).is_some() && ring.get(10).is_none());
    }

    #[test]
    fn entities_are_sorted_and_unique() {
        let entity = |id, x| EntityState {
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
        let snapshot = Snapshot::new(1, vec![entity(3, 0), entity(1, 1), entity(3, 2)]);
        assert_eq!(*snapshot.entities, [entity(1, 1), entity(3, 0)]);
        assert_eq!(snapshot.entity(3), Some(&entity(3, 0)));
        assert_eq!(snapshot.entity(2), None);
    }
}
