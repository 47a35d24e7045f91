//! What several tests stand on.

use crate::world::Game;
use guildhall_domain::Content;
use serde_json::json;
use std::sync::Arc;

/// One chamber: a rat and a weak king within reach of where heroes appear; both stand still. The rat leaves a tail. And a
/// zone with such a rat.
pub(crate) fn content() -> Arc<Content> {
    let attack = |damage: u32, range: u32| json!({ "damage_min": damage, "damage_max": damage, "range_mm": range, "cooldown_ms": 200 });
    let enemy = |boss: bool| {
        let loot_table = if boss { None } else { Some("scraps") };
        json!({ "loot_table": loot_table, "name": "Enemy", "hp": 10, "speed_mm_per_s": 1, "aggro_mm": 1, "leash_mm": 1, "xp": 5, "gold": 2,
                "attack": attack(1, 1), "boss": boss })
    };
    let content: Content = serde_json::from_value(json!({
        "classes": { "hero": { "name": "Hero", "hp_base": 100, "hp_per_level": 10, "hp_regeneration_per_s": 5,
                               "speed_mm_per_s": 4000, "attack": attack(10, 5000) } },
        "enemies": { "king": enemy(true), "rat": enemy(false) },
        "items": { "tail": { "name": "Tail", "kind": "trophy", "stack_max": 10 } },
        "loot_tables": { "scraps": { "rolls": 1, "entries": [{ "item": "tail", "weight": 1 }] } },
        "dungeons": { "den": { "name": "Den", "spawn": { "x": 5000, "y": 5000 }, "respawn_ms": 1000, "doors": [],
            "chambers": [{ "id": "den", "area": { "x": 0, "y": 0, "width": 20000, "height": 20000 }, "enemies": [
                { "enemy": "rat", "at": { "x": 7000, "y": 5000 } }, { "enemy": "king", "at": { "x": 7000, "y": 7000 } },
            ] }] } },
        "zones": { "heath": { "name": "Heath", "spawns": [{ "x": 5000, "y": 5000 }], "respawn_ms": 1000,
            "floors": [{ "x": 0, "y": 0, "width": 200000, "height": 20000 }],
            "camps": [{ "enemy": "rat", "at": { "x": 7000, "y": 5000 }, "count": 1, "spread_mm": 0, "respawn_ms": 60000 }] } },
        "progression": { "xp_for_level": [0, 1000] },
    }))
    .unwrap();
    content.check().unwrap();
    Arc::new(content)
}

/// The same, under the standard rules.
pub(crate) fn game() -> Arc<Game> {
    Game::standard(content())
}
