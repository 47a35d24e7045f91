//! Moves a stack to another inventory slot.

use super::intent::{self, carry_out};
use crate::caller::Bearer;
use crate::endpoint::{Call, Endpoint, Method, Route};
use crate::error::ApiError;
use crate::grants::Grants;
use guildhall_domain::api::CharacterSheet;
use guildhall_domain::intents;

/// `POST /v1/characters/{character_id}/items/move`
#[derive(Debug)]
pub struct MoveItem;

/// The route of [`MoveItem`].
pub static MOVE_ITEM: Route = Route::of::<MoveItem>();

impl Endpoint for MoveItem {
    const NAME: &'static str = "move-item";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/characters/{character_id}/items/move";
    const REFUSALS: &'static [u16] = &[404, 409, 422];
    const GRANTS: Grants = intent::GRANTS;
    type Caller = Bearer;
    type Input = intents::MoveItem;
    type Output = CharacterSheet;

    async fn call(call: Call<'_, Bearer>, input: intents::MoveItem) -> Result<CharacterSheet, ApiError> {
        carry_out(call, Self::NAME, &input).await
    }
}
