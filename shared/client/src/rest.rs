//! The REST API as async methods. [`Api`] holds the address, [`Player`] a signed-in account; both are cheap to clone.
//!
//! Every mutation carries an `Idempotency-Key` of its own, and its repetitions carry the same one, so a reply that got lost
//! costs nothing. `call` holds the way of a request and its retries, `error` what can come back instead of an answer.
//! Tokens are not refreshed here: whoever gets a 401 signs in again.

mod call;
mod error;
mod placing;

pub use error::{ApiError, ClientError};

use call::{Body, Call, Repeat, random};
use guildhall_domain::api::{
    Authenticated, CharacterList, ContentBundle, CreateCharacterRequest, Credentials, GameSessionView, LoggedOut,
    LoginRequest, Nothing, Placement,
};
use guildhall_domain::{AccountId, Character, CharacterId, CharacterName, Email, Password, SessionId};
use serde::Serialize;
use std::fmt;
use std::sync::Arc;

/// The API at one address.
#[derive(Debug, Clone)]
pub struct Api {
    http: reqwest::Client,
    base_url: Arc<str>,
}

/// A signed-in account.
#[derive(Clone)]
pub struct Player {
    api: Api,
    account_id: AccountId,
    access_token: Arc<str>,
}

impl fmt::Debug for Player {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Player").field("account_id", &self.account_id).finish_non_exhaustive()
    }
}

/// The body of join: the session is in the path.
#[derive(Debug, Serialize)]
struct JoinBody {
    character_id: CharacterId,
}

impl Api {
    /// The API at this address, `http://…` or `https://…`. Nothing is sent yet.
    pub fn new(base_url: &str) -> Result<Self, ClientError> {
        Ok(Self { http: call::http_client()?, base_url: base_url.trim_end_matches('/').into() })
    }

    /// The address.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Makes an account and signs in.
    pub async fn register(&self, email: Email, password: Password) -> Result<Player, ClientError> {
        let body = Body::of(&Credentials { email, password })?;
        // The route keeps no idempotency record: repeating it blindly could report one's own new account as taken.
        let call = Call { repeat: Repeat::IfNotSent, ..Call::post("/v1/auth/register", None, body)? };
        Ok(self.player(self.send(&call).await?))
    }

    /// Signs in.
    pub async fn login(&self, email: &str, password: &str) -> Result<Player, ClientError> {
        let body = Body::of(&LoginRequest { email: email.into(), password: password.into() })?;
        Ok(self.player(self.send(&Call::post("/v1/auth/login", None, body)?).await?))
    }

    /// The content in force.
    pub async fn content(&self) -> Result<ContentBundle, ClientError> {
        self.send(&Call::get("/v1/content", None)).await
    }

    fn player(&self, answer: Authenticated) -> Player {
        Player { api: self.clone(), account_id: answer.account_id, access_token: answer.access_token.into() }
    }
}

impl Player {
    /// Who it is.
    pub fn account_id(&self) -> AccountId {
        self.account_id
    }

    /// The API that the account is signed in at.
    pub fn api(&self) -> &Api {
        &self.api
    }

    /// Ends the token; every clone of this value is signed out with it.
    pub async fn logout(&self) -> Result<(), ClientError> {
        let _: LoggedOut = self.post("/v1/auth/logout", &Nothing {}).await?;
        Ok(())
    }

    /// Makes a character of a class of the content.
    pub async fn create_character(&self, name: CharacterName, class: &str) -> Result<Character, ClientError> {
        let request = CreateCharacterRequest { name, class: class.to_owned(), ability_scores: None };
        self.post("/v1/characters", &request).await
    }

    /// The account's characters, in order of creation.
    pub async fn list_characters(&self) -> Result<Vec<Character>, ClientError> {
        let list: CharacterList = self.fetch("/v1/characters").await?;
        Ok(list.characters.into_iter().map(|sheet| sheet.character).collect())
    }

    /// One character, as last written.
    pub async fn character(&self, character_id: CharacterId) -> Result<Character, ClientError> {
        self.fetch(&format!("/v1/characters/{character_id}")).await
    }

    /// Makes a game session and takes its first seat; waits for a place if need be, as [`Self::create_party_session`] does.
    pub async fn create_game_session(
        &self,
        character_id: CharacterId,
        dungeon_id: &str,
    ) -> Result<Placement, ClientError> {
        self.create_party_session(character_id, dungeon_id, Vec::new()).await
    }

    /// Takes a seat of a game session, or comes back to the seat that the character has.
    pub async fn join_game_session(
        &self,
        session_id: SessionId,
        character_id: CharacterId,
    ) -> Result<Placement, ClientError> {
        self.post(&format!("/v1/game-sessions/{session_id}/join"), &JoinBody { character_id }).await
    }

    /// A game session, as it stands.
    pub async fn game_session(&self, session_id: SessionId) -> Result<GameSessionView, ClientError> {
        self.fetch(&format!("/v1/game-sessions/{session_id}")).await
    }

    async fn fetch<T: serde::de::DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        self.api.send(&Call::get(path, Some(&self.access_token))).await
    }

    async fn post<T: serde::de::DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, ClientError> {
        self.api.send(&Call::post(path, Some(&self.access_token), Body::of(body)?)?).await
    }
}

/// A key that no other call has: 128 random bits.
fn idempotency_key() -> Result<String, ClientError> {
    Ok(format!("{:032x}", u128::from_be_bytes(random()?)))
}
