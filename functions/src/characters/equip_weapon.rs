//! Takes a weapon in hand.

use super::intent::{self, carry_out};
use crate::caller::Bearer;
use crate::endpoint::{Call, Endpoint, Method, Route};
use crate::error::ApiError;
use crate::grants::Grants;
use guildhall_domain::api::CharacterSheet;
use guildhall_domain::intents;

/// `POST /v1/characters/{character_id}/equip-weapon`
#[derive(Debug)]
pub struct EquipWeapon;

/// The route of [`EquipWeapon`].
pub static EQUIP_WEAPON: Route = Route::of::<EquipWeapon>();

impl Endpoint for EquipWeapon {
    const NAME: &'static str = "equip-weapon";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/characters/{character_id}/equip-weapon";
    const REFUSALS: &'static [u16] = &[404, 409, 422];
    const GRANTS: Grants = intent::GRANTS;
    type Caller = Bearer;
    type Input = intents::EquipWeapon;
    type Output = CharacterSheet;

    async fn call(call: Call<'_, Bearer>, input: intents::EquipWeapon) -> Result<CharacterSheet, ApiError> {
        carry_out(call, Self::NAME, &input).await
    }
}
