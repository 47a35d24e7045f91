//! A player who vanishes without a word and comes back with a new token: at once, while the old connection still stands, and
//! later, when the game sim has noticed.

use crate::scene::{Scene, soon};
use guildhall_client::bot::{BotMemory, decide};
use guildhall_client::connection::{GameConnection, Wish};
use guildhall_client::floor::position;
use guildhall_client::game::View;
use guildhall_domain::Content;
use guildhall_domain::api::Placement;
use guildhall_protocol::payload::{EntityState, GameEvent, flags};
use guildhall_tests::party::DUNGEON;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// How long the way back may take, from noticing that a connection is gone to standing in the dungeon again.
const BACK_MAX: Duration = Duration::from_secs(2);
/// How far from where heroes appear somebody counts as under way, in millimetres.
const UNDER_WAY_MM: u32 = 2_000;

/// A bot and its connection.
struct Hero {
    connection: GameConnection,
    content: Arc<Content>,
    memory: BotMemory,
    events: Vec<GameEvent>,
}

impl Hero {
    async fn enter(placement: &Placement, class: &str, content: &Arc<Content>) -> Self {
        let connection = GameConnection::open(placement).await.unwrap();
        let mut hero =
            Self { connection, content: Arc::clone(content), memory: BotMemory::new(class), events: Vec::new() };
        hero.play(|view| view.own_entity().is_some()).await;
        hero
    }

    /// Plays until `is_done`, and returns what is seen then. A connection that ends is a failure.
    async fn play(&mut self, mut is_done: impl FnMut(&View) -> bool) -> View {
        let mut view = self.connection.view();
        loop {
            tokio::select! {
                biased;
                Some(event) = self.connection.events().recv() => {
                    self.memory.note_event(&event);
                    self.events.push(event);
                }
                changed = view.changed() => {
                    changed.expect("the connection ended");
                    let view = view.borrow_and_update().clone();
                    let decision = decide(&view, &self.content, DUNGEON, &self.memory);
                    self.memory.note_decision(&view, &decision);
                    let (move_x, move_y, action) = (decision.move_x, decision.move_y, decision.action);
                    self.connection.set_input(Wish { move_x, move_y, action });
                    if is_done(&view) {
                        return view;
                    }
                }
            }
        }
    }

    /// Plays until its character lives, has gained something and is well away from where it appeared.
    async fn adventure(&mut self) -> View {
        let spawn = self.content.dungeons[DUNGEON].spawn;
        self.play(|view| {
            view.own_entity().is_some_and(|own| {
                let at = position(own);
                let far = at.x.abs_diff(spawn.x) + at.y.abs_diff(spawn.y) > UNDER_WAY_MM;
                view.progress_seq > 0 && own.flags & flags::ALIVE != 0 && far
            })
        })
        .await
    }
}

/// What the witness saw of the other's character, by tick, and everything it was told.
type Testimony = (BTreeMap<u32, Option<EntityState>>, Vec<GameEvent>);

/// Plays on as the one who stays, and keeps an eye on an entity.
async fn watch_over(mut witness: Hero, entity: u16, mut end: oneshot::Receiver<u32>) -> Testimony {
    let mut seen = BTreeMap::new();
    let mut last = None;
    witness
        .play(|view| {
            seen.insert(view.tick, view.entity(entity).cloned());
            last = last.or_else(|| end.try_recv().ok());
            last.is_some_and(|tick| view.tick > tick)
        })
        .await;
    (seen, witness.events)
}

/// The way back, in the time that is promised to whoever has noticed that the connection is gone.
async fn come_back(scene: &Scene, placement: &Placement, content: &Arc<Content>) -> Hero {
    let noticed = Instant::now();
    let hero = soon("the way back", Hero::enter(&scene.join(0, placement).await, "fighter", content)).await;
    assert!(noticed.elapsed() < BACK_MAX, "{:?}", noticed.elapsed());
    hero
}

/// Asserts that what the one who came back sees of its own character is what the witness saw in that tick.
fn assert_continued(before: &View, back: &View, seat: u8, (seen, _): &Testimony) {
    assert_eq!((back.my_seat, back.my_entity), (Some(seat.into()), before.my_entity));
    assert!(back.progress_seq >= before.progress_seq && back.durable_seq >= before.durable_seq);
    if let Some(witnessed) = seen.get(&back.tick) {
        assert_eq!(
            witnessed.as_ref(),
            back.own_entity(),
            "hit points, place or direction differ in tick {}",
            back.tick
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_vanishes_comes_back_to_the_same_seat_hit_points_and_progress() {
    let scene = Scene::start().await;
    let content = Arc::new(scene.stack.content().clone());
    let placement = scene.create(0).await;
    let beside = scene.join(1, &placement).await;
    let seat = placement.connect.seat;
    let mut hero = soon("the entry", Hero::enter(&placement, "fighter", &content)).await;
    let witness = soon("the entry of the witness", Hero::enter(&beside, "ranger", &content)).await;
    let (end, ended) = oneshot::channel();
    let entity = hero.connection.view().borrow().my_entity.unwrap();
    let watching = tokio::spawn(watch_over(witness, entity, ended));

    let character = || scene.members[0].player.character(scene.members[0].character_id);
    let entered = character().await.unwrap();
    let before = soon("the adventure", hero.adventure()).await;
    hero.connection.vanish();
    // At once, and from another address: the game sim does not know yet that the first connection is dead.
    let mut hero = come_back(&scene, &placement, &content).await;
    let back = hero.connection.view().borrow().clone();

    let before_again = soon("the adventure", hero.adventure()).await;
    hero.connection.vanish();
    // Later: the game sim has noticed, and keeps the seat.
    soon("the silence", scene.page.until_players(1)).await;
    let mut hero = come_back(&scene, &placement, &content).await;
    let back_again = hero.connection.view().borrow().clone();

    let tick = back_again.tick;
    let later = soon("going on", hero.play(|view| view.tick > tick + 20)).await;
    end.send(later.tick).unwrap();
    let testimony = soon("the testimony", watching).await.unwrap();
    assert_continued(&before, &back, seat, &testimony);
    assert_continued(&before_again, &back_again, seat, &testimony);
    let ticks = testimony.0.range(before.tick..=later.tick);
    let missing: Vec<_> = ticks.filter(|(_, seen)| seen.is_none()).map(|(tick, _)| tick).collect();
    assert!(missing.is_empty(), "the character was out of the dungeon in ticks {missing:?}");
    assert!(!testimony.1.contains(&GameEvent::PlayerLeft { seat: seat.into() }));
    soon("durability", hero.play(|view| view.is_durable() && view.progress_seq > 0)).await;
    // A checkpoint has it; the store hears of it at leisure.
    let stored = soon("the write", async {
        loop {
            let stored = character().await.unwrap();
            if stored.character.version > entered.character.version {
                return stored;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    })
    .await;
    // What was gained may be experience or gold, or what a fight wears out: it differs from one run to another.
    assert_ne!(stored.character.hot, entered.character.hot);
    scene.stack.shutdown().await;
}
