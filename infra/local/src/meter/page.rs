//! A game sim's page of metrics, as one request of HTTP/1.0 gets it. Where it is served, the game sim says in its log.

use std::io::{Error, ErrorKind, Result};
use std::path::Path;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long a game sim may take to answer, in milliseconds.
const PATIENCE_MS: u64 = 1_000;

/// The page of the game sim that writes this log.
pub(super) async fn read(log: &Path) -> Result<String> {
    let text = tokio::fs::read_to_string(log).await?;
    let address = address(&text).ok_or_else(|| Error::new(ErrorKind::NotFound, "no page is served"))?;
    timeout(Duration::from_millis(PATIENCE_MS), get(address)).await?
}

/// What the latest life of the game sim has said.
fn address(log: &str) -> Option<&str> {
    let line = log.lines().rev().find(|line| line.contains("metrics are served"))?;
    let (_, address) = line.split_once("address=")?;
    Some(address.trim())
}

async fn get(address: &str) -> Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(b"GET /metrics HTTP/1.0\r\nHost: localhost\r\n\r\n").await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

/// The sum of all series of a counter; `name` as it stands on the page.
pub(super) fn total(page: &str, name: &str) -> u64 {
    let series = page.lines().filter_map(|line| {
        let rest = line.strip_prefix(name)?;
        let (labels, value) = rest.rsplit_once(' ')?;
        (labels.is_empty() || labels.starts_with('{')).then(|| value.parse::<u64>().ok())?
    });
    series.sum()
}

#[cfg(test)]
mod tests {
    use super::{address, total};

    #[test]
    fn the_series_of_a_counter_are_added_up() {
        let page = "HTTP/1.0 200 OK\r\n\r\n# TYPE guildhall_bytes_out counter\nguildhall_bytes_out_total{shard=\"0\"} 17\n\
                    guildhall_bytes_out_total{shard=\"1\"} 25\nguildhall_bytes_out_total_else 4\nguildhall_slots_total 3\n";
        assert_eq!(total(page, "guildhall_bytes_out_total"), 42);
        assert_eq!(total(page, "guildhall_slots_total"), 3);
        assert_eq!(total(page, "guildhall_nothing_total"), 0);
    }

    #[test]
    fn the_latest_address_counts() {
        let log = "INFO metrics are served address=127.0.0.1:1\nINFO else\nINFO metrics are served address=127.0.0.1:2 \nINFO";
        assert_eq!(address(log), Some("127.0.0.1:2"));
        assert_eq!(address("INFO else"), None);
    }
}
