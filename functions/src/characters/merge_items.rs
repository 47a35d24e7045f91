//! Puts one stack onto another of the same item.

use super::intent::{self, carry_out};
use crate::caller::Bearer;
use crate::endpoint::{Call, Endpoint, Method, Route};
use crate::error::ApiError;
use crate::grants::Grants;
use guildhall_domain::api::CharacterSheet;
use guildhall_domain::intents;

/// `POST /v1/characters/{character_id}/items/merge`
#[derive(Debug)]
pub struct MergeItems;

/// The route of [`MergeItems`].
pub static MERGE_ITEMS: Route = Route::of::<MergeItems>();

impl Endpoint for MergeItems {
    const NAME: &'static str = "merge-items";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/characters/{character_id}/items/merge";
    const REFUSALS: &'static [u16] = &[404, 409, 422];
    const GRANTS: Grants = intent::GRANTS;
    type Caller = Bearer;
    type Input = intents::MergeItems;
    type Output = CharacterSheet;

    async fn call(call: Call<'_, Bearer>, input: intents::MergeItems) -> Result<CharacterSheet, ApiError> {
        carry_out(call, Self::NAME, &input).await
    }
}
