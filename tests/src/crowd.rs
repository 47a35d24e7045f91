//! Players with a character each, and a fleet that has room for their game sessions.

use crate::backend::seed_data;
use crate::{Backend, Call};
use guildhall_domain::CharacterId;
use guildhall_domain::api::GamesimState;
use guildhall_storage::memory::MemoryTable;
use std::error::Error;
use std::sync::Arc;

/// What keeps a crowd from being there.
pub type Failure = Box<dyn Error + Send + Sync>;

/// A player.
#[derive(Debug, Clone)]
pub struct Hero {
    /// Their access token.
    pub token: String,
    /// Their only character.
    pub character_id: CharacterId,
}

/// A table in memory with the seed content.
pub async fn table() -> Result<Arc<MemoryTable>, Failure> {
    let table = Arc::new(MemoryTable::new());
    guildhall_local::content::load(&seed_data())?.publish(&*table).await?;
    Ok(table)
}

/// As many players, each with a character.
pub async fn heroes(backend: &Backend, count: u32) -> Result<Vec<Hero>, Failure> {
    let mut heroes = Vec::new();
    for number in 0..count {
        let token = backend.player_without_password(number).await;
        let character_id = backend.character(&token, &format!("Hero {number}")).await.parse()?;
        heroes.push(Hero { token, character_id });
    }
    Ok(heroes)
}

/// Registers as many game sims, and gives their names with their epochs.
pub async fn fleet(backend: &Backend, gamesims: u32, capacity: u32) -> Vec<(String, u64)> {
    let mut fleet = Vec::new();
    for number in 0..gamesims {
        let name = format!("sim-{number:02}");
        let epoch = backend.gamesim(&name, capacity, "boot").await;
        fleet.push((name, epoch));
    }
    fleet
}

/// Renews every lease.
pub async fn beat(backend: &Backend, fleet: &[(String, u64)]) {
    for (name, epoch) in fleet {
        Call::heartbeat(name, *epoch, GamesimState::Ready).make(backend, "").await.expect(200);
    }
}
