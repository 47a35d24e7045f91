//! Places a new game session on a game sim and seats the caller's character in it, and those of the companions: place,
//! session and leases in one transaction. The session's id comes from the `Idempotency-Key`, so that the session is its own
//! idempotency record. Where the fleet is full, the party waits, and the answer is its ticket.

use super::candidates::Needs;
use super::companions;
use super::placing::{self, Placed, Wanted, place, repeated};
use super::seat::fleet_full;
use super::waiting;
use crate::answer::DoneOrAccepted::{self, Accepted, Done};
use crate::caller::Player;
use crate::content::in_force;
use crate::endpoint::{Call, Endpoint, Method, Route};
use crate::error::ApiError;
use crate::grants::{Grants, Secret};
use guildhall_auth::fingerprint;
use guildhall_domain::api::{CreateGameSessionRequest, Placement, Queued};
use guildhall_domain::{SessionId, Sitter};
use guildhall_storage::{Operation, TableName};

/// `POST /v1/game-sessions`
#[derive(Debug)]
pub struct CreateGameSession;

/// The route of [`CreateGameSession`].
pub static CREATE_GAME_SESSION: Route = Route::of::<CreateGameSession>();

impl Endpoint for CreateGameSession {
    const NAME: &'static str = "create-game-session";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/game-sessions";
    const STATUS: u16 = 201;
    const REFUSALS: &'static [u16] = &[404, 409, 422];
    const GRANTS: Grants =
        placing::GRANTS.and(in_force::GRANTS).with(Secret::DerivationKey).on(TableName::Gamesims, &[Operation::Put]);
    type Caller = Player;
    type Input = CreateGameSessionRequest;
    type Output = DoneOrAccepted<Placement, Queued>;

    async fn call(call: Call<'_, Player>, input: CreateGameSessionRequest) -> Result<Self::Output, ApiError> {
        let content = &*call.app.content().await?;
        if !content.content.has_place(&input.dungeon_id) {
            return Err(ApiError::bad_request("dungeon_id: names no dungeon and no zone"));
        }
        let companions = companions::read(call.app, input.character_id, &input.companions)?;
        let (account_id, login_session_id) = (call.caller.account_id, call.caller.login_session_id);
        let mut party = vec![Sitter { account_id, character_id: input.character_id, login_session_id }];
        party.extend(companions.iter().map(companions::sitter));
        let wanted = Wanted {
            session_id: SessionId::from_bits(call.new_id("game-session", account_id)?),
            dungeon_id: &input.dungeon_id,
            needs: Needs {
                content_version: &content.version,
                build_version: input.build_version.as_deref(),
                zone_id: content.content.zones.contains_key(&input.dungeon_id).then_some(input.dungeon_id.as_str()),
            },
            fingerprint: &request_fingerprint(&input, &party),
            party: &party,
            must_wait: false,
        };
        let is_late = companions.iter().any(|ticket| ticket.expires_at <= call.now);
        if is_late && !waiting::waits(&call, &wanted).await? {
            // What was placed while the consent held stays placed, however late the request comes again.
            let placed = repeated(&call, wanted.session_id, Some(&wanted)).await?;
            return placed.map(Done).ok_or_else(ApiError::companion_ticket_expired);
        }
        Ok(match place(&call, &wanted).await? {
            Placed::Seated(placement) => Done(placement),
            Placed::Unseated(outlook) => match waiting::wait(&call, &wanted, &outlook).await? {
                Some(queued) => Accepted(queued),
                None => Done(repeated(&call, wanted.session_id, Some(&wanted)).await?.ok_or_else(fleet_full)?),
            },
        })
    }
}

/// Of who wants to play what where. A companion counts by name: the ticket may be another one when the request comes again.
fn request_fingerprint(input: &CreateGameSessionRequest, party: &[Sitter]) -> String {
    let build = input.build_version.as_deref().unwrap_or_default();
    let mut request = format!("{}\n{}\n{build}", input.character_id, input.dungeon_id);
    for companion in party.iter().skip(1) {
        request.push('\n');
        request.push_str(&companion.character_id.to_string());
    }
    fingerprint(request.as_bytes())
}
