//! A signed-in account: what it is, its characters, and its game sessions.

use super::call::{Body, Call, Repeat};
use super::tokens::Tokens;
use super::{Api, ClientError, RoutedIntent};
use guildhall_domain::api::{
    AccountDeleted, Authenticated, ChangePasswordRequest, CharacterList, CharacterSheet, CreateCharacterRequest,
    DeleteAccountRequest, GameSessionEvents, GameSessionView, LoggedOut, LogoutRequest, Placement,
};
use guildhall_domain::{AbilityScores, AccountId, CharacterId, CharacterName, Password, SessionId};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt;
use std::sync::Arc;

/// A signed-in account. Its clones share one login, which is kept alive by whichever of them is used.
#[derive(Clone)]
pub struct Player {
    api: Api,
    account_id: AccountId,
    tokens: Arc<Tokens>,
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

/// The account itself.
impl Player {
    pub(super) fn new(api: Api, answer: Authenticated) -> Self {
        Self { api, account_id: answer.account_id, tokens: Arc::new(Tokens::new(answer)) }
    }

    /// Who it is.
    pub fn account_id(&self) -> AccountId {
        self.account_id
    }

    /// The API that the account is signed in at.
    pub fn api(&self) -> &Api {
        &self.api
    }

    /// Ends this login; every clone of this value is signed out with it.
    pub async fn logout(&self) -> Result<(), ClientError> {
        self.end(&LogoutRequest { everywhere: false }).await
    }

    /// Ends every login of the account, wherever it is signed in.
    pub async fn logout_everywhere(&self) -> Result<(), ClientError> {
        self.end(&LogoutRequest { everywhere: true }).await
    }

    async fn end(&self, request: &LogoutRequest) -> Result<(), ClientError> {
        let _: LoggedOut = self.post("/v1/auth/logout", request).await?;
        Ok(())
    }

    /// Changes the password. Every login of the account ends but this one, which goes on under new tokens. When the answer
    /// is lost, the password may be either; whoever signs in with the new one knows.
    pub async fn change_password(&self, old: &str, new: Password) -> Result<(), ClientError> {
        let body = Body::of(&ChangePasswordRequest { old_password: old.to_owned(), new_password: new })?;
        // The route keeps no idempotency record: repeated after a success, the old password would be called wrong.
        let call = Call { repeat: Repeat::IfNotSent, ..Call::post("/v1/auth/password", body)? };
        self.tokens.replace(&self.api, &call).await
    }

    /// Deletes the account for good, with every login of it.
    pub async fn delete_account(&self, password: &str) -> Result<(), ClientError> {
        let body = Body::of(&DeleteAccountRequest { password: password.to_owned() })?;
        // Repeated after a success, the login would be called ended.
        let call = Call { repeat: Repeat::IfNotSent, body: Some(body), ..Call::delete("/v1/account")? };
        let _: AccountDeleted = self.send(&call).await?;
        Ok(())
    }
}

/// Its characters.
impl Player {
    /// Makes a character of a class of the content, with the ability scores that the class suggests.
    pub async fn create_character(&self, name: CharacterName, class: &str) -> Result<CharacterSheet, ClientError> {
        self.create(name, class, None).await
    }

    /// Makes a character with ability scores of one's own, within the point buy.
    pub async fn create_character_with(
        &self,
        name: CharacterName,
        class: &str,
        scores: AbilityScores,
    ) -> Result<CharacterSheet, ClientError> {
        self.create(name, class, Some(scores)).await
    }

    async fn create(
        &self,
        name: CharacterName,
        class: &str,
        ability_scores: Option<AbilityScores>,
    ) -> Result<CharacterSheet, ClientError> {
        self.post("/v1/characters", &CreateCharacterRequest { name, class: class.to_owned(), ability_scores }).await
    }

    /// The account's characters, in order of creation.
    pub async fn list_characters(&self) -> Result<Vec<CharacterSheet>, ClientError> {
        let list: CharacterList = self.fetch("/v1/characters").await?;
        Ok(list.characters)
    }

    /// The same with those that were deleted and can be restored.
    pub async fn list_characters_with_deleted(&self) -> Result<Vec<CharacterSheet>, ClientError> {
        let list: CharacterList = self.fetch("/v1/characters?include_deleted=true").await?;
        Ok(list.characters)
    }

    /// One character, as last written.
    pub async fn character(&self, character_id: CharacterId) -> Result<CharacterSheet, ClientError> {
        self.fetch(&format!("/v1/characters/{character_id}")).await
    }

    /// Carries out an intent on a character; gives back what came of it. If the character has moved on since the version
    /// that the intent names, [`ClientError::latest_character`] is what it has become.
    pub async fn carry_out<I: RoutedIntent>(&self, intent: &I) -> Result<CharacterSheet, ClientError> {
        let path = format!("/v1/characters/{}/{}", intent.character_id(), I::ACTION);
        let body = Body::without(intent, "character_id")?;
        self.send(&Call { method: I::METHOD, ..Call::post(&path, body)? }).await
    }

    /// Deletes a character. It can be restored for 30 days.
    pub async fn delete_character(&self, character_id: CharacterId) -> Result<CharacterSheet, ClientError> {
        self.send(&Call::delete(&format!("/v1/characters/{character_id}"))?).await
    }

    /// Takes a deletion back.
    pub async fn restore_character(&self, character_id: CharacterId) -> Result<CharacterSheet, ClientError> {
        self.post(&format!("/v1/characters/{character_id}/restore"), &guildhall_domain::api::Nothing {}).await
    }
}

/// Its game sessions.
impl Player {
    /// Makes a game session and takes its first seat.
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

    /// What happened in a session in which the account has or had a seat, after the cursor of an earlier answer or from the
    /// beginning: what everybody was told, and what it was told itself. The log is kept for a day.
    pub async fn game_session_events(
        &self,
        session_id: SessionId,
        after: Option<&str>,
    ) -> Result<GameSessionEvents, ClientError> {
        let query = after.map_or_else(String::new, |after| format!("?after={after}"));
        self.fetch(&format!("/v1/game-sessions/{session_id}/events{query}")).await
    }

    pub(super) async fn fetch<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        self.send(&Call::get(path)).await
    }

    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &(impl Serialize + Sync),
    ) -> Result<T, ClientError> {
        self.send(&Call::post(path, Body::of(body)?)?).await
    }

    pub(super) async fn send<T: DeserializeOwned>(&self, call: &Call<'_>) -> Result<T, ClientError> {
        self.tokens.send(&self.api, call).await
    }
}
