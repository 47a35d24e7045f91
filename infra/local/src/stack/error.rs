//! Why the stack does not start, in one clear line each: a newcomer reads it first.

use crate::content::ContentProblems;
use crate::engine::EngineError;
use crate::secrets::SecretsError;
use guildhall_storage::{CommitError, StorageError};
use std::path::PathBuf;

/// Why the stack does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data folder cannot be made or written.
    #[error("cannot use the data folder {}: {cause} (set GUILDHALL_DATA to another one)", path.display())]
    DataFolder {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        cause: std::io::Error,
    },
    /// Another stack uses the data folder.
    #[error("another stack is running on the data folder {} (set GUILDHALL_DATA to another one)", .0.display())]
    DataInUse(PathBuf),
    /// The content has mistakes.
    #[error(transparent)]
    Content(#[from] ContentProblems),
    /// Another program listens on the port.
    #[error("port {0} is in use by another program (set PORT to another one)")]
    PortInUse(u16),
    /// The port cannot be had for another reason.
    #[error("cannot listen on port {port}: {cause} (set PORT to another one)")]
    Port {
        /// The port.
        port: u16,
        /// What the system says.
        cause: std::io::Error,
    },
    /// The keys cannot be read or made.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// The embedded database does not start.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The database does not do what is asked of it.
    #[error("the database at {endpoint} does not work: {cause}")]
    Database {
        /// Its URL.
        endpoint: String,
        /// What it says.
        cause: CommitError,
    },
    /// The embedded object store does not start.
    #[error("cannot start the object store in {}: {cause}", folder.display())]
    ObjectStore {
        /// Its folder.
        folder: PathBuf,
        /// What the system says.
        cause: std::io::Error,
    },
    /// A game sim does not come up.
    #[error("the game sim {name} did not come up: {cause} (its log is {})", log.display())]
    Gamesim {
        /// Its name.
        name: String,
        /// What is known.
        cause: String,
        /// Where it writes.
        log: PathBuf,
    },
    /// The system refuses something that it never should.
    #[error("cannot start: {0}")]
    System(String),
}

impl StartError {
    pub(super) fn database(endpoint: &str) -> impl Fn(CommitError) -> Self {
        move |cause| Self::Database { endpoint: endpoint.to_owned(), cause }
    }

    pub(super) fn storage(endpoint: &str) -> impl Fn(StorageError) -> Self {
        move |cause| Self::Database { endpoint: endpoint.to_owned(), cause: cause.into() }
    }

    pub(super) fn system(cause: impl std::fmt::Display) -> Self {
        Self::System(cause.to_string())
    }
}
