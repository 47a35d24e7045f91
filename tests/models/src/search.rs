//! Runs the model checker: through all of a sound model, or up to where a twin fails.

use stateright::{Checker, Expectation, HasDiscoveries, Model};
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::hash::Hash;
use std::time::{Duration, Instant};

/// What a search through all states of a model found.
#[derive(Debug, Clone)]
pub struct Explored {
    /// Which model.
    pub model: &'static str,
    /// Different states.
    pub states: usize,
    /// Steps to the state that is furthest from the beginning.
    pub depth: usize,
    /// How long it took.
    pub took: Duration,
    /// Whether every state within the model's bounds was visited.
    pub is_complete: bool,
    /// Properties that do not hold, each with the shortest way there that was met.
    pub broken: Vec<String>,
    /// States that the model is about and that were never reached.
    pub never: Vec<&'static str>,
}

impl Explored {
    /// Whether everything was visited, everything holds, and everything of interest was seen.
    pub fn is_sound(&self) -> bool {
        self.is_complete && self.broken.is_empty() && self.never.is_empty()
    }
}

/// How a twin fails.
#[derive(Debug, Clone)]
pub struct Refuted {
    /// The property that should fail for it.
    pub property: &'static str,
    /// The steps of the shortest counterexample; none if it was not found.
    pub steps: Vec<String>,
    /// States visited until then.
    pub states: usize,
}

/// Visits every state.
pub fn explore<M>(name: &'static str, model: M) -> Explored
where
    M: Model + Send + Sync + 'static,
    M::State: Clone + Debug + Hash + PartialEq + Send + Sync + 'static,
    M::Action: Clone + Debug + PartialEq,
{
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let properties = model.properties();
    let began = Instant::now();
    // It ends early only where nothing is left that could still be found.
    let checker = model.checker().threads(threads).finish_when(HasDiscoveries::AnyFailures).spawn_bfs().join();
    let found = checker.discoveries();
    let is_kind = |kind: Expectation| properties.iter().filter(move |property| property.expectation == kind);
    let broken: Vec<String> = is_kind(Expectation::Always)
        .filter_map(|property| {
            let path = found.get(property.name)?.clone().into_actions();
            Some(format!("{}: {path:#?}", property.name))
        })
        .collect();
    let never = is_kind(Expectation::Sometimes).map(|property| property.name).filter(|name| !found.contains_key(name));
    Explored {
        model: name,
        states: checker.unique_state_count(),
        depth: checker.max_depth(),
        took: began.elapsed(),
        is_complete: checker.is_done() && broken.is_empty(),
        never: never.collect(),
        broken,
    }
}

/// Looks for the shortest way to break one property.
pub fn refute<M>(property: &'static str, model: M) -> Refuted
where
    M: Model + Send + Sync + 'static,
    M::State: Clone + Debug + Hash + PartialEq + Send + Sync + 'static,
    M::Action: Clone + Debug + PartialEq,
{
    // One thread visits states by their distance from the beginning, so what it finds first is the shortest.
    let until = HasDiscoveries::AllOf(BTreeSet::from([property]));
    let checker = model.checker().threads(1).finish_when(until).spawn_bfs().join();
    let path = checker.discoveries().remove(property);
    let steps = path.map(|path| path.into_actions().iter().map(|action| format!("{action:?}")).collect());
    Refuted { property, steps: steps.unwrap_or_default(), states: checker.unique_state_count() }
}
