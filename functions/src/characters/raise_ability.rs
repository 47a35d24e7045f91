//! Spends a level-up's point on an ability score.

use super::intent::{self, carry_out};
use crate::caller::Bearer;
use crate::endpoint::{Call, Endpoint, Method, Route};
use crate::error::ApiError;
use crate::grants::Grants;
use guildhall_domain::api::CharacterSheet;
use guildhall_domain::intents;

/// `POST /v1/characters/{character_id}/level-up`
#[derive(Debug)]
pub struct RaiseAbility;

/// The route of [`RaiseAbility`].
pub static RAISE_ABILITY: Route = Route::of::<RaiseAbility>();

impl Endpoint for RaiseAbility {
    const NAME: &'static str = "raise-ability";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/characters/{character_id}/level-up";
    const REFUSALS: &'static [u16] = &[404, 409, 422];
    const GRANTS: Grants = intent::GRANTS;
    type Caller = Bearer;
    type Input = intents::RaiseAbility;
    type Output = CharacterSheet;

    async fn call(call: Call<'_, Bearer>, input: intents::RaiseAbility) -> Result<CharacterSheet, ApiError> {
        carry_out(call, Self::NAME, &input).await
    }
}
