//! The metrics page of a game sim, as the tests read it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Time between two looks at the page, in milliseconds.
const LOOK_MS: u64 = 20;

/// Where a game sim serves its numbers.
#[derive(Debug)]
pub(crate) struct Page {
    log: PathBuf,
    http: reqwest::Client,
}

impl Page {
    /// The page of the game sim that logs into this folder.
    pub(crate) fn new(data: &Path, gamesim: &str) -> Self {
        let log = data.join("logs").join(format!("{gamesim}.log"));
        Self { log, http: reqwest::Client::builder().tls_certs_only([]).build().unwrap() }
    }

    /// What a game sim has logged so far, over all of its lives.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// The sum of all series of this name with this text in their labels.
    pub(crate) async fn total(&self, name: &str, label: &str) -> u64 {
        let text = self.fetch().await;
        let series = text.lines().filter(|line| line.starts_with(&format!("guildhall_{name}")) && line.contains(label));
        series.map(|line| line.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap()).sum()
    }

    /// The datagrams dropped as bad, for this reason or, with an empty one, for any.
    pub(crate) async fn bad(&self, reason: &str) -> u64 {
        self.total("datagrams_bad_total{", reason).await
    }

    /// Waits until at least so many datagrams were dropped as bad, for this reason or for any.
    pub(crate) async fn until_bad(&self, reason: &str, count: u64) {
        while self.bad(reason).await < count {
            tokio::time::sleep(Duration::from_millis(LOOK_MS)).await;
        }
    }

    /// Waits until so many players are connected and seated.
    pub(crate) async fn until_players(&self, count: u64) {
        while self.total("players{", "").await != count {
            tokio::time::sleep(Duration::from_millis(LOOK_MS)).await;
        }
    }

    /// The page of the process that lives; while there is none, an empty one.
    async fn fetch(&self) -> String {
        let log = self.log();
        let address = log.lines().rev().find(|line| line.contains("metrics are served")).and_then(|line| {
            let (_, address) = line.split_once("address=")?;
            Some(address.trim().to_owned())
        });
        let Some(address) = address else { return String::new() };
        match self.http.get(format!("http://{address}/metrics")).send().await {
            Ok(answer) => answer.text().await.unwrap_or_default(),
            Err(_) => String::new(),
        }
    }
}
