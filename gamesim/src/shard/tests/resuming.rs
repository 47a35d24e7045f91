//! Sessions that lose their game sim and go on on another one: from what was stored, with nothing twice and nothing gone
//! that a client was told is durable.

use super::api::Health;
use super::bucket::tails;
use super::*;
use crate::limits::{AWAY_S_MAX, CHECKPOINT_OF_LOST_MS, CHECKPOINT_PATIENCE_MS};
use guildhall_domain::progress::WriteSeq;
use guildhall_protocol::payload::EntityKind;

/// Entity of the rat's tail.
pub(super) const TAIL: u16 = 8_192;

impl House {
    pub(super) fn with_checkpoints() -> Self {
        Self { shard: Self::shard(START_MS, true), ..Self::new() }
    }

    /// The game sim is gone from one moment to the next; another one takes its sessions over, under the next epoch.
    pub(super) fn kill(&mut self) {
        self.shard = Self::shard(self.now_ms, true);
        self.players.clear();
        self.api.forget_asker();
    }

    fn room_hash(&self) -> u64 {
        self.shard.rooms.get(session(1)).unwrap().dungeon().unwrap().state_hash()
    }

    fn is_refused(&self, player: usize) -> bool {
        self.players[player].has(|event| matches!(event, GameEvent::Refused { .. }))
    }

    /// Rats' tails that there are: on the ground of the room, and with those in it and with everybody else as stored.
    pub(super) fn tails(&self) -> u32 {
        let dungeon = self.shard.rooms.get(session(1)).and_then(Room::dungeon);
        let ground = dungeon.map_or(0, |dungeon| {
            dungeon.entities().filter(|entity| matches!(entity.kind, crate::world::EntityViewKind::Loot { .. })).count()
        });
        let held = self.api.characters.iter().map(|(character_id, stored)| {
            let seat = self.seat_of(*character_id);
            let playing = dungeon.zip(seat).and_then(|(dungeon, seat)| dungeon.hot(seat.into()));
            playing.map_or_else(|| tails(&stored.hot), |(hot, _)| tails(hot))
        });
        held.sum::<u32>() + u32::try_from(ground).unwrap()
    }

    /// Ada always sits in the first seat and Bob in the second.
    fn seat_of(&self, character_id: CharacterId) -> Option<u8> {
        [1, 2].iter().position(|bits| CharacterId::from_bits(*bits) == character_id).and_then(|n| u8::try_from(n).ok())
    }

    /// One tick of a story: Ada kills the rat and takes its tail, Bob leaves, Ada kills the king.
    fn play(&mut self, tick: u32, [ada, bob]: [usize; 2]) {
        match tick {
            5 => self.players[ada].wish(0, Action::Attack { target: RAT }),
            25 => self.players[ada].wish(0, Action::PickUp { target: TAIL }),
            45 => self.players[bob].wish(0, Action::Leave),
            60 => self.players[ada].wish(0, Action::Leave),
            _ => {}
        }
        self.tick();
    }
}

#[test]
fn a_killed_game_sim_at_any_moment_costs_nothing_that_was_durable_and_makes_nothing_twice() {
    let (mut went_on, mut had_tail, mut left) = (0, 0, 0);
    for killed_at in 0..80 {
        let mut house = House::with_checkpoints();
        let players = [house.enter(1, 0, 1), house.enter(1, 1, 2)];
        for tick in 0..killed_at {
            house.play(tick, players);
        }
        let ada = &house.players[players[0]];
        let durable = ada.latest().durable_seq;
        let gained = |event: &GameEvent| matches!(event, GameEvent::ItemGained { seq, .. } if *seq <= durable);
        let (must_have_tail, stored) = (ada.has(gained), house.api.bucket.stored(session(1)));
        house.kill();
        if house.api.stored(1).lease.is_none() {
            // Ada had left for good; whoever comes now is another story.
            left += 1;
            assert_eq!(tails(&house.api.stored(1).hot), 1);
            continue;
        }
        let again = house.arrive(1, 0, 1);
        while house.shard.rooms.key(session(1)).is_none() {
            house.slot();
        }
        let is_whole = |checkpoint: &crate::checkpoint::Checkpoint| {
            let both = [1, 2].iter().filter_map(|bits| checkpoint.occupant(CharacterId::from_bits(*bits)));
            both.filter(|occupant| occupant.leaving.is_none()).count() == 2 && house.api.stored(2).lease.is_some()
        };
        if let Some((_, checkpoint)) = stored.as_ref().filter(|(_, checkpoint)| is_whole(checkpoint)) {
            let before = crate::world::Dungeon::restore(&game(), "den", &checkpoint.dungeon).unwrap();
            assert_eq!(house.room_hash(), before.state_hash(), "killed at {killed_at}");
        }
        house.ticks(60);
        let is_in = house.players[again].has(|event| matches!(event, GameEvent::Welcome { seat: 0, .. }));
        if is_in {
            went_on += 1;
            let rat_is_dead = !house.players[again]
                .latest()
                .snapshot
                .entities
                .iter()
                .any(|entity| entity.id == RAT && matches!(entity.kind, EntityKind::Enemy { .. }));
            assert_eq!(house.tails(), u32::from(rat_is_dead), "killed at {killed_at}");
            if rat_is_dead {
                house.players[again].wish(0, Action::PickUp { target: TAIL });
            } else {
                assert!(!must_have_tail);
            }
            house.ticks(2);
            house.players[again].wish(0, Action::Leave);
            house.ticks(60);
        }
        assert_eq!(house.api.stored(1).lease, None, "killed at {killed_at}: given back");
        let total = tails(&house.api.stored(1).hot) + tails(&house.api.stored(2).hot);
        assert!(total <= 1 && (total == 1 || !must_have_tail), "killed at {killed_at}: {total} tails");
        had_tail += u32::from(must_have_tail);
    }
    assert!(went_on > 50 && had_tail > 10 && left > 0, "{went_on} {had_tail} {left}");
}

#[test]
fn a_party_that_comes_back_together_asks_once_for_its_room_and_then_each_for_themselves() {
    let mut house = House::with_checkpoints();
    for hero in [1, 2, 3] {
        house.enter(1, hero - 1, hero.into());
    }
    house.ticks(40);
    house.kill();
    house.api.asked.clear();
    house.api.keeps_admissions = true;
    let back = [1, 2, 3].map(|hero: u8| house.arrive(1, hero - 1, hero.into()));
    house.ticks(10);
    assert_eq!(house.api.asked, [(0, false)]);
    house.api.keeps_admissions = false;
    house.api.let_go();
    house.ticks(10);
    assert_eq!(house.api.asked, [(0, false), (1, true), (2, true)]);
    assert!(back.iter().all(|player| house.players[*player].has(|event| matches!(event, GameEvent::Welcome { .. }))));
}

#[test]
fn while_the_first_question_fails_the_next_in_the_party_asks() {
    let mut house = House::with_checkpoints();
    house.api.health = Health::Down;
    let both = [house.arrive(1, 0, 1), house.arrive(1, 1, 2)];
    house.ticks(10);
    assert!(house.api.asked.starts_with(&[(0, false), (1, false)]), "{:?}", house.api.asked);
    house.api.health = Health::Well;
    house.ticks(120);
    assert!(both.iter().all(|player| house.players[*player].has(|event| matches!(event, GameEvent::Welcome { .. }))));
}

#[test]
fn the_loss_is_what_happened_since_the_last_checkpoint_and_the_session_is_as_old_as_it_was() {
    let mut house = House::with_checkpoints();
    let ada = house.enter(1, 0, 1);
    house.slay(ada, RAT);
    house.ticks(200);
    let before = house.players[ada].latest().tick;
    house.kill();
    let again = house.enter(1, 0, 1);
    let lost = before + 10 - house.players[again].latest().tick;
    assert!(lost <= 24, "{lost} ticks are lost");
    assert!(house.players[again].latest().durable_seq > 0, "what was durable still is");
    let checkpoint = house.api.bucket.stored(session(1)).unwrap().1;
    assert!((10_000..13_000).contains(&checkpoint.age_ms), "{}", checkpoint.age_ms);
    assert_eq!(house.api.stored(1).hot.xp, 0, "the checkpoint alone has it");
    house.flush();
    assert_eq!(house.api.stored(1).hot.xp, 5);
}

#[test]
fn whoever_does_not_come_back_is_given_back_in_time() {
    let mut house = House::with_checkpoints();
    let ada = house.enter(1, 0, 1);
    house.enter(1, 1, 2);
    house.slay(ada, RAT);
    house.ticks(40);
    // Carol has been admitted, and the game sim dies before any checkpoint shows her.
    house.api.bucket.is_down = true;
    house.enter(1, 2, 3);
    house.kill();
    house.api.bucket.is_down = false;
    let again = house.enter(1, 0, 1);
    for seat in 1..3 {
        assert!(
            house.players[again].has(|event| matches!(event, GameEvent::PlayerJoined { seat: s, .. } if *s == seat))
        );
    }
    house.ticks(u32::try_from(AWAY_S_MAX).unwrap() * 20 - 40);
    assert!(house.api.stored(2).lease.is_some() && house.api.stored(3).lease.is_some());
    house.ticks(80);
    assert_eq!((house.api.stored(2).lease, house.api.stored(3).lease), (None, None));
    assert_eq!((house.api.stored(1).hot.xp, house.api.stored(2).hot.xp, house.api.stored(3).hot.xp), (5, 5, 0));
    assert_eq!(house.shard.report().players, 1);
}

#[test]
fn everybody_who_comes_back_to_a_session_that_moved_is_admitted_once() {
    let mut house = House::with_checkpoints();
    let ada = house.enter(1, 0, 1);
    house.enter(1, 1, 2);
    house.slay(ada, RAT);
    house.ticks(40);
    house.kill();
    house.api.admissions = 0;
    house.enter(1, 0, 1);
    let bob = house.enter(1, 1, 2);
    assert_eq!(house.api.admissions, 2, "a seat that is only reserved does not last");
    house.flush();
    assert_eq!((house.shard.report().players, house.api.stored(2).hot.xp), (2, 5));
    // From here on the seat is theirs.
    house.players[bob].is_silent = true;
    house.enter(1, 1, 2);
    assert_eq!((house.api.admissions, house.shard.report().players), (2, 2));
    // An account that has lost its right to play gets no further, though its seat is there.
    house.kill();
    house.enter(1, 0, 1);
    house.api.refuses_admission = Some("seat_lost");
    let refused = house.arrive(1, 1, 2);
    house.ticks(10);
    assert!(house.is_refused(refused));
    assert_eq!(house.shard.report().players, 1);
}

#[test]
fn a_session_moves_on_as_often_as_it_has_to() {
    let mut house = House::with_checkpoints();
    let ada = house.enter(1, 0, 1);
    house.slay(ada, RAT);
    house.ticks(40);
    house.kill();
    house.enter(1, 0, 1);
    house.ticks(30);
    house.kill();
    // The third one dies before it has stored anything: the second one's checkpoint still counts.
    house.api.bucket.is_down = true;
    house.enter(1, 0, 1);
    house.kill();
    house.api.bucket.is_down = false;
    let again = house.enter(1, 0, 1);
    house.ticks(30);
    assert_eq!(house.api.bucket.session_epoch(), 4);
    assert!(house.players[again].latest().snapshot.entity(RAT).is_none() && house.tails() == 1);
    house.players[again].wish(0, Action::PickUp { target: TAIL });
    house.flush();
    assert_eq!((tails(&house.api.stored(1).hot), house.api.stored(1).hot.xp), (1, 5));
    let last = house.api.stored(1).last_write.unwrap();
    assert!(last.session_epoch == 4 && WriteSeq::from(last.seq).checkpoint() < 100, "{last:?}");
}

/// What becomes of the old room before its session comes back to its game sim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meanwhile {
    /// It does not know.
    Nothing,
    /// The registry did not list it.
    Unlisted,
    /// Its writes were fenced.
    Fenced,
}

#[test]
fn a_session_that_comes_back_to_its_game_sim_goes_on_from_what_it_left_there() {
    for meanwhile in [Meanwhile::Nothing, Meanwhile::Unlisted, Meanwhile::Fenced] {
        let mut house = House::with_checkpoints();
        let ada = house.enter(1, 0, 1);
        house.slay(ada, RAT);
        house.flush();
        assert_eq!(house.api.stored(1).hot.xp, 5);
        house.players[ada].is_silent = true;
        house.api.bucket.come_back();
        match meanwhile {
            Meanwhile::Nothing => {}
            Meanwhile::Unlisted => {
                let order = Order::Listed { asked_ms: house.now_ms, sessions: Arc::default() };
                house.shard.handle_order(house.now_ms, order);
                house.ticks(40);
            }
            Meanwhile::Fenced => {
                let effects = &mut Vec::new();
                let now_ms = house.now_ms;
                house.shard.with_room(now_ms, session(1), effects, |room, effects| room.fail(now_ms, effects));
                house.ticks(40);
                assert_eq!(house.api.finalized, [], "it is not its to close");
            }
        }
        assert_eq!(house.shard.report().rooms, usize::from(meanwhile == Meanwhile::Nothing), "{meanwhile:?}");
        let again = house.enter(1, 0, 1);
        assert!(house.players[again].latest().snapshot.entity(RAT).is_none() && house.tails() == 1, "{meanwhile:?}");
        let before = house.players[again].latest().tick;
        house.ticks(60);
        assert_eq!(house.players[again].latest().tick, before + 60, "{meanwhile:?}: it moves once in a tick");
        house.players[again].wish(0, Action::PickUp { target: TAIL });
        house.flush();
        assert_eq!((tails(&house.api.stored(1).hot), house.api.stored(1).hot.xp), (1, 5), "{meanwhile:?}");
        assert_eq!(house.api.stored(1).last_write.unwrap().session_epoch, 3);
    }
}

#[test]
fn an_answer_to_the_room_that_was_there_before_says_nothing_to_the_one_that_is() {
    let mut house = House::with_checkpoints();
    let ada = house.enter(1, 0, 1);
    house.slay(ada, RAT);
    house.ticks(60);
    house.players[ada].is_silent = true;
    house.api.bucket.come_back();
    house.enter(1, 0, 1);
    let answers = [
        Order::Saved { session_id: session(1), session_epoch: 1, answer: Ok(vec![GroupStatus::Fenced; 4]) },
        Order::Finalized { session_id: session(1), session_epoch: 1, answer: Ok(()) },
    ];
    for tick in 0..600 {
        for answer in answers.clone().into_iter().filter(|_| tick % 2 == 0) {
            house.shard.handle_order(house.now_ms, answer);
        }
        house.tick();
    }
    let report = house.shard.report();
    assert_eq!((report.rooms, report.players, report.unsaved), (1, 1, 0));
}

#[test]
fn the_checkpoint_of_a_session_that_is_elsewhere_goes_away_in_time() {
    let mut house = House::with_checkpoints();
    house.enter(1, 0, 1);
    house.enter(2, 0, 2);
    house.ticks(40);
    let elsewhere = Arc::new(BTreeMap::from([(session(2), 1)]));
    house.shard.handle_order(house.now_ms, Order::Listed { asked_ms: house.now_ms, sessions: elsewhere });
    let ticks = u32::try_from(CHECKPOINT_OF_LOST_MS).unwrap() / 50;
    house.ticks(ticks - 10);
    assert!(house.api.bucket.stored(session(1)).is_some());
    house.ticks(40);
    assert!(house.api.bucket.stored(session(1)).is_none() && house.api.bucket.stored(session(2)).is_some());
}

#[test]
fn a_checkpoint_that_lacks_what_was_written_is_refused_and_the_session_closed() {
    let mut house = House::with_checkpoints();
    let ada = house.enter(1, 0, 1);
    house.ticks(20);
    let early = house.api.bucket.present();
    house.slay(ada, RAT);
    house.flush();
    assert_eq!(house.api.stored(1).hot.xp, 5);
    for object in [early, None, Some(vec![1, 2, 3])] {
        house.kill();
        house.api.bucket.put_back(object);
        house.api.finalized.clear();
        let again = house.arrive(1, 0, 1);
        house.ticks(30);
        assert!(house.is_refused(again));
        assert_eq!(house.api.finalized.iter().map(|request| request.outcome).collect::<Vec<_>>(), [Outcome::Failed]);
        assert_eq!(house.api.stored(1).lease, None);
        assert_eq!((house.api.stored(1).hot.xp, house.shard.report().rooms), (5, 0));
        house.api.reopen();
    }
}

#[test]
fn a_session_that_has_written_nothing_begins_anew_without_a_checkpoint() {
    let mut house = House::with_checkpoints();
    house.api.bucket.is_down = true;
    let ada = house.enter(1, 0, 1);
    house.slay(ada, RAT);
    house.kill();
    house.api.bucket.is_down = false;
    let again = house.enter(1, 0, 1);
    let message = house.players[again].latest();
    assert!(message.snapshot.entity(RAT).is_some() && message.progress_seq == 0);
    assert_eq!((house.api.stored(1).hot.xp, house.tails()), (0, 0));
}

#[test]
fn an_outage_of_the_store_stops_nobody_and_the_session_is_no_longer_resumable() {
    let mut house = House::with_checkpoints();
    let ada = house.enter(1, 0, 1);
    house.enter(1, 1, 2);
    house.ticks(40);
    house.api.bucket.is_down = true;
    house.slay(ada, RAT);
    let before = house.players[ada].latest().tick;
    house.ticks(40);
    assert!(house.api.saves.is_empty(), "nothing is written before a checkpoint has it");
    assert!(house.shard.report().waiting_since_ms.is_some());
    house.ticks(u32::try_from(CHECKPOINT_PATIENCE_MS).unwrap() / 50);
    assert_eq!(house.players[ada].latest().tick, before + 140);
    let everybody = &house.api.saves[0].groups;
    assert_eq!((everybody.len(), everybody[0].writes.len()), (1, 2), "{everybody:?}");
    assert_eq!(house.api.stored(1).hot.xp, 5);
    assert_eq!((house.shard.report().rooms_uncovered, house.shard.report().waiting_since_ms), (1, None));
    let late = house.enter(1, 2, 3);
    house.ticks(30);
    assert!(house.api.stored(3).last_write.is_some(), "nobody is without an uncovered write");
    house.api.bucket.is_down = false;
    house.ticks(100);
    assert_eq!(house.api.bucket.stored(session(1)), None, "nobody should go on from it");
    house.players[late].wish(0, Action::Leave);
    house.ticks(10);
    house.kill();
    let again = house.arrive(1, 0, 1);
    house.ticks(30);
    assert!(house.is_refused(again) && house.api.stored(1).lease.is_none());
    assert_eq!(house.api.stored(1).hot.xp, 5);
}

#[test]
fn a_process_that_was_stopped_or_a_clock_that_was_set_keeps_the_session_resumable() {
    let mut house = House::with_checkpoints();
    let ada = house.enter(1, 0, 1);
    house.ticks(20);
    house.players[ada].wish(0, Action::Attack { target: RAT });
    house.ticks(3);
    assert!(house.shard.report().waiting_since_ms.is_some());
    house.now_ms += 4 * CHECKPOINT_PATIENCE_MS;
    house.flush();
    let report = house.shard.report();
    assert_eq!((report.rooms_uncovered, report.waiting_since_ms, house.api.stored(1).hot.xp), (0, None, 5));
    assert!(house.api.bucket.stored(session(1)).is_some());
}

#[test]
fn who_has_left_and_come_back_with_other_things_keeps_those() {
    let mut house = House::with_checkpoints();
    let ada = house.enter(1, 0, 1);
    house.enter(1, 1, 2);
    house.slay(ada, RAT);
    house.players[ada].wish(0, Action::PickUp { target: TAIL });
    house.ticks(40);
    house.players[ada].wish(0, Action::Leave);
    house.ticks(4);
    while house.api.stored(1).lease.is_some() {
        house.tick();
    }
    house.kill();
    let stored = house.api.characters.get_mut(&CharacterId::from_bits(1)).unwrap();
    // Between the two stays Ada plays elsewhere, where she loses the tail and somebody else writes her.
    stored.hot.inventory.clear();
    stored.version += 5;
    stored.last_write = None;
    let again = house.enter(1, 0, 1);
    house.players[again].wish(0, Action::PickUp { target: TAIL });
    house.ticks(30);
    house.players[again].wish(0, Action::Leave);
    house.ticks(30);
    assert_eq!((tails(&house.api.stored(1).hot), house.tails()), (0, 0), "the tail is elsewhere");
    assert_eq!(house.api.stored(1).hot.xp, 5);
}

#[test]
fn urgent_changes_do_not_wait_for_the_beat_and_rooms_share_one_object() {
    let mut house = House::with_checkpoints();
    let players: Vec<_> = (1..=5).map(|bits| house.enter(bits, 0, bits)).collect();
    house.ticks(20);
    let before = house.api.bucket.puts;
    house.ticks(200);
    let puts = house.api.bucket.puts - before;
    assert!((10..=11).contains(&puts), "{puts} objects in 10 s");
    house.slay(players[0], RAT);
    house.players[players[0]].wish(0, Action::PickUp { target: TAIL });
    house.ticks(16);
    let gained = |event: &GameEvent| if let GameEvent::ItemGained { seq, .. } = event { Some(*seq) } else { None };
    let gained = house.players[players[0]].events.iter().find_map(gained).unwrap();
    assert!(house.players[players[0]].latest().durable_seq >= gained, "within 800 ms");
    assert_eq!(tails(&house.api.stored(1).hot), 0, "and the store hears of it later");
    house.flush();
    assert_eq!(tails(&house.api.stored(1).hot), 1);
    assert!(house.shard.report().checkpoint_bytes > 500 && house.shard.report().checkpoints_failed == 0);
}

#[test]
fn an_api_that_is_down_does_not_hold_checkpoints_up() {
    let mut house = House::with_checkpoints();
    let ada = house.enter(1, 0, 1);
    house.api.health = Health::Down;
    house.slay(ada, RAT);
    house.ticks(200);
    house.kill();
    house.api.health = Health::Well;
    house.enter(1, 0, 1);
    house.flush();
    assert_eq!(house.api.stored(1).hot.xp, 5, "no row had it, the checkpoint did");
    assert_eq!(house.shard.report().unsaved, 0);
}
