//! Splits units off a stack.

use super::intent::{self, carry_out};
use crate::caller::Bearer;
use crate::endpoint::{Call, Endpoint, Method, Route};
use crate::error::ApiError;
use crate::grants::Grants;
use guildhall_domain::api::CharacterSheet;
use guildhall_domain::intents;

/// `POST /v1/characters/{character_id}/items/split`
#[derive(Debug)]
pub struct SplitItems;

/// The route of [`SplitItems`].
pub static SPLIT_ITEMS: Route = Route::of::<SplitItems>();

impl Endpoint for SplitItems {
    const NAME: &'static str = "split-items";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/characters/{character_id}/items/split";
    const REFUSALS: &'static [u16] = &[404, 409, 422];
    const GRANTS: Grants = intent::GRANTS;
    type Caller = Bearer;
    type Input = intents::SplitItems;
    type Output = CharacterSheet;

    async fn call(call: Call<'_, Bearer>, input: intents::SplitItems) -> Result<CharacterSheet, ApiError> {
        carry_out(call, Self::NAME, &input).await
    }
}
