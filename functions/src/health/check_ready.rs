//! Says whether requests can be served, by one read that needs both: the database and published content. A failure names
//! the part in its code.

use crate::caller::Anyone;
use crate::endpoint::{Call, Endpoint, Method, Route};
use crate::error::ApiError;
use crate::grants::Grants;
use guildhall_domain::api::{Nothing, Ready};
use guildhall_storage::content;
use guildhall_storage::{Operation, TableName};

/// How long a watcher should wait before it asks again, in seconds.
const RETRY_AFTER_S: u32 = 1;

/// `GET /health/ready`
#[derive(Debug)]
pub struct CheckReady;

/// The route of [`CheckReady`].
pub static CHECK_READY: Route = Route::of::<CheckReady>();

impl Endpoint for CheckReady {
    const NAME: &'static str = "check-ready";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/health/ready";
    const GRANTS: Grants = Grants::NONE.on(TableName::Content, &[Operation::Get]);
    type Caller = Anyone;
    type Input = Nothing;
    type Output = Ready;

    async fn call(call: Call<'_, Anyone>, _: Nothing) -> Result<Ready, ApiError> {
        let version = content::version(&call.app.table).await.map_err(|error| {
            ApiError::busy("database_unreachable", "the database does not answer", RETRY_AFTER_S).because(error)
        })?;
        let missing = || ApiError::busy("content_missing", "no content is published", RETRY_AFTER_S);
        Ok(Ready { content_version: version.ok_or_else(missing)? })
    }
}
