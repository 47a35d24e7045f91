//! Puts on a suit of armour or takes up a shield.

use super::intent::{self, carry_out};
use crate::caller::Bearer;
use crate::endpoint::{Call, Endpoint, Method, Route};
use crate::error::ApiError;
use crate::grants::Grants;
use guildhall_domain::api::CharacterSheet;
use guildhall_domain::intents;

/// `POST /v1/characters/{character_id}/equip-armor`
#[derive(Debug)]
pub struct EquipArmor;

/// The route of [`EquipArmor`].
pub static EQUIP_ARMOR: Route = Route::of::<EquipArmor>();

impl Endpoint for EquipArmor {
    const NAME: &'static str = "equip-armor";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/characters/{character_id}/equip-armor";
    const REFUSALS: &'static [u16] = &[404, 409, 422];
    const GRANTS: Grants = intent::GRANTS;
    type Caller = Bearer;
    type Input = intents::EquipArmor;
    type Output = CharacterSheet;

    async fn call(call: Call<'_, Bearer>, input: intents::EquipArmor) -> Result<CharacterSheet, ApiError> {
        carry_out(call, Self::NAME, &input).await
    }
}
