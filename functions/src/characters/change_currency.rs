//! Gives a character currency or takes it, never below zero nor above the limit.

use super::intent::{self, carry_out};
use crate::caller::Bearer;
use crate::endpoint::{Call, Endpoint, Method, Route};
use crate::error::ApiError;
use crate::grants::Grants;
use guildhall_domain::api::CharacterSheet;
use guildhall_domain::intents;

/// `PATCH /v1/characters/{character_id}/currency`
#[derive(Debug)]
pub struct ChangeCurrency;

/// The route of [`ChangeCurrency`].
pub static CHANGE_CURRENCY: Route = Route::of::<ChangeCurrency>();

impl Endpoint for ChangeCurrency {
    const NAME: &'static str = "change-currency";
    const METHOD: Method = Method::Patch;
    const PATH: &'static str = "/v1/characters/{character_id}/currency";
    const REFUSALS: &'static [u16] = &[404, 409, 422];
    const GRANTS: Grants = intent::GRANTS;
    type Caller = Bearer;
    type Input = intents::ChangeCurrency;
    type Output = CharacterSheet;

    async fn call(call: Call<'_, Bearer>, input: intents::ChangeCurrency) -> Result<CharacterSheet, ApiError> {
        carry_out(call, Self::NAME, &input).await
    }
}
