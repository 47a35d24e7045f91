//! What other systems are told of: characters and sessions that came, changed and went, as events with a versioned schema.
//! They are derived from what was stored before and after a write, so that nothing is told that did not happen, and whoever
//! writes need not think of them. `infra/events.json` is the catalogue of their schemas.
//!
//! Events of one subject come in order and at least once; the id tells a repetition. Where somebody stands is no event: no
//! position is ever stored.

mod derive;

pub use derive::{of_character, of_session};

use crate::session::Outcome;
use crate::{AccountId, CharacterId, GamesimId, Timestamp};
use serde::{Deserialize, Serialize};

/// Where events come from, as EventBridge calls it.
pub const SOURCE: &str = "guildhall";

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DomainEvent {
    /// Names the event: the same one has the same id, however often it is told.
    pub id: String,
    /// When it happened, or within a second of that.
    pub at: Timestamp,
    /// What it happened to: `character/ID` or `session/ID`.
    pub subject: String,
    /// Version of the schema of its type.
    pub version: u32,
    /// What happened.
    #[serde(flatten)]
    pub happening: Happening,
}

/// What happened, by type. A type's fields never change; what has to change gets another version, which is told beside the old one
/// until nobody listens to that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type", content = "data")]
pub enum Happening {
    /// A character was created.
    #[serde(rename = "character.created")]
    CharacterCreated {
        /// The character.
        character_id: CharacterId,
        /// Whose it is.
        account_id: AccountId,
        /// Its name.
        name: String,
        /// Id of its class in the content.
        class: String,
    },
    /// A character was deleted, and can be restored for a while.
    #[serde(rename = "character.deleted")]
    CharacterDeleted {
        /// The character.
        character_id: CharacterId,
        /// Whose it is.
        account_id: AccountId,
    },
    /// A deleted character was restored.
    #[serde(rename = "character.restored")]
    CharacterRestored {
        /// The character.
        character_id: CharacterId,
        /// Whose it is.
        account_id: AccountId,
    },
    /// A character that was deleted is gone for good.
    #[serde(rename = "character.erased")]
    CharacterErased {
        /// The character.
        character_id: CharacterId,
        /// Whose it was.
        account_id: AccountId,
    },
    /// A character rose to another level.
    #[serde(rename = "character.leveled_up")]
    CharacterLeveledUp {
        /// The character.
        character_id: CharacterId,
        /// Whose it is.
        account_id: AccountId,
        /// Its level before.
        before: u32,
        /// Its level.
        after: u32,
    },
    /// What a character has became more or less; what is only put on or taken off is not.
    #[serde(rename = "character.items_changed")]
    CharacterItemsChanged {
        /// The character.
        character_id: CharacterId,
        /// Whose it is.
        account_id: AccountId,
        /// What changed, by item.
        items: Vec<ItemChange>,
    },
    /// A character has more currency, or less.
    #[serde(rename = "character.gold_changed")]
    CharacterGoldChanged {
        /// The character.
        character_id: CharacterId,
        /// Whose it is.
        account_id: AccountId,
        /// Before.
        before: u64,
        /// After.
        after: u64,
    },
    /// A session got its place on a game sim; its players are on their way.
    #[serde(rename = "session.created")]
    SessionCreated {
        /// Account that created it.
        created_by: AccountId,
        /// Id of the dungeon, or of the zone, in the content.
        dungeon_id: String,
        /// Whether that is a zone.
        in_zone: bool,
        /// The game sim.
        gamesim_id: GamesimId,
    },
    /// The first player arrived.
    #[serde(rename = "session.started")]
    SessionStarted {
        /// Id of the dungeon, or of the zone, in the content.
        dungeon_id: String,
    },
    /// The session's game sim died, and it was placed on another one. Its players have to come back.
    #[serde(rename = "session.moved")]
    SessionMoved {
        /// The game sim.
        gamesim_id: GamesimId,
        /// The session's epoch there.
        epoch: u32,
    },
    /// The first player came back to a session that had been moved.
    #[serde(rename = "session.resumed")]
    SessionResumed {
        /// The session's epoch.
        epoch: u32,
    },
    /// The session is over.
    #[serde(rename = "session.ended")]
    SessionEnded {
        /// How it ended.
        outcome: Outcome,
    },
    /// The session's game sim died, and nobody asked for it any more.
    #[serde(rename = "session.lost")]
    SessionLost {},
    /// A player arrived; after a move, once more.
    #[serde(rename = "player.joined")]
    PlayerJoined {
        /// Who.
        account_id: AccountId,
        /// As which character.
        character_id: CharacterId,
        /// In which seat.
        seat: u32,
    },
    /// A player gave their seat up, or the session is over; of a session that was moved, perhaps one who never came.
    #[serde(rename = "player.left")]
    PlayerLeft {
        /// Who.
        account_id: AccountId,
        /// As which character.
        character_id: CharacterId,
        /// From which seat.
        seat: u32,
    },
}

/// More or less of an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ItemChange {
    /// Id of the item in the content.
    pub item: String,
    /// Units before, in the inventory and worn.
    pub before: u64,
    /// Units after.
    pub after: u64,
}

impl Happening {
    /// Version of the schema of this type.
    pub const fn version(&self) -> u32 {
        1
    }
}
