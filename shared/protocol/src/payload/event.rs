//! The reliable events of a session: what must reach every client exactly once and in order, unlike entity states, of which
//! only the latest matters. `event_codec` holds their bits, `reliable` their delivery.

use guildhall_domain::CharacterId;

/// Longest player name in an event, in bytes of UTF-8. A longer one is cut at a character boundary when it is encoded.
pub const NAME_BYTES_MAX: usize = 32;

/// Something that happened in the session. `seq` is the character's `progress_seq` that includes the gain, so that a client
/// can tell whether it is stored durably yet. Enemy, item, ability and skill numbers are
/// indexes into the content's lists, in order of their ids; chamber numbers are indexes into the dungeon's.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum GameEvent {
    /// The first event of every connection: which seat and which entity are the receiver's. Seats in events are those of the
    /// session; in a zone, where many sessions meet, they are the players' numbers there.
    Welcome {
        /// The receiver's seat.
        seat: u16,
        /// The receiver's entity.
        my_entity: u16,
    },
    /// A player took a seat; in a zone, one came into sight whom the receiver has not met.
    PlayerJoined {
        /// The seat taken.
        seat: u16,
        /// The character that sits there.
        character_id: CharacterId,
        /// The character's name, at most [`NAME_BYTES_MAX`] bytes.
        name: String,
    },
    /// A player left for good.
    PlayerLeft {
        /// The seat given up.
        seat: u16,
    },
    /// A player's hit points reached zero.
    PlayerDied {
        /// The seat of the dead.
        seat: u16,
    },
    /// A dead player stands again.
    PlayerRespawned {
        /// The seat of the risen.
        seat: u16,
    },
    /// An enemy's hit points reached zero.
    EnemyDied {
        /// The enemy.
        entity: u16,
        /// The seat that struck last.
        by_seat: u16,
    },
    /// Loot lies on the ground.
    LootDropped {
        /// The loot's entity.
        entity: u16,
        /// Item index.
        item: u8,
        /// How many.
        quantity: u16,
    },
    /// Somebody picked loot up.
    LootTaken {
        /// The loot's entity.
        entity: u16,
        /// Who has it.
        by_seat: u16,
        /// Item index.
        item: u8,
        /// How many.
        quantity: u16,
    },
    /// The receiver's attempt to pick something up failed: another was first, or it is out of reach, or the bag is full.
    PickUpRefused {
        /// The loot's entity.
        entity: u16,
    },
    /// A door opened.
    DoorOpened {
        /// The door.
        entity: u16,
    },
    /// No enemy of a chamber is alive.
    ChamberCleared {
        /// Chamber index.
        chamber: u8,
    },
    /// A boss entered another phase.
    BossPhase {
        /// The boss.
        entity: u16,
        /// The phase it entered.
        phase: u8,
    },
    /// The receiver's character gained experience.
    XpGained {
        /// Points of experience.
        amount: u32,
        /// `progress_seq` that includes it.
        seq: u64,
    },
    /// The receiver's character reached a level.
    LevelUp {
        /// The level reached.
        level: u16,
    },
    /// The receiver's character gained gold.
    GoldGained {
        /// Gold pieces.
        amount: u32,
        /// `progress_seq` that includes it.
        seq: u64,
    },
    /// The receiver's character gained an item.
    ItemGained {
        /// Item index.
        item: u8,
        /// How many.
        quantity: u16,
        /// `progress_seq` that includes it.
        seq: u64,
    },
    /// The dungeon is won.
    DungeonCleared,
    /// Somebody used an ability.
    AbilityUsed {
        /// The user.
        entity: u16,
        /// Ability index.
        ability: u8,
    },
    /// The receiver's character reached a level of a skill.
    SkillUp {
        /// Skill index.
        skill: u8,
        /// The level reached.
        level: u16,
    },
    /// What the receiver's character carries: after the welcome, and whenever it has changed.
    Inventory(Box<Inventory>),
    /// The session ends; `reason` is a code of [`super::EndingReason`].
    SessionEnding {
        /// Why.
        reason: u8,
    },
    /// The connection will be closed without a seat; `reason` is a code of [`super::RefusalReason`].
    Refused {
        /// Why.
        reason: u8,
    },
}

/// Everything that a character carries.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Inventory {
    /// By slot, at most 28.
    pub stacks: Vec<ItemUnits>,
    /// Armour, shield, weapon.
    pub worn: [Option<ItemUnits>; 3],
    /// `progress_seq` that includes it.
    pub seq: u64,
}

/// Some units of one item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ItemUnits {
    /// Item index; `None` for an item that the content does not have any more.
    pub item: Option<u8>,
    /// How many.
    pub quantity: u16,
    /// How much of its durability is used up.
    pub wear: u16,
}
