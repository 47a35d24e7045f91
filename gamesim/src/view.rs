//! What players see of the world, in the words of the UDP protocol. Everybody in a dungeon sees all of it, as it is
//! small, and besides that what is theirs alone; in a zone one sees what is near. No rules here, only translation; positions go from millimetres to
//! centimetres and keep their axes.

use crate::world::{Action, Carried, Dungeon, EntityView, EntityViewKind, Handling, OwnView, Units, WorldEvent};
use guildhall_domain::CharacterId;
use guildhall_protocol::payload::{
    Action as Wish, EntityKind, EntityState, GameEvent, Inventory, ItemUnits, OwnState, flags,
};

/// What everybody in a dungeon sees, in order of the ids.
pub fn entities(dungeon: &Dungeon) -> impl Iterator<Item = EntityState> {
    dungeon.entities().map(|entity| entity_state(&entity))
}

/// What the player in this seat sees, if that is more than everybody does: their own things on the ground.
pub fn entities_of(dungeon: &Dungeon, seat: u16) -> Option<impl Iterator<Item = EntityState>> {
    dungeon.entities_of(seat).map(|entities| entities.map(|entity| entity_state(&entity)))
}

/// What the player in this seat sees of a zone.
pub fn seen(dungeon: &Dungeon, seat: u16) -> impl Iterator<Item = EntityState> {
    dungeon.seen(seat).map(|entity| entity_state(&entity))
}

/// What only the player in this seat is told of their character.
pub fn own(dungeon: &Dungeon, seat: u16) -> OwnState {
    dungeon.own(seat).map_or_else(OwnState::default, own_state)
}

fn own_state(own: OwnView) -> OwnState {
    let small = |number: u32| u16::try_from(number).unwrap_or(u16::MAX);
    OwnState { mana: small(own.mana), stamina: small(own.stamina), speed_mm_per_s: small(own.speed_mm_per_s) }
}

/// What a character carries, as its player is told of it.
pub fn inventory(carried: Carried) -> GameEvent {
    let units = |Units { item, quantity, wear }: Units| ItemUnits { item, quantity, wear };
    let Carried { stacks, worn, seq } = carried;
    let stacks = stacks.into_iter().map(units).collect();
    GameEvent::Inventory(Box::new(Inventory { stacks, worn: worn.map(|worn| worn.map(units)), seq }))
}

fn entity_state(entity: &EntityView) -> EntityState {
    let flag = |set: bool, flag: u8| if set { flag } else { 0 };
    EntityState {
        id: entity.id,
        kind: match entity.kind {
            EntityViewKind::Player { seat } => EntityKind::Player { seat },
            EntityViewKind::Enemy { kind } => EntityKind::Enemy { kind },
            EntityViewKind::Loot { item } => EntityKind::Loot { item },
            EntityViewKind::Door => EntityKind::Door,
        },
        x: centimetres(entity.at.x),
        y: centimetres(entity.at.y),
        hp: u16::try_from(entity.hp).unwrap_or(u16::MAX),
        hp_max: u16::try_from(entity.hp_max).unwrap_or(u16::MAX),
        facing: entity.facing,
        flags: flag(entity.alive, flags::ALIVE)
            | flag(entity.open, flags::OPEN)
            | flag(entity.attacking, flags::ATTACKING)
            | flag(entity.boss, flags::BOSS),
        statuses: entity.statuses,
    }
}

fn centimetres(millimetres: i32) -> u16 {
    u16::try_from(millimetres.max(0) / 10).unwrap_or(u16::MAX)
}

/// What a wish means to the world, which knows nothing of leaving.
pub const fn action(wish: Wish) -> Action {
    match wish {
        Wish::None | Wish::Leave => Action::None,
        Wish::Attack { target } => Action::Attack { target },
        Wish::PickUp { target } => Action::PickUp { target },
        Wish::Ability { number, target } => Action::Ability { number, target },
        Wish::UseItem { slot } => Action::Handle(Handling::Use { slot }),
        Wish::Equip { slot } => Action::Handle(Handling::Equip { slot }),
        Wish::Unequip { place } => Action::Handle(Handling::Unequip { place }),
        Wish::MoveItem { from, to } => Action::Handle(Handling::Move { from, to }),
        Wish::Drop { slot, quantity } => Action::Handle(Handling::Drop { slot, quantity }),
    }
}

/// The event as clients are told of it. `character` names who sits in a seat, which the world does not know.
pub fn game_event(event: WorldEvent, character: impl FnOnce(u16) -> Option<CharacterId>) -> Option<GameEvent> {
    Some(match event {
        WorldEvent::PlayerJoined { seat, name } => {
            GameEvent::PlayerJoined { seat, character_id: character(seat)?, name }
        }
        WorldEvent::PlayerLeft { seat } => GameEvent::PlayerLeft { seat },
        WorldEvent::PlayerDied { seat } => GameEvent::PlayerDied { seat },
        WorldEvent::PlayerRespawned { seat } => GameEvent::PlayerRespawned { seat },
        WorldEvent::EnemyDied { entity, by_seat } => GameEvent::EnemyDied { entity, by_seat },
        WorldEvent::LootDropped { entity, item, quantity } => GameEvent::LootDropped { entity, item, quantity },
        WorldEvent::LootTaken { entity, by_seat, item, quantity } => {
            GameEvent::LootTaken { entity, by_seat, item, quantity }
        }
        WorldEvent::PickUpRefused { entity } => GameEvent::PickUpRefused { entity },
        WorldEvent::DoorOpened { entity } => GameEvent::DoorOpened { entity },
        WorldEvent::ChamberCleared { chamber } => GameEvent::ChamberCleared { chamber },
        WorldEvent::BossPhase { entity, phase } => GameEvent::BossPhase { entity, phase },
        WorldEvent::XpGained { amount, seq } => GameEvent::XpGained { amount, seq },
        WorldEvent::GoldGained { amount, seq } => GameEvent::GoldGained { amount, seq },
        WorldEvent::ItemGained { item, quantity, seq } => GameEvent::ItemGained { item, quantity, seq },
        WorldEvent::LevelUp { level } => GameEvent::LevelUp { level },
        WorldEvent::DungeonCleared => GameEvent::DungeonCleared,
        WorldEvent::AbilityUsed { entity, ability } => GameEvent::AbilityUsed { entity, ability },
        WorldEvent::SkillUp { skill, level } => GameEvent::SkillUp { skill, level },
        WorldEvent::Inventory(carried) => inventory(*carried),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use guildhall_domain::content::Point;

    #[test]
    fn an_entity_keeps_its_place_and_its_marks() {
        let view = EntityView {
            id: 300,
            kind: EntityViewKind::Enemy { kind: 4 },
            at: Point { x: 655_350, y: 19 },
            hp: 70_000,
            hp_max: 9,
            facing: 64,
            alive: true,
            open: false,
            attacking: false,
            boss: true,
            statuses: 5,
        };
        let state = entity_state(&view);
        assert_eq!((state.id, state.kind, state.x, state.y), (300, EntityKind::Enemy { kind: 4 }, 65_535, 1));
        assert_eq!((state.hp, state.hp_max, state.facing), (u16::MAX, 9, 64));
        assert_eq!((state.flags, state.statuses), (flags::ALIVE | flags::BOSS, 5));
        assert_eq!(centimetres(-5), 0);
    }
}
