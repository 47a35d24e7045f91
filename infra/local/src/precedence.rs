//! Who goes first where everything shares the processors of one machine: game sims and the front's own threads go before the
//! functions and the database, which have the most to do and are waited for by fewer.

/// How far a thread stands back, as `nice` counts: it gets a tenth of what another one gets that wants the same processor.
#[cfg(target_os = "linux")]
const STEPS_BACK: i32 = 10;

/// Has the calling thread stand back for others from now on. Only Linux knows precedence of threads; elsewhere nothing happens.
pub(crate) fn stand_back() {
    #[cfg(target_os = "linux")]
    // Standing back is always allowed; and where it is not, everything works as well.
    let _ = rustix::process::nice(STEPS_BACK);
}
