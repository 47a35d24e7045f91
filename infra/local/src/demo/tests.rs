//! The story and the scene of given events and views, over the content that comes with the sources.

use super::*;
use guildhall_client::game::PartySeat;
use guildhall_client::party::MemberEvent;
use guildhall_domain::{CharacterId, HotState, Timestamp};
use guildhall_protocol::payload::{EntityKind, EntityState, GameEvent};

fn content() -> Content {
    crate::content::load(&crate::content::default_folder()).unwrap().content
}

fn enemy_kind(content: &Content, id: &str) -> u8 {
    u8::try_from(content.enemies.keys().position(|key| key == id).unwrap()).unwrap()
}

fn entity(id: u16, kind: EntityKind, flags: u8) -> EntityState {
    EntityState { id, kind, x: 1_000, y: 1_600, hp: 40, hp_max: 80, facing: 0, flags, statuses: 0 }
}

fn seen(content: &Content) -> PartyProgress {
    let goblin = EntityKind::Enemy { kind: enemy_kind(content, "goblin") };
    let king = EntityKind::Enemy { kind: enemy_kind(content, "goblin-king") };
    let seat = |name: &str| PartySeat { character_id: CharacterId::from_bits(1), name: name.to_owned() };
    let view = View {
        tick: 10,
        entities: vec![
            entity(1, EntityKind::Player { seat: 0 }, flags::ALIVE),
            entity(7, goblin, flags::ALIVE),
            entity(9, king, flags::ALIVE | flags::BOSS),
        ],
        party: [(0, seat("Ada")), (1, seat("Bryn"))].into(),
        ..View::default()
    };
    let member = |name: &str| MemberProgress { name: name.to_owned(), ..MemberProgress::default() };
    PartyProgress { tick: 10, members: vec![member("Ada"), member("Bryn")], view, ..PartyProgress::default() }
}

#[test]
fn what_happens_is_told_in_words_and_once() {
    let content = content();
    let mut progress = seen(&content);
    let mut narrator = Narrator::new(&content, "goblin-warren");
    let told = |member, event: &GameEvent| MemberEvent { member, event: event.clone() };
    let xp = content.enemies["goblin"].xp;
    for (event, sentence) in [
        (GameEvent::EnemyDied { entity: 7, by_seat: 1 }, format!("Bryn slays a goblin (+{xp} xp)")),
        (GameEvent::ChamberCleared { chamber: 0 }, "the gate is cleared".to_owned()),
        (GameEvent::DoorOpened { entity: 3 }, "a door opens".to_owned()),
        (GameEvent::PlayerDied { seat: 0 }, "Ada falls".to_owned()),
        (GameEvent::BossPhase { entity: 9, phase: 1 }, "Goblin King rages".to_owned()),
        (GameEvent::DungeonCleared, "the dungeon is cleared!".to_owned()),
    ] {
        assert_eq!(narrator.tell(&told(0, &event), &progress), Some(sentence));
        assert_eq!(narrator.tell(&told(1, &event), &progress), None, "{event:?} was told twice");
        // By the time that it is told, the dead are gone.
        progress.view.entities.retain(|entity| entity.id != 7);
    }
    for level in [2, 3] {
        let event = GameEvent::LevelUp { level };
        for (member, name) in [(0, "Ada"), (1, "Bryn")] {
            let sentence = narrator.tell(&told(member, &event), &progress);
            assert_eq!(sentence, Some(format!("{name} reached level {level}!")));
        }
    }
    progress.tick += 200;
    let again = narrator.tell(&told(0, &GameEvent::PlayerDied { seat: 0 }), &progress);
    assert_eq!(again.as_deref(), Some("Ada falls"), "a second death is another one");
    assert_eq!(narrator.tell(&told(0, &GameEvent::GoldGained { amount: 1, seq: 1 }), &progress), None);
}

#[test]
fn the_scene_shows_what_was_there_and_what_was_gained() {
    let content = content();
    let hot = HotState { xp: 100, gold: 10, ..HotState::of_class(&content, "cleric").unwrap() };
    let hp_max = hot.hp_max;
    let character = Character {
        character_id: CharacterId::from_bits(1),
        account_id: guildhall_domain::AccountId::from_bits(2),
        name: guildhall_domain::CharacterName::parse("Ada").unwrap(),
        class: "cleric".to_owned(),
        version: 1,
        created_at: Timestamp(0),
        deleted_at: None,
        build: guildhall_domain::Build::default(),
        hot,
    };
    let mut progress = seen(&content);
    progress.chambers_cleared = (1, 6);
    progress.enemies_left = 2;
    let (sender, seen) = watch::channel(progress.clone());
    let shared = Shared { content, state: Mutex::new(State::default()) };
    shared.begin(3, "goblin-warren", vec![character], seen);
    (1..=30).for_each(|number| shared.tell(format!("event {number}")));
    let scene = shared.scene();
    assert_eq!((scene.dungeon.as_str(), scene.run, scene.chambers), ("Goblin Warren", 3, (1, 6)));
    assert_eq!(scene.events.len(), SENTENCES_KEPT);
    assert_eq!(scene.events.last().map(String::as_str), Some("event 30"));
    assert_eq!(scene.boss, Some(BossScene { name: "Goblin King".to_owned(), hp: 40, hp_max: 80 }));
    let ada = &scene.players[0];
    assert_eq!((ada.class.as_str(), ada.level, ada.hp, ada.doing), ("Cleric", 1, hp_max, "connects"));

    let ada = &mut progress.members[0];
    (ada.is_connected, ada.is_alive, ada.hp, ada.hp_max) = (true, true, 5, 90);
    (ada.xp, ada.gold, ada.intent) = (60, 7, Intent::Fight(7));
    sender.send_replace(progress);
    let ada = shared.scene().players[0].clone();
    assert_eq!((ada.level, ada.xp, ada.gold, ada.hp, ada.hp_max, ada.doing), (2, 160, 17, 5, 90, "fights"));

    let marks = shared.scene().map.unwrap().marks;
    let kinds: Vec<MarkKind> = marks.iter().map(|mark| mark.kind).collect();
    assert_eq!(kinds, [MarkKind::Enemy, MarkKind::Boss, MarkKind::Player { seat: 0, alive: true }]);
}
