//! Writes progress behind: each group in one fenced transaction, answered one by one. A group that was written before says
//! so, and a group that must not be written changes nothing.

use crate::caller::Gamesim;
use crate::endpoint::{Call, Endpoint, Method, Route};
use crate::error::ApiError;
use crate::grants::Grants;
use guildhall_domain::Lease;
use guildhall_domain::api::{ProgressRequest, ProgressResponse};
use guildhall_domain::limits::{INTERNAL_BODY_BYTES_MAX, PROGRESS_GROUP_CHARACTERS_MAX, PROGRESS_GROUPS_MAX};
use guildhall_domain::progress::ProgressGroup;
use guildhall_storage::sessions;
use guildhall_storage::{Operation, TableName};

/// `POST /internal/game-sessions/{session_id}/progress`
#[derive(Debug)]
pub struct SaveProgress;

/// The route of [`SaveProgress`].
pub static SAVE_PROGRESS: Route = Route::of::<SaveProgress>();

impl Endpoint for SaveProgress {
    const NAME: &'static str = "save-progress";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/internal/game-sessions/{session_id}/progress";
    const BODY_BYTES_MAX: usize = INTERNAL_BODY_BYTES_MAX;
    const GRANTS: Grants = Grants::NONE
        .on(TableName::Characters, &[Operation::Update])
        .on(TableName::Sessions, &[Operation::Get, Operation::Put]);
    type Caller = Gamesim;
    type Input = ProgressRequest;
    type Output = ProgressResponse;

    async fn call(call: Call<'_, Gamesim>, input: ProgressRequest) -> Result<ProgressResponse, ApiError> {
        if !(1..=PROGRESS_GROUPS_MAX).contains(&input.groups.len()) {
            return Err(ApiError::bad_request("groups: expected 1 to 16"));
        }
        input.groups.iter().try_for_each(check)?;
        // The lease names the caller itself: what it says of other game sims' sessions cannot match a stored lease.
        let lease = Lease {
            session_id: input.session_id,
            epoch: input.session_epoch,
            gamesim_id: call.caller.gamesim_id,
            gamesim_epoch: input.gamesim_epoch,
        };
        let mut groups = Vec::with_capacity(input.groups.len());
        for group in &input.groups {
            groups.push(sessions::apply_group(&call.app.table, &lease, group).await?);
        }
        Ok(ProgressResponse { groups })
    }
}

fn check(group: &ProgressGroup) -> Result<(), ApiError> {
    if !(1..=PROGRESS_GROUP_CHARACTERS_MAX).contains(&group.writes.len()) {
        return Err(ApiError::bad_request("writes: expected 1 to 4"));
    }
    for (index, write) in group.writes.iter().enumerate() {
        write.hot.check().map_err(|invalid| ApiError::bad_request(invalid.to_string()))?;
        if group.writes.iter().take(index).any(|other| other.character_id == write.character_id) {
            return Err(ApiError::bad_request("writes: a character is there twice"));
        }
    }
    Ok(())
}
