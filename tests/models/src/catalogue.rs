//! Every model with its twins, for the program that prints them and for the tests.

use crate::search::{Explored, Refuted, explore, refute};
use crate::{loot, registry, writing};

/// A twin: its name, and the search that is to refute it.
pub type Twin = (String, Box<dyn Fn() -> Refuted>);

/// A model with its twins.
pub struct Entry {
    /// Its name.
    pub name: &'static str,
    /// Visits all of its states.
    pub explore: fn() -> Explored,
    /// What must fail.
    pub twins: Vec<Twin>,
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Entry").field("name", &self.name).finish_non_exhaustive()
    }
}

/// All of them.
pub fn all() -> Vec<Entry> {
    vec![registry(), writing(), loot()]
}

fn registry() -> Entry {
    use registry::{Registry, Twin};
    let twin = |twin: Twin| -> self::Twin {
        (format!("{twin:?}"), Box::new(move || refute(twin.breaks(), Registry::without(twin))))
    };
    let explore = || explore("registry", Registry::SOUND);
    Entry { name: "registry", explore, twins: Twin::ALL.map(twin).into() }
}

fn writing() -> Entry {
    use writing::{Twin, Writing};
    let twin = |twin: Twin| -> self::Twin {
        (format!("{twin:?}"), Box::new(move || refute(twin.breaks(), Writing::without(twin))))
    };
    let explore = || explore("writing", Writing::SOUND);
    Entry { name: "writing", explore, twins: Twin::ALL.map(twin).into() }
}

fn loot() -> Entry {
    use loot::{Loot, Twin};
    let twin = |twin: Twin| -> self::Twin {
        (format!("{twin:?}"), Box::new(move || refute(twin.breaks(), Loot::without(twin))))
    };
    let explore = || explore("loot", Loot::SOUND);
    Entry { name: "loot", explore, twins: Twin::ALL.map(twin).into() }
}
