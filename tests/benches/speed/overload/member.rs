//! One of a crowd: a client with a character, who wants a piece of gold over and over.

use crate::Outcome;
use crate::api::clients::{self, Client};
use guildhall_client::rest::{Api, ClientError, Player};
use guildhall_domain::intents::ChangeCurrency;
use guildhall_domain::{CharacterId, CharacterName, Email, Password};
use guildhall_tests::party::PASSWORD;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};
use tokio::time::{MissedTickBehavior, interval};

/// Characters of one account, among those who heed nothing: as many accounts as characters would take a network minutes to
/// register.
const CHARACTERS_EACH: usize = 16;

/// One of a crowd.
pub(super) struct Member {
    client: Voice,
    /// When in the beat it asks.
    share: f64,
}

/// Through which client it speaks.
enum Voice {
    /// The product's.
    Heedful { player: Player, character_id: CharacterId, version: u64 },
    /// One that sends whatever is wanted, and sends nothing again.
    Heedless(Client),
}

/// What everybody has done.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) wanted: AtomicU64,
    pub(super) done: AtomicU64,
}

/// So many with an account each, for a client has patience for one login.
pub(super) async fn heedful(url: &str, number: usize) -> Outcome<Vec<Member>> {
    let api = Api::new(url)?;
    let mut crowd = Vec::with_capacity(number);
    for at in 0..number {
        let email = Email::parse(&format!("crowd-{at}@example.com"))?;
        let player = api.register(email, Password::parse(PASSWORD)?).await?;
        let sheet = player.create_character(CharacterName::parse(&format!("Crowd {at}"))?, "fighter").await?;
        let (character_id, version) = (sheet.character.character_id, sheet.character.version);
        let client = Voice::Heedful { player, character_id, version };
        crowd.push(Member { client, share: at as f64 / number as f64 });
    }
    Ok(crowd)
}

/// So many who share accounts.
pub(super) async fn heedless(url: &str, number: usize) -> Outcome<Vec<Member>> {
    let mut crowd = Vec::with_capacity(number);
    for owner in clients::register(url, 0..number.div_ceil(CHARACTERS_EACH)).await? {
        for client in owner.with_characters(CHARACTERS_EACH).await? {
            crowd.push(Member { client: Voice::Heedless(client), share: crowd.len() as f64 / number as f64 });
        }
    }
    crowd.truncate(number);
    Ok(crowd)
}

impl Member {
    /// Asks until then, on a beat or without a pause.
    pub(super) async fn ask(mut self, beat: Option<Duration>, ends: Instant, tally: Arc<Tally>) -> Outcome<Self> {
        let mut beats = beat.map(interval);
        if let Some(beats) = &mut beats {
            // What was wanted while an answer was waited for is wanted all the same, after it.
            beats.set_missed_tick_behavior(MissedTickBehavior::Burst);
            // Not all at the same moment.
            tokio::time::sleep(beat.unwrap_or_default().mul_f64(self.share)).await;
        }
        while Instant::now() < ends {
            if let Some(beats) = &mut beats {
                beats.tick().await;
            }
            tally.wanted.fetch_add(1, Relaxed);
            if self.client.change().await? {
                tally.done.fetch_add(1, Relaxed);
            }
        }
        Ok(self)
    }
}

impl Voice {
    /// One piece of gold; whether there was time for it.
    async fn change(&mut self) -> Outcome<bool> {
        let (player, character_id, version) = match self {
            Self::Heedful { player, character_id, version } => (player, *character_id, version),
            Self::Heedless(client) => return client.try_to_change_currency().await,
        };
        match player.carry_out(&ChangeCurrency { character_id, version: *version, delta: 1 }).await {
            Ok(sheet) => {
                *version = sheet.character.version;
                Ok(true)
            }
            Err(ClientError::Refused(refused)) if refused.status == 503 => Ok(false),
            Err(error) => match error.latest_character() {
                // A change was made of which the answer had been that nobody knows.
                Some(latest) => {
                    *version = latest.character.version;
                    Ok(false)
                }
                None => Err(error.into()),
            },
        }
    }
}
