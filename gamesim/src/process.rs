//! The game sim as a whole process: environment in, exit code out. A first SIGTERM or SIGINT drains, a second one closes
//! everything at once.

use crate::{Config, Shutdown, run_until};
use guildhall_domain::ruleset::{Ruleset, Standard};
use std::io::Read;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Threads of the control plane: shards have their own.
const CONTROL_THREADS: usize = 2;
/// How long leftovers of the control plane may take at the end, in seconds.
const LEFTOVERS_S_MAX: u64 = 1;

/// Runs the process that the environment describes, to its end.
pub fn serve() -> ExitCode {
    serve_with(Arc::new(Standard))
}

/// As [`serve`], under a studio's own rules: the whole `main` of its game sim.
pub fn serve_with(ruleset: Arc<dyn Ruleset>) -> ExitCode {
    serve_as(None, ruleset)
}

/// As [`serve_with`], for a build that a studio gives a name of its own, of 1 to 64 visible ASCII characters: clients that ask
/// for it are placed on its game sims alone.
pub fn serve_as(build_version: Option<String>, ruleset: Arc<dyn Ruleset>) -> ExitCode {
    match try_serve(build_version, ruleset) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Not through the log: whoever starts a process looks here, whatever the log's filter.
            eprintln!("guildhall-gamesim: {error}");
            ExitCode::FAILURE
        }
    }
}

fn try_serve(build_version: Option<String>, ruleset: Arc<dyn Ruleset>) -> Result<(), Box<dyn std::error::Error>> {
    let mut config = Config::from_environment()?;
    if let Some(build_version) = build_version {
        config.build_version = build_version;
    }
    guildhall_telemetry::logs::init(config.log_format, "info");
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(CONTROL_THREADS).enable_all().build()?;
    let result = runtime.block_on(async {
        let shutdown = Shutdown::default();
        let signals = [signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?];
        tokio::spawn(obey(signals, shutdown.clone()));
        if config.exits_on_stdin_eof {
            watch_stdin(shutdown.clone())?;
        }
        run_until(config, ruleset, shutdown).await.map_err(Box::<dyn std::error::Error>::from)
    });
    runtime.shutdown_timeout(Duration::from_secs(LEFTOVERS_S_MAX));
    result
}

async fn obey([mut terminate, mut interrupt]: [Signal; 2], shutdown: Shutdown) {
    for token in [&shutdown.drain, &shutdown.at_once] {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        token.cancel();
    }
}

/// Ends the process when standard input does: whoever started it is gone, and nobody is left to wait for.
fn watch_stdin(shutdown: Shutdown) -> std::io::Result<()> {
    let watch = move || {
        let mut ignored = [0; 64];
        while matches!(std::io::stdin().read(&mut ignored), Ok(1..)) {}
        shutdown.at_once.cancel();
    };
    std::thread::Builder::new().name("stdin".to_owned()).spawn(watch).map(drop)
}
