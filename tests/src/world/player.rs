//! Parties of a world: they spend and earn between their games, go into a dungeon together, play as bots do, lose their
//! connections, come back, leave or vanish, and begin again. `game` is the part over UDP.

use super::World;
use super::game::{Claims, Ending, Game};
use super::roads::{Answer, Api, Ask, Cut};
use crate::backend::Caller;
use crate::crowd::Hero;
use crate::party::DUNGEON;
use futures_util::future::join_all;
use guildhall_domain::Content;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

/// How long a party plays at most, and how long it rests, in milliseconds.
const GAME_MS_MAX: u64 = 40_000;
const REST_MS_MAX: u64 = 3_000;
/// How often somebody asks the same again.
const ATTEMPTS_MAX: u32 = 30;

/// A player with what they need of the world.
#[derive(Debug, Clone)]
pub(super) struct Player {
    pub(super) world: Arc<World>,
    pub(super) api: Arc<Api>,
    pub(super) content: Arc<Content>,
    pub(super) hero: Hero,
    pub(super) class: &'static str,
    pub(super) number: u8,
}

/// Plays for as long as the world lasts.
pub(super) async fn live(party: Vec<Player>) {
    let Some(world) = party.first().map(|player| Arc::clone(&player.world)) else { return };
    let mut games = 0;
    loop {
        join_all(party.iter().map(Player::spend)).await;
        games += 1;
        play_once(&party, games).await;
        sleep(Duration::from_millis(world.below(REST_MS_MAX))).await;
    }
}

async fn play_once(party: &[Player], game: u64) {
    let Some(leader) = party.first() else { return };
    let world = &leader.world;
    let mut companions = Vec::new();
    for player in party.iter().skip(1) {
        let issued = player.ask("issue-companion-ticket", None, None, player.character()).await;
        companions.extend(issued.filter(|(status, _)| *status == 200).map(|(_, body)| body["ticket"].clone()));
    }
    let mut body = leader.character();
    body["dungeon_id"] = json!(DUNGEON);
    body["companions"] = json!(companions);
    let key = format!("game-{}-{game}", leader.number);
    let Some(placement) = leader.placed(body, key).await else { return };
    let Some(session_id) = placement["game_session"]["session_id"].as_str().map(str::to_owned) else { return };
    world.tell(format!("party {} has {session_id}", leader.number));
    let plays = party.iter().enumerate().map(|(nth, player)| {
        let placement = (nth == 0).then(|| placement.clone());
        let lasts_ms = world.below(GAME_MS_MAX);
        player.play(&session_id, placement, lasts_ms)
    });
    join_all(plays).await;
}

impl Player {
    fn character(&self) -> Value {
        json!({ "character_id": self.hero.character_id })
    }

    async fn ask(
        &self,
        route: &'static str,
        path: Option<(&str, String)>,
        key: Option<String>,
        body: Value,
    ) -> Option<Answer> {
        let caller = Caller::Bearer(&self.hero.token);
        self.api.ask(&Ask { route, caller, path, key, body }, Cut::default()).await
    }

    /// Asks for a session until there is one, or until it is known that there will be none.
    async fn placed(&self, body: Value, key: String) -> Option<Value> {
        let mut ticket: Option<String> = None;
        for _ in 0..ATTEMPTS_MAX {
            let answer = match &ticket {
                Some(id) => {
                    let path = Some(("ticket_id", id.clone()));
                    self.ask("poll-placement-ticket", path, None, Value::Null).await
                }
                None => self.ask("create-game-session", None, Some(key.clone()), body.clone()).await,
            };
            match answer {
                Some((200 | 201, body)) if body["connect"].is_object() => return Some(body),
                Some((200 | 202, body)) => {
                    let queued = body["placement_ticket"]["ticket_id"].as_str();
                    ticket = queued.map(str::to_owned).or(ticket);
                }
                Some((503, _)) | None => {}
                // Whatever the ticket was good for, the request is good for as well.
                Some(_) if ticket.is_some() => ticket = None,
                Some(_) => return None,
            }
            sleep(Duration::from_millis(500 + self.world.below(1_000))).await;
        }
        None
    }

    /// Plays in the session for so long, and comes back as often as the connection is lost.
    async fn play(&self, session_id: &str, mut placement: Option<Value>, lasts_ms: u64) {
        let until_ms = self.world.now_ms() + lasts_ms;
        let mut claims = Claims::new(&self.world, self.hero.character_id);
        let mut kept = None;
        for _ in 0..ATTEMPTS_MAX {
            let placed = match placement.take() {
                Some(placement) => placement,
                None => {
                    let path = Some(("session_id", session_id.to_owned()));
                    match self.ask("join-game-session", path, None, self.character()).await {
                        Some((200, body)) => body,
                        Some((503, _)) | None => {
                            sleep(Duration::from_millis(300 + self.world.below(700))).await;
                            continue;
                        }
                        Some(_) => return,
                    }
                }
            };
            let Some(mut game) = Game::enter(self, &placed, kept.take()) else { return };
            match game.play(until_ms, &mut claims).await {
                Ending::Lost if self.world.now_ms() < until_ms => kept = Some(game.keep()),
                Ending::Lost | Ending::Over => return,
            }
            sleep(Duration::from_millis(self.world.below(1_000))).await;
        }
    }

    /// Earns and pays, from two places at once.
    async fn spend(&self) {
        let both = (0..2).map(async |_| {
            for _ in 0..self.world.below(3) {
                self.spend_once().await;
                sleep(Duration::from_millis(self.world.below(300))).await;
            }
        });
        join_all(both).await;
    }

    async fn spend_once(&self) {
        let character_id = self.hero.character_id;
        let path = || Some(("character_id", character_id.to_string()));
        let began = self.world.instant();
        let answer = self.ask("get-character", path(), None, Value::Null).await;
        let Some((200, sheet)) = answer else { return };
        self.world.note_read(character_id, began, &sheet);
        let (Some(version), Some(gold)) = (sheet["version"].as_u64(), sheet["gold"].as_u64()) else { return };
        let amount = i64::try_from(self.world.below(20)).unwrap_or_default() + 1;
        let delta = if gold >= 20 && self.world.below(2) == 0 { -amount } else { amount };
        let body = json!({ "version": version, "delta": delta });
        let began = self.world.instant();
        let answer = self.ask("change-currency", path(), None, body).await;
        self.world.note_change(character_id, began, (version, delta), answer.as_ref());
    }
}
