//! The demo: a party of four bots that plays the game's dungeons for ever, as any client would, over REST and UDP. Their
//! accounts and characters are made once and kept, so their levels grow over restarts.
//!
//! `party` gets the party together, `narrator` puts what happens into words; this file plays run after run and composes
//! what the view shows.

mod narrator;
mod party;

use crate::view::{BossScene, DemoScene, MapScene, Mark, MarkKind, PlayerScene};
use guildhall_client::bot::Intent;
use guildhall_client::floor::{Floor, position};
use guildhall_client::party::{MemberProgress, PartyProgress};
use guildhall_client::{Api, ClientError, PartyOptions, PartyResult, View, play_dungeon};
use guildhall_domain::content::Dungeon;
use guildhall_domain::{Character, Content};
use guildhall_protocol::payload::flags;
use narrator::Narrator;
use party::Party;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

/// Pause between two runs, in milliseconds.
const PAUSE_MS: u64 = 3_000;
/// Pause after something failed, in milliseconds.
const RETRY_PAUSE_MS: u64 = 2_000;
/// How long the party may take to leave, in milliseconds.
const LEAVE_PATIENCE_MS: u64 = 3_000;
/// Events that wait to be put into words.
const EVENTS_WAITING_MAX: usize = 256;
/// Sentences that are remembered.
const SENTENCES_KEPT: usize = 24;

/// Lets the party play one dungeon at this API, the first of its content, and waits until everybody is back.
///
/// # Errors
/// [`ClientError`] of whatever the API refused.
pub async fn play(api_url: &str, password: &str) -> Result<PartyResult, ClientError> {
    let api = Api::new(api_url)?;
    let content = api.content().await?.content;
    let dungeon_id = content.dungeons.keys().next().ok_or_else(no_dungeon)?;
    let party = Party::gather(&api, password, &content).await?;
    play_dungeon(&api, &party.members, dungeon_id, PartyOptions::default()).await
}

fn no_dungeon() -> ClientError {
    ClientError::Unavailable("the content has no dungeon".to_owned())
}

/// A demo that plays.
#[derive(Debug)]
pub struct Demo {
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    playing: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    content: Content,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    run: u32,
    dungeon_id: String,
    status: String,
    characters: Vec<Character>,
    progress: Option<watch::Receiver<PartyProgress>>,
    sentences: VecDeque<String>,
}

impl Demo {
    /// Lets the party play at this API until [`Demo::shutdown`].
    ///
    /// # Errors
    /// [`ClientError`] when there is no HTTP client to be had.
    pub fn start(api_url: &str, password: &str, content: Content) -> Result<Self, ClientError> {
        let api = Api::new(api_url)?;
        let state = State { status: "the party gathers".to_owned(), ..State::default() };
        let shared = Arc::new(Shared { content, state: Mutex::new(state) });
        let (stop, stopped) = watch::channel(false);
        let player = Play { api, password: password.to_owned(), shared: Arc::clone(&shared), stop: stopped };
        Ok(Self { shared, stop, playing: tokio::spawn(player.run()) })
    }

    /// What there is to see.
    pub fn scene(&self) -> DemoScene {
        self.shared.scene()
    }

    /// Lets the party leave its dungeon, for three seconds at most.
    pub async fn shutdown(mut self) {
        self.stop.send_replace(true);
        if tokio::time::timeout(Duration::from_millis(LEAVE_PATIENCE_MS), &mut self.playing).await.is_err() {
            self.playing.abort();
        }
    }
}

/// The task that plays.
struct Play {
    api: Api,
    password: String,
    shared: Arc<Shared>,
    stop: watch::Receiver<bool>,
}

impl Play {
    async fn run(mut self) {
        let mut number = 0;
        while !*self.stop.borrow() {
            number += 1;
            let pause_ms = match self.play_once(number).await {
                Ok(()) => PAUSE_MS,
                Err(error) => {
                    tracing::warn!(%error, "the demo party could not play and will try again");
                    self.shared.tell(format!("the party could not play: {error}"));
                    self.shared.set_status("waiting");
                    RETRY_PAUSE_MS
                }
            };
            let pause = Duration::from_millis(pause_ms);
            // The other end goes away only with the whole demo.
            let _ = tokio::time::timeout(pause, self.stop.wait_for(|stop| *stop)).await;
        }
    }

    async fn play_once(&mut self, number: u32) -> Result<(), ClientError> {
        let party = Party::gather(&self.api, &self.password, &self.shared.content).await?;
        let count = self.shared.content.dungeons.len().max(1);
        let dungeon_id = self.shared.content.dungeons.keys().nth((number as usize - 1) % count).cloned();
        let dungeon_id = dungeon_id.ok_or_else(no_dungeon)?;
        let (progress, seen) = watch::channel(PartyProgress::default());
        let (events, mut told) = mpsc::channel(EVENTS_WAITING_MAX);
        let options = PartyOptions {
            stop: Some(self.stop.clone()),
            progress: Some(progress),
            events: Some(events),
            ..PartyOptions::default()
        };
        self.shared.begin(number, &dungeon_id, party.characters, seen.clone());
        let mut narrator = Narrator::new(&self.shared.content, &dungeon_id);
        let mut game = std::pin::pin!(play_dungeon(&self.api, &party.members, &dungeon_id, options));
        let result = loop {
            tokio::select! {
                result = &mut game => break result?,
                Some(event) = told.recv() => {
                    let sentence = narrator.tell(&event, &seen.borrow());
                    sentence.into_iter().for_each(|sentence| self.shared.tell(sentence));
                }
            }
        };
        self.shared.end(&result);
        Ok(())
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, run: u32, dungeon_id: &str, characters: Vec<Character>, progress: watch::Receiver<PartyProgress>) {
        tracing::info!(run, dungeon_id, "the demo party enters a dungeon");
        let mut state = self.state();
        state.run = run;
        state.dungeon_id = dungeon_id.to_owned();
        state.characters = characters;
        state.progress = Some(progress);
        "playing".clone_into(&mut state.status);
    }

    fn end(&self, result: &PartyResult) {
        let xp: u64 = result.members.iter().map(guildhall_client::party::MemberResult::xp).sum();
        let gold: u64 = result.members.iter().map(guildhall_client::party::MemberResult::gold).sum();
        let cleared = result.is_cleared();
        tracing::info!(cleared, xp, gold, session_id = %result.session_id, "the demo party leaves a dungeon");
        let status = if cleared { "cleared! the next run begins soon" } else { "over; the next run begins soon" };
        self.set_status(status);
        if !cleared {
            self.tell("the party comes back without a victory".to_owned());
        }
    }

    fn set_status(&self, status: &str) {
        status.clone_into(&mut self.state().status);
    }

    fn tell(&self, sentence: String) {
        let mut state = self.state();
        if state.sentences.len() == SENTENCES_KEPT {
            state.sentences.pop_front();
        }
        state.sentences.push_back(sentence);
    }

    fn scene(&self) -> DemoScene {
        let state = self.state();
        let progress = state.progress.as_ref().map(|progress| progress.borrow().clone()).unwrap_or_default();
        let dungeon = self.content.dungeons.get(&state.dungeon_id);
        let players = state.characters.iter().zip(&progress.members);
        DemoScene {
            dungeon: dungeon.map_or_else(|| "Demo".to_owned(), |dungeon| dungeon.name.clone()),
            run: state.run,
            status: state.status.clone(),
            chambers: progress.chambers_cleared,
            enemies_left: progress.enemies_left,
            boss: boss(&progress.view, &self.content),
            players: players.map(|(character, member)| player(character, member, &self.content)).collect(),
            map: dungeon.map(|dungeon| map(dungeon, &progress.view)),
            events: state.sentences.iter().cloned().collect(),
        }
    }
}

/// A member with what it had before and what it has gained since.
fn player(character: &Character, member: &MemberProgress, content: &Content) -> PlayerScene {
    let xp = character.hot.xp.saturating_add(member.xp);
    let class = content.classes.get(&character.class);
    let (hp, hp_max) = match member.hp_max {
        0 => (character.hot.hp, character.hot.hp_max),
        hp_max => (member.hp.into(), hp_max.into()),
    };
    PlayerScene {
        name: character.name.as_str().to_owned(),
        class: class.map_or_else(|| character.class.clone(), |class| class.name.clone()),
        level: content.level_at(xp).max(character.hot.level),
        hp,
        hp_max,
        gold: character.hot.gold.saturating_add(member.gold),
        xp,
        doing: doing(member),
    }
}

fn doing(member: &MemberProgress) -> &'static str {
    match member.intent {
        _ if member.is_done => "rests",
        _ if !member.is_connected => "connects",
        _ if !member.is_alive => "is down",
        Intent::Fight(_) => "fights",
        Intent::Loot(_) => "loots",
        Intent::Rest => "heals",
        Intent::Wait => "waits",
        Intent::Seek(_) => "advances",
        Intent::Roam => "explores",
        Intent::Idle => "",
    }
}

fn boss(view: &View, content: &Content) -> Option<BossScene> {
    let (kind, entity) = view.living_enemies().find(|(_, enemy)| enemy.flags & flags::BOSS != 0)?;
    let name = content.enemies.values().nth(kind.into()).map(|enemy| enemy.name.clone())?;
    Some(BossScene { name, hp: entity.hp.into(), hp_max: entity.hp_max.into() })
}

fn map(dungeon: &Dungeon, view: &View) -> MapScene {
    let floor = Floor::seen(dungeon, view);
    let is_open = |place: usize| dungeon.doors.get(place).is_some_and(|door| floor.areas().contains(&door.area));
    let mut map = MapScene::of(dungeon, is_open);
    let loot = view.loot().map(|(_, loot)| Mark { at: position(loot), kind: MarkKind::Loot });
    let enemies = view.living_enemies().map(|(_, enemy)| {
        let kind = if enemy.flags & flags::BOSS != 0 { MarkKind::Boss } else { MarkKind::Enemy };
        Mark { at: position(enemy), kind }
    });
    let players = view.players().map(|(seat, player)| {
        let alive = player.flags & flags::ALIVE != 0;
        Mark { at: position(player), kind: MarkKind::Player { seat: u8::try_from(seat).unwrap_or(u8::MAX), alive } }
    });
    map.marks = loot.chain(enemies).chain(players).collect();
    map
}

#[cfg(test)]
mod tests;
