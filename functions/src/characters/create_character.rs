//! Makes a character of a class, with a name that no other has. Its numbers come from the content and the ability scores that
//! were bought; its id comes from the `Idempotency-Key`, so that a repeated request finds the character that it made.

use super::intent::ATTEMPTS_MAX;
use super::{require_room, roster_of};
use crate::caller::Player;
use crate::content::in_force;
use crate::endpoint::{Call, Endpoint, Method, Route};
use crate::error::ApiError;
use crate::grants::{Grants, Secret};
use guildhall_auth::fingerprint;
use guildhall_domain::api::{CharacterSheet, CreateCharacterRequest};
use guildhall_domain::rules::creation::first_level;
use guildhall_domain::{Character, CharacterId};
use guildhall_storage::characters::{self, CharacterRow, Created, RecentIntents};
use guildhall_storage::{Operation, TableName};

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
    const GRANTS: Grants = in_force::GRANTS
        .with(Secret::DerivationKey)
        .on(TableName::Accounts, &[Operation::Update])
        .on(TableName::Characters, &[Operation::Query, Operation::Put]);
    type Caller = Player;
    type Input = CreateCharacterRequest;
    type Output = CharacterSheet;

    async fn call(call: Call<'_, Player>, input: CreateCharacterRequest) -> Result<CharacterSheet, ApiError> {
        let account_id = call.caller.account_id;
        let content = &call.app.content().await?.content;
        let (build, hot) = first_level(content, &input.class, input.ability_scores)
            .map_err(|invalid| ApiError::bad_request(invalid.to_string()))?;
        let scores = serde_json::to_string(&input.ability_scores).unwrap_or_default();
        let request_fingerprint = fingerprint(format!("{}\n{}\n{scores}", input.name.as_str(), input.class).as_bytes());
        let character_id = CharacterId::from_bits(call.new_id("character", account_id)?);
        let character = Character {
            character_id,
            account_id,
            name: input.name,
            class: input.class,
            version: 1,
            created_at: call.now,
            deleted_at: None,
            build,
            hot,
        };
        let row = CharacterRow {
            character,
            lease: None,
            last_write: None,
            intents: RecentIntents::default(),
            request_fingerprint,
            expires_at: None,
        };
        let mut roster = call.caller.account.roster;
        for _ in 0..ATTEMPTS_MAX {
            let mine = characters::list(&call.app.table, account_id).await?;
            if !mine.iter().any(|other| other.character.character_id == character_id) {
                require_room(&mine, call.now)?;
            }
            match characters::create(&call.app.table, &row, roster).await? {
                Created::New => {
                    call.app.characters.keep(&row);
                    return Ok(CharacterSheet::of(row.character, content));
                }
                Created::Existing(before) if before.request_fingerprint == row.request_fingerprint => {
                    return Ok(CharacterSheet::of(before.character, content));
                }
                Created::Existing(_) => return Err(ApiError::idempotency_key_reused()),
                Created::NameTaken => return Err(ApiError::new(409, "name_taken", "another character has this name")),
                Created::RosterMoved => roster = roster_of(&call).await?,
            }
        }
        Err(ApiError::busy("contention", "the account's characters are wanted by several requests at once", 1))
    }
}
