//! Takes off a suit of armour or a shield.

use super::intent::{self, carry_out};
use crate::caller::Bearer;
use crate::endpoint::{Call, Endpoint, Method, Route};
use crate::error::ApiError;
use crate::grants::Grants;
use guildhall_domain::api::CharacterSheet;
use guildhall_domain::intents;

/// `POST /v1/characters/{character_id}/unequip-armor`
#[derive(Debug)]
pub struct UnequipArmor;

/// The route of [`UnequipArmor`].
pub static UNEQUIP_ARMOR: Route = Route::of::<UnequipArmor>();

impl Endpoint for UnequipArmor {
    const NAME: &'static str = "unequip-armor";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/characters/{character_id}/unequip-armor";
    const REFUSALS: &'static [u16] = &[404, 409, 422];
    const GRANTS: Grants = intent::GRANTS;
    type Caller = Bearer;
    type Input = intents::UnequipArmor;
    type Output = CharacterSheet;

    async fn call(call: Call<'_, Bearer>, input: intents::UnequipArmor) -> Result<CharacterSheet, ApiError> {
        carry_out(call, Self::NAME, &input).await
    }
}
