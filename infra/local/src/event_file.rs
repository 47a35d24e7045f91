//! EventBridge, on a laptop: domain events as lines of JSON, which `make events` follows. Whoever writes to the database hands
//! changes over and goes on; a thread of its own turns them into events and writes those down. More than it can take is lost,
//! and counted.

use guildhall_domain::Timestamp;
use guildhall_storage::Change;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

/// Changes that wait to be written down.
const CHANGES_WAITING_MAX: usize = 8_192;
/// Changes that are written in one go.
const CHANGES_AT_ONCE_MAX: usize = 256;
/// Length at which the file is put aside for another, in bytes.
const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;

enum Message {
    Changed(Timestamp, Box<Change>),
    End,
}

/// A file that events are appended to until [`EventFile::finish`].
#[derive(Debug)]
pub struct EventFile {
    to_writer: SyncSender<Message>,
    lost: Arc<AtomicU64>,
    writer: JoinHandle<()>,
}

impl EventFile {
    /// Opens or creates the file.
    ///
    /// # Errors
    /// Those of the file and of starting a thread.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut pages = Pages::open(path)?;
        let (to_writer, changes) = sync_channel(CHANGES_WAITING_MAX);
        let writer = std::thread::Builder::new().name("events".to_owned());
        let writer = writer.spawn(move || write_down(&changes, &mut pages))?;
        Ok(Self { to_writer, lost: Arc::default(), writer })
    }

    /// What takes a change in, without ever waiting.
    pub fn listener(&self) -> impl Fn(Timestamp, Change) + Send + Sync + use<> {
        let (to_writer, lost) = (self.to_writer.clone(), Arc::clone(&self.lost));
        move |at, change| {
            if to_writer.try_send(Message::Changed(at, Box::new(change))).is_err()
                && lost.fetch_add(1, Ordering::Relaxed) == 0
            {
                tracing::warn!("events are lost: more happens than can be written down");
            }
        }
    }

    /// Writes down what waits, and closes the file. Blocks until that is done; gives the number of changes that were lost.
    pub fn finish(self) -> u64 {
        // It fails only where the writer has ended, which joining tells.
        let _ = self.to_writer.send(Message::End);
        if self.writer.join().is_err() {
            tracing::error!("the writer of events has panicked");
        }
        self.lost.load(Ordering::Relaxed)
    }
}

fn write_down(changes: &Receiver<Message>, pages: &mut Pages) {
    let mut has_ended = false;
    while !has_ended {
        let Ok(first) = changes.recv() else { return };
        let mut lines = String::new();
        for message in std::iter::once(first).chain(changes.try_iter()).take(CHANGES_AT_ONCE_MAX) {
            match message {
                Message::Changed(at, change) => append(&mut lines, at, &change),
                Message::End => has_ended = true,
            }
        }
        if let Err(error) = pages.write(&lines) {
            tracing::error!(%error, "events could not be written down");
        }
    }
}

fn append(lines: &mut String, at: Timestamp, change: &Change) {
    let events = match change.events(at) {
        Ok(events) => events,
        Err(error) => return tracing::error!(%error, key = ?change.key, "a change cannot be told of"),
    };
    for line in events.iter().filter_map(|event| serde_json::to_string(event).ok()) {
        lines.push_str(&line);
        lines.push('\n');
    }
}

/// The file, and the one before it.
struct Pages {
    path: PathBuf,
    file: File,
    bytes: u64,
}

impl Pages {
    fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        let bytes = file.metadata()?.len();
        Ok(Self { path: path.to_owned(), file, bytes })
    }

    /// Whole lines in one call, so that a kill leaves no half ones.
    fn write(&mut self, lines: &str) -> io::Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        if self.bytes >= FILE_BYTES_MAX {
            std::fs::rename(&self.path, self.path.with_extension("before.ndjson"))?;
            *self = Self::open(&self.path)?;
        }
        self.file.write_all(lines.as_bytes())?;
        self.bytes += lines.len() as u64;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
