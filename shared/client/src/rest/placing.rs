//! The way to a place: where the fleet is full, a party is given a ticket and asks with it until it is placed.

use super::call::Call;
use super::{ClientError, Player};
use guildhall_domain::api::{
    CompanionTicketIssued, CreateGameSessionRequest, IssueCompanionTicketRequest, Placement, PlacementTicket, Standing,
    TicketCancelled,
};
use guildhall_domain::{CharacterId, SessionId};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Longest time to wait for a place, in milliseconds.
const PLACEMENT_WAIT_MAX_MS: u64 = 60_000;

impl Player {
    /// A ticket by which somebody else seats this character in the session that they create.
    pub async fn companion_ticket(&self, character_id: CharacterId) -> Result<String, ClientError> {
        let issued: CompanionTicketIssued =
            self.post("/v1/companion-tickets", &IssueCompanionTicketRequest { character_id }).await?;
        Ok(issued.ticket)
    }

    /// Makes a game session with a seat for the character and one for each companion, or with none at all. Where no game sim
    /// has room it waits for a minute before it gives up.
    pub async fn create_party_session(
        &self,
        character_id: CharacterId,
        dungeon_id: &str,
        companions: Vec<String>,
    ) -> Result<Placement, ClientError> {
        let dungeon_id = dungeon_id.to_owned();
        let build_version = self.api().build_version.as_deref().map(str::to_owned);
        let request = CreateGameSessionRequest { character_id, dungeon_id, build_version, companions };
        let mut standing: Standing = self.post("/v1/game-sessions", &request).await?;
        let deadline = Instant::now() + Duration::from_millis(PLACEMENT_WAIT_MAX_MS);
        loop {
            let ticket = match standing {
                Standing::Placed(placement) => return Ok(placement),
                Standing::Queued(queued) => queued.placement_ticket,
            };
            if Instant::now() >= deadline && self.give_up(&ticket).await? {
                return Err(ClientError::Unavailable("no game sim had room in time".into()));
            }
            tracing::debug!(%ticket.ticket_id, ticket.position, "waiting for a place");
            sleep(Duration::from_millis(ticket.poll_after_ms)).await;
            standing = self.fetch(&path(ticket.ticket_id)).await?;
        }
    }

    /// Stops waiting; `false` if the party has been placed meanwhile.
    async fn give_up(&self, ticket: &PlacementTicket) -> Result<bool, ClientError> {
        let path = path(ticket.ticket_id);
        match self.send::<TicketCancelled>(&Call::delete(&path)?).await {
            Ok(_) => Ok(true),
            Err(error) if error.code() == Some("ticket_placed") => Ok(false),
            Err(error) => Err(error),
        }
    }
}

fn path(ticket_id: SessionId) -> String {
    format!("/v1/placement-tickets/{ticket_id}")
}
