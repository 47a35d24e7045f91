//! Uses up one unit of a consumable.

use super::intent::{self, carry_out};
use crate::caller::Bearer;
use crate::endpoint::{Call, Endpoint, Method, Route};
use crate::error::ApiError;
use crate::grants::Grants;
use guildhall_domain::api::CharacterSheet;
use guildhall_domain::intents;

/// `POST /v1/characters/{character_id}/items/use`
#[derive(Debug)]
pub struct UseItem;

/// The route of [`UseItem`].
pub static USE_ITEM: Route = Route::of::<UseItem>();

impl Endpoint for UseItem {
    const NAME: &'static str = "use-item";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/characters/{character_id}/items/use";
    const REFUSALS: &'static [u16] = &[404, 409, 422];
    const GRANTS: Grants = intent::GRANTS;
    type Caller = Bearer;
    type Input = intents::UseItem;
    type Output = CharacterSheet;

    async fn call(call: Call<'_, Bearer>, input: intents::UseItem) -> Result<CharacterSheet, ApiError> {
        carry_out(call, Self::NAME, &input).await
    }
}
