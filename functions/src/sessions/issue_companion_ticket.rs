//! Says on paper that one of the caller's characters may be seated in somebody else's next session. Nothing is stored: the
//! ticket is judged when it is redeemed.

use super::seat::present;
use crate::caller::Bearer;
use crate::endpoint::{Call, Endpoint, Method, Route};
use crate::error::ApiError;
use crate::grants::{Grants, Secret};
use guildhall_auth::CompanionTicket;
use guildhall_domain::api::{CompanionTicketIssued, IssueCompanionTicketRequest};
use guildhall_domain::limits::COMPANION_TICKET_LIFETIME_S;
use guildhall_storage::characters;
use guildhall_storage::{Operation, TableName};

/// `POST /v1/companion-tickets`
#[derive(Debug)]
pub struct IssueCompanionTicket;

/// The route of [`IssueCompanionTicket`].
pub static ISSUE_COMPANION_TICKET: Route = Route::of::<IssueCompanionTicket>();

impl Endpoint for IssueCompanionTicket {
    const NAME: &'static str = "issue-companion-ticket";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/companion-tickets";
    const REFUSALS: &'static [u16] = &[404];
    const GRANTS: Grants = Grants::NONE.with(Secret::DerivationKey).on(TableName::Characters, &[Operation::Get]);
    type Caller = Bearer;
    type Input = IssueCompanionTicketRequest;
    type Output = CompanionTicketIssued;

    async fn call(
        call: Call<'_, Bearer>,
        input: IssueCompanionTicketRequest,
    ) -> Result<CompanionTicketIssued, ApiError> {
        let (app, id) = (call.app, input.character_id);
        let (call, row) = call.prove(async |account| Ok(characters::find(&app.table, account, id).await?)).await?;
        let row = present(row)?;
        let ticket = CompanionTicket {
            account_id: call.caller.account_id,
            character_id: row.character.character_id,
            login_session_id: call.caller.login_session_id,
            expires_at: call.now.plus_secs(COMPANION_TICKET_LIFETIME_S),
        };
        Ok(CompanionTicketIssued {
            ticket: ticket.encode(app.derivation()?),
            expires_in_s: COMPANION_TICKET_LIFETIME_S,
        })
    }
}
