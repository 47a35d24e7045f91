//! Puts the weapon in hand away.

use super::intent::{self, carry_out};
use crate::caller::Bearer;
use crate::endpoint::{Call, Endpoint, Method, Route};
use crate::error::ApiError;
use crate::grants::Grants;
use guildhall_domain::api::CharacterSheet;
use guildhall_domain::intents;

/// `POST /v1/characters/{character_id}/unequip-weapon`
#[derive(Debug)]
pub struct UnequipWeapon;

/// The route of [`UnequipWeapon`].
pub static UNEQUIP_WEAPON: Route = Route::of::<UnequipWeapon>();

impl Endpoint for UnequipWeapon {
    const NAME: &'static str = "unequip-weapon";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/characters/{character_id}/unequip-weapon";
    const REFUSALS: &'static [u16] = &[404, 409, 422];
    const GRANTS: Grants = intent::GRANTS;
    type Caller = Bearer;
    type Input = intents::UnequipWeapon;
    type Output = CharacterSheet;

    async fn call(call: Call<'_, Bearer>, input: intents::UnequipWeapon) -> Result<CharacterSheet, ApiError> {
        carry_out(call, Self::NAME, &input).await
    }
}
