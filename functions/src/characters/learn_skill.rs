//! Spends a skill point.

use super::intent::{self, carry_out};
use crate::caller::Bearer;
use crate::endpoint::{Call, Endpoint, Method, Route};
use crate::error::ApiError;
use crate::grants::Grants;
use guildhall_domain::api::CharacterSheet;
use guildhall_domain::intents;

/// `POST /v1/characters/{character_id}/skills`
#[derive(Debug)]
pub struct LearnSkill;

/// The route of [`LearnSkill`].
pub static LEARN_SKILL: Route = Route::of::<LearnSkill>();

impl Endpoint for LearnSkill {
    const NAME: &'static str = "learn-skill";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/characters/{character_id}/skills";
    const REFUSALS: &'static [u16] = &[404, 409, 422];
    const GRANTS: Grants = intent::GRANTS;
    type Caller = Bearer;
    type Input = intents::LearnSkill;
    type Output = CharacterSheet;

    async fn call(call: Call<'_, Bearer>, input: intents::LearnSkill) -> Result<CharacterSheet, ApiError> {
        carry_out(call, Self::NAME, &input).await
    }
}
