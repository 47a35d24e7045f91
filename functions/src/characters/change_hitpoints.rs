//! Hurts or heals a character, within 0 and its maximum.

use super::intent::{self, carry_out};
use crate::caller::Bearer;
use crate::endpoint::{Call, Endpoint, Method, Route};
use crate::error::ApiError;
use crate::grants::Grants;
use guildhall_domain::api::CharacterSheet;
use guildhall_domain::intents::ChangeHitPoints;

/// `PATCH /v1/characters/{character_id}/hitpoints`
#[derive(Debug)]
pub struct ChangeHitpoints;

/// The route of [`ChangeHitpoints`].
pub static CHANGE_HITPOINTS: Route = Route::of::<ChangeHitpoints>();

impl Endpoint for ChangeHitpoints {
    const NAME: &'static str = "change-hitpoints";
    const METHOD: Method = Method::Patch;
    const PATH: &'static str = "/v1/characters/{character_id}/hitpoints";
    const REFUSALS: &'static [u16] = &[404, 409, 422];
    const GRANTS: Grants = intent::GRANTS;
    type Caller = Bearer;
    type Input = ChangeHitPoints;
    type Output = CharacterSheet;

    async fn call(call: Call<'_, Bearer>, input: ChangeHitPoints) -> Result<CharacterSheet, ApiError> {
        carry_out(call, Self::NAME, &input).await
    }
}
