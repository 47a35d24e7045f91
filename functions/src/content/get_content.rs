//! Gives out the whole content in force: game sims run it, clients draw it.

use crate::caller::Anyone;
use crate::endpoint::{Call, Endpoint, Method, Route};
use crate::error::ApiError;
use guildhall_domain::api::{ContentBundle, Nothing};

/// `GET /v1/content`
#[derive(Debug)]
pub struct GetContent;

/// The route of [`GetContent`].
pub static GET_CONTENT: Route = Route::of::<GetContent>();

impl Endpoint for GetContent {
    const NAME: &'static str = "get-content";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/content";
    type Caller = Anyone;
    type Input = Nothing;
    type Output = ContentBundle;

    async fn call(call: Call<'_, Anyone>, _: Nothing) -> Result<ContentBundle, ApiError> {
        let loaded = call.app.content().await?;
        Ok(ContentBundle { version: loaded.version.clone(), content: loaded.content.clone() })
    }
}
