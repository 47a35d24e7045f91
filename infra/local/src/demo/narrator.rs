//! Puts what the members of a party are told into words, once each, however many of them are told.

use guildhall_client::PartyProgress;
use guildhall_client::party::MemberEvent;
use guildhall_domain::Content;
use guildhall_domain::content::Enemy;
use guildhall_protocol::payload::{EndingReason, EntityKind, GameEvent};
use std::collections::BTreeMap;

/// What is told again within this time is the same thing, in ticks: all members hear of it within moments, and nobody
/// dies twice in it.
const SAME_WITHIN_TICKS: u32 = 60;
/// Things told that are remembered.
const TOLD_KEPT: usize = 64;

/// The story of one run.
pub(super) struct Narrator<'a> {
    content: &'a Content,
    dungeon_id: &'a str,
    /// Kinds of the enemies that were seen: the dead leave the view before their death is told.
    kinds: BTreeMap<u16, u8>,
    names: BTreeMap<u16, String>,
    told: Vec<(GameEvent, u32)>,
}

impl<'a> Narrator<'a> {
    pub(super) fn new(content: &'a Content, dungeon_id: &'a str) -> Self {
        Self { content, dungeon_id, kinds: BTreeMap::new(), names: BTreeMap::new(), told: Vec::new() }
    }

    /// The event in words, if it is worth any and has not been told.
    pub(super) fn tell(&mut self, told: &MemberEvent, progress: &PartyProgress) -> Option<String> {
        self.look(progress);
        if let GameEvent::LevelUp { level } = &told.event {
            let name = progress.members.get(told.member).map_or("somebody", |member| member.name.as_str());
            tracing::info!(name, level, "a demo character reached a level");
            return Some(format!("{name} reached level {level}!"));
        }
        let sentence = self.sentence(&told.event)?;
        let same = |(event, tick): &(GameEvent, u32)| {
            *event == told.event && progress.tick.saturating_sub(*tick) < SAME_WITHIN_TICKS
        };
        if self.told.iter().any(same) {
            return None;
        }
        if self.told.len() == TOLD_KEPT {
            self.told.remove(0);
        }
        self.told.push((told.event.clone(), progress.tick));
        Some(sentence)
    }

    fn look(&mut self, progress: &PartyProgress) {
        for entity in &progress.view.entities {
            if let EntityKind::Enemy { kind } = entity.kind {
                self.kinds.insert(entity.id, kind);
            }
        }
        for (seat, member) in &progress.view.party {
            if self.names.get(seat) != Some(&member.name) {
                self.names.insert(*seat, member.name.clone());
            }
        }
    }

    fn sentence(&self, event: &GameEvent) -> Option<String> {
        Some(match event {
            GameEvent::PlayerJoined { name, .. } => format!("{name} enters"),
            GameEvent::PlayerLeft { seat } => format!("{} leaves", self.name(*seat)),
            GameEvent::PlayerDied { seat } => format!("{} falls", self.name(*seat)),
            GameEvent::PlayerRespawned { seat } => format!("{} stands again", self.name(*seat)),
            GameEvent::EnemyDied { entity, by_seat } => self.slain(*entity, *by_seat),
            GameEvent::LootTaken { by_seat, item, quantity, .. } => {
                format!("{} takes {}", self.name(*by_seat), self.things(*item, *quantity))
            }
            GameEvent::DoorOpened { .. } => "a door opens".to_owned(),
            GameEvent::ChamberCleared { chamber } => {
                let dungeon = self.content.dungeons.get(self.dungeon_id)?;
                format!("the {} is cleared", dungeon.chambers.get(usize::from(*chamber))?.id)
            }
            GameEvent::BossPhase { entity, .. } => format!("{} rages", self.enemy(*entity)?.name),
            GameEvent::DungeonCleared => "the dungeon is cleared!".to_owned(),
            GameEvent::SessionEnding { reason } => match EndingReason::from_code(*reason)? {
                EndingReason::Cleared | EndingReason::Empty => return None,
                EndingReason::TimeLimit => "the time is up".to_owned(),
                EndingReason::Shutdown => "the game sim shuts down; everything is stored".to_owned(),
                EndingReason::Fault => "the session broke".to_owned(),
                _ => "the session ends".to_owned(),
            },
            _ => return None,
        })
    }

    fn slain(&self, entity: u16, by_seat: u16) -> String {
        let name = self.name(by_seat);
        match self.enemy(entity) {
            Some(enemy) if enemy.boss => format!("{name} slays {}! (+{} xp)", enemy.name, enemy.xp),
            Some(enemy) => format!("{name} slays a {} (+{} xp)", enemy.name.to_lowercase(), enemy.xp),
            None => format!("{name} slays an enemy"),
        }
    }

    fn things(&self, item: u8, quantity: u16) -> String {
        let name = self.content.items.values().nth(item.into()).map_or("something", |item| item.name.as_str());
        if quantity == 1 { name.to_lowercase() } else { format!("{quantity} × {}", name.to_lowercase()) }
    }

    fn enemy(&self, entity: u16) -> Option<&'a Enemy> {
        let kind = self.kinds.get(&entity)?;
        self.content.enemies.values().nth(usize::from(*kind))
    }

    fn name(&self, seat: u16) -> &str {
        self.names.get(&seat).map_or("somebody", String::as_str)
    }
}
