//! A view as a bot reads it: who is dangerous, what is reachable, who needs help. Computed anew for each decision.

use super::memory::BotMemory;
use super::route::Routes;
use crate::floor::{Floor, distance_mm, position};
use crate::game::View;
use guildhall_domain::content::{Content, Point};
use guildhall_protocol::payload::{EntityState, flags};

/// An enemy that strikes is dangerous to everybody within this distance, in millimetres.
const BRAWL_MM: u32 = 14_000;
/// How much further than its notice an enemy counts as dangerous, in millimetres: it is about to notice.
const NOTICE_MARGIN_MM: u32 = 1_500;

/// A living enemy that can be walked to.
#[derive(Debug, Clone)]
pub(super) struct Foe {
    pub(super) id: u16,
    pub(super) at: Point,
    hp: u16,
    way_mm: u32,
    dangerous: bool,
    seen: bool,
}

/// What a bot sees.
pub(super) struct Scene<'a> {
    pub(super) view: &'a View,
    pub(super) at: Point,
    pub(super) range_mm: u32,
    pub(super) routes: Routes<'a>,
    floor: &'a Floor,
    own: &'a EntityState,
    foes: Vec<Foe>,
}

impl<'a> Scene<'a> {
    /// What a living player sees; `None` for the dead and the absent.
    pub(super) fn of(view: &'a View, content: &Content, floor: &'a Floor, memory: &BotMemory) -> Option<Self> {
        let own = view.own_entity().filter(|own| own.flags & flags::ALIVE != 0)?;
        let range_mm = content.classes.get(memory.class())?.attack.range_mm;
        let at = position(own);
        let routes = Routes::from(floor, at);
        let foe = |(kind, enemy): (u8, &EntityState)| {
            let enemy_at = position(enemy);
            let notice_mm = content.enemies.values().nth(kind.into()).map_or(0, |enemy| enemy.aggro_mm);
            let apart_mm = distance_mm(at, enemy_at);
            let strikes = enemy.flags & flags::ATTACKING != 0 && apart_mm <= BRAWL_MM;
            let dangerous = strikes || apart_mm <= notice_mm.saturating_add(NOTICE_MARGIN_MM);
            let way_mm = routes.length_mm(enemy_at)?;
            let seen = floor.sees(at, enemy_at);
            Some(Foe { id: enemy.id, at: enemy_at, hp: enemy.hp, way_mm, dangerous, seen })
        };
        let foes = view.living_enemies().filter_map(foe).collect();
        Some(Self { view, at, range_mm, floor, own, foes, routes })
    }

    pub(super) fn distance_mm(&self, to: Point) -> u32 {
        distance_mm(self.at, to)
    }

    pub(super) fn own_hp_percent(&self) -> u32 {
        hp_percent(self.own)
    }

    /// Of the enemies in range and in sight, the one nearest to death: fewer enemies strike back sooner.
    pub(super) fn weakest_in_range(&self) -> Option<&Foe> {
        self.within(self.range_mm).min_by_key(|foe| (foe.hp, foe.id))
    }

    /// The enemies in sight that are at most this far away.
    pub(super) fn within(&self, reach_mm: u32) -> impl Iterator<Item = &Foe> {
        self.foes.iter().filter(move |foe| foe.seen && self.distance_mm(foe.at) <= reach_mm)
    }

    /// Of the living players in sight and at most this far away, oneself included, the one worst hurt: entity and hit points
    /// in percent.
    pub(super) fn worst_hurt(&self, reach_mm: u32) -> Option<(u16, u32)> {
        let near = self.comrades().chain([self.own]).filter(|player| {
            let at = position(player);
            self.distance_mm(at) <= reach_mm && self.floor.sees(self.at, at)
        });
        near.map(|player| (player.id, hp_percent(player))).min_by_key(|(id, percent)| (*percent, *id))
    }

    pub(super) fn nearest_danger(&self) -> Option<&Foe> {
        self.foes.iter().filter(|foe| foe.dangerous).min_by_key(|foe| (foe.way_mm, foe.id))
    }

    pub(super) fn nearest_foe(&self) -> Option<&Foe> {
        self.foes.iter().min_by_key(|foe| (foe.way_mm, foe.id))
    }

    /// The nearest loot that no other living player is nearer to, at most this far away.
    pub(super) fn own_share_of_loot(&self, way_mm_max: u32, is_lost: impl Fn(u16) -> bool) -> Option<(u16, Point)> {
        let share = self.view.loot().filter_map(|(_, loot)| {
            let at = position(loot);
            let way_mm = self.routes.length_mm(at).filter(|way_mm| *way_mm <= way_mm_max)?;
            let claim = |player: &EntityState| (distance_mm(position(player), at), player.id);
            let mine = self.comrades().all(|other| claim(self.own) < claim(other));
            (mine && !is_lost(loot.id)).then_some((way_mm, loot.id, at))
        });
        share.min_by_key(|(way_mm, id, _)| (*way_mm, *id)).map(|(_, id, at)| (id, at))
    }

    /// Whether somebody of the party is dead, badly hurt, or much further from the next enemy than this player.
    pub(super) fn someone_lags(&self, next: &Foe, straggler_mm: u32, hurt_percent: u32) -> bool {
        let ways = Routes::from(self.floor, next.at);
        let own_way_mm = next.way_mm.saturating_add(straggler_mm);
        self.party().any(|player| {
            let dead = player.flags & flags::ALIVE == 0;
            dead || hp_percent(player) < hurt_percent
                || ways.length_mm(position(player)).is_some_and(|way_mm| way_mm > own_way_mm)
        })
    }

    fn comrades(&self) -> impl Iterator<Item = &EntityState> {
        self.party().filter(|player| player.flags & flags::ALIVE != 0)
    }

    /// The others of the party who are in sight.
    fn party(&self) -> impl Iterator<Item = &EntityState> {
        let others =
            self.view.players().filter(|(seat, player)| self.view.is_comrade(*seat) && player.id != self.own.id);
        others.map(|(_, player)| player)
    }
}

fn hp_percent(player: &EntityState) -> u32 {
    u32::from(player.hp) * 100 / u32::from(player.hp_max).max(1)
}
