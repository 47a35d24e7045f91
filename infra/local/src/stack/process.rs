//! One game-sim process and whoever watches over it. A process that dies is started again after a pause, as an autoscaling
//! group would; one that is told to stop gets the time to drain before it is killed.
//!
//! The process holds the other end of a pipe as its standard input, and ends when that closes: so it never outlives the
//! stack, however that dies.

use rustix::process::{Pid, Signal, kill_process};
use std::fs::OpenOptions;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

/// Pause before a process that died is started again, in milliseconds; doubles with each quick death.
const RESTART_PAUSE_MS: u64 = 250;
/// Longest such pause, in milliseconds.
const RESTART_PAUSE_MS_MAX: u64 = 8_000;
/// A process that lived this long, in milliseconds, did not die quickly.
const LONG_LIFE_MS: u64 = 10_000;
/// How long a process may take to end after its drain time is over, in milliseconds.
const STOP_PATIENCE_MS: u64 = 5_000;

/// What to run.
#[derive(Debug, Clone)]
pub(super) struct Program {
    pub(super) name: String,
    pub(super) exe: PathBuf,
    pub(super) arguments: Vec<String>,
    pub(super) environment: Vec<(String, String)>,
    pub(super) log: PathBuf,
    pub(super) drain_s: u64,
}

/// How often the process was started and what became of the last one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Life {
    pub(super) starts: u32,
    pub(super) last_end: Option<String>,
}

/// A process that is kept running.
#[derive(Debug)]
pub(super) struct Supervised {
    program: Program,
    life: watch::Receiver<Life>,
    signals: mpsc::Sender<(Signal, oneshot::Sender<bool>)>,
    stop: CancellationToken,
    watcher: JoinHandle<()>,
}

impl Supervised {
    pub(super) fn start(program: Program) -> Self {
        let (lives, life) = watch::channel(Life::default());
        let (signals, received) = mpsc::channel(8);
        let stop = CancellationToken::new();
        let watcher = Watcher { program: program.clone(), lives, signals: received, stop: stop.clone() };
        Self { program, life, signals, stop, watcher: tokio::spawn(watcher.run()) }
    }

    pub(super) fn program(&self) -> &Program {
        &self.program
    }

    pub(super) fn life(&self) -> Life {
        self.life.borrow().clone()
    }

    /// Sends a signal; false if no process runs at the moment.
    pub(super) async fn signal(&self, signal: Signal) -> bool {
        let (answer, answered) = oneshot::channel();
        self.signals.send((signal, answer)).await.is_ok() && answered.await.unwrap_or(false)
    }

    /// Begins to stop it: the process drains.
    pub(super) fn begin_stop(&self) {
        self.stop.cancel();
    }

    /// Stops it and waits for its end.
    pub(super) async fn stopped(self) {
        self.stop.cancel();
        // It panics only if we did; the process is killed when its handle is dropped.
        let _ = self.watcher.await;
    }
}

struct Watcher {
    program: Program,
    lives: watch::Sender<Life>,
    signals: mpsc::Receiver<(Signal, oneshot::Sender<bool>)>,
    stop: CancellationToken,
}

impl Watcher {
    async fn run(mut self) {
        let mut pause_ms = RESTART_PAUSE_MS;
        while !self.stop.is_cancelled() {
            let born = Instant::now();
            let end = match spawn(&self.program) {
                Ok(child) => {
                    self.lives.send_modify(|life| life.starts += 1);
                    self.watch(child).await
                }
                Err(error) => format!("it cannot be started: {error}"),
            };
            if self.stop.is_cancelled() {
                break;
            }
            if born.elapsed() >= Duration::from_millis(LONG_LIFE_MS) {
                pause_ms = RESTART_PAUSE_MS;
            }
            tracing::warn!(gamesim = self.program.name, end, pause_ms, "a game sim ended and will be started again");
            self.lives.send_modify(|life| life.last_end = Some(end));
            self.rest(Duration::from_millis(pause_ms)).await;
            pause_ms = (pause_ms * 2).min(RESTART_PAUSE_MS_MAX);
        }
    }

    /// Sees one process to its end, and says how it ended.
    async fn watch(&mut self, mut child: Child) -> String {
        // Waiting closes the pipe unless it is held elsewhere.
        let _pipe = child.stdin.take();
        loop {
            tokio::select! {
                ended = child.wait() => return describe(ended),
                Some((signal, answer)) = self.signals.recv() => {
                    // Nobody may wait for the answer any more.
                    let _ = answer.send(send(&child, signal));
                }
                () = self.stop.cancelled() => break,
            }
        }
        send(&child, Signal::TERM);
        let patience = Duration::from_secs(self.program.drain_s) + Duration::from_millis(STOP_PATIENCE_MS);
        if let Ok(ended) = timeout(patience, child.wait()).await {
            return describe(ended);
        }
        tracing::warn!(gamesim = self.program.name, "a game sim did not end in time and is killed");
        // It fails only for a process that has ended.
        let _ = child.kill().await;
        "killed".to_owned()
    }

    async fn rest(&mut self, pause: Duration) {
        let rested = sleep(pause);
        tokio::pin!(rested);
        loop {
            tokio::select! {
                () = &mut rested => return,
                () = self.stop.cancelled() => return,
                Some((_, answer)) = self.signals.recv() => {
                    let _ = answer.send(false);
                }
            }
        }
    }
}

fn spawn(program: &Program) -> std::io::Result<Child> {
    let log = OpenOptions::new().create(true).append(true).open(&program.log)?;
    let mut command = Command::new(&program.exe);
    command
        .args(&program.arguments)
        .envs(program.environment.iter().map(|(name, value)| (name, value)))
        // Of another identity than the one given here.
        .env_remove("AWS_SESSION_TOKEN")
        .env_remove("AWS_PROFILE")
        .stdin(Stdio::piped())
        .stdout(log.try_clone()?)
        .stderr(log)
        // A Ctrl-C in the terminal is for the stack, which then stops its processes in order.
        .process_group(0)
        .kill_on_drop(true);
    command.spawn()
}

fn send(child: &Child, signal: Signal) -> bool {
    let pid = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
    pid.is_some_and(|pid| kill_process(pid, signal).is_ok())
}

fn describe(ended: std::io::Result<ExitStatus>) -> String {
    match ended {
        Ok(status) => format!("it ended with {status}"),
        Err(error) => format!("nothing is known of its end: {error}"),
    }
}

#[cfg(test)]
mod tests;
