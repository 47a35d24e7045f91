//! What a spectator sees of a party while it plays.

use crate::bot::Intent;
use crate::floor::position;
use crate::game::View;
use guildhall_domain::SessionId;
use guildhall_domain::content::{Content, Point};
use guildhall_protocol::netcode::ClientState;
use guildhall_protocol::payload::{EntityState, flags};

/// A party at one moment. The room's numbers come from whichever member heard from it last.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PartyProgress {
    /// The session, once it exists.
    pub session_id: Option<SessionId>,
    /// Latest tick that anybody saw.
    pub tick: u32,
    /// The members, in the order given.
    pub members: Vec<MemberProgress>,
    /// Living enemies.
    pub enemies_left: usize,
    /// Hit points of the boss, and its hit points when unhurt.
    pub boss_hp: Option<(u16, u16)>,
    /// Pieces of loot on the ground.
    pub loot_on_ground: usize,
    /// Open doors, of all doors.
    pub doors_open: (usize, usize),
    /// Cleared chambers, of all chambers.
    pub chambers_cleared: (usize, usize),
    /// Whether the dungeon is won.
    pub cleared: bool,
    /// Everything that the member sees who heard from the room last.
    pub view: View,
}

/// A member at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MemberProgress {
    /// The character's name.
    pub name: String,
    /// Id of the character's class.
    pub class: String,
    /// Whether the connection stands.
    pub is_connected: bool,
    /// Hit points.
    pub hp: u16,
    /// Hit points when unhurt.
    pub hp_max: u16,
    /// Whether the character lives.
    pub is_alive: bool,
    /// Where it is, in millimetres.
    pub at: Option<Point>,
    /// What it is about.
    pub intent: Intent,
    /// Experience gained so far.
    pub xp: u64,
    /// Gold gained so far.
    pub gold: u64,
    /// Units of items gained so far.
    pub items: u64,
    /// Changes of the character so far.
    pub progress_seq: u64,
    /// How many of them are stored durably.
    pub durable_seq: u64,
    /// Times that the member came back after a lost connection.
    pub rejoins: u32,
    /// Whether the member is done.
    pub is_done: bool,
}

impl PartyProgress {
    pub(super) fn begin(&mut self, session_id: SessionId, members: usize) {
        *self =
            Self { session_id: Some(session_id), members: vec![MemberProgress::default(); members], ..Self::default() };
    }

    /// Takes over what a member sees of the room, unless somebody has seen a later tick.
    pub(super) fn show_room(&mut self, view: &View, content: &Content, dungeon_id: &str) {
        self.cleared |= view.dungeon_cleared;
        if view.tick < self.tick {
            return;
        }
        self.tick = view.tick;
        self.view.clone_from(view);
        self.enemies_left = view.living_enemies().count();
        let boss = view.living_enemies().map(|(_, enemy)| enemy).find(|enemy| enemy.flags & flags::BOSS != 0);
        self.boss_hp = boss.map(|boss| (boss.hp, boss.hp_max));
        self.loot_on_ground = view.loot().count();
        let (doors, chambers) =
            content.dungeons.get(dungeon_id).map_or((0, 0), |dungeon| (dungeon.doors.len(), dungeon.chambers.len()));
        self.doors_open = (view.opened_doors.len(), doors);
        self.chambers_cleared = (view.cleared_chambers.len(), chambers);
    }
}

impl MemberProgress {
    /// Takes over what a member sees of itself.
    pub(super) fn show_own(&mut self, view: &View, state: ClientState, intent: Intent) {
        self.is_connected = state == ClientState::Connected;
        self.intent = intent;
        self.progress_seq = self.progress_seq.max(view.progress_seq);
        self.durable_seq = self.durable_seq.max(view.durable_seq);
        if let Some(own) = view.own_entity() {
            let EntityState { hp, hp_max, .. } = *own;
            (self.hp, self.hp_max, self.is_alive, self.at) =
                (hp, hp_max, own.flags & flags::ALIVE != 0, Some(position(own)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bot::tests::seed_content;
    use guildhall_protocol::payload::EntityKind;

    fn enemy(id: u16, set: u8) -> EntityState {
        EntityState {
            id,
            kind: EntityKind::Enemy { kind: 0 },
            x: 0,
            y: 0,
            hp: 5,
            hp_max: 9,
            facing: 0,
            flags: set,
            statuses: 0,
        }
    }

    #[test]
    fn the_room_is_shown_as_last_seen_and_never_turned_back() {
        let content = seed_content();
        let mut progress = PartyProgress::default();
        let entities = vec![enemy(256, flags::ALIVE), enemy(257, 0), enemy(258, flags::ALIVE | flags::BOSS)];
        let view = View { tick: 7, entities, opened_doors: [512].into(), ..View::default() };
        progress.show_room(&view, &content, "goblin-warren");
        assert_eq!((progress.tick, progress.enemies_left, progress.boss_hp), (7, 2, Some((5, 9))));
        assert_eq!((progress.doors_open, progress.chambers_cleared), ((1, 5), (0, 6)));
        let older = View { tick: 6, dungeon_cleared: true, ..View::default() };
        progress.show_room(&older, &content, "goblin-warren");
        assert_eq!((progress.tick, progress.enemies_left), (7, 2));
        assert!(progress.cleared, "whoever knows that the dungeon is won is believed");
    }
}
