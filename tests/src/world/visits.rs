//! How players come and go as accounts: they log in with their passwords, trade refresh tokens, and log out here or
//! everywhere, also in the middle of a game. What they are told is judged in `logins`.

use super::lock;
use super::player::{PASSWORD, Player};
use super::roads::{Ask, Cut};
use crate::backend::Caller;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::sleep;

/// How often somebody tries to log in who is not let in, and how long they wait in between, in milliseconds.
const ATTEMPTS_MAX: u32 = 8;
const PAUSE_MS_MAX: u64 = 2_000;

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
        for _ in 0..ATTEMPTS_MAX {
            // What somebody was given may be over without their knowing: one of two answers was lost.
            if lock(&self.tokens).is_some() {
                match self.ask("list-characters", None, None, Value::Null).await {
                    Some((401, _)) => *lock(&self.tokens) = None,
                    _ => return,
                }
            }
            let body = json!({ "email": self.account.email, "password": PASSWORD });
            match self.knock("login-account", body).await {
                Some((200, tokens)) => *lock(&self.tokens) = Some(tokens),
                _ => sleep(Duration::from_millis(self.world.below(PAUSE_MS_MAX))).await,
            }
        }
    }

    /// Logs out at some time of a game.
    pub(super) async fn perhaps_log_out(&self, lasts_ms: u64) {
        if self.world.happens(|weather| weather.logouts / 2) {
            sleep(Duration::from_millis(self.world.below(lasts_ms))).await;
            self.log_out().await;
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
