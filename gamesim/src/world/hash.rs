//! A fingerprint of the whole state, so that two runs can be compared tick by tick. It is FNV-1a over words instead of
//! bytes; it is meant for comparing honest runs, not against forgery.

use super::Dungeon;
use super::state::{Blow, Enemy, Loot, Mood, Player};
use super::states::States;
use guildhall_domain::content::Point;

struct StateHash(u64);

impl StateHash {
    fn number(&mut self, word: impl Into<u64>) {
        self.0 = (self.0 ^ word.into()).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(23);
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        text.bytes().for_each(|byte| self.number(byte));
    }

    fn point(&mut self, point: Point) {
        self.number(point.x.cast_unsigned());
        self.number(point.y.cast_unsigned());
    }

    fn blow(&mut self, blow: Blow) {
        self.number(blow.ready_at);
        self.number(blow.shown_until);
    }

    fn states(&mut self, states: &States) {
        for held in states.iter() {
            self.number(held.state);
            self.number(held.until);
            self.optional(held.by_seat);
        }
    }

    fn optional(&mut self, value: Option<impl Into<u64>>) {
        self.number(value.map_or(u64::MAX, Into::into));
    }
}

/// The fingerprint of a dungeon's state.
pub(super) fn of(dungeon: &Dungeon) -> u64 {
    let mut hash = StateHash(0xcbf2_9ce4_8422_2325);
    hash.number(dungeon.tick);
    let (draws, next) = dungeon.random.state();
    hash.number(draws);
    hash.number(next);
    dungeon.players.iter().for_each(|player| self::player(&mut hash, player));
    dungeon.enemies.iter().for_each(|enemy| self::enemy(&mut hash, enemy));
    dungeon.loot.iter().for_each(|loot| self::loot(&mut hash, loot));
    dungeon.doors.iter().for_each(|door| hash.number(door.open));
    for chamber in &dungeon.chambers {
        hash.number(chamber.living as u64);
        hash.number(chamber.cleared);
    }
    dungeon.changes.iter().for_each(|&changes| hash.number(changes));
    hash.number(dungeon.next_loot_id);
    hash.number(dungeon.cleared_at.map_or(u64::MAX, u64::from));
    hash.0
}

fn player(hash: &mut StateHash, player: &Player) {
    hash.number(player.seat);
    hash.text(&player.class);
    hash.point(player.at);
    hash.number(player.facing);
    hash.number(player.hot.level);
    hash.number(player.hot.xp);
    hash.number(player.hot.hp);
    hash.number(player.hot.hp_max);
    hash.number(player.hot.gold);
    hash.number(player.hot.dungeons_cleared);
    hash.number(player.hot.inventory.len() as u64);
    for stack in &player.hot.inventory {
        hash.text(&stack.item);
        hash.number(stack.quantity);
        hash.number(stack.wear);
    }
    let equipment = &player.hot.equipment;
    for gear in [&equipment.armor, &equipment.shield, &equipment.weapon] {
        hash.text(gear.as_ref().map_or("", |gear| &gear.item));
        hash.optional(gear.as_ref().map(|gear| gear.wear));
    }
    for (skill, xp) in &player.hot.practice {
        hash.text(skill);
        hash.number(*xp);
    }
    hash.number(player.mana);
    hash.number(player.stamina);
    hash.states(&player.states);
    player.cooldowns.ready_at().iter().for_each(|&at| hash.number(at));
    hash.number(player.changes);
    hash.blow(player.blow);
    for tick in [player.walked_at, player.refused_at, player.fought_at, player.respawn_at] {
        hash.number(tick);
    }
}

fn enemy(hash: &mut StateHash, enemy: &Enemy) {
    hash.point(enemy.at);
    hash.number(enemy.facing);
    hash.number(enemy.hp);
    hash.number(enemy.phase);
    hash.number(match enemy.mood {
        Mood::Idle => 65_536_u64,
        Mood::Returning => 65_537,
        Mood::Chasing(seat) => u64::from(seat),
    });
    hash.blow(enemy.blow);
    hash.number(enemy.died_at);
    hash.states(&enemy.states);
    enemy.cooldowns.ready_at().iter().for_each(|&at| hash.number(at));
}

fn loot(hash: &mut StateHash, loot: &Loot) {
    hash.number(loot.id);
    hash.number(loot.item);
    hash.number(loot.quantity);
    hash.number(loot.wear);
    hash.point(loot.at);
    for owner in [loot.owner.seat, loot.owner.party] {
        hash.optional(owner.map(|(who, _)| who));
        hash.optional(owner.map(|(_, until)| until));
    }
    hash.optional(loot.gone_at);
}
