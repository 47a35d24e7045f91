//! What happened in a recorded session, one line per event, for people: who came and went, died, took what, and how far the
//! party got.

use guildhall_domain::Content;
use guildhall_domain::limits::TICK_MS;
use guildhall_gamesim::world::{Dungeon, Effect, EntityViewKind, WorldEvent};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Turns events into lines.
#[derive(Debug, Default)]
pub(super) struct Timeline {
    content: Option<Arc<Content>>,
    /// By seat.
    names: BTreeMap<u16, String>,
}

impl Timeline {
    /// What is told from here on is played with this content.
    pub(super) fn begin_part(&mut self, content: &Arc<Content>) {
        self.content = Some(Arc::clone(content));
    }

    /// The lines of what has happened up to this tick.
    pub(super) fn tell(&mut self, dungeon: &Dungeon, effects: &[Effect]) -> Vec<String> {
        let mut lines = Vec::new();
        for effect in effects {
            let Effect::Event(_, event) = effect else { continue };
            if let WorldEvent::PlayerJoined { seat, name } = event {
                self.names.insert(*seat, name.clone());
            }
            if let Some(line) = self.line(dungeon, event) {
                lines.push(format!("{:>7}  {:>8}  {line}", dungeon.tick(), time(dungeon.tick())));
            }
        }
        lines
    }

    fn line(&self, dungeon: &Dungeon, event: &WorldEvent) -> Option<String> {
        Some(match event {
            WorldEvent::PlayerJoined { seat, name } => format!("{name} joins in seat {seat}"),
            WorldEvent::PlayerLeft { seat } => format!("{} leaves", self.player(*seat)),
            WorldEvent::PlayerDied { seat } => format!("{} dies", self.player(*seat)),
            WorldEvent::PlayerRespawned { seat } => format!("{} stands again", self.player(*seat)),
            WorldEvent::EnemyDied { entity, by_seat } => {
                format!("{} slays {}", self.player(*by_seat), self.enemy(dungeon, *entity))
            }
            WorldEvent::LootTaken { by_seat, item, quantity, .. } => {
                format!("{} takes {quantity} × {}", self.player(*by_seat), self.item(*item))
            }
            WorldEvent::DoorOpened { .. } => "a door opens".to_owned(),
            WorldEvent::ChamberCleared { chamber } => format!("chamber {chamber} is cleared"),
            WorldEvent::BossPhase { entity, phase } => {
                format!("{} enters phase {phase}", self.enemy(dungeon, *entity))
            }
            WorldEvent::DungeonCleared => "the dungeon is cleared".to_owned(),
            _ => return None,
        })
    }

    fn player(&self, seat: u16) -> String {
        self.names.get(&seat).cloned().unwrap_or_else(|| format!("seat {seat}"))
    }

    fn enemy(&self, dungeon: &Dungeon, entity: u16) -> String {
        let kind = dungeon.entities().find(|seen| seen.id == entity).and_then(|seen| match seen.kind {
            EntityViewKind::Enemy { kind } => Some(kind),
            _ => None,
        });
        let enemy = self.content.as_ref().and_then(|content| content.enemies.values().nth(kind?.into()));
        enemy.map_or_else(|| format!("entity {entity}"), |enemy| enemy.name.clone())
    }

    fn item(&self, item: u8) -> String {
        let item_of = |content: &Arc<Content>| content.items.values().nth(item.into()).map(|item| item.name.clone());
        self.content.as_ref().and_then(item_of).unwrap_or_else(|| format!("item {item}"))
    }
}

/// Minutes, seconds and hundredths.
fn time(tick: u32) -> String {
    let ms = u64::from(tick) * u64::from(TICK_MS);
    format!("{}:{:02}.{:02}", ms / 60_000, ms / 1_000 % 60, ms % 1_000 / 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tick_is_a_twentieth_of_a_second() {
        assert_eq!([0, 1, 20, 1_201].map(time), ["0:00.00", "0:00.05", "0:01.00", "1:00.05"]);
    }
}
