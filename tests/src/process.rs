//! The product's command line as a child process: its lines, its signals, its end.

use rustix::process::{Pid, Signal, kill_process};
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::task::JoinHandle;

/// The stack, started as a newcomer starts it.
#[derive(Debug)]
pub struct StackProcess {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    /// Reads standard error all along: a process that nobody listens to waits.
    errors: Option<JoinHandle<String>>,
}

impl StackProcess {
    /// Starts `exe` on a data folder and a free port, without the demo unless `environment` says otherwise.
    pub fn start(exe: &str, data: &Path, environment: &[(&str, &str)]) -> Self {
        let mut child = Command::new(exe)
            .env_remove("DYNAMODB_ENDPOINT")
            .env("GUILDHALL_DATA", data)
            .env("PORT", "0")
            .env("DEMO", "0")
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the stack's process");
        let stdout = child.stdout.take().expect("its output");
        let mut stderr = child.stderr.take().expect("its errors");
        let errors = tokio::spawn(async move {
            let mut text = String::new();
            stderr.read_to_string(&mut text).await.expect("readable errors");
            text
        });
        Self { child, lines: BufReader::new(stdout).lines(), errors: Some(errors) }
    }

    /// The next line of standard output, or `None` at its end.
    pub async fn line(&mut self) -> Option<String> {
        self.lines.next_line().await.expect("readable output")
    }

    /// The URL in the one line that says that requests are served.
    pub async fn ready(&mut self) -> String {
        while let Some(line) = self.line().await {
            if let Some(url) = line.strip_prefix("ready ") {
                return url.to_owned();
            }
        }
        panic!("the stack ended without being ready: {}", self.errors().await);
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        let id =
            self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw).expect("a living process");
        kill_process(id, signal).expect("the signal is sent");
    }

    /// Waits for its end.
    pub async fn end(&mut self) -> ExitStatus {
        self.child.wait().await.expect("the process ends")
    }

    /// What it wrote to standard error, once it has ended.
    pub async fn errors(&mut self) -> String {
        match self.errors.take() {
            Some(errors) => errors.await.expect("the reader ends"),
            None => String::new(),
        }
    }
}
