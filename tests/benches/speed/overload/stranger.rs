//! A stranger who asks for what takes no work, over and over on one connection, and times the answers that turn it away.

use crate::Outcome;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Time between an answer and the next question.
const PAUSE: Duration = Duration::from_millis(10);

/// The stranger's thread.
pub(super) struct Stranger {
    asked: Arc<AtomicU64>,
    is_over: Arc<AtomicBool>,
    thread: JoinHandle<Outcome<Vec<Duration>>>,
}

impl Stranger {
    pub(super) fn start(url: &str) -> Outcome<Self> {
        let address = url.strip_prefix("http://").ok_or("an address without http")?.to_owned();
        let (asked, is_over) = (Arc::<AtomicU64>::default(), Arc::new(AtomicBool::new(false)));
        let (their_asked, their_end) = (Arc::clone(&asked), Arc::clone(&is_over));
        let thread = std::thread::Builder::new().name("stranger".to_owned()).spawn(move || {
            let mut connection = BufReader::new(TcpStream::connect(&address)?);
            connection.get_ref().set_nodelay(true)?;
            let mut turned_away = Vec::new();
            while !their_end.load(Relaxed) {
                std::thread::sleep(PAUSE);
                let asked_at = Instant::now();
                their_asked.fetch_add(1, Relaxed);
                write!(connection.get_ref(), "GET /health/live HTTP/1.1\r\nhost: {address}\r\n\r\n")?;
                if is_turned_away(&mut connection)? {
                    turned_away.push(asked_at.elapsed());
                }
            }
            Ok(turned_away)
        })?;
        Ok(Self { asked, is_over, thread })
    }

    /// How often it has asked so far.
    pub(super) fn asked(&self) -> u64 {
        self.asked.load(Relaxed)
    }

    /// How long each of the answers took that turned it away.
    pub(super) fn stop(self) -> Outcome<Vec<Duration>> {
        self.is_over.store(true, Relaxed);
        self.thread.join().map_err(|_| "the stranger has crashed")?
    }
}

/// Reads one answer. Whoever is turned away must be told when to come back.
fn is_turned_away(connection: &mut BufReader<TcpStream>) -> Outcome<bool> {
    let (mut head, mut line) = (String::new(), String::new());
    while connection.read_line(&mut line)? > 2 {
        head.push_str(&line.to_lowercase());
        line.clear();
    }
    let header = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let length = header("content-length:").ok_or("an answer without a length")?.parse()?;
    connection.read_exact(&mut vec![0; length])?;
    let is_turned_away = head.starts_with("http/1.1 503");
    if is_turned_away && header("retry-after:").is_none() {
        return Err("503 without Retry-After".into());
    }
    Ok(is_turned_away)
}
