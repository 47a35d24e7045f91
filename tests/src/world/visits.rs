//! How players come and go as accounts: they log in with their passwords, trade refresh tokens, change their passwords, and
//! log out here or everywhere, also in the middle of a game; and an operator who bans them. What they are told is judged in
//! `logins`.

use super::player::{PASSWORDS, Player};
use super::roads::{Answer, Api, Ask, Cut};
use super::{World, lock};
use crate::backend::Caller;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::time::sleep;

/// How often somebody tries to log in who is not let in, and how long they wait in between, in milliseconds.
const ATTEMPTS_MAX: u32 = 8;
const PAUSE_MS_MAX: u64 = 2_000;
/// How long a ban lasts at most, and after which time nothing of it can be under way any more, in milliseconds.
const BAN_MS_MAX: u64 = 15_000;
const BAN_LATE_MS: u64 = 30_000;

impl Player {
    /// The access token, or one that is none.
    pub(super) fn token(&self) -> String {
        let tokens = lock(&self.tokens);
        tokens.as_ref().and_then(|tokens| tokens["access_token"].as_str()).unwrap_or("none").to_owned()
    }

    /// Sees to it that the player is logged in, perhaps by other tokens than before.
    pub(super) async fn come_in(&self) {
        if self.world.happens(|weather| weather.logouts) {
            match self.world.below(3) {
                0 => self.log_out().await,
                _ => self.refresh().await,
            }
        }
        if self.world.happens(|weather| weather.new_passwords) {
            self.change_password().await;
        }
        for _ in 0..ATTEMPTS_MAX {
            // What somebody was given may be over without their knowing: one of two answers was lost.
            if lock(&self.tokens).is_some() {
                match self.ask("list-characters", None, None, Value::Null).await {
                    Some((401, _)) => *lock(&self.tokens) = None,
                    _ => return,
                }
            }
            let nth = self.password.load(Relaxed);
            let body = json!({ "email": self.account.email, "password": PASSWORDS[nth] });
            match self.knock("login-account", body).await {
                Some((200, tokens)) => {
                    *lock(&self.tokens) = Some(tokens);
                    continue;
                }
                // Perhaps it was changed without anybody's hearing of it.
                Some((401, _)) => self.password.store(1 - nth, Relaxed),
                _ => {}
            }
            sleep(Duration::from_millis(self.world.below(PAUSE_MS_MAX))).await;
        }
    }

    /// Logs out at some time of a game, or changes the password.
    pub(super) async fn perhaps_log_out(&self, lasts_ms: u64) {
        if self.world.happens(|weather| weather.logouts / 2) {
            sleep(Duration::from_millis(self.world.below(lasts_ms))).await;
            self.log_out().await;
        } else if self.world.happens(|weather| weather.new_passwords / 2) {
            sleep(Duration::from_millis(self.world.below(lasts_ms))).await;
            self.change_password().await;
        }
    }

    /// Takes the other password.
    async fn change_password(&self) {
        let nth = self.password.load(Relaxed);
        let body = json!({ "old_password": PASSWORDS[nth], "new_password": PASSWORDS[1 - nth] });
        if let Some((200, tokens)) = self.ask("change-password", None, None, body).await {
            self.password.store(1 - nth, Relaxed);
            *lock(&self.tokens) = Some(tokens);
        }
    }

    /// Logs out, until it is known to have happened.
    async fn log_out(&self) {
        let body = json!({ "everywhere": self.world.below(3) == 0 });
        for _ in 0..ATTEMPTS_MAX {
            match self.ask("logout-account", None, None, body.clone()).await {
                Some((200 | 401, _)) => break,
                _ => sleep(Duration::from_millis(self.world.below(PAUSE_MS_MAX))).await,
            }
        }
    }

    /// Trades the refresh token. One whose answer was lost is not shown again: that would end the login.
    async fn refresh(&self) {
        let token = lock(&self.tokens).as_ref().map(|tokens| tokens["refresh_token"].clone());
        let Some(token) = token else { return };
        let next = self.knock("refresh-token", json!({ "refresh_token": token })).await;
        *lock(&self.tokens) = next.filter(|(status, _)| *status == 200).map(|(_, tokens)| tokens);
    }

    async fn knock(&self, route: &'static str, body: Value) -> Option<(u16, Value)> {
        let caller = Caller::From(&self.account.address);
        self.api.ask(&Ask { route, caller, path: None, key: None, body }, Cut::default()).await
    }
}

/// Bans these accounts now and then, each once.
pub(super) async fn ban(world: Arc<World>, api: Arc<Api>, mut accounts: Vec<String>) {
    while !accounts.is_empty() {
        sleep(Duration::from_secs(1)).await;
        if world.happens(|weather| weather.bans) {
            let nth = usize::try_from(world.below(accounts.len() as u64)).unwrap_or_default();
            tokio::spawn(ban_for_a_while(Arc::clone(&world), Arc::clone(&api), accounts.swap_remove(nth)));
        }
    }
}

async fn ban_for_a_while(world: Arc<World>, api: Arc<Api>, account: String) {
    operate(&world, &api, "ban-account", &account).await;
    sleep(Duration::from_millis(world.below(BAN_MS_MAX))).await;
    operate(&world, &api, "unban-account", &account).await;
    // The ban may have been asked for twice, and may come again.
    sleep(Duration::from_millis(BAN_LATE_MS)).await;
    operate(&world, &api, "unban-account", &account).await;
}

/// Asks until it is known to have happened.
async fn operate(world: &World, api: &Api, route: &'static str, account: &str) {
    let is_done = |answer: Option<Answer>| answer.is_some_and(|(status, _)| status == 200);
    let path = || Some(("account_id", account.to_owned()));
    let caller = Caller::Operator("olga");
    while !is_done(api.ask(&Ask { route, caller, path: path(), key: None, body: Value::Null }, Cut::default()).await) {
        sleep(Duration::from_millis(world.below(PAUSE_MS_MAX))).await;
    }
}
