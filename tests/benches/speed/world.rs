//! What one tick of a dungeon costs, and what its players are sent: four bots against thirty enemies, in this process, so
//! that nothing but the simulation and the encoding is measured.

use crate::Outcome;
use crate::figure::{Figure, quantile};
use guildhall_domain::content::{Content, Point, Spawn};
use guildhall_gamesim::view;
use guildhall_gamesim::world::{Dungeon, Effect, Game};
use guildhall_protocol::payload::{EventOutbox, ServerHeader, Snapshot, SnapshotRing, encode_server};
use guildhall_tests::party::DUNGEON;
use guildhall_tests::recorded::{play_watched, seed_content};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Enemies of the dungeon that is measured.
const ENEMIES: usize = 30;
/// The promise for a tick, in microseconds.
const TICK_US_MAX: f64 = 15.0;
/// The promise for what a player is sent in a fight, in bytes per second at 20 ticks.
const PAYLOAD_BYTES_MAX: f64 = 600.0;
const TICKS_PER_S: f64 = 20.0;
/// How old the snapshot is that a client has acknowledged, in ticks: a round trip of 100 ms.
const ACK_TICKS: u32 = 2;
/// Games that are played.
const GAMES: u64 = 5;

pub(crate) fn measure() -> Outcome<Vec<Figure>> {
    let game = Game::standard(Arc::new(crowded()?));
    let (mut steps, mut bytes, mut fights) = (Vec::new(), 0, 0);
    for seed in 0..GAMES {
        let mut clients: Vec<Client> = (0..4).map(Client::new).collect();
        let recorded = play_watched(&game, seed, |dungeon, commands, _, effects| {
            let began = Instant::now();
            dungeon.step(commands, effects);
            steps.push(began.elapsed());
            let sent: usize = clients.iter_mut().map(|client| client.sent(dungeon, effects)).sum();
            let is_fight = dungeon.entities().filter(|entity| entity.attacking).count() > 1;
            if is_fight {
                (bytes, fights) = (bytes + sent, fights + clients.len());
            }
        });
        if !recorded.is_cleared {
            return Err(format!("the bots did not clear the dungeon of seed {seed}").into());
        }
    }
    let median = quantile(&mut steps, 0.5);
    let micros = |time: Duration| time.as_secs_f64() * 1e6;
    let payload = bytes as f64 / f64::from(u32::try_from(fights)?) * TICKS_PER_S;
    Ok(vec![
        Figure::new("dungeon tick, four players and thirty enemies, median", micros(median), "us")
            .at_most(TICK_US_MAX)
            .note(format!("{} ticks; p99 {:.1} us", steps.len(), micros(quantile(&mut steps, 0.99)))),
        Figure::new("sent per player in a fight", payload, "bytes/s")
            .at_most(PAYLOAD_BYTES_MAX)
            .note(format!("payload at 20 Hz, baseline {ACK_TICKS} ticks old, {fights} messages")),
    ])
}

/// The shipped dungeon with enemies of its own kinds added where others stand, until there are thirty.
fn crowded() -> Outcome<Content> {
    let mut content = seed_content();
    let dungeon = content.dungeons.get_mut(DUNGEON).ok_or("no dungeon")?;
    let count =
        |dungeon: &guildhall_domain::content::Dungeon| dungeon.chambers.iter().map(|c| c.enemies.len()).sum::<usize>();
    let mut chamber = 0;
    while count(dungeon) < ENEMIES {
        let chambers = dungeon.chambers.len();
        let enemies = &mut dungeon.chambers[chamber % chambers].enemies;
        if let Some(first) = enemies.first().filter(|first| first.enemy == "goblin").cloned() {
            let at = Point { x: first.at.x + 100, y: first.at.y };
            enemies.push(Spawn { at, ..first });
        }
        chamber += 1;
    }
    content.check().map_err(|errors| format!("{errors:?}"))?;
    Ok(content)
}

/// The server's end of one client, who acknowledges everything after a round trip.
struct Client {
    seat: u16,
    ring: SnapshotRing,
    outbox: EventOutbox,
    told: Vec<(u32, u32)>,
}

impl Client {
    fn new(seat: u16) -> Self {
        Self { seat, ring: SnapshotRing::new(), outbox: EventOutbox::new(512), told: Vec::new() }
    }

    /// Length of the message that shows this tick.
    fn sent(&mut self, dungeon: &Dungeon, effects: &[Effect]) -> usize {
        for effect in effects {
            let Effect::Event(audience, event) = effect else { continue };
            if dungeon.hears(self.seat, *audience) {
                let event = view::game_event(event.clone(), |_| Some(guildhall_domain::CharacterId::from_bits(1)));
                if let Some(event) = event {
                    let _ = self.outbox.push(event);
                }
            }
        }
        let tick = dungeon.tick();
        if let Some(place) = self.told.iter().rposition(|(at, _)| at + ACK_TICKS <= tick) {
            self.outbox.acknowledge(self.told[place].1);
            self.told.drain(..=place);
        }
        let entities = view::entities(dungeon).collect();
        let shown = Snapshot { own: view::own(dungeon, self.seat), ..Snapshot::new(dungeon.tick(), entities) };
        let header =
            ServerHeader { input_ack: tick, progress_seq: u64::from(tick / 20), durable_seq: u64::from(tick / 20) };
        let (first, events) = self.outbox.unacknowledged();
        let baseline = tick.checked_sub(ACK_TICKS).and_then(|tick| self.ring.get(tick));
        let encoded = encode_server(&header, &shown, baseline, first, events);
        self.told.push((tick, first + u32::try_from(encoded.events_sent).unwrap_or(0)));
        self.ring.insert(encoded.held);
        encoded.bytes.len()
    }
}
