//! The REST API as async methods. [`Api`] holds the address, [`Player`] a signed-in account; both are cheap to clone.
//!
//! Every mutation carries an `Idempotency-Key` of its own, and its repetitions carry the same one, so a reply that got lost
//! costs nothing. Where a route keeps no record of the key, as with passwords, only what certainly never left is sent again.
//! A [`Player`] refreshes its tokens by itself, so that a session lasts until somebody ends it.
//!
//! `call` holds the way of a request and its retries, `budget` how many of them there may be, `patience` when there may be none
//! at all, `tokens` how a player stays signed in, `intents` what a player may want of a character, `error` what can come back
//! instead of an answer.

mod budget;
mod call;
mod error;
mod intents;
mod patience;
mod placing;
mod player;
mod tokens;

pub use call::Tagged;
pub use error::{ApiError, ClientError};
pub use intents::RoutedIntent;
pub use player::Player;

use budget::Budget;
use call::{Body, Call, Repeat, random};
use guildhall_domain::api::{Authenticated, ContentBundle, ContentManifest, Credentials, LoginRequest};
use guildhall_domain::content::ContentKind;
use guildhall_domain::{Email, Password};
use patience::Patience;
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// The API at one address.
#[derive(Debug, Clone)]
pub struct Api {
    http: reqwest::Client,
    base_url: Arc<str>,
    build_version: Option<Arc<str>>,
    budget: Arc<Budget>,
    patience: Arc<Patience>,
}

impl Api {
    /// The API at this address, `http://…` or `https://…`. Nothing is sent yet.
    pub fn new(base_url: &str) -> Result<Self, ClientError> {
        Ok(Self {
            http: call::http_client()?,
            base_url: base_url.trim_end_matches('/').into(),
            build_version: None,
            budget: Arc::default(),
            patience: Arc::default(),
        })
    }

    /// The same for a game that can only play with this build of the game sim: its sessions are made there, and nowhere else.
    #[must_use]
    pub fn for_build(self, build_version: &str) -> Self {
        Self { build_version: Some(build_version.into()), ..self }
    }

    /// The address.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Makes an account and signs in.
    pub async fn register(&self, email: Email, password: Password) -> Result<Player, ClientError> {
        let body = Body::of(&Credentials { email, password })?;
        // The route keeps no idempotency record: repeating it blindly could report one's own new account as taken.
        let call = Call { repeat: Repeat::IfNotSent, ..Call::post("/v1/auth/register", body)? };
        Ok(self.player(self.send(&call, None).await?))
    }

    /// Signs in.
    pub async fn login(&self, email: &str, password: &str) -> Result<Player, ClientError> {
        let body = Body::of(&LoginRequest { email: email.into(), password: password.into() })?;
        Ok(self.player(self.send(&Call::post("/v1/auth/login", body)?, None).await?))
    }

    /// The content in force.
    pub async fn content(&self) -> Result<ContentBundle, ClientError> {
        self.send(&Call::get("/v1/content"), None).await
    }

    /// What the content consists of, each entry with its entity tag; `None` if its own tag still is the `known` one.
    pub async fn content_manifest(&self, known: Option<&str>) -> Result<Option<Tagged<ContentManifest>>, ClientError> {
        self.fetch_unless_known("/v1/content/manifest", known).await
    }

    /// One entry of the content, as the type of its kind (`Class`, `Enemy`, `Item`, …); `None` if its entity tag still is
    /// the `known` one.
    pub async fn content_entry<T: DeserializeOwned>(
        &self,
        kind: ContentKind,
        id: &str,
        known: Option<&str>,
    ) -> Result<Option<Tagged<T>>, ClientError> {
        self.fetch_unless_known(&format!("/v1/content/{kind}/{}", call::segment(id)), known).await
    }

    /// Each player has repetitions and patience of their own, so that many in one process do not use up each other's.
    fn player(&self, answer: Authenticated) -> Player {
        Player::new(Self { budget: Arc::default(), patience: Arc::default(), ..self.clone() }, answer)
    }
}

/// A key that no other call has: 128 random bits.
fn idempotency_key() -> Result<String, ClientError> {
    Ok(format!("{:032x}", u128::from_be_bytes(random()?)))
}
