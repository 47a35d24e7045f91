//! Who may do what: every route of `ROUTES` against every kind of caller. What a refused call answers follows from the
//! route's declared access; what ownership decides is stated once per route, in [`RULES`]. The whole database is compared with
//! what it was, after every call that should change it and after each route's other calls, so that a refusal that changed
//! something is found, and so is a success that did nothing.
//!
//! `world` is what the calls are about, `callers` who makes them, `signed` the same over HTTP with real signatures, `grants`
//! what they reach on the way, `faults` what becomes of them when the database fails, in the `situations` of both.

mod callers;
mod faults;
mod grants;
mod signed;
mod situations;
mod world;

use callers::Who;
use guildhall_functions::{Access, Method, ROUTES, Route};
use guildhall_storage::Key;
use guildhall_tests::backend::route;
use guildhall_tests::{Answer, Caller};
use serde_json::json;
use std::collections::BTreeSet;
use world::World;

/// Whose business a route is, among those whom its access lets in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    /// Anybody's, whoever calls.
    Anybody,
    /// Every player's own account and nothing else.
    OwnAccount,
    /// The character's owner's; to everybody else it is not there.
    OwnCharacter,
    /// The character's owner's, who says something and changes nothing.
    Consent,
    /// The waiting party's; to everybody else it is a ticket that has gone.
    OwnTicket,
    /// Every player's who knows the session's id: it is the invitation to the party.
    Invited,
    /// Every player's who has a seat in the session, as both have here.
    Seated,
    /// Every game sim's own row.
    OwnRow,
    /// The named game sim's, at its latest boot.
    OwnBoot,
    /// The game sim's that runs the session, at the boot and the placement that run it.
    OwnSession,
    /// The same, answered write by write.
    OwnLease,
    /// Every operator's.
    Operator,
}

/// Every route's rule. A route that is not here fails the test, and so does a name that is no route.
const RULES: &[(&str, Rule)] = &[
    ("register-account", Rule::Anybody),
    ("login-account", Rule::Anybody),
    ("refresh-token", Rule::Anybody),
    ("logout-account", Rule::OwnAccount),
    ("change-password", Rule::OwnAccount),
    ("delete-account", Rule::OwnAccount),
    ("ban-account", Rule::Operator),
    ("unban-account", Rule::Operator),
    ("create-character", Rule::OwnAccount),
    ("list-characters", Rule::OwnAccount),
    ("get-character", Rule::OwnCharacter),
    ("change-hitpoints", Rule::OwnCharacter),
    ("change-currency", Rule::OwnCharacter),
    ("equip-armor", Rule::OwnCharacter),
    ("unequip-armor", Rule::OwnCharacter),
    ("equip-weapon", Rule::OwnCharacter),
    ("unequip-weapon", Rule::OwnCharacter),
    ("move-item", Rule::OwnCharacter),
    ("split-items", Rule::OwnCharacter),
    ("merge-items", Rule::OwnCharacter),
    ("use-item", Rule::OwnCharacter),
    ("learn-skill", Rule::OwnCharacter),
    ("raise-ability", Rule::OwnCharacter),
    ("delete-character", Rule::OwnCharacter),
    ("restore-character", Rule::OwnCharacter),
    ("get-content", Rule::Anybody),
    ("get-content-manifest", Rule::Anybody),
    ("get-content-entry", Rule::Anybody),
    ("create-game-session", Rule::OwnCharacter),
    ("join-game-session", Rule::OwnCharacter),
    ("get-game-session", Rule::Invited),
    ("issue-companion-ticket", Rule::Consent),
    ("poll-placement-ticket", Rule::OwnCharacter),
    ("cancel-placement-ticket", Rule::OwnTicket),
    ("admit-player", Rule::OwnSession),
    ("recover-game-session", Rule::OwnSession),
    ("save-progress", Rule::OwnLease),
    ("finalize-game-session", Rule::OwnSession),
    ("save-events", Rule::OwnSession),
    ("list-events", Rule::Seated),
    ("inspect-events", Rule::Operator),
    ("list-violations", Rule::Operator),
    ("register-gamesim", Rule::OwnRow),
    ("heartbeat-gamesim", Rule::OwnBoot),
    ("reap-fleet", Rule::Operator),
    ("check-live", Rule::Anybody),
    ("check-ready", Rule::Anybody),
    ("get-metrics", Rule::Anybody),
];

/// What a call must come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    /// The route's own success.
    Done,
    /// The route's own success, and nothing has changed.
    Told,
    /// Status and code, and nothing has changed.
    Refused(u16, &'static str),
    /// To the byte what the same call says of a thing that is not there, and nothing has changed.
    Missing,
    /// Each group of writes is answered by this word; nothing has changed unless they are applied.
    Written(&'static str),
}

impl Rule {
    const fn access(self) -> Access {
        match self {
            Self::Anybody => Access::Public,
            Self::OwnAccount | Self::OwnCharacter | Self::Consent | Self::OwnTicket | Self::Invited | Self::Seated => {
                Access::Player
            }
            Self::OwnRow | Self::OwnBoot | Self::OwnSession | Self::OwnLease => Access::Gamesim,
            Self::Operator => Access::Operator,
        }
    }

    fn expected(self, who: Who) -> Expected {
        let is_holder = matches!(who, Who::Holder);
        match (self, self.access()) {
            (Self::Anybody, _) => Expected::Done,
            (_, Access::Player) if who.access() != Access::Player => Expected::Refused(401, "unauthorized"),
            (_, access) if who.access() != access => Expected::Refused(403, "forbidden"),
            (Self::OwnCharacter | Self::Consent, _) if who == Who::OtherPlayer => Expected::Missing,
            (Self::Consent, _) => Expected::Told,
            (Self::OwnTicket, _) if who == Who::OtherPlayer => Expected::Told,
            (Self::OwnBoot, _) if who == Who::OldBoot => Expected::Refused(409, "fenced"),
            (Self::OwnBoot, _) if matches!(who, Who::OtherGamesim | Who::Impostor) => {
                Expected::Refused(403, "forbidden")
            }
            (Self::OwnSession, _) if !is_holder => Expected::Refused(409, "fenced"),
            (Self::OwnLease, _) => Expected::Written(if is_holder { "applied" } else { "fenced" }),
            _ => Expected::Done,
        }
    }
}

impl Expected {
    const fn writes(self, route: &Route) -> bool {
        match self {
            Self::Done => !matches!(route.method, Method::Get),
            Self::Written(word) => matches!(word.as_bytes(), b"applied"),
            Self::Told | Self::Refused(..) | Self::Missing => false,
        }
    }

    /// What is wrong with an answer.
    fn problem(self, route: &Route, answer: &Answer) -> Option<String> {
        let (status, code) = match self {
            Self::Done | Self::Told | Self::Written(_) => (route.status, ""),
            Self::Refused(status, code) => (status, code),
            Self::Missing => (404, "not_found"),
        };
        let word = match self {
            Self::Written(word) => json!([word]),
            _ => answer.body["groups"].clone(),
        };
        let right = (answer.status, answer.code()) == (status, code) && answer.body["groups"] == word;
        (!right).then(|| format!("expected {self:?}, got {} {}", answer.status, answer.body))
    }
}

/// One row of the matrix: every caller of a route.
struct Row<'a> {
    world: &'a World,
    route: &'static Route,
    rule: Rule,
    problems: Vec<String>,
}

impl Row<'_> {
    fn require(&mut self, right: bool, who: Who, what: impl FnOnce() -> String) {
        if !right {
            self.problems.push(format!("{} by {who:?}: {}", self.route.name, what()));
        }
    }

    /// Makes one call and judges its answer.
    async fn call(&mut self, who: Who) {
        let (world, route, expected) = (self.world, self.route, self.rule.expected(who));
        let request = world.request(route, who);
        let answer = world.send(route, who, &request).await;
        let problem = expected.problem(route, &answer);
        self.require(problem.is_none(), who, || problem.unwrap_or_default());
        if expected == Expected::Missing {
            let missing = world.send(route, who, &world.about_nothing(&request)).await;
            self.require(answer == missing, who, || format!("{answer:?} differs from {missing:?}"));
        }
        if (self.rule, who) == (Rule::OwnAccount, Who::OtherPlayer) {
            let text = answer.body.to_string();
            let told = world.ids_of_the_owner().into_iter().find(|id| text.contains(id));
            self.require(told.is_none(), who, || format!("tells of the owner's {told:?}"));
        }
    }

    /// All calls that must change nothing.
    async fn harmless(&mut self, harmless: &[Who]) {
        for who in harmless {
            self.call(*who).await;
        }
        let changed = self.world.changed_and_put_back().await;
        if !changed.is_empty() {
            self.problems.push(format!("{} by one of {harmless:?}: changed {changed:?}", self.route.name));
        }
    }

    /// Each call that must change something.
    async fn writing(&mut self, writing: &[Who]) {
        for &who in writing {
            self.call(who).await;
            let changed = self.world.changed_and_put_back().await;
            self.require(!changed.is_empty(), who, || "changed nothing".to_owned());
            if who == Who::OtherPlayer && self.route.access == Access::Player {
                let owners = |key: &Key| self.world.ids_of_the_owner().into_iter().any(|id| key.pk.ends_with(id));
                let touched = changed.iter().find(|key| owners(key));
                self.require(touched.is_none(), who, || format!("changed the owner's {touched:?}"));
            }
        }
    }
}

#[test]
fn every_route_has_a_rule_of_its_access_and_every_rule_a_route() {
    let ruled: BTreeSet<&str> = RULES.iter().map(|(name, _)| *name).collect();
    assert_eq!(ruled.len(), RULES.len(), "a route is there twice");
    assert_eq!(ruled, ROUTES.iter().map(|route| route.name).collect());
    for (name, rule) in RULES {
        assert_eq!(route(name).access, rule.access(), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_answers_every_caller_as_it_should() {
    let world = World::start().await;
    let mut problems = Vec::new();
    for (name, rule) in RULES {
        let mut row = Row { world: &world, route: route(name), rule: *rule, problems: Vec::new() };
        let (writing, harmless): (Vec<Who>, Vec<Who>) =
            Who::ALL.into_iter().partition(|who| rule.expected(*who).writes(row.route));
        row.harmless(&harmless).await;
        row.writing(&writing).await;
        problems.extend(row.problems);
    }
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
    world.backend.stop().await;
}

/// A game sim with a session of its own names a character of another's, alone and in one group with its own.
#[tokio::test(flavor = "multi_thread")]
async fn a_lease_reaches_no_character_but_its_own() {
    let world = World::start().await;
    let backend = &world.backend;
    let bob = world.tokens.caller(Who::OtherPlayer);
    let body = world.request(route("create-game-session"), Who::Owner).body;
    // The last place of `sim-a`; what comes next goes to `sim-b`.
    backend.call("create-game-session", world.tokens.caller(Who::Owner), &[], &body).await.expect(201);
    let own =
        backend.call("create-character", bob, &[], &json!({"name": "Bert", "class": "fighter"})).await.expect(201);
    let body = json!({"character_id": own["character_id"], "dungeon_id": "goblin-warren"});
    let placed = backend.call("create-game-session", bob, &[], &body).await.expect(201);
    let path = [("session_id", placed["game_session"]["session_id"].as_str().unwrap())];
    let sim = Caller::Gamesim("sim-b");
    let foreign = world.write();
    let mut write = foreign.clone();
    for name in ["account_id", "character_id"] {
        write[name] = own[name].clone();
    }
    let before = backend.rows().await;
    for writes in [json!([foreign]), json!([write, foreign])] {
        let body = json!({"gamesim_epoch": 1, "session_epoch": 1, "groups": [{"writes": writes}]});
        let answer = backend.call("save-progress", sim, &path, &body).await.expect(200);
        assert_eq!(answer, json!({"groups": ["fenced"]}));
    }
    let (account, character) = (&foreign["account_id"], &foreign["character_id"]);
    let body =
        json!({"gamesim_epoch": 1, "session_epoch": 1, "seat": 0, "account_id": account, "character_id": character});
    backend.call("admit-player", sim, &path, &body).await.refused(409, "seat_lost");
    assert_eq!(backend.rows().await, before);
    let body = json!({"gamesim_epoch": 1, "session_epoch": 1, "groups": [{"writes": [write]}]});
    let answer = backend.call("save-progress", sim, &path, &body).await.expect(200);
    assert_eq!(answer, json!({"groups": ["applied"]}));
    world.backend.stop().await;
}
