//! The others of a party, as the creator of a session names them: by tickets that say they want to come along.

use crate::Scope;
use crate::error::ApiError;
use futures_util::future::try_join_all;
use guildhall_auth::CompanionTicket;
use guildhall_domain::limits::COMPANIONS_MAX;
use guildhall_domain::{CharacterId, Sitter, Timestamp};
use guildhall_storage::accounts;

/// Reads the tickets: genuine ones, of characters that are all different. Whether they still count is not judged here.
pub(super) fn read(app: &Scope<'_>, leader: CharacterId, tickets: &[String]) -> Result<Vec<CompanionTicket>, ApiError> {
    if tickets.len() > COMPANIONS_MAX {
        return Err(ApiError::bad_request("companions: at most 3"));
    }
    let mut read: Vec<CompanionTicket> = Vec::new();
    for text in tickets {
        let ticket = CompanionTicket::decode(text, app.derivation()?).ok_or_else(ApiError::invalid_companion_ticket)?;
        let is_there = read.iter().any(|other| other.character_id == ticket.character_id);
        if is_there || ticket.character_id == leader {
            return Err(ApiError::new(400, "companion_twice", "companions: a character is in the party twice"));
        }
        read.push(ticket);
    }
    Ok(read)
}

/// Who consents by a ticket.
pub(super) const fn sitter(ticket: &CompanionTicket) -> Sitter {
    let CompanionTicket { account_id, character_id, login_session_id, .. } = *ticket;
    Sitter { account_id, character_id, login_session_id }
}

/// Refuses companions whose login has ended since they consented.
pub(super) async fn require_logins(app: &Scope<'_>, companions: &[Sitter], now: Timestamp) -> Result<(), ApiError> {
    let judge = companions.iter().map(async |companion| {
        let account = accounts::find(&app.table, companion.account_id).await?;
        let lives = account.is_some_and(|account| account.has_login(companion.login_session_id, now));
        lives.then_some(()).ok_or_else(ApiError::companion_ticket_expired)
    });
    try_join_all(judge).await.map(drop)
}
