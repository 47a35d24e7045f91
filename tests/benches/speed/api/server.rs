//! A server under measurement: this very program, started once more in another role, on a free port of this machine. It ends
//! when its standard input does, so that nothing outlives the bench.

use crate::Outcome;
use crate::processes::{processor_time, thread_time};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

/// How long it may take to begin or to end, in seconds.
const PATIENCE_S: u64 = 20;
/// What it says, before its URL, when it serves.
const READY: &str = "ready ";

/// Where the server's database works.
#[derive(Debug)]
pub(crate) enum Database {
    /// In the server's process, on threads of this name.
    Thread(&'static str),
    /// In these processes; none, if they are on another machine.
    #[cfg_attr(not(feature = "peers"), expect(dead_code, reason = "only the plain service's database is apart"))]
    Processes(Vec<u32>),
}

/// A server's process.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    said: Lines<BufReader<ChildStdout>>,
    url: String,
    database: Database,
}

/// Processor time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Used {
    /// Of the server, without its database.
    pub(crate) server: Duration,
    /// Of its database, if that is on this machine.
    pub(crate) database: Option<Duration>,
}

impl Used {
    pub(crate) fn since(self, before: Self) -> Self {
        let database = self.database.zip(before.database).map(|(after, before)| after.saturating_sub(before));
        Self { server: self.server.saturating_sub(before.server), database }
    }
}

impl Server {
    pub(crate) async fn start(role: &str, database: Database) -> Outcome<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        let piped = command.arg(role).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = piped.spawn()?;
        let mut lines = BufReader::new(child.stdout.take().ok_or("no output")?).lines();
        let line = timeout(Duration::from_secs(PATIENCE_S), lines.next_line()).await??.unwrap_or_default();
        let url = line.strip_prefix(READY).ok_or_else(|| format!("the {role} did not start; it said {line:?}"))?;
        Ok(Self { url: url.to_owned(), child, said: lines, database })
    }

    /// The same server, with its database found.
    #[cfg(feature = "peers")]
    pub(crate) fn beside(self, database: Database) -> Self {
        Self { database, ..self }
    }

    /// Where it serves, without a slash at the end.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Processor time that it has used so far.
    pub(crate) fn used(&self) -> Outcome<Used> {
        let id = self.id()?;
        let process = processor_time(&[id])?;
        Ok(match &self.database {
            Database::Thread(name) => {
                let database = thread_time(id, name)?;
                Used { server: process.saturating_sub(database), database: Some(database) }
            }
            Database::Processes(others) if others.is_empty() => Used { server: process, database: None },
            Database::Processes(others) => Used { server: process, database: Some(processor_time(others)?) },
        })
    }

    /// Its process.
    pub(crate) fn id(&self) -> Outcome<u32> {
        Ok(self.child.id().ok_or("the server has ended")?)
    }

    /// Requests that it has answered so far.
    pub(crate) async fn requests(&mut self) -> Outcome<u64> {
        self.child.stdin.as_mut().ok_or("no input")?.write_all(b"\n").await?;
        let line = timeout(Duration::from_secs(PATIENCE_S), self.said.next_line()).await??;
        Ok(line.ok_or("the server has ended")?.parse()?)
    }

    /// Lets it clear up and end.
    pub(crate) async fn stop(mut self) -> Outcome<()> {
        drop(self.child.stdin.take());
        let end = timeout(Duration::from_secs(PATIENCE_S), self.child.wait()).await??;
        if end.success() { Ok(()) } else { Err(format!("a server ended with {end}").into()) }
    }
}

/// What a server's process does once it serves: says so, tells how much it has answered whenever it is asked, by a line, and
/// waits for its end.
pub(crate) async fn serve_until_told(
    address: std::net::SocketAddr,
    answered: impl Fn() -> u64 + Send + 'static,
) -> Outcome<()> {
    println!("{READY}http://{address}");
    let told = tokio::task::spawn_blocking(move || {
        for line in std::io::stdin().lines() {
            line?;
            println!("{}", answered());
        }
        Outcome::Ok(())
    });
    told.await?
}
