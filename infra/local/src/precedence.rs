//! Who goes first where everything shares the processors of one machine: game sims and the front's own threads go before the
//! database, and the database before the functions, which have the most to do. A database that lets its callers go first has
//! all of them waiting at its door while it waits for the disk, and nobody uses the processor.

/// How far threads stand back, as `nice` counts: ten steps leave a tenth of what another one gets that wants the same processor.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Steps {
    /// For game sims and the front.
    Database = 10,
    /// For the database too.
    Functions = 15,
}

/// Has the calling thread stand back for others from now on. Only Linux knows precedence of threads; elsewhere nothing happens.
pub(crate) fn stand_back(steps: Steps) {
    #[cfg(target_os = "linux")]
    // Standing back is always allowed; and where it is not, everything works as well.
    let _ = rustix::process::nice(steps as i32);
    #[cfg(not(target_os = "linux"))]
    let _ = steps;
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;
    use rustix::process::getpriority_process;

    #[test]
    fn functions_stand_back_for_the_database_and_both_for_everybody_else() {
        let nice = |steps: Option<Steps>| {
            let thread = std::thread::spawn(move || {
                steps.into_iter().for_each(stand_back);
                getpriority_process(None).unwrap()
            });
            thread.join().unwrap()
        };
        let (others, database, functions) = (nice(None), nice(Some(Steps::Database)), nice(Some(Steps::Functions)));
        assert!(others < database && database < functions, "{others}, {database} and {functions}");
    }
}
