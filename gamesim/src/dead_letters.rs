//! Where what could not be written is kept: a file with one JSON object per line, on the disk before anybody goes on. It
//! survives the process; it is redriven through the API's own fenced writes, never behind its back.

use crate::exchange::DeadLetter;
use guildhall_domain::GamesimId;
use serde::Serialize;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

/// Who keeps dead letters.
#[derive(Debug, Clone)]
pub enum Letters {
    /// This file.
    File(PathBuf),
    /// Somebody in the same process, who is told each as a line.
    Told(tokio::sync::mpsc::UnboundedSender<String>),
}

/// The dead letters of one game sim.
#[derive(Debug)]
pub(crate) struct DeadLetters {
    letters: Letters,
    gamesim_id: GamesimId,
    /// One letter at a time, so that lines stay whole.
    turn: Mutex<()>,
}

#[derive(Serialize)]
struct Line<'a> {
    at_ms: u64,
    gamesim_id: &'a GamesimId,
    #[serde(flatten)]
    letter: &'a DeadLetter,
}

impl DeadLetters {
    pub(crate) const fn new(letters: Letters, gamesim_id: GamesimId) -> Self {
        Self { letters, gamesim_id, turn: Mutex::new(()) }
    }

    /// Adds a letter and returns when it is safe.
    pub(crate) async fn keep(self: Arc<Self>, at_ms: u64, letter: DeadLetter) -> io::Result<()> {
        match &self.letters {
            Letters::File(_) => tokio::task::spawn_blocking(move || self.append(at_ms, &letter)).await?,
            Letters::Told(told) => {
                let line = serde_json::to_string(&Line { at_ms, gamesim_id: &self.gamesim_id, letter: &letter })?;
                told.send(line).map_err(io::Error::other)
            }
        }
    }

    fn append(&self, at_ms: u64, letter: &DeadLetter) -> io::Result<()> {
        let Letters::File(path) = &self.letters else { return Ok(()) };
        let mut line = serde_json::to_vec(&Line { at_ms, gamesim_id: &self.gamesim_id, letter })?;
        line.push(b'\n');
        let _turn = self.turn.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut file = OpenOptions::new().create(true).append(true).open(path)?;
        file.write_all(&line)?;
        file.sync_all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::BurialReason;
    use guildhall_domain::progress::{CharacterWrite, ProgressGroup};
    use guildhall_domain::{AccountId, CharacterId, HotState, SessionId};

    #[test]
    fn letters_are_lines_that_can_be_redriven() {
        let path = std::env::temp_dir().join(format!("guildhall-dead-letters-{}", std::process::id()));
        let letters = DeadLetters::new(Letters::File(path.clone()), "sim-1".parse().unwrap());
        let write = CharacterWrite {
            character_id: CharacterId::from_bits(1),
            account_id: AccountId::from_bits(2),
            seq: 3,
            base_version: 4,
            hot: HotState::default(),
            release: true,
        };
        let group = ProgressGroup { writes: vec![write] };
        let letter = DeadLetter {
            reason: BurialReason::Abandoned,
            session_id: SessionId::from_bits(5),
            gamesim_epoch: 6,
            session_epoch: 7,
            group: group.clone(),
        };
        letters.append(10, &letter).unwrap();
        letters.append(11, &letter).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 2);
        assert_eq!((&lines[1]["at_ms"], &lines[1]["gamesim_id"]), (&11.into(), &"sim-1".into()));
        assert_eq!((&lines[0]["gamesim_epoch"], &lines[0]["session_epoch"]), (&6.into(), &7.into()));
        assert_eq!(lines[0]["reason"], "abandoned");
        assert_eq!(serde_json::from_value::<ProgressGroup>(lines[0]["group"].clone()).unwrap(), group);
    }
}
