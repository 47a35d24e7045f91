//! Makes a character of a class. Its numbers come from the content; its id comes from the `Idempotency-Key`, so that a
//! repeated request finds the character that it made.

use crate::caller::Player;
use crate::endpoint::{Call, Endpoint, Method, Route};
use crate::error::ApiError;
use guildhall_auth::fingerprint;
use guildhall_domain::api::CreateCharacterRequest;
use guildhall_domain::limits::CHARACTERS_PER_ACCOUNT_MAX;
use guildhall_domain::{Character, CharacterId, HotState};
use guildhall_storage::characters::{self, CharacterRow, Created};

/// `POST /v1/characters`
#[derive(Debug)]
pub struct CreateCharacter;

/// The route of [`CreateCharacter`].
pub static CREATE_CHARACTER: Route = Route::of::<CreateCharacter>();

impl Endpoint for CreateCharacter {
    const NAME: &'static str = "create-character";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/characters";
    const STATUS: u16 = 201;
    const REFUSALS: &'static [u16] = &[409, 422];
    type Caller = Player;
    type Input = CreateCharacterRequest;
    type Output = Character;

    async fn call(call: Call<'_, Player>, input: CreateCharacterRequest) -> Result<Character, ApiError> {
        let account_id = call.caller.account_id;
        let content = &call.app.content().await?.content;
        let hot = HotState::of_class(content, &input.class).ok_or_else(|| {
            let known: Vec<&str> = content.classes.keys().map(String::as_str).collect();
            ApiError::bad_request(format!("class: expected one of {}", known.join(", ")))
        })?;
        let request_fingerprint = fingerprint(format!("{}\n{}", input.name.as_str(), input.class).as_bytes());
        let character_id = CharacterId::from_bits(call.new_id("character", account_id));
        let character = Character {
            character_id,
            account_id,
            name: input.name,
            class: input.class,
            version: 1,
            created_at: call.now,
            hot,
        };
        let row = CharacterRow { character, lease: None, last_write: None, request_fingerprint };
        let mine = characters::list(&*call.app.table, account_id).await?;
        let repeated = mine.iter().any(|other| other.character.character_id == character_id);
        if mine.len() >= CHARACTERS_PER_ACCOUNT_MAX && !repeated {
            return Err(ApiError::new(409, "too_many_characters", "an account may have at most 16 characters"));
        }
        match characters::create(&*call.app.table, &row).await? {
            Created::New => Ok(row.character),
            Created::Existing(before) if before.request_fingerprint == row.request_fingerprint => Ok(before.character),
            Created::Existing(_) => Err(ApiError::idempotency_key_reused()),
        }
    }
}
