//! What a player costs in a zone, as the zone fills: the step, what each sees, and the message that says so, in this process.
//! Players walk about and strike what they see, at the same density in a small crowd and in a large one, and all in one
//! place. Beside it a dungeon of four with sixteen enemies, shown in the same way.

use crate::Outcome;
use crate::figure::{Figure, quantile};
use guildhall_domain::content::{Area, Camp, Content, Point, Zone};
use guildhall_domain::rules::creation::first_level;
use guildhall_domain::{SessionId, Sheet};
use guildhall_gamesim::recording::{Beginning, Recorder, Subject};
use guildhall_gamesim::view;
use guildhall_gamesim::world::{Action, Command, Dungeon, Game};
use guildhall_protocol::payload::{Encoder, EntityKind, EntityState, ServerHeader, Snapshot, SnapshotRing};
use guildhall_tests::party::DUNGEON;
use guildhall_tests::recorded::seed_content;
use std::sync::Arc;
use std::time::Instant;

/// Players per 100 by 100 metres, and enemies likewise, where they are spread.
const DENSITY: usize = 32;
const AREA_MM: i32 = 100_000;
/// Ticks that are measured, after as many in which the crowd settles.
const TICKS: u32 = 200;
/// How old the snapshot is that a client has acknowledged, in ticks.
const ACK_TICKS: u32 = 2;
/// How far the cost per player may rise from the small crowd to the large one.
const RISE_MAX: f64 = 1.3;
const CLASSES: [&str; 3] = ["fighter", "ranger", "cleric"];

/// What a run came to.
struct Cost {
    /// Median of the ticks, per player, in microseconds.
    player_us: f64,
    /// The step's part of it.
    step_us: f64,
    /// What a player is sent, in bytes per second.
    sent: f64,
    /// Entities that a player sees, on average.
    seen: f64,
    /// What is recorded of a party of four, in bytes per hour.
    recorded: f64,
}

pub(crate) fn measure() -> Outcome<Vec<Figure>> {
    let dungeon = run(Dungeon::new(&Game::standard(Arc::new(seed_content())), DUNGEON, 1), 4)?;
    let sizes = [32, 128, 512, 1_024];
    let mut spread = Vec::new();
    for players in sizes {
        spread.push(run(vale(players, players / 4), players)?);
    }
    let crowd = run(vale(500, 1), 500)?;
    let note = |cost: &Cost| {
        format!("{:.2} us of it the step; sees {:.0} entities; {:.0} bytes/s", cost.step_us, cost.seen, cost.sent)
    };
    let mut figures =
        vec![Figure::new("dungeon of four, per player and tick", dungeon.player_us, "us").note(note(&dungeon))];
    for (players, cost) in sizes.iter().zip(&spread) {
        let name = format!("zone of {players} spread out, per player and tick");
        figures.push(Figure::new(&name, cost.player_us, "us").note(note(cost)));
    }
    let [_, small, .., large] = &spread[..] else { return Err("no runs".into()) };
    figures.push(
        Figure::new("zone: cost per player of 1,024 against 128", large.player_us / small.player_us, "x")
            .at_most(RISE_MAX)
            .note("the same density; in user space, without the kernel's part"),
    );
    figures
        .push(Figure::new("zone of 500 in one place, per player and tick", crowd.player_us, "us").note(note(&crowd)));
    figures.push(
        Figure::new("the same against the dungeon of four", crowd.player_us / dungeon.player_us, "x")
            .note("in user space; with the kernel's part of a datagram, which is the same for both, it is less"),
    );
    figures.push(
        Figure::new("recording of a zone of 1,024, per party of four and hour", large.recorded / 1e6, "MB")
            .at_most(1.0)
            .note("everybody turns every two seconds and strikes twice a second"),
    );
    Ok(figures)
}

/// Side of the square in which so many players have their space, in millimetres.
fn side_of(players: usize) -> i32 {
    AREA_MM / 100 * ((players * 10_000 / DENSITY) as u64).isqrt() as i32
}

/// A vale for so many players, who appear in so many places, with as many goblins in camps of four.
fn vale(players: usize, spawns: usize) -> Option<Dungeon> {
    let side = side_of(players);
    let mut content: Content = seed_content();
    let camp = |at| Camp { enemy: "goblin".into(), at, count: 4, spread_mm: 2_000, respawn_ms: 10_000 };
    let zone = Zone {
        name: "Vale".into(),
        spawns: places(side, spawns).collect(),
        respawn_ms: 2_000,
        death_drops_slots: 0,
        floors: vec![Area { x: 0, y: 0, width: side, height: side }],
        camps: places(side, players.div_ceil(4)).map(camp).collect(),
    };
    content.zones.insert("vale".into(), zone);
    content.check().ok()?;
    Dungeon::new(&Game::standard(Arc::new(content)), "vale", 1)
}

/// So many places, in rows over the square.
fn places(side: i32, count: usize) -> impl Iterator<Item = Point> {
    let columns = count.isqrt() + usize::from(count.isqrt().pow(2) < count);
    let along = move |nth: usize| side / (columns as i32 + 1) * (nth as i32 + 1);
    (0..count).map(move |nth| Point { x: along(nth % columns), y: along(nth / columns) })
}

/// Plays, with everybody walking about where they appeared, and measures the second half.
fn run(world: Option<Dungeon>, players: usize) -> Outcome<Cost> {
    let mut world = world.ok_or("the zone cannot be made")?;
    let mut effects = Vec::new();
    let seats: Vec<u16> = (0..u16::try_from(players)?).collect();
    for seat in &seats {
        let class = CLASSES[usize::from(*seat) % CLASSES.len()];
        let (build, hot) = first_level(world.game().content(), class, None)?;
        if !world.join(*seat, "Ada", Sheet { class, build: &build, hot: &hot }, &mut effects) {
            return Err("somebody has no place".into());
        }
    }
    let subject = Subject {
        session_id: SessionId::from_bits(1),
        session_epoch: 1,
        dungeon_id: "vale".to_owned(),
        content_version: 0,
        ruleset: world.game().ruleset().name(),
    };
    let mut recorder = Recorder::start(0, subject, Beginning::Seed(1), &world);
    let mut rings: Vec<SnapshotRing> = seats.iter().map(|_| SnapshotRing::new()).collect();
    let mut shown: Vec<Snapshot> = vec![Snapshot::default(); players];
    let mut encoder = Encoder::default();
    let (mut costs, mut steps, mut sent, mut seen) = (Vec::new(), Vec::new(), 0, 0);
    for tick in 0..2 * TICKS {
        let commands: Vec<_> = seats.iter().map(|seat| (*seat, command(*seat, tick, &shown))).collect();
        effects.clear();
        let began = Instant::now();
        recorder.step(&mut world, &commands, &mut effects);
        let stepped = began.elapsed();
        let everybody = (!world.is_zone()).then(|| encoder.list(view::entities(&world)));
        for (place, seat) in seats.iter().enumerate() {
            let entities = everybody.clone().unwrap_or_else(|| encoder.list(view::seen(&world, *seat)));
            shown[place] = Snapshot { tick: world.tick(), entities, own: view::own(&world, *seat) };
            let header = ServerHeader { input_ack: tick, progress_seq: 1, durable_seq: 1 };
            let baseline = world.tick().checked_sub(ACK_TICKS).and_then(|tick| rings[place].get(tick));
            let (bytes, held, _) = encoder.encode(&header, shown[place].clone(), baseline, 0, &[]);
            if tick >= TICKS {
                (sent, seen) = (sent + bytes.len(), seen + shown[place].entities.len());
            }
            rings[place].insert(held);
            while let Some(older) = rings[place].pop_before(world.tick().saturating_sub(ACK_TICKS)) {
                encoder.recycle(older.entities);
            }
        }
        if tick >= TICKS {
            costs.push(began.elapsed());
            steps.push(stepped);
        }
    }
    let per_player = |times: &mut Vec<_>| quantile(times, 0.5).as_secs_f64() * 1e6 / players as f64;
    let recorded = recorder.finish(Some(&world)).ok_or("nothing was recorded")?.bytes.len();
    let messages = f64::from(TICKS) * players as f64;
    Ok(Cost {
        player_us: per_player(&mut costs),
        step_us: per_player(&mut steps),
        sent: sent as f64 / messages * 20.0,
        seen: seen as f64 / messages,
        recorded: recorded as f64 / f64::from(2 * TICKS) * 72_000.0 / (players as f64 / 4.0),
    })
}

/// Strikes the first enemy in view now and then, and walks hither and thither.
fn command(seat: u16, tick: u32, shown: &[Snapshot]) -> Command {
    let is_foe = |entity: &&EntityState| matches!(entity.kind, EntityKind::Enemy { .. });
    let foe = shown[usize::from(seat)].entities.iter().find(is_foe);
    let action = match foe {
        Some(foe) if (tick + u32::from(seat)).is_multiple_of(12) => Action::Attack { target: foe.id },
        _ => Action::None,
    };
    let angle = f64::from(seat) * 2.4 + f64::from(tick / 40) * 2.0;
    Command { move_x: (angle.cos() * 127.0) as i8, move_y: (angle.sin() * 127.0) as i8, action }
}
