//! Prints what the models come to: how much was searched, and by what each twin falls. With the name of a twin, its way there.

use guildhall_models::catalogue;
use guildhall_models::search::Explored;
use std::process::ExitCode;

fn main() -> ExitCode {
    let wanted = std::env::args().nth(1);
    let mut is_sound = true;
    let (mut states, mut seconds) = (0, 0.0);
    println!("{:<28} {:>9} {:>6} {:>8}", "model", "states", "depth", "seconds");
    for entry in catalogue::all().iter().filter(|_| wanted.is_none()) {
        let explored = (entry.explore)();
        let Explored { model, states: found, depth, took, broken, never, .. } = &explored;
        println!("{model:<28} {found:>9} {depth:>6} {:>8.1}", took.as_secs_f64());
        broken.iter().for_each(|broken| println!("  broken: {broken}"));
        never.iter().for_each(|never| println!("  never seen: {never}"));
        is_sound &= explored.is_sound();
        states += found;
        seconds += took.as_secs_f64();
    }
    println!("{:<28} {states:>9} {:>6} {seconds:>8.1}", "all", "");
    println!("\n{:<28} {:>9} {:>6}  refuted by", "twin", "states", "steps");
    for entry in catalogue::all() {
        for (name, refute) in entry.twins.iter().filter(|(name, _)| wanted.as_ref().is_none_or(|wanted| wanted == name))
        {
            let refuted = refute();
            let found = if refuted.steps.is_empty() { "NOTHING" } else { refuted.property };
            println!("{name:<28} {:>9} {:>6}  {found}", refuted.states, refuted.steps.len());
            if wanted.is_some() {
                refuted.steps.iter().for_each(|step| println!("  {step}"));
            }
            is_sound &= !refuted.steps.is_empty();
        }
    }
    if is_sound { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
