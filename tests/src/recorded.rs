//! A game of four bots in one process, recorded, and the golden one: a small recording that is kept with the sources, so
//! that every build of the rules can be held to the states that another build went through.

use guildhall_client::bot::{BotMemory, decide};
use guildhall_client::game::View;
use guildhall_domain::rules::creation::first_level;
use guildhall_domain::{CharacterId, Content, SessionId, Sheet};
use guildhall_gamesim::recording::{Beginning, Recorder, RecordingPart, Subject};
use guildhall_gamesim::view;
use guildhall_gamesim::world::{Command, Dungeon, Effect, Game};
use guildhall_protocol::payload::{GameEvent, Snapshot};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::party::{DUNGEON, MEMBERS};

/// Seed of the golden game.
pub const GOLDEN_SEED: u64 = 20_261_121;
/// Far more ticks than a dungeon takes.
const TICKS_MAX: u32 = 20_000;
/// How long after what they see the bots' decisions take effect, in ticks: as over a network.
const LATE_TICKS: usize = 2;

/// A recorded game.
#[derive(Debug)]
pub struct RecordedGame {
    /// The recording.
    pub parts: Vec<RecordingPart>,
    /// The state's hash after each tick.
    pub hashes: Vec<u64>,
    /// Whether the dungeon was cleared.
    pub is_cleared: bool,
}

impl RecordedGame {
    /// Length of the recording, in bytes.
    pub fn bytes(&self) -> usize {
        self.parts.iter().map(|part| part.bytes.len()).sum()
    }
}

struct Bot {
    seat: u16,
    memory: BotMemory,
    view: View,
}

/// The content that ships with the product.
pub fn seed_content() -> Content {
    guildhall_local::content::load(&crate::backend::seed_data()).expect("the seed content is right").content
}

/// Lets the party play the dungeon to its end.
///
/// # Panics
/// If the content has no such dungeon or classes.
pub fn play(game: &Arc<Game>, seed: u64) -> RecordedGame {
    play_watched(game, seed, |dungeon, commands, recorder, effects| recorder.step(dungeon, commands, effects))
}

/// As [`play`], with every step made by the caller.
///
/// # Panics
/// If the content has no such dungeon or classes.
pub fn play_watched(
    game: &Arc<Game>,
    seed: u64,
    mut step: impl FnMut(&mut Dungeon, &[(u16, Command)], &mut Recorder, &mut Vec<Effect>),
) -> RecordedGame {
    let mut dungeon = Dungeon::new(game, DUNGEON, seed).expect("the dungeon");
    let subject = Subject {
        session_id: SessionId::from_bits(seed.into()),
        session_epoch: 1,
        dungeon_id: DUNGEON.to_owned(),
        content_version: 0,
        ruleset: game.ruleset().name(),
    };
    let mut recorder = Recorder::start(0, subject, Beginning::Seed(seed), &dungeon);
    let mut effects = Vec::new();
    let mut bots: Vec<Bot> = (0..).zip(MEMBERS).map(|(seat, (_, class))| Bot::new(seat, class)).collect();
    for (bot, (name, class)) in bots.iter().zip(MEMBERS) {
        let (build, hot) = first_level(game.content(), class, None).expect("the class");
        let newcomer = Sheet { class, build: &build, hot: &hot };
        assert!(recorder.join(&mut dungeon, bot.seat, name, newcomer, &mut effects));
    }
    let mut recorded = RecordedGame { parts: Vec::new(), hashes: Vec::new(), is_cleared: false };
    let mut seen = std::collections::VecDeque::from(vec![shown(&dungeon); LATE_TICKS]);
    while !dungeon.is_over() && dungeon.tick() < TICKS_MAX {
        seen.push_back(shown(&dungeon));
        let shown = seen.pop_front().unwrap_or_default();
        let commands: Vec<_> = bots.iter_mut().map(|bot| (bot.seat, bot.command(&dungeon, &shown, &effects))).collect();
        effects.clear();
        step(&mut dungeon, &commands, &mut recorder, &mut effects);
        recorded.hashes.push(dungeon.state_hash());
        recorded.parts.extend(recorder.poll_part(0, &dungeon));
    }
    recorded.parts.extend(recorder.finish(Some(&dungeon)));
    recorded.is_cleared = dungeon.outcome().is_some();
    recorded
}

impl Bot {
    fn new(seat: u16, class: &str) -> Self {
        let view = View { my_seat: Some(seat), my_entity: Some(seat), ..View::default() };
        Self { seat, memory: BotMemory::new(class), view }
    }

    fn command(&mut self, dungeon: &Dungeon, shown: &Snapshot, effects: &[Effect]) -> Command {
        (self.view.tick, self.view.entities) = (shown.tick, shown.entities.to_vec());
        self.view.own = view::own(dungeon, self.seat);
        for effect in effects {
            let Effect::Event(audience, event) = effect else { continue };
            if dungeon.hears(self.seat, *audience) {
                let event = view::game_event(event.clone(), |seat| Some(CharacterId::from_bits(seat.into())));
                self.view.dungeon_cleared |= event == Some(GameEvent::DungeonCleared);
                event.iter().for_each(|event| self.memory.note_event(event));
            }
        }
        let decision = decide(&self.view, dungeon.game().content(), DUNGEON, &self.memory);
        self.memory.note_decision(&self.view, &decision);
        Command { move_x: decision.move_x, move_y: decision.move_y, action: view::action(decision.action) }
    }
}

/// What everybody sees.
fn shown(dungeon: &Dungeon) -> Snapshot {
    Snapshot::new(dungeon.tick(), view::entities(dungeon).collect())
}

/// The golden game's files: its content, its recording and the digest of its states.
#[derive(Debug)]
pub struct Golden {
    /// What it was played with.
    pub game: Arc<Game>,
    /// The one part of its recording.
    pub recording: Vec<u8>,
    /// As `recording::Played::digest`.
    pub digest: u64,
}

impl Golden {
    /// Reads the files.
    ///
    /// # Errors
    /// A file that cannot be read, or does not hold what it should.
    pub fn load() -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let content: Content = serde_json::from_slice(&std::fs::read(golden("content.json"))?)?;
        let digest = u64::from_str_radix(std::fs::read_to_string(golden("digest"))?.trim(), 16)?;
        Ok(Self { game: Game::standard(Arc::new(content)), recording: std::fs::read(golden("recording"))?, digest })
    }

    /// Writes the files anew: the game as the present world plays it, with the present content.
    ///
    /// # Errors
    /// A file that cannot be written, or a game that is no game.
    pub fn renew() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let game = Game::standard(Arc::new(seed_content()));
        let recorded = play(&game, GOLDEN_SEED);
        let [part] = recorded.parts.as_slice() else { return Err("the game is not one part long".into()) };
        let played = guildhall_gamesim::recording::play(&part.bytes, &game, &mut |_, _| {});
        let digest = played.ok_or("the game cannot be played again")?.digest;
        std::fs::write(golden("content.json"), serde_json::to_vec(game.content().as_ref())?)?;
        std::fs::write(golden("recording"), &part.bytes)?;
        std::fs::write(golden("digest"), format!("{digest:016x}\n"))?;
        Ok(())
    }
}

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(name)
}
