//! The command line: `guildhall` runs everything, `guildhall sim` is one of the game-sim processes that it starts.
//!
//! `settings` reads the environment, `watch` shows what goes on until it is time to stop, `replay` plays what was recorded, `publish`
//! puts content in force elsewhere, and `play` proves that elsewhere one can play.

mod play;
mod publish;
mod replay;
mod settings;
mod timeline;
mod watch;

use crate::bill::Bill;
use crate::demo::Demo;
use crate::stack::{Stack, StackConfig};
use guildhall_telemetry::LogFormat;
use settings::Settings;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use tokio::signal::unix::{Signal, SignalKind, signal};

const USAGE: &str = "\
guildhall: the whole backend of a co-op RPG on this machine.

  guildhall          start the API, the database, two game sims and a demo party
  guildhall sim      run one game sim (the above starts them by itself)
  guildhall replay   list the sessions that are recorded; with an id, play that one again
  guildhall play     let a party of four play one dungeon at the API of that URL, with
                     accounts that have the password PARTY_PASSWORD
  guildhall publish  put the content in force in a deployment: its AWS_REGION and
                     GUILDHALL_TABLE_PREFIX, and credentials that may write there

Environment:
  PORT               port of the API on 127.0.0.1 (8080)
  GUILDHALL_DATA     folder for everything that is kept (.guildhall)
  GUILDHALL_CONTENT  folder with the game's content (seed-data)
  DEMO               1 for a demo party, 0 for none (1)
  GAMESIMS           number of game-sim processes (2)
  DYNAMODB_ENDPOINT  URL of another DynamoDB than the embedded one
  CORS_ALLOWED_ORIGINS  origins whose pages may use the API, with commas, or `*` or
                     `none` (http://localhost:*,http://127.0.0.1:*)
  GUILDHALL_LOG      what is logged, for example `info` or `guildhall_local=debug`
  OTEL_EXPORTER_OTLP_ENDPOINT  URL of a collector of traces, such as http://localhost:4318
  NO_COLOR           anything, for a view without colours";

/// The whole program.
pub fn main() -> ExitCode {
    let argument = std::env::args().nth(1);
    match argument.as_deref() {
        None => run(),
        Some("sim") => guildhall_gamesim::serve(),
        Some("replay") => once(async |settings| replay::run(std::env::args().nth(2).as_deref(), settings).await),
        Some("play") => once(async |_| play::run(std::env::args().nth(2).as_deref()).await),
        Some("publish") => once(publish::run),
        Some("help" | "--help" | "-h") => {
            say(USAGE);
            ExitCode::SUCCESS
        }
        Some(other) => {
            complain(&format!("{other:?} is not a command; try `guildhall help`"));
            ExitCode::from(2)
        }
    }
}

/// A command that does one thing and ends.
fn once(command: impl AsyncFnOnce(&Settings) -> ExitCode) -> ExitCode {
    let settings = match Settings::from_environment() {
        Ok(settings) => settings,
        Err(error) => return fail(&error),
    };
    guildhall_telemetry::logs::init(LogFormat::Text, "error");
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(command(&settings)),
        Err(error) => fail(&error),
    }
}

fn run() -> ExitCode {
    let settings = match Settings::from_environment() {
        Ok(settings) => settings,
        Err(error) => return fail(&error),
    };
    let terminal = std::io::stdout().is_terminal();
    // Log lines in the middle of the view would tear it apart.
    let quiet = terminal && std::io::stderr().is_terminal();
    let filter = if quiet { "off" } else { "warn,dynoxide=error,guildhall_local=info" };
    guildhall_telemetry::logs::init(LogFormat::Text, filter);
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(run_until_told(settings, terminal)),
        Err(error) => fail(&error),
    }
}

async fn run_until_told(settings: Settings, terminal: bool) -> ExitCode {
    let mut stop_signals = match StopSignals::listen() {
        Ok(signals) => signals,
        Err(error) => return fail(&error),
    };
    let config = match stack_config(&settings) {
        Ok(config) => config,
        Err(error) => return fail(&error),
    };
    let stack = tokio::select! {
        started = Stack::start(config) => match started {
            Ok(stack) => stack,
            Err(error) => return fail(&error),
        },
        () = stop_signals.next() => {
            say("stopped before it was ready");
            return ExitCode::SUCCESS;
        }
    };
    say(&format!("ready {}", stack.api_url()));
    let demo = match settings.demo {
        true => Demo::start(&stack.api_url(), &stack.secrets().demo_password, stack.content().clone()).ok(),
        false => None,
    };
    tokio::select! {
        () = watch::watch(&stack, demo.as_ref(), terminal) => {}
        () = stop_signals.next() => {}
    }
    say("stopping: the game sims store everything (Ctrl-C again to quit at once)");
    tokio::select! {
        bill = stop(stack, demo) => {
            if let Some(bill) = bill {
                say(&format!("in the cloud, this run would have cost:\n{bill}{}", bill.json()));
            }
            say("stopped");
        }
        () = stop_signals.next() => {
            say("quit");
            // The game sims notice by themselves.
            std::process::exit(130);
        }
    }
    ExitCode::SUCCESS
}

fn stack_config(settings: &Settings) -> std::io::Result<StackConfig> {
    let config = StackConfig::new(&settings.data, std::env::current_exe()?);
    Ok(StackConfig {
        port: settings.port,
        gamesims: settings.gamesims,
        content_dir: settings.content.clone(),
        dynamodb_endpoint: settings.dynamodb_endpoint.clone(),
        allowed_origins: settings.allowed_origins.clone(),
        traces: settings.traces.clone(),
        ..config
    })
}

async fn stop(stack: Stack, demo: Option<Demo>) -> Option<Bill> {
    if let Some(demo) = demo {
        demo.shutdown().await;
    }
    stack.shutdown().await
}

/// The signals that mean "stop".
struct StopSignals {
    interrupt: Signal,
    terminate: Signal,
}

impl StopSignals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

fn fail(error: &dyn std::fmt::Display) -> ExitCode {
    complain(&error.to_string());
    ExitCode::FAILURE
}

/// A line on stdout. Whoever read it may have gone; that is no reason to stop.
fn say(line: &str) {
    let mut stdout = std::io::stdout();
    let _ = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
}

fn complain(line: &str) {
    let _ = writeln!(std::io::stderr(), "guildhall: {line}");
}
