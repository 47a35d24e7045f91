//! Says what the content in force consists of, each entry with its entity tag, so that a client fetches only what changed.

use crate::answer::Cached;
use crate::caller::Anyone;
use crate::content::in_force;
use crate::endpoint::{Call, Endpoint, Method, Route};
use crate::error::ApiError;
use crate::grants::Grants;
use guildhall_domain::api::{ContentManifest, ContentQuery};

/// `GET /v1/content/manifest`
#[derive(Debug)]
pub struct GetContentManifest;

/// The route of [`GetContentManifest`].
pub static GET_CONTENT_MANIFEST: Route = Route::of::<GetContentManifest>();

impl Endpoint for GetContentManifest {
    const NAME: &'static str = "get-content-manifest";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/content/manifest";
    const GRANTS: Grants = in_force::GRANTS;
    type Caller = Anyone;
    type Input = ContentQuery;
    type Output = Cached<ContentManifest>;

    async fn call(call: Call<'_, Anyone>, input: ContentQuery) -> Result<Cached<ContentManifest>, ApiError> {
        let loaded = call.app.content().await?;
        Ok(Cached::new(&loaded.manifest, call.if_none_match.as_deref(), input.v.as_deref()))
    }
}
