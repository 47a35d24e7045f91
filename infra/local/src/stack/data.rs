//! The data folder: what is in it, and the lock that keeps a second stack out of it.

use super::StartError;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

/// A data folder that is ours while this value lives.
#[derive(Debug)]
pub(super) struct DataFolder {
    path: PathBuf,
    _lock: File,
}

impl DataFolder {
    /// Makes the folder if need be and takes it.
    pub(super) fn take(path: &Path) -> Result<Self, StartError> {
        let refuse = |cause| StartError::DataFolder { path: path.to_owned(), cause };
        for folder in [path.to_owned(), path.join("logs"), path.join("dead-letters")] {
            std::fs::create_dir_all(folder).map_err(refuse)?;
        }
        let lock = OpenOptions::new().write(true).create(true).truncate(false).open(path.join("lock"));
        let lock = lock.map_err(refuse)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(StartError::DataInUse(path.to_owned())),
            Err(TryLockError::Error(cause)) => Err(refuse(cause)),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn database(&self) -> PathBuf {
        self.path.join("dynamodb.sqlite")
    }

    pub(super) fn object_store(&self) -> PathBuf {
        object_store_folder(&self.path)
    }

    /// The file with the keys of somebody who calls `/internal/…` by hand.
    pub(super) fn keys(&self, whose: &str) -> PathBuf {
        self.path.join(format!("{whose}.env"))
    }

    pub(super) fn log(&self, gamesim: &str) -> PathBuf {
        self.path.join("logs").join(format!("{gamesim}.log"))
    }

    /// The file with the domain events.
    pub(super) fn events(&self) -> PathBuf {
        self.path.join("events.ndjson")
    }

    /// The file that says where the API or a game sim serves its metrics.
    pub(super) fn metrics_targets(&self, whose: &str) -> PathBuf {
        self.path.join("metrics").join(format!("{whose}.json"))
    }

    pub(super) fn dead_letters(&self, gamesim: &str) -> PathBuf {
        self.path.join("dead-letters").join(format!("{gamesim}.jsonl"))
    }
}

/// Where the object store of a data folder keeps its buckets.
pub(crate) fn object_store_folder(data: &Path) -> PathBuf {
    data.join("s3")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Folder;

    #[test]
    fn a_folder_has_one_owner_at_a_time() {
        let scratch = Folder::new("data");
        let path = scratch.path().join("a/b");
        let data = DataFolder::take(&path).unwrap();
        assert!(data.log("sim-1").parent().unwrap().is_dir());
        let error = DataFolder::take(&path).unwrap_err();
        assert!(matches!(&error, StartError::DataInUse(_)), "{error}");
        drop(data);
        assert!(DataFolder::take(&path).is_ok());
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_one_clear_line() {
        let scratch = Folder::new("data");
        let file = scratch.path().join("file");
        std::fs::write(&file, "").unwrap();
        let text = DataFolder::take(&file.join("below")).unwrap_err().to_string();
        assert!(text.starts_with("cannot use the data folder ") && text.contains("GUILDHALL_DATA"), "{text}");
        assert_eq!(text.lines().count(), 1);
    }
}
