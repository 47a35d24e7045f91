//! Answers, and touches nothing on the way: whoever cannot do this should be started anew.

use crate::caller::Anyone;
use crate::endpoint::{Call, Endpoint, Method, Route};
use crate::error::ApiError;
use crate::grants::Grants;
use guildhall_domain::api::{Alive, Nothing};

/// `GET /health/live`
#[derive(Debug)]
pub struct CheckLive;

/// The route of [`CheckLive`].
pub static CHECK_LIVE: Route = Route::of::<CheckLive>();

impl Endpoint for CheckLive {
    const NAME: &'static str = "check-live";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/health/live";
    const GRANTS: Grants = Grants::NONE;
    type Caller = Anyone;
    type Input = Nothing;
    type Output = Alive;

    async fn call(_: Call<'_, Anyone>, _: Nothing) -> Result<Alive, ApiError> {
        Ok(Alive { alive: true })
    }
}
