//! Players with a character each, and a fleet that has room for their game sessions.

use crate::Outcome;
use guildhall_domain::CharacterId;
use guildhall_domain::api::GamesimState;
use guildhall_storage::memory::MemoryTable;
use guildhall_tests::backend::seed_data;
use guildhall_tests::{Backend, Call};
use std::sync::Arc;

/// A player.
#[derive(Debug, Clone)]
pub(super) struct Hero {
    pub(super) token: String,
    pub(super) character_id: CharacterId,
}

/// A table in memory with the seed content.
pub(super) async fn table() -> Outcome<Arc<MemoryTable>> {
    let table = Arc::new(MemoryTable::new());
    guildhall_local::content::load(&seed_data())?.publish(&*table).await?;
    Ok(table)
}

/// As many players, each with a character.
pub(super) async fn heroes(backend: &Backend, count: u32) -> Outcome<Vec<Hero>> {
    let mut heroes = Vec::new();
    for number in 0..count {
        let token = backend.player_without_password(number).await;
        let character_id = backend.character(&token, &format!("Hero {number}")).await.parse()?;
        heroes.push(Hero { token, character_id });
    }
    Ok(heroes)
}

/// Registers as many game sims, and gives their names with their epochs.
pub(super) async fn fleet(backend: &Backend, gamesims: u32, capacity: u32) -> Vec<(String, u64)> {
    let mut fleet = Vec::new();
    for number in 0..gamesims {
        let name = format!("sim-{number:02}");
        let epoch = backend.gamesim(&name, capacity, "boot").await;
        fleet.push((name, epoch));
    }
    fleet
}

/// Renews every lease.
pub(super) async fn beat(backend: &Backend, fleet: &[(String, u64)]) {
    for (name, epoch) in fleet {
        Call::heartbeat(name, *epoch, GamesimState::Ready).make(backend, "").await.expect(200);
    }
}
