//! Things on the ground: what the dead leave and what players drop, and who gets it. A thing is on the ground or in one
//! inventory, never in both and never in parts.

use super::Dungeon;
use super::effect::{Audience, Effect, WorldEvent, tell, tell_witnesses};
use super::entity;
use super::entity::FIRST_LOOT;
use super::geometry::within;
use super::rules::Game;
use super::state::{Loot, Owner, Player, party_of};
use guildhall_domain::Stack;
use guildhall_domain::content::Point;
use guildhall_domain::limits::PICK_UP_REACH_MM;

/// Rolls a dead enemy's loot table and lays the results where it fell: in a dungeon for everybody, in a zone first for the
/// party of whoever struck last.
pub(super) fn drop_from(dungeon: &mut Dungeon, enemy: usize, by_seat: u16, effects: &mut Vec<Effect>) {
    let game = std::sync::Arc::clone(&dungeon.game);
    let Some(enemy) = dungeon.enemies.get(enemy) else { return };
    let (at, kind, dead) = (enemy.at, usize::from(enemy.kind), enemy.id);
    let until = dungeon.tick.saturating_add(game.owner_only_ticks);
    let party = dungeon.zone.is_some().then(|| (party_of(by_seat), until));
    let table = game.kinds.get(kind).and_then(|kind| kind.loot_table);
    let Some(table) = table.and_then(|index| game.loot_tables.get(index)) else { return };
    for _ in 0..table.rolls {
        let mut drawn = dungeon.random.below(table.weight);
        let entry = table.entries.iter().find(|entry| {
            let hit = drawn < entry.weight;
            drawn = drawn.saturating_sub(entry.weight);
            hit
        });
        let Some((item, quantity)) = entry.and_then(|entry| Some((entry.item?, entry.quantity))) else { continue };
        if let Some(id) = lay(dungeon, item, quantity, 0, at, Owner { seat: None, party }) {
            tell_witnesses(effects, dead, WorldEvent::LootDropped { entity: id, item, quantity });
        }
    }
}

/// Whether one thing more can lie on the ground.
pub(super) fn has_room(dungeon: &Dungeon) -> bool {
    dungeon.loot.len() < dungeon.loot_max
}

/// Lays down what a player had, at their feet; for a while it is theirs alone. In a zone it stays their party's: what a
/// session writes is written as one, and what goes from one session to another would not be.
pub(super) fn lay_down(dungeon: &mut Dungeon, holder: usize, item: u8, units: &Stack, effects: &mut Vec<Effect>) {
    let Some(player) = dungeon.players.get(holder) else { return };
    let (seat, at) = (player.seat, player.at);
    let quantity = u16::try_from(units.quantity).unwrap_or(u16::MAX);
    let owner_only_ticks = dungeon.game.owner_only_ticks;
    let owner = Owner {
        // Who laid it down is known for as long as it lies, whether it is theirs alone or not.
        seat: Some((seat, dungeon.tick.saturating_add(owner_only_ticks))),
        party: dungeon.zone.is_some().then_some((party_of(seat), u32::MAX)),
    };
    if let Some(entity) = lay(dungeon, item, quantity, units.wear, at, owner) {
        let is_private = owner_only_ticks > 0 || owner.party.is_some();
        let audience = if is_private { Audience::Seat(seat) } else { Audience::All };
        effects.push(Effect::Event(audience, WorldEvent::LootDropped { entity, item, quantity }));
    }
}

fn lay(dungeon: &mut Dungeon, item: u8, quantity: u16, wear: u32, at: Point, owner: Owner) -> Option<u16> {
    let Dungeon { game, tick, .. } = dungeon;
    let gone_at = game.despawn_ticks.map(|ticks| tick.saturating_add(ticks));
    put(dungeon, Loot { id: 0, item, quantity, wear, at, owner, gone_at })
}

/// Puts a thing on the ground under an id of its own, if there is room.
pub(super) fn put(dungeon: &mut Dungeon, thing: Loot) -> Option<u16> {
    let Dungeon { loot, loot_max, next_loot_id, .. } = dungeon;
    if loot.len() >= *loot_max {
        return None;
    }
    // Ids go round. Fewer things lie on the ground than there are ids, so a free one is found.
    loop {
        let id = *next_loot_id;
        *next_loot_id = if id == u16::MAX { FIRST_LOOT } else { id + 1 };
        if let Err(place) = loot.binary_search_by_key(&id, |loot| loot.id) {
            loot.insert(place, Loot { id, ..thing });
            return Some(id);
        }
    }
}

/// Takes away what has lain for too long.
pub(super) fn despawn(dungeon: &mut Dungeon) {
    let Dungeon { loot, tick, .. } = dungeon;
    loot.retain(|loot| loot.gone_at.is_none_or(|at| *tick < at));
}

/// A living player takes a thing within reach, whole or not at all. Whoever asks for something that is not there, not theirs
/// to take, or does not fit, is refused, at most once per tick.
pub(super) fn pick_up(dungeon: &mut Dungeon, picker: usize, target: u16, effects: &mut Vec<Effect>) {
    let Dungeon { game, players, loot, tick, .. } = dungeon;
    let Some(player) = players.get_mut(picker).filter(|player| player.can_act(game)) else { return };
    if target < FIRST_LOOT {
        return;
    }
    let place = loot.binary_search_by_key(&target, |loot| loot.id).ok();
    let taken = place.and_then(|place| take(player, loot, place, game, *tick));
    if let Some((loot, seq)) = taken {
        let Loot { id: entity, item, quantity, owner, .. } = loot;
        let is_private = !owner.is_over(*tick);
        let taker = entity::player_id(player.seat);
        let audience = if is_private { Audience::Seat(player.seat) } else { Audience::Witnesses(taker) };
        let event = WorldEvent::LootTaken { entity, by_seat: player.seat, item, quantity };
        effects.push(Effect::Event(audience, event));
        tell(effects, player.seat, WorldEvent::ItemGained { item, quantity, seq });
        if let Some((from, _)) = owner.seat.filter(|(from, _)| *from != player.seat) {
            effects.push(Effect::HandedOver { from, to: player.seat });
        }
    } else if player.refused_at != *tick {
        player.refused_at = *tick;
        tell(effects, player.seat, WorldEvent::PickUpRefused { entity: target });
    }
}

/// Moves the thing at this place into the player's inventory, if it is theirs to take, in reach, and fits.
fn take(player: &mut Player, loot: &mut Vec<Loot>, place: usize, game: &Game, tick: u32) -> Option<(Loot, u64)> {
    let found = loot.get(place)?;
    let item = game.items.get(usize::from(found.item))?;
    let units = Stack { item: item.id.clone(), quantity: found.quantity.into(), wear: found.wear };
    let may = found.is_open_to(player.seat, tick) && within(player.at, found.at, PICK_UP_REACH_MM);
    if !may || !player.hot.add_stack(&units, item.stack_max) {
        return None;
    }
    player.rearranged = true;
    let seq = player.change(true);
    Some((loot.remove(place), seq))
}
