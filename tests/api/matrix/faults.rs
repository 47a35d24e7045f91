//! Every route, in every situation, with every fault of the database at each of its calls: what the caller is told, what has
//! changed, and what comes of the same request when it is made again, as clients do.
//!
//! Nothing is listed by hand but what is said to who repeats a request that has had its way. A route is called once in peace,
//! which shows its calls and where they should lead; then once per call and fault that can meet it, from the same start. Which
//! places in the sources make those calls is read off the stack, and a place that no route reaches is found by `sites`.

mod outcome;
mod rest;
mod sites;

use super::situations::{Situated, Situation, send, who};
use super::world::{Request, World};
use guildhall_functions::{ROUTES, Route};
use guildhall_storage::memory::{Adversary, Asked, Fault};
use guildhall_storage::{Item, Key, TableName};
use guildhall_tests::{Answer, Backend};
use outcome::{Familiar, Lines, Outcome};
use sites::Site;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

/// What who repeats a request with the same `Idempotency-Key` is told where it is not what was told at first: that it has
/// happened, or that what the request was about has gone.
const TOLD_AGAIN: &[(&str, u16, &str)] = &[
    ("register-account", 409, "email_taken"),
    ("refresh-token", 401, "invalid_refresh_token"),
    ("logout-account", 401, "unauthorized"),
    ("change-password", 401, "unauthorized"),
    ("delete-account", 401, "unauthorized"),
];

/// A route's call of the table: where it is made, and what can happen to it.
#[derive(Debug, Clone)]
struct Noted {
    site: Site,
    faults: Vec<Fault>,
    is_write: bool,
}

/// How a request goes in peace: the first time, and when it is repeated; and what is stored when it was made once, twice and
/// three times.
struct Peace {
    calls: [Vec<Noted>; 2],
    once: Outcome,
    twice: Outcome,
    lines: [Lines; 3],
    familiar: Familiar,
}

struct Sweep {
    situated: Situated,
    table: Arc<Adversary>,
    start: Vec<(Key, Item)>,
    reached: BTreeSet<Site>,
    /// The ways that were swept: of which route, through which places, to which answer.
    ways: BTreeSet<(&'static str, Vec<Site>, u16, String)>,
    told_again: BTreeMap<&'static str, BTreeSet<(u16, String)>>,
    problems: Vec<String>,
    runs: usize,
}

impl Sweep {
    async fn start() -> Self {
        let (backend, table) = Backend::start_adverse().await;
        let situated = Situated::new(World::on(backend).await);
        let (reached, ways, told_again, problems) = Default::default();
        Self { situated, table, start: Vec::new(), reached, ways, told_again, problems, runs: 0 }
    }

    fn backend(&self) -> &Backend {
        &self.situated.world.backend
    }

    /// Makes a request of an instance.
    async fn send(&self, instance: &Backend, route: &'static Route, request: &Request) -> Answer {
        send(instance, route, self.situated.world.tokens.caller(who(route)), request).await
    }

    fn outcome(&self, answer: Answer) -> Outcome {
        let rows = self.table.items().into_iter().filter(|(key, _)| key.table != TableName::Content);
        Outcome { answer, rows: rows.collect() }
    }

    /// Writes down the calls from here on.
    fn note(&self) -> Arc<Mutex<Vec<Noted>>> {
        let calls = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&calls);
        self.table.plan(move |_, asked: &Asked<'_>| {
            let faults = Fault::ALL.into_iter().filter(|fault| fault.meets(asked)).collect();
            let is_write = matches!(asked, Asked::Commit(_));
            noted.lock().unwrap().push(Noted { site: Site::here(), faults, is_write });
            None
        });
        calls
    }

    /// Makes a request three times while everything goes well.
    async fn in_peace(&self, route: &'static Route, request: &Request) -> Peace {
        self.table.restore(&self.start);
        let instance = self.backend().another_instance();
        let first = self.note();
        let once = self.outcome(self.send(&instance, route, request).await);
        let second = self.note();
        let twice = self.outcome(self.send(&instance, route, request).await);
        self.table.calm();
        let thrice = self.outcome(self.send(&instance, route, request).await);
        let calls = [first, second].map(|calls| calls.lock().unwrap().clone());
        let familiar = Familiar::new(&self.start, &request.body);
        let lines = [&once, &twice, &thrice].map(|outcome| familiar.lines(&outcome.rows));
        Peace { calls, once, twice, lines, familiar }
    }

    /// Makes a request with a fault at one of its calls, and then again without.
    async fn under(&mut self, run: Run<'_>, peace: &Peace) {
        self.runs += 1;
        self.table.restore(&self.start);
        let Run { route, request, number, fault, turn, .. } = run;
        let mut instance = self.backend().another_instance();
        if turn == Turn::Repetition {
            self.send(&instance, route, request).await;
        }
        self.table.plan(move |asked, _| (asked == number).then_some(fault));
        let faulty = self.send(&instance, route, request).await;
        self.table.calm();
        let expected = if turn == Turn::Repetition { &peace.twice } else { &peace.once };
        let is_done = (faulty.status, faulty.code()) == (expected.answer.status, expected.answer.code());
        let turned = is_done && fault == Fault::Conflict;
        let another = turned.then(|| peace.familiar.lines(&self.outcome(faulty.clone()).rows));
        if turn == Turn::Frozen {
            instance = self.backend().another_instance();
        }
        let again = self.send(&instance, route, request).await;
        self.table.settle();
        let again = self.outcome(again);
        let Peace { once, twice, lines, familiar, .. } = peace;
        let mut problems = Vec::new();
        problems.extend(outcome::problem_of_answer(fault, &faulty, &expected.answer, familiar));
        problems.extend(outcome::problem_of_repetition(&again, [once, twice], lines, another.as_ref(), familiar));
        let site = &peace.calls[turn.index()][usize::try_from(number).unwrap()].site;
        self.problems.extend(problems.into_iter().map(|problem| format!("{run} ({site}): {problem}")));
    }

    /// Sweeps a request from what is stored.
    async fn request(&mut self, route: &'static Route, situation: Situation, request: &Request) {
        self.start = self.table.items();
        let peace = self.in_peace(route, request).await;
        self.reached.extend(peace.calls.iter().flatten().map(|call| call.site.clone()));
        let (once, twice) = (&peace.once.answer, &peace.twice.answer);
        if (once.status, once.code()) != (twice.status, twice.code()) {
            let told = (twice.status, twice.code().to_owned());
            self.told_again.entry(route.name).or_default().insert(told);
        }
        let sites = peace.calls.iter().flatten().map(|call| call.site.clone()).collect();
        if !self.ways.insert((route.name, sites, once.status, once.code().to_owned())) {
            return;
        }
        for turn in Turn::ALL {
            // A read that fails leaves nothing behind by which instances could differ.
            let calls = (0..).zip(&peace.calls[turn.index()]);
            for (number, call) in calls.filter(|(_, call)| call.is_write || turn != Turn::Frozen) {
                for &fault in &call.faults {
                    let run = Run { route, situation, request, number, fault, turn };
                    self.under(run, &peace).await;
                }
            }
        }
    }
}

/// Which request meets the fault, and who is asked after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// The first one; the client asks the same instance again.
    First,
    /// The first one; the client asks another instance, while this one is frozen.
    Frozen,
    /// The second one, after a first whose answer the client has lost.
    Repetition,
}

impl Turn {
    const ALL: [Self; 3] = [Self::First, Self::Frozen, Self::Repetition];

    /// Whose calls these are: of a request that is made once, or again.
    const fn index(self) -> usize {
        match self {
            Self::First | Self::Frozen => 0,
            Self::Repetition => 1,
        }
    }
}

/// One request with one fault.
#[derive(Clone, Copy)]
struct Run<'a> {
    route: &'static Route,
    situation: Situation,
    request: &'a Request,
    number: u64,
    fault: Fault,
    turn: Turn,
}

impl std::fmt::Display for Run<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { route, situation, number, fault, turn, .. } = self;
        write!(f, "{} when {situation:?}, {turn:?}, {fault:?} at call {number}", route.name)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_survives_every_fault_at_every_call() {
    let mut sweep = Sweep::start().await;
    for situation in Situation::ALL {
        sweep.situated.set(situation).await;
        let start = sweep.table.items();
        for route in ROUTES {
            sweep.table.restore(&start);
            let request = sweep.situated.request(route, situation);
            sweep.request(route, situation, &request).await;
        }
    }
    rest::sweep(&mut sweep).await;
    let listed: BTreeMap<&str, BTreeSet<(u16, String)>> = TOLD_AGAIN
        .iter()
        .map(|(name, status, code)| (*name, BTreeSet::from([(*status, (*code).to_owned())])))
        .collect();
    if sweep.told_again != listed {
        sweep.problems.push(format!("those who repeat themselves are told {:?}", sweep.told_again));
    }
    sweep.problems.extend(sites::unreached(&sweep.reached));
    let Sweep { problems, runs, reached, .. } = sweep;
    println!("{runs} faults at calls from {} places", reached.len());
    assert!(problems.is_empty(), "{} problems in {runs} runs:\n{}", problems.len(), problems.join("\n"));
}
