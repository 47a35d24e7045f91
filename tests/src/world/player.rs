//! Parties of a world: they spend and earn between their games, go into a dungeon together, play as bots do, lose their
//! connections, come back, leave or vanish, log out and in, and begin again. `game` is the part over UDP, `visits` the way in.

use super::World;
use super::game::{Claims, Ending, Game};
use super::roads::{Answer, Api, Ask, Cut};
use crate::backend::Caller;
use crate::party::DUNGEON;
use futures_util::future::join_all;
use guildhall_domain::{CharacterId, Content};
use serde_json::{Value, json};
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::sleep;

/// How long a party plays at most, and how long it rests, in milliseconds.
const GAME_MS_MAX: u64 = 40_000;
const REST_MS_MAX: u64 = 3_000;
/// How often somebody asks the same again.
pub(super) const ATTEMPTS_MAX: u32 = 30;
/// How often the client sends the same intent: as often as the one that games link.
const INTENT_ATTEMPTS_MAX: u32 = 3;
/// The zone of the seed content.
const ZONE: &str = "green-vale";
/// Everybody's password, and what they change it to and back.
pub(super) const PASSWORDS: [&str; 2] = ["correct horse battery", "battery staple"];

/// Who somebody is at the beginning.
#[derive(Debug, Clone)]
pub(super) struct Account {
    /// Where they are.
    pub(super) address: String,
    pub(super) email: String,
    /// Their only character.
    pub(super) character_id: CharacterId,
    /// What they were given when they registered.
    pub(super) tokens: Value,
}

/// A player with what they need of the world.
#[derive(Debug, Clone)]
pub(super) struct Player {
    pub(super) world: Arc<World>,
    pub(super) api: Arc<Api>,
    pub(super) content: Arc<Content>,
    pub(super) account: Account,
    /// What they are logged in by, if they are.
    pub(super) tokens: Arc<Mutex<Option<Value>>>,
    /// Which password they believe to have.
    pub(super) password: Arc<AtomicUsize>,
    pub(super) class: &'static str,
    pub(super) number: u8,
}

/// Plays for as long as the world lasts.
pub(super) async fn live(party: Vec<Player>) {
    let Some(world) = party.first().map(|player| Arc::clone(&player.world)) else { return };
    let mut games = 0;
    loop {
        join_all(party.iter().map(Player::come_in)).await;
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
    let place = if world.happens(|weather| weather.zones) { ZONE } else { DUNGEON };
    body["dungeon_id"] = json!(place);
    body["companions"] = json!(companions);
    let key = format!("game-{}-{game}", leader.number);
    let Some(placement) = leader.placed(body, key).await else { return };
    let Some(session_id) = placement["game_session"]["session_id"].as_str().map(str::to_owned) else { return };
    world.tell(format!("party {} has {session_id}", leader.number));
    let session_id = session_id.as_str();
    let plays = party.iter().enumerate().map(|(nth, player)| {
        let placement = (nth == 0).then(|| placement.clone());
        let lasts_ms = world.below(GAME_MS_MAX);
        async move {
            let plays = player.play(session_id, place, placement, lasts_ms);
            tokio::join!(plays, player.perhaps_log_out(lasts_ms));
        }
    });
    join_all(plays).await;
}

impl Player {
    fn character(&self) -> Value {
        json!({ "character_id": self.account.character_id })
    }

    pub(super) async fn ask(
        &self,
        route: &'static str,
        path: Option<(&str, String)>,
        key: Option<String>,
        body: Value,
    ) -> Option<Answer> {
        let token = self.token();
        let caller = Caller::Bearer(&token);
        self.api.ask(&Ask { route, caller, path, key, body }, Cut::default()).await
    }

    /// Plays in the session for so long, and comes back as often as the connection is lost.
    async fn play(&self, session_id: &str, place: &'static str, mut placement: Option<Value>, lasts_ms: u64) {
        let until_ms = self.world.now_ms() + lasts_ms;
        let mut claims = Claims::new(&self.world, self.account.character_id);
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
            let Some(mut game) = Game::enter(self, place, &placed, kept.take()) else { return };
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
        let character_id = self.account.character_id;
        let path = || Some(("character_id", character_id.to_string()));
        let began = self.world.instant();
        let answer = self.ask("get-character", path(), None, Value::Null).await;
        let Some((200, sheet)) = answer else { return };
        self.world.note_read(character_id, began, &sheet);
        let (Some(version), Some(gold)) = (sheet["version"].as_u64(), sheet["gold"].as_u64()) else { return };
        let amount = i64::try_from(self.world.below(20)).unwrap_or_default() + 1;
        let delta = if gold >= 20 && self.world.below(2) == 0 { -amount } else { amount };
        let body = json!({ "version": version, "delta": delta });
        let key = format!("intent-{}-{}", self.number, self.world.instant());
        let noted = self.world.note_change(character_id, (version, delta));
        let mut answer = None;
        for _ in 0..INTENT_ATTEMPTS_MAX {
            answer = self.ask("change-currency", path(), Some(key.clone()), body.clone()).await;
            if !matches!(answer, None | Some((500.., _))) {
                break;
            }
            sleep(Duration::from_millis(self.world.below(400))).await;
        }
        self.world.note_changed(character_id, noted, answer.as_ref());
    }
}
