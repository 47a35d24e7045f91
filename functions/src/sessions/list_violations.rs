//! The violations of a day, for whoever operates the game.

use crate::caller::Operator;
use crate::endpoint::{Call, Endpoint, Method, Route};
use crate::error::ApiError;
use crate::grants::Grants;
use guildhall_domain::Timestamp;
use guildhall_domain::api::{ListViolationsRequest, Violations};
use guildhall_domain::limits::CURSOR_BYTES_MAX;
use guildhall_storage::events::{self, ViolationRow};
use guildhall_storage::{Operation, TableName};

/// `GET /internal/violations`
#[derive(Debug)]
pub struct ListViolations;

/// The route of [`ListViolations`].
pub static LIST_VIOLATIONS: Route = Route::of::<ListViolations>();

impl Endpoint for ListViolations {
    const NAME: &'static str = "list-violations";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/internal/violations";
    const GRANTS: Grants = Grants::NONE.on(TableName::Events, &[Operation::Query]);
    type Caller = Operator;
    type Input = ListViolationsRequest;
    type Output = Violations;

    async fn call(call: Call<'_, Operator>, input: ListViolationsRequest) -> Result<Violations, ApiError> {
        let ListViolationsRequest { day, after, limit } = input;
        let day = day.unwrap_or_else(|| call.now.day());
        if !Timestamp::is_day(&day) {
            return Err(ApiError::bad_request("day: expected YYYY-MM-DD"));
        }
        let is_cursor = |text: &String| {
            let is_ours = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'#');
            (1..=CURSOR_BYTES_MAX).contains(&text.len()) && text.bytes().all(is_ours)
        };
        if !after.as_ref().is_none_or(is_cursor) {
            return Err(ApiError::bad_request("after: not a cursor"));
        }
        let (rows, has_more) =
            events::violations(&call.app.table, &day, after.as_deref(), limit.entries(), call.now).await?;
        let next_cursor = rows.last().map(ViolationRow::name).or(after);
        Ok(Violations { violations: rows.into_iter().map(|row| row.violation).collect(), next_cursor, has_more })
    }
}
