//! Has an account's players leave the game sims that they are on, once the right to play is gone. The account's row is written
//! first: whoever is admitted after that is judged by it, and whoever was admitted before is found here.
//!
//! Who ends their own logins has them told before that as well. If the function dies in between, nobody could ask again: the
//! token is worth nothing by then. Who is sent away in vain, because the row is not written after all, may come back.

use crate::Scope;
use crate::error::ApiError;
use crate::grants::Grants;
use guildhall_domain::api::Expulsion;
use guildhall_domain::{AccountId, LoginSessionId, SessionId, Timestamp};
use guildhall_storage::{Operation, TableName};
use guildhall_storage::{characters, gamesims, sessions};
use std::collections::BTreeSet;

/// What [`expel`] takes.
pub(super) const GRANTS: Grants = Grants::NONE
    .on(TableName::Characters, &[Operation::Query])
    .on(TableName::Gamesims, &[Operation::Update])
    .on(TableName::Sessions, &[Operation::Get]);

/// Which of an account's logins have ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// This one.
    One(LoginSessionId),
    /// Every one.
    All,
}

/// Tells each game sim on which somebody plays by an ended login. It obeys with its next heartbeat.
pub(super) async fn expel(
    app: &Scope<'_>,
    account_id: AccountId,
    ended: Ended,
    now: Timestamp,
) -> Result<(), ApiError> {
    app.characters.forget_account(account_id);
    let table = &app.table;
    let rows = characters::list(table, account_id).await?;
    let held: BTreeSet<SessionId> = rows.iter().filter_map(|row| Some(row.lease.as_ref()?.session_id)).collect();
    let mut told = BTreeSet::new();
    for session_id in held {
        let Some(session) = sessions::find(table, session_id).await?.filter(|session| session.state.is_live()) else {
            continue;
        };
        let mut seats = session.seats.iter().flatten().filter(|seat| seat.account_id == account_id);
        let concerns = seats.any(|seat| ended == Ended::All || ended == Ended::One(seat.login_session_id));
        let gamesim = (session.gamesim_id, session.gamesim_epoch);
        if concerns && told.insert(gamesim.clone()) {
            gamesims::expel(table, &gamesim.0, gamesim.1, Expulsion { account_id, at: now }).await?;
        }
    }
    Ok(())
}
