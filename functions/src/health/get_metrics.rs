//! Gives out what the process has counted, as OpenMetrics text.

use crate::answer::Page;
use crate::caller::Anyone;
use crate::endpoint::{Call, Endpoint, Method, Route};
use crate::error::ApiError;
use crate::grants::Grants;
use guildhall_domain::api::Nothing;

/// `GET /metrics`
#[derive(Debug)]
pub struct GetMetrics;

/// The route of [`GetMetrics`].
pub static GET_METRICS: Route = Route::of::<GetMetrics>();

impl Endpoint for GetMetrics {
    const NAME: &'static str = "get-metrics";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/metrics";
    const GRANTS: Grants = Grants::NONE;
    type Caller = Anyone;
    type Input = Nothing;
    type Output = Page;

    async fn call(call: Call<'_, Anyone>, _: Nothing) -> Result<Page, ApiError> {
        Ok(Page(call.app.observed.render()))
    }
}
