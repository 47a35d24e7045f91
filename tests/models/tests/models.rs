//! The models hold in every state, and every twin falls by the property that its missing rule keeps.

use guildhall_models::catalogue;

/// What the models are to amount to together, so that nobody narrows them unseen.
const STATES_MIN: usize = 1_000_000;

#[test]
fn the_models_hold_in_every_state() {
    let mut states = 0;
    for entry in catalogue::all() {
        let explored = (entry.explore)();
        println!("{}: {} states, depth {}, {:?}", entry.name, explored.states, explored.depth, explored.took);
        assert!(explored.is_complete, "{} was not searched through:\n{}", entry.name, explored.broken.join("\n"));
        assert_eq!(explored.broken, Vec::<String>::new(), "{} breaks", entry.name);
        assert_eq!(explored.never, Vec::<&str>::new(), "{} never gets to what it is about", entry.name);
        states += explored.states;
    }
    assert!(states >= STATES_MIN, "only {states} states");
}

#[test]
fn every_twin_is_refuted() {
    for entry in catalogue::all() {
        assert!(!entry.twins.is_empty());
        for (name, refute) in entry.twins {
            let refuted = refute();
            println!("{}: {name} falls in {} steps: {}", entry.name, refuted.steps.len(), refuted.property);
            assert!(!refuted.steps.is_empty(), "{name} keeps {} after {} states", refuted.property, refuted.states);
        }
    }
}
