//! Gives out one entry of the content in force.

use crate::answer::Cached;
use crate::caller::Anyone;
use crate::content::in_force;
use crate::endpoint::{Call, Endpoint, Method, Route};
use crate::error::ApiError;
use crate::grants::Grants;
use guildhall_domain::api::ContentEntryPath;
use guildhall_domain::content::ContentEntry;

/// `GET /v1/content/{kind}/{id}`
#[derive(Debug)]
pub struct GetContentEntry;

/// The route of [`GetContentEntry`].
pub static GET_CONTENT_ENTRY: Route = Route::of::<GetContentEntry>();

impl Endpoint for GetContentEntry {
    const NAME: &'static str = "get-content-entry";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/content/{kind}/{id}";
    const REFUSALS: &'static [u16] = &[404];
    const GRANTS: Grants = in_force::GRANTS;
    type Caller = Anyone;
    type Input = ContentEntryPath;
    type Output = Cached<ContentEntry>;

    async fn call(call: Call<'_, Anyone>, input: ContentEntryPath) -> Result<Cached<ContentEntry>, ApiError> {
        let kind = input.kind.parse().map_err(|_| ApiError::not_found("kind of content"))?;
        let loaded = call.app.content().await?;
        let entry = loaded.entries.get(&(kind, input.id)).ok_or_else(|| ApiError::not_found("entry"))?;
        Ok(Cached::new(entry, call.if_none_match.as_deref(), input.v.as_deref()))
    }
}
