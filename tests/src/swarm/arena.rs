//! What is played under load: four heroes and sixteen enemies in one hall, who fight for as long as they are let. Keys and
//! ids derive from the seed that both processes are started with; nobody else is to be kept out.

use crate::Dice;
use guildhall_domain::{
    AccountId, Build, Character, CharacterId, CharacterName, Content, HotState, SessionId, Timestamp,
};
use guildhall_gamesim::world::Game;
use guildhall_protocol::netcode::{ConnectToken, ConnectTokenParameters, Key, TokenEntropy};
use guildhall_protocol::{PROTOCOL_ID, PROTOCOL_VERSION, UserData};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;

use super::Outcome;

/// The dungeon's id, and the version of its content.
pub(super) const DUNGEON: &str = "arena";
pub(super) const CONTENT_VERSION: u64 = 1;
/// Epoch of the game sim and of every session.
pub(super) const EPOCH: u64 = 1;
/// Players in a room.
pub(super) const PARTY: u32 = 4;
const ENEMIES: i32 = 16;
/// Silence after which a connection is given up, in seconds.
const TIMEOUT_S: u32 = 10;
const TOKEN_LIFETIME_S: u64 = 30;

/// The content: nobody dies for good, nobody runs out of enemies.
pub(super) fn game() -> Outcome<Arc<Game>> {
    let attack = |damage: u32, range_mm: u32, cooldown_ms: u32| json!({ "damage_min": damage, "damage_max": 2 * damage, "range_mm": range_mm, "cooldown_ms": cooldown_ms });
    let ogre = |boss: bool| {
        json!({ "name": "Ogre", "hp": 60_000, "speed_mm_per_s": 3_500, "aggro_mm": 30_000, "leash_mm": 60_000, "xp": 5,
                "gold": 2, "attack": attack(2, 2_000, 1_100), "boss": boss })
    };
    let place = |number: i32| {
        let enemy = if number == 0 { "chief" } else { "ogre" };
        json!({ "enemy": enemy, "at": { "x": 8_000 + 8_000 * (number % 4), "y": 8_000 + 8_000 * (number / 4) } })
    };
    let enemies: Vec<Value> = (0..ENEMIES).map(place).collect();
    let content: Content = serde_json::from_value(json!({
        "classes": { "hero": { "name": "Hero", "hp_base": 500, "hp_per_level": 10, "hp_regeneration_per_s": 50,
                               "speed_mm_per_s": 4_000, "attack": attack(10, 2_500, 600) } },
        "enemies": { "chief": ogre(true), "ogre": ogre(false) },
        "items": {},
        "loot_tables": {},
        "dungeons": { DUNGEON: { "name": "Arena", "spawn": { "x": 20_000, "y": 20_000 }, "respawn_ms": 1_000, "doors": [],
            "chambers": [{ "id": "hall", "area": { "x": 0, "y": 0, "width": 40_000, "height": 40_000 },
                           "enemies": enemies }] } },
        "progression": { "xp_for_level": [0, 1_000_000] },
    }))?;
    content.check().map_err(|problems| format!("the arena's content: {problems:?}"))?;
    Ok(Game::standard(Arc::new(content)))
}

/// The key of connect tokens.
pub(super) fn private_key(seed: u64) -> Key {
    key(&mut Dice(seed))
}

/// A key for whatever else needs one.
pub(super) fn key(dice: &mut Dice) -> Key {
    std::array::from_fn(|_| dice.below(256) as u8)
}

/// A character.
pub(super) fn character(game: &Game, account_id: AccountId, character_id: CharacterId) -> Outcome<Character> {
    let hot = HotState::of_class(game.content(), "hero").ok_or("the arena has no heroes")?;
    let build = Build::default();
    let name = CharacterName::parse("Bryn").map_err(|invalid| format!("{invalid:?}"))?;
    let class = "hero".to_owned();
    let created_at = Timestamp(0);
    Ok(Character { character_id, account_id, name, class, version: 1, created_at, deleted_at: None, build, hot })
}

/// Which seat a client has.
pub(super) fn user_data(client: u32) -> UserData {
    let who = u128::from(client) + 1;
    UserData {
        session_id: SessionId::from_bits(u128::from(client / PARTY) + 1),
        session_epoch: 1,
        seat: (client % PARTY) as u8,
        account_id: AccountId::from_bits(who),
        character_id: CharacterId::from_bits(who),
        protocol_version: PROTOCOL_VERSION,
        content_version: CONTENT_VERSION,
        gamesim_epoch: EPOCH,
    }
}

/// A connect token for a client.
pub(super) fn token(client: u32, server_address: SocketAddr, seed: u64, now_s: u64, dice: &mut Dice) -> Vec<u8> {
    let parameters = ConnectTokenParameters {
        protocol_id: PROTOCOL_ID,
        client_id: u64::from(client) + 1,
        server_address,
        create_s: now_s,
        expire_s: now_s + TOKEN_LIFETIME_S,
        timeout_s: TIMEOUT_S,
        user_data: &user_data(client).encode(),
        private_key: &private_key(seed),
    };
    let nonce = std::array::from_fn(|_| dice.below(256) as u8);
    let entropy = TokenEntropy { nonce, client_to_server_key: key(dice), server_to_client_key: key(dice) };
    ConnectToken::generate(&parameters, &entropy).to_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arena_can_be_played() {
        let game = game().unwrap();
        assert!(guildhall_gamesim::world::Dungeon::new(&game, DUNGEON, 1).is_some());
        let UserData { account_id, character_id, .. } = user_data(7);
        assert!(character(&game, account_id, character_id).is_ok());
    }
}
