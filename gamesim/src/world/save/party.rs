//! A party in a zone as bytes, for the checkpoint of its session: its players and what they have laid on the ground. The
//! zone itself is in no checkpoint: who goes on in another one finds other enemies there and keeps everything of their own.
//!
//! Ticks are the zone's; in another zone they are moved so that whatever was to come comes as soon as it would have.

use super::super::state::{Loot, Owner, party_of, seats_of};
use super::super::{Dungeon, loot, zone};
use super::{COUNT_MAX, SavedLoot, SavedPlayer, TICK_MAX, restored_player, saved_loot, saved_player};
use guildhall_domain::limits::{LOOT_ON_GROUND_MAX, SEATS_PER_SESSION_MAX};
use serde::{Deserialize, Serialize};

/// The first byte; no dungeon's.
const FORMAT: u8 = 129;

#[derive(Serialize, Deserialize)]
struct Saved<'a> {
    tick: u32,
    /// Seats are the session's.
    players: Vec<SavedPlayer<'a>>,
    loot: Vec<SavedLoot>,
    changes: [u64; SEATS_PER_SESSION_MAX],
}

/// The first seat of a party.
fn first_seat(party: u16) -> u16 {
    seats_of(party).next().unwrap_or_default()
}

pub(in super::super) fn save(zone: &Dungeon, party: u16) -> Option<Vec<u8>> {
    let first = first_seat(party);
    let players = zone.players.iter().filter(|player| party_of(player.seat) == party);
    let players = players.map(|player| SavedPlayer { seat: player.seat - first, ..saved_player(player) });
    let is_theirs = |loot: &&Loot| loot.owner.party == Some((party, u32::MAX));
    let loot = zone.loot.iter().filter(is_theirs).map(|loot| {
        let owner = loot.owner.seat.map(|(seat, until)| (seat.saturating_sub(first), until));
        SavedLoot { owner, ..saved_loot(loot) }
    });
    let changes = zone.changes.get(usize::from(first)..usize::from(first) + SEATS_PER_SESSION_MAX)?;
    let (players, loot) = (players.collect(), loot.take(LOOT_ON_GROUND_MAX).collect());
    let saved = Saved { tick: zone.tick, players, loot, changes: changes.try_into().ok()? };
    postcard::to_extend(&saved, vec![FORMAT]).ok()
}

/// Brings the party into the zone; `None` for bytes that are no party of this content, and then the zone is as it was.
pub(in super::super) fn restore(zone: &mut Dungeon, party: u16, bytes: &[u8]) -> Option<()> {
    let (_, record) = bytes.split_first().filter(|(format, _)| **format == FORMAT)?;
    let (saved, []) = postcard::take_from_bytes::<Saved<'_>>(record).ok()? else { return None };
    let first = first_seat(party);
    let is_free = zone.players.iter().all(|player| party_of(player.seat) != party);
    let is_possible = saved.tick <= TICK_MAX && saved.changes.iter().all(|count| *count <= COUNT_MAX);
    let rising = saved.players.is_sorted_by(|a, b| a.seat < b.seat);
    let seats = saved.players.iter().all(|player| usize::from(player.seat) < SEATS_PER_SESSION_MAX);
    if !(is_free && is_possible && rising && seats) || usize::from(party) * SEATS_PER_SESSION_MAX >= zone.changes.len()
    {
        return None;
    }
    let moved = |at: u32| move_tick(at, saved.tick, zone.tick);
    let mut players = Vec::new();
    for mut player in saved.players {
        player.seat += first;
        let ticks = [&mut player.walked_at, &mut player.refused_at, &mut player.fought_at, &mut player.respawn_at];
        ticks.into_iter().for_each(|at| *at = moved(*at));
        player.ready_at.iter_mut().for_each(|at| *at = moved(*at));
        player.states.iter_mut().for_each(|state| state.until = moved(state.until));
        player.blow.ready_at = moved(player.blow.ready_at);
        player.blow.shown_until = moved(player.blow.shown_until);
        players.push(restored_player(zone, player).filter(|player| zone.map.is_floor(player.at))?);
    }
    let loot: Vec<_> = saved.loot.iter().map(|loot| restored_loot(zone, party, loot, moved)).collect::<Option<_>>()?;
    for (seat, count) in seats_of(party).zip(saved.changes) {
        if let Some(changes) = zone.changes.get_mut(usize::from(seat)) {
            *changes = count;
        }
    }
    let at = zone.players.partition_point(|player| player.seat < first);
    zone.players.splice(at..at, players);
    for loot in loot {
        loot::put(zone, loot);
    }
    seats_of(party).for_each(|seat| zone::look_first(zone, seat));
    Some(())
}

fn restored_loot(zone: &Dungeon, party: u16, saved: &SavedLoot, moved: impl Fn(u32) -> u32) -> Option<Loot> {
    let &SavedLoot { id, item, quantity, wear, at, owner, gone_at, .. } = saved;
    let is_possible = usize::from(item) < zone.game.items.len() && quantity > 0 && zone.map.is_floor(at);
    let seat = owner.map(|(seat, until)| (first_seat(party).saturating_add(seat), moved(until)));
    let owner = Owner { seat, party: Some((party, u32::MAX)) };
    let gone_at = zone.game.despawn_ticks.map(|ticks| moved(gone_at.unwrap_or(u32::MAX)).min(zone.tick + ticks));
    is_possible.then_some(Loot { id, item, quantity, wear, at, owner, gone_at })
}

/// A tick of one zone in another: as far from its present one, unless that lies before its beginning.
const fn move_tick(at: u32, from: u32, to: u32) -> u32 {
    to.saturating_add(at.saturating_sub(from)).saturating_sub(from.saturating_sub(at))
}
