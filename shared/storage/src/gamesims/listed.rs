//! A boot as a look at the fleet shows it. Whoever looks for a place looks at the whole fleet and takes one game sim of it, so
//! only what a choice needs is read of every row; the names of its sessions above all are counted and left where they are.

use super::GamesimRow;
use crate::{AttributeValue, Item, StorageError, decode};
use guildhall_domain::api::GamesimState;
use guildhall_domain::limits::SESSION_GIVEN_UP_MS;
use guildhall_domain::{GamesimId, Timestamp};
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::Arc;

/// The attribute with the live sessions.
const SESSIONS: &str = "sessions";
/// The attribute with the zones that sessions are in.
const ZONES: &str = "zones";
/// The attributes of [`Facts`].
const FACTS: [&str; 7] =
    ["gamesim_id", "state", "capacity", "build_version", "protocol_version", "content_version", "lease_until"];

/// One boot of a game sim, of which [`Listed::row`] knows the rest.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// What a choice needs to know.
    pub facts: Facts,
    /// Live sessions.
    pub sessions: usize,
    item: Arc<Item>,
}

/// What a choice among game sims needs to know of each; see [`GamesimRow`].
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Facts {
    /// Its name.
    pub gamesim_id: GamesimId,
    /// Whether it takes sessions.
    pub state: GamesimState,
    /// Sessions that fit.
    pub capacity: u32,
    /// Build of the game sim.
    pub build_version: String,
    /// Version of the UDP payload.
    pub protocol_version: u16,
    /// Version of the content.
    pub content_version: String,
    /// Until when the last heartbeat counts.
    pub lease_until: Timestamp,
}

impl Listed {
    pub(crate) fn read(item: Arc<Item>) -> Result<Self, StorageError> {
        let fact = |name: &&str| Some(((*name).to_owned(), item.get(*name)?.clone()));
        let facts: HashMap<_, _> = FACTS.iter().filter_map(fact).collect();
        let sessions = match item.get(SESSIONS) {
            Some(AttributeValue::M(sessions)) => sessions.len(),
            _ => return Err(StorageError::Undecodable("a game sim without its sessions".to_owned())),
        };
        Ok(Self { facts: decode(facts.into())?, sessions, item })
    }

    /// Live sessions that are played in this zone.
    pub fn parties_in(&self, zone_id: &str) -> usize {
        let Some(AttributeValue::M(zones)) = self.item.get(ZONES) else { return 0 };
        zones.values().filter(|zone| matches!(zone, AttributeValue::S(id) if id == zone_id)).count()
    }

    /// How many new sessions may be placed on it at `now`.
    pub fn room(&self, now: Timestamp) -> usize {
        if self.facts.state != GamesimState::Ready || self.facts.lease_until <= now {
            return 0;
        }
        usize::try_from(self.facts.capacity).unwrap_or(usize::MAX).saturating_sub(self.sessions)
    }

    /// Sessions of it that wait to be placed on another one, because it is dead at `now`.
    pub fn orphans(&self, now: Timestamp) -> usize {
        let Facts { state, lease_until, .. } = &self.facts;
        let is_dead = *state == GamesimState::Gone || *lease_until <= now;
        if is_dead && now < lease_until.plus_millis(SESSION_GIVEN_UP_MS) { self.sessions } else { 0 }
    }

    /// The whole row.
    pub fn row(self) -> Result<GamesimRow, StorageError> {
        decode(Arc::unwrap_or_clone(self.item))
    }
}
