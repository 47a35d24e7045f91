//! Gives out the whole content in force: game sims run it, clients draw it.

use crate::answer::Cached;
use crate::caller::Anyone;
use crate::content::in_force;
use crate::endpoint::{Call, Endpoint, Method, Route};
use crate::error::ApiError;
use crate::grants::Grants;
use guildhall_domain::api::{ContentBundle, ContentQuery};

/// `GET /v1/content`
#[derive(Debug)]
pub struct GetContent;

/// The route of [`GetContent`].
pub static GET_CONTENT: Route = Route::of::<GetContent>();

impl Endpoint for GetContent {
    const NAME: &'static str = "get-content";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/content";
    const GRANTS: Grants = in_force::GRANTS;
    type Caller = Anyone;
    type Input = ContentQuery;
    type Output = Cached<ContentBundle>;

    async fn call(call: Call<'_, Anyone>, input: ContentQuery) -> Result<Cached<ContentBundle>, ApiError> {
        let loaded = call.app.content().await?;
        Ok(Cached::new(&loaded.bundle, call.if_none_match.as_deref(), input.v.as_deref()))
    }
}
