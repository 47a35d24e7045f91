//! The situations that the calls of a test meet, and what is asked in each.

use super::callers::Who;
use super::world::{Request, World};
use guildhall_functions::{Access, Route};
use guildhall_tests::backend::route;
use guildhall_tests::{Answer, Backend, Caller};
use serde_json::json;

/// A situation that the calls meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Situation {
    /// Everything is as it should be.
    Usual,
    /// The characters are bound to a session in which they have no seat, and whoever waits is given a place.
    Left,
    /// The calls are about the character that plays, and about its session in place of a ticket.
    Playing,
    /// The same, and the session's game sim is dead.
    Orphaned,
    /// The same, and its players have had time to come back.
    Overdue,
    /// The same, and the session has waited too long for another one.
    GivenUp,
}

impl Situation {
    /// In the order of their times.
    pub(super) const ALL: [Self; 6] =
        [Self::Usual, Self::Left, Self::Playing, Self::Orphaned, Self::Overdue, Self::GivenUp];

    /// How long ago the world was made, in milliseconds.
    const fn age_ms(self) -> u64 {
        match self {
            Self::Usual | Self::Left | Self::Playing => 0,
            Self::Orphaned => 10_000,
            Self::Overdue => 30_000,
            Self::GivenUp => 400_000,
        }
    }
}

/// The world in a situation.
pub(super) struct Situated {
    pub(super) world: World,
    age_ms: u64,
}

impl Situated {
    pub(super) const fn new(world: World) -> Self {
        Self { world, age_ms: 0 }
    }

    /// Puts the database into a situation.
    pub(super) async fn set(&mut self, situation: Situation) {
        let (world, backend) = (&self.world, &self.world.backend);
        backend.pass_ms(situation.age_ms() - self.age_ms);
        self.age_ms = situation.age_ms();
        world.changed_and_put_back().await;
        if situation == Situation::Left {
            let lease = json!({"session_id": world.session, "epoch": 1, "gamesim_id": "sim-a", "gamesim_epoch": 2});
            for character in [&world.free, &world.armed] {
                backend.give(&world.ada, character, &json!({"lease": lease})).await;
            }
            let mut other_build = world.request(route("register-gamesim"), Who::Holder).body;
            other_build["build_version"] = json!("another");
            let caller = world.tokens.caller(Who::OtherGamesim);
            backend.call("register-gamesim", caller, &[], &other_build).await.expect(201);
        } else {
            let mut beat = world.request(route("heartbeat-gamesim"), Who::OtherGamesim);
            beat.path = vec![("gamesim_id", "sim-b".to_owned())];
            world.send(route("heartbeat-gamesim"), Who::OtherGamesim, &beat).await.expect(200);
        }
    }

    /// What is asked in a situation.
    pub(super) fn request(&self, route: &Route, situation: Situation) -> Request {
        let world = &self.world;
        let request = world.request(route, who(route));
        if matches!(situation, Situation::Usual | Situation::Left) {
            return request;
        }
        let playing = world.playing["character_id"].as_str().unwrap();
        let others = [(&world.free, playing), (&world.armed, playing), (&world.ticket, world.session.as_str())];
        let replace = |text: String| others.iter().fold(text, |text, (this, that)| text.replace(*this, that));
        let path = request.path.iter().map(|(name, value)| (*name, replace(value.clone()))).collect();
        Request { path, body: serde_json::from_str(&replace(request.body.to_string())).unwrap() }
    }
}

/// Who makes a route's calls.
pub(super) fn who(route: &Route) -> Who {
    match route.access {
        Access::Public => Who::Anonymous,
        Access::Player => Who::Owner,
        Access::Gamesim => Who::Holder,
        Access::Operator => Who::Operator,
    }
}

pub(super) async fn send(instance: &Backend, route: &Route, caller: Caller<'_>, request: &Request) -> Answer {
    let path: Vec<_> = request.path.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let headers = [("content-type", "application/json"), ("idempotency-key", "inquiry")];
    let body = if request.body.is_null() { String::new() } else { request.body.to_string() };
    instance.send(route.name, caller, &path, &headers, &body).await
}
