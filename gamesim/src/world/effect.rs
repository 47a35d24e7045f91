//! What a step of the world has to say: events for players, and which characters' states changed. The world never acts on
//! them; the room sends, writes or drops them.

use guildhall_domain::combat_log::{Deed, ViolationKind};

/// Something that the room has to pass on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Something happened that players are told about, once and reliably.
    Event(Audience, WorldEvent),
    /// Something for the combat log that no player is told in words: they see what comes of it.
    Deed(Deed),
    /// A player tried what cannot be done. Nothing came of it; a fair client does it now and then.
    Vain {
        /// Whose wish it was.
        seat: u16,
        /// Why it cannot be done.
        kind: ViolationKind,
    },
    /// A player took what another had laid down: until both are written, neither may be written without the other.
    HandedOver {
        /// Who laid it down, or whoever sits there now.
        from: u16,
        /// Who has it.
        to: u16,
    },
    /// A character's hot state changed: its `progress_seq` rose. At most one per seat and step.
    Changed {
        /// The character's seat.
        seat: u16,
        /// Whether something of value is in it (an item, a level, a cleared dungeon) that is to be written at once.
        urgent: bool,
    },
}

/// Who is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Every player.
    All,
    /// Every player who sees this entity: in a dungeon, everybody.
    Witnesses(u16),
    /// The player in one seat.
    Seat(u16),
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are named after the things that the variants' comments speak of")]
pub enum WorldEvent {
    /// A player appeared.
    PlayerJoined { seat: u16, name: String },
    /// A player is gone.
    PlayerLeft { seat: u16 },
    /// A player's hit points reached zero.
    PlayerDied { seat: u16 },
    /// A dead player stands at the spawn point again.
    PlayerRespawned { seat: u16 },
    /// An enemy's hit points reached zero.
    EnemyDied { entity: u16, by_seat: u16 },
    /// Loot lies on the ground.
    LootDropped { entity: u16, item: u8, quantity: u16 },
    /// A player took loot; it is gone from the ground.
    LootTaken { entity: u16, by_seat: u16, item: u8, quantity: u16 },
    /// The asker did not get the loot: another was first, it is out of reach, or the inventory has no room.
    PickUpRefused { entity: u16 },
    /// A door opened.
    DoorOpened { entity: u16 },
    /// The last enemy of a chamber died.
    ChamberCleared { chamber: u8 },
    /// A boss entered a phase; phase 0 again when it has gone home and healed.
    BossPhase { entity: u16, phase: u8 },
    /// The receiver gained experience; `seq` is the `progress_seq` that includes it.
    XpGained { amount: u32, seq: u64 },
    /// The receiver gained gold.
    GoldGained { amount: u32, seq: u64 },
    /// The receiver's inventory gained an item.
    ItemGained { item: u8, quantity: u16, seq: u64 },
    /// The receiver reached a level.
    LevelUp { level: u16 },
    /// The boss is dead.
    DungeonCleared,
    /// Somebody used an ability; its index is into the content's abilities, in order of their ids.
    AbilityUsed { entity: u16, ability: u8 },
    /// The receiver reached a level of a skill; its index is into the content's skills, in order of their ids.
    SkillUp { skill: u8, level: u16 },
    /// What the receiver carries, whenever that has changed.
    Inventory(Box<Carried>),
}

/// What a character carries.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Carried {
    /// By slot.
    pub stacks: Vec<Units>,
    /// Armour, shield, weapon.
    pub worn: [Option<Units>; 3],
    /// The `progress_seq` that includes it.
    pub seq: u64,
}

/// Some units of one item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Units {
    /// Index into the content's items, in order of their ids; `None` for one that the content has lost.
    pub item: Option<u8>,
    /// How many.
    pub quantity: u16,
    /// How much of its durability is used up.
    pub wear: u16,
}

/// Adds an event for everybody.
pub(super) fn tell_all(effects: &mut Vec<Effect>, event: WorldEvent) {
    effects.push(Effect::Event(Audience::All, event));
}

/// Adds an event for everybody who sees the entity.
pub(super) fn tell_witnesses(effects: &mut Vec<Effect>, entity: u16, event: WorldEvent) {
    effects.push(Effect::Event(Audience::Witnesses(entity), event));
}

/// Adds something for the combat log.
pub(super) fn log(effects: &mut Vec<Effect>, deed: Deed) {
    effects.push(Effect::Deed(deed));
}

/// Adds a wish that came to nothing.
pub(super) fn vain(effects: &mut Vec<Effect>, seat: u16, kind: ViolationKind) {
    effects.push(Effect::Vain { seat, kind });
}

/// Adds an event for one seat.
pub(super) fn tell(effects: &mut Vec<Effect>, seat: u16, event: WorldEvent) {
    effects.push(Effect::Event(Audience::Seat(seat), event));
}
