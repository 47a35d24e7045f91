//! The world as one client last heard of it. Nothing here is predicted or invented.

use guildhall_domain::CharacterId;
use guildhall_domain::limits::SEATS_PER_SESSION_MAX;
use guildhall_protocol::payload::{EntityKind, EntityState, GameEvent, Inventory, OwnState, Snapshot, flags};
use std::collections::{BTreeMap, BTreeSet};

/// Who sits in a seat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartySeat {
    /// The character.
    pub character_id: CharacterId,
    /// Its name.
    pub name: String,
}

/// What is known of the session.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct View {
    /// Tick of the latest snapshot; 0 is none yet.
    pub tick: u32,
    /// The receiver's seat, or number in a zone, once it has been welcomed.
    pub my_seat: Option<u16>,
    /// The receiver's entity, once it has been welcomed.
    pub my_entity: Option<u16>,
    /// Everything visible in the latest snapshot, sorted by id.
    pub entities: Vec<EntityState>,
    /// What only the receiver is told of its character.
    pub own: OwnState,
    /// What the receiver's character carries, once it has been welcomed.
    pub inventory: Inventory,
    /// Number of the last input that the server applied.
    pub input_ack: u32,
    /// How many times the receiver's character has changed in this session.
    pub progress_seq: u64,
    /// How many of those changes are stored durably.
    pub durable_seq: u64,
    /// Who is in the session, by seat; in a zone, whom the receiver has met there, by number.
    pub party: BTreeMap<u16, PartySeat>,
    /// Entities of the doors that are known to be open.
    pub opened_doors: BTreeSet<u16>,
    /// Indexes of the chambers that are known to be cleared.
    pub cleared_chambers: BTreeSet<u8>,
    /// Whether the dungeon is won.
    pub dungeon_cleared: bool,
    /// Why the session ends, once it does: a code of `EndingReason`.
    pub ending: Option<u8>,
    /// Why the server gives no seat, if it does not: a code of `RefusalReason`.
    pub refused: Option<u8>,
}

impl View {
    /// The entity with this id, if it is visible.
    pub fn entity(&self, id: u16) -> Option<&EntityState> {
        let place = self.entities.binary_search_by_key(&id, |entity| entity.id).ok()?;
        self.entities.get(place)
    }

    /// The receiver's own character, if it is in the dungeon.
    pub fn own_entity(&self) -> Option<&EntityState> {
        self.entity(self.my_entity?)
    }

    /// The players in sight, with their seats.
    pub fn players(&self) -> impl Iterator<Item = (u16, &EntityState)> {
        self.entities.iter().filter_map(|entity| match entity.kind {
            EntityKind::Player { seat } => Some((seat, entity)),
            _ => None,
        })
    }

    /// The living enemies, with their indexes into the content's enemies.
    pub fn living_enemies(&self) -> impl Iterator<Item = (u8, &EntityState)> {
        self.entities.iter().filter(|entity| entity.flags & flags::ALIVE != 0).filter_map(|entity| match entity.kind {
            EntityKind::Enemy { kind } => Some((kind, entity)),
            _ => None,
        })
    }

    /// The loot on the ground, with its indexes into the content's items.
    pub fn loot(&self) -> impl Iterator<Item = (u8, &EntityState)> {
        self.entities.iter().filter_map(|entity| match entity.kind {
            EntityKind::Loot { item } => Some((item, entity)),
            _ => None,
        })
    }

    /// The open doors.
    pub fn open_doors(&self) -> impl Iterator<Item = &EntityState> {
        let is_open = |door: &&EntityState| door.flags & flags::OPEN != 0 || self.opened_doors.contains(&door.id);
        self.entities.iter().filter(|entity| entity.kind == EntityKind::Door).filter(is_open)
    }

    /// Whether the player in this seat is of the receiver's party: in a dungeon everybody is.
    pub fn is_comrade(&self, seat: u16) -> bool {
        let party = |seat: u16| usize::from(seat) / SEATS_PER_SESSION_MAX;
        self.my_seat.is_some_and(|own| party(own) == party(seat))
    }

    /// Whether everything that the receiver gained so far is stored durably.
    pub fn is_durable(&self) -> bool {
        self.durable_seq >= self.progress_seq
    }

    /// What of it the next connection does not tell anew.
    pub(super) fn carried_on(&self) -> Self {
        Self {
            party: self.party.clone(),
            opened_doors: self.opened_doors.clone(),
            cleared_chambers: self.cleared_chambers.clone(),
            dungeon_cleared: self.dungeon_cleared,
            ..Self::default()
        }
    }

    pub(super) fn apply_snapshot(&mut self, snapshot: &Snapshot) {
        self.tick = snapshot.tick;
        self.entities.clear();
        self.entities.extend_from_slice(&snapshot.entities);
        self.own = snapshot.own;
        let open = self.entities.iter().filter(|e| e.kind == EntityKind::Door && e.flags & flags::OPEN != 0);
        self.opened_doors.extend(open.map(|door| door.id));
    }

    /// Takes the numbers of a message, which may have been overtaken by a later one.
    pub(super) fn raise(&mut self, input_ack: u32, progress_seq: u64, durable_seq: u64) {
        self.input_ack = self.input_ack.max(input_ack);
        self.progress_seq = self.progress_seq.max(progress_seq);
        self.durable_seq = self.durable_seq.max(durable_seq);
    }

    pub(super) fn apply_event(&mut self, event: &GameEvent) {
        match event {
            GameEvent::Welcome { seat, my_entity } => {
                self.my_seat = Some(*seat);
                self.my_entity = Some(*my_entity);
            }
            GameEvent::PlayerJoined { seat, character_id, name } => {
                self.party.insert(*seat, PartySeat { character_id: *character_id, name: name.clone() });
            }
            GameEvent::PlayerLeft { seat } => {
                self.party.remove(seat);
            }
            GameEvent::DoorOpened { entity } => {
                self.opened_doors.insert(*entity);
            }
            GameEvent::ChamberCleared { chamber } => {
                self.cleared_chambers.insert(*chamber);
            }
            GameEvent::DungeonCleared => self.dungeon_cleared = true,
            GameEvent::Inventory(inventory) => self.inventory.clone_from(inventory),
            GameEvent::SessionEnding { reason } => self.ending = Some(*reason),
            GameEvent::Refused { reason } => self.refused = Some(*reason),
            _ => {}
        }
    }
}
