//! `guildhall play URL`: the demo's party plays one dungeon at an API anywhere, to its end. What it proves of a deployment no single
//! request does: accounts, characters, content, placement, the way to a game sim over UDP, and what is stored of it.

use super::{complain, say};
use crate::demo;
use std::process::ExitCode;

/// What the party's accounts are opened with. It is theirs alone: the same accounts play again the next time.
const PASSWORD: &str = "PARTY_PASSWORD";

/// The subcommand. It succeeds if the party comes back victorious.
pub(super) async fn run(url: Option<&str>) -> ExitCode {
    let password = std::env::var(PASSWORD).ok().filter(|password| !password.is_empty());
    let (Some(url), Some(password)) = (url, password) else {
        complain(&format!("expected the API's URL, and the party's password in {PASSWORD}"));
        return ExitCode::from(2);
    };
    match demo::play(url, &password).await {
        Ok(result) => {
            let how = if result.is_cleared() { "cleared" } else { "not cleared" };
            say(&format!("session {}: {how} by {}", result.session_id, result.members.len()));
            if result.is_cleared() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            complain(&error.to_string());
            ExitCode::FAILURE
        }
    }
}
