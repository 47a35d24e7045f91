//! What every route reaches is what it declares, no more and no less: no more, because it is refused; no less, because every
//! route is called here in every situation in which it reaches something else, and what it asks of the database is written
//! down. Each call meets the same database.

use super::callers::Who;
use super::situations::{Situated, Situation, send, who};
use super::world::{Request, World};
use guildhall_auth::{DerivationKey, SealingKey, SigningKeys};
use guildhall_functions::{ROUTES, Route, Secret, Secrets};
use guildhall_storage::{
    BoxFuture, Commit, CommitError, Committed, Consistency, Item, Key, Operation, Page, Permissions, Query,
    StorageError, Table, TableName,
};
use guildhall_tests::backend::{ACCESS_SECRET, route};
use guildhall_tests::{Answer, Backend, Caller};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// A table that writes down what is asked of it.
#[derive(Debug)]
struct Witness {
    table: Arc<dyn Table>,
    asked: Mutex<Permissions>,
}

impl Witness {
    fn note(&self, table: TableName, operation: Operation) {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        *asked = asked.on(table, &[operation]);
    }

    /// What was asked since the last time.
    fn take(&self) -> Permissions {
        std::mem::take(&mut self.asked.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Table for Witness {
    fn get<'a>(&'a self, key: &'a Key, consistency: Consistency) -> BoxFuture<'a, Result<Option<Item>, StorageError>> {
        self.note(key.table, Operation::Get);
        self.table.get(key, consistency)
    }

    fn query(&self, query: Query) -> BoxFuture<'_, Result<Page, StorageError>> {
        self.note(query.table, Operation::Query);
        self.table.query(query)
    }

    fn commit(&self, commit: Commit) -> BoxFuture<'_, Result<Committed, CommitError>> {
        commit.writes.iter().for_each(|write| self.note(write.key().table, Operation::of(write)));
        self.table.commit(commit)
    }
}

/// The world under a witness, and what has been seen of each route.
struct Inquiry {
    witness: Arc<Witness>,
    situated: Situated,
    seen: Mutex<BTreeMap<&'static str, Permissions>>,
}

impl Inquiry {
    async fn start() -> Self {
        let mut witness = None;
        let backend = Backend::start_through(|table| {
            let watched = Arc::new(Witness { table, asked: Mutex::default() });
            witness = Some(Arc::clone(&watched));
            watched
        });
        let world = World::on(backend.await).await;
        Self { witness: witness.unwrap(), situated: Situated::new(world), seen: Mutex::default() }
    }

    /// Makes a call of an instance and notes what it asks.
    async fn call(&self, instance: &Backend, route: &'static Route, caller: Caller<'_>, request: &Request) -> Answer {
        self.witness.take();
        let answer = send(instance, route, caller, request).await;
        let asked = self.witness.take();
        let mut seen = self.seen.lock().unwrap();
        let seen = seen.entry(route.name).or_default();
        *seen = seen.and(asked);
        assert_ne!(answer.status, 500, "{route:?}: {}", answer.body);
        answer
    }

    /// The call of a route in the situation that there is, by an instance that remembers nothing.
    async fn ask(&self, name: &str, change: impl FnOnce(&mut Request)) -> Answer {
        let (route, world) = (route(name), &self.situated.world);
        let mut request = world.request(route, who(route));
        change(&mut request);
        self.call(&world.backend.another_instance(), route, world.tokens.caller(who(route)), &request).await
    }

    /// What happens too seldom to happen in every situation.
    async fn ask_for_the_rest(&mut self) {
        // A party that finds the fleet full.
        self.situated.set(Situation::Usual).await;
        self.ask("create-game-session", |request| request.body["build_version"] = json!("none")).await.expect(202);
        // A character that gives its seat back.
        let releases = |request: &mut Request| request.body["groups"][0]["writes"][0]["release"] = json!(true);
        assert_eq!(self.ask("save-progress", releases).await.expect(200), json!({"groups": ["applied"]}));
        // A game sim that nobody has heard of.
        let (world, register) = (&self.situated.world, route("register-gamesim"));
        let request = world.request(register, Who::Holder);
        self.call(&world.backend.another_instance(), register, Caller::Gamesim("sim-new"), &request).await.expect(201);
        // A character that has no seat to give back.
        self.situated.set(Situation::Left).await;
        let world = &self.situated.world;
        let seatless = |request: &mut Request| {
            let write = &mut request.body["groups"][0]["writes"][0];
            (write["release"], write["character_id"], write["base_version"]) =
                (json!(true), json!(world.free), json!(1));
        };
        assert_eq!(self.ask("save-progress", seatless).await.expect(200), json!({"groups": ["applied"]}));
        // A character that leaves one session behind for another.
        self.situated.set(Situation::Left).await;
        let (world, bob) = (&self.situated.world, self.situated.world.tokens.caller(Who::OtherPlayer));
        let bert = json!({"name": "Bert", "class": "fighter"});
        let bert = world.backend.call("create-character", bob, &[], &bert).await.expect(201)["character_id"].clone();
        let body = json!({"character_id": bert, "dungeon_id": "goblin-warren"});
        let placed = world.backend.call("create-game-session", bob, &[], &body).await.expect(201);
        let session = placed["game_session"]["session_id"].as_str().unwrap().to_owned();
        let joins = |request: &mut Request| request.path = vec![("session_id", session)];
        self.ask("join-game-session", joins).await.expect(200);
    }
}

/// All secrets but one.
fn all_but(secret: Secret) -> Secrets {
    let keys = || SigningKeys::new(vec![("1".to_owned(), ACCESS_SECRET.to_vec())]).unwrap();
    Secrets {
        access: (secret != Secret::AccessKey).then(keys),
        sealing: (secret != Secret::SealingKey).then(|| SealingKey::new([8; 32])),
        derivation: (secret != Secret::DerivationKey).then(|| DerivationKey::new([9; 32])),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_asks_of_the_database_what_it_declares() {
    let mut inquiry = Inquiry::start().await;
    inquiry.ask_for_the_rest().await;
    for situation in Situation::ALL {
        let shared = inquiry.situated.world.backend.another_instance();
        for route in ROUTES {
            inquiry.situated.set(situation).await;
            let request = inquiry.situated.request(route, situation);
            let caller = inquiry.situated.world.tokens.caller(who(route));
            if situation != Situation::Usual {
                inquiry.call(&shared, route, caller, &request).await;
                continue;
            }
            let fresh = inquiry.situated.world.backend.another_instance();
            let answer = inquiry.call(&fresh, route, caller, &request).await;
            assert_eq!(answer.status, route.status, "{route:?}: {}", answer.body);
            assert_eq!(fresh.password_hashes() > 0, route.hashes_passwords, "{route:?} and passwords");
        }
    }
    let seen = inquiry.seen.into_inner().unwrap();
    let mut problems = Vec::new();
    for route in ROUTES {
        let idle = route.grants.tables().without(seen[route.name]);
        if idle != Permissions::NONE {
            problems.push(format!("{} declares and never asks {idle:?}", route.name));
        }
    }
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
    inquiry.situated.world.backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_needs_the_secrets_that_it_declares_and_no_other() {
    let world = World::start().await;
    let mut problems = Vec::new();
    for secret in Secret::ALL {
        let instance = world.backend.another_instance_with(all_but(secret));
        for route in ROUTES {
            world.changed_and_put_back().await;
            let mut request = world.request(route, who(route));
            if request.path.iter().any(|(name, _)| *name == "ticket_id") {
                // Nothing is sealed for a party that waits; one that has its place gets its connect token again.
                request.path = vec![("ticket_id", world.session.clone())];
            }
            let answer = send(&instance, route, world.tokens.caller(who(route)), &request).await;
            if (answer.status == 500) != route.grants.has(secret) {
                problems.push(format!("{} without {secret:?}: {} {}", route.name, answer.status, answer.body));
            }
        }
    }
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
    world.backend.stop().await;
}
