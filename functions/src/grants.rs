//! What a route may reach: operations on tables, and secrets. Each endpoint declares it, and its kind of caller adds what it
//! takes to identify one. In the cloud, IAM grants the function this and nothing more; on every machine a handler sees the
//! product's parts through a [`Scope`], which refuses the rest.

use crate::app::App;
use crate::content::in_force::LoadedContent;
use crate::error::ApiError;
use guildhall_auth::{DerivationKey, SealingKey, SigningKeys};
use guildhall_storage::{Operation, Permissions, Permitted, TableName};
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// A secret of the deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secret {
    /// Signs access tokens.
    AccessKey,
    /// Turns words into ids and proves what we have issued.
    DerivationKey,
    /// Seals game sims' connect keys.
    SealingKey,
}

impl Secret {
    /// Every secret, in the order of their names.
    pub const ALL: [Self; 3] = [Self::AccessKey, Self::DerivationKey, Self::SealingKey];

    /// The environment variable that a Lambda function finds it in.
    pub const fn variable(self) -> &'static str {
        match self {
            Self::AccessKey => "GUILDHALL_ACCESS_KEY",
            Self::DerivationKey => "GUILDHALL_DERIVATION_KEY",
            Self::SealingKey => "GUILDHALL_SEALING_KEY",
        }
    }
}

/// What may be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Grants {
    tables: Permissions,
    secrets: u8,
}

impl Grants {
    /// Nothing.
    pub const NONE: Self = Self { tables: Permissions::NONE, secrets: 0 };

    /// These operations on a table, beside what there is.
    #[must_use]
    pub const fn on(self, table: TableName, operations: &[Operation]) -> Self {
        Self { tables: self.tables.on(table, operations), ..self }
    }

    /// A secret, beside what there is.
    #[must_use]
    pub const fn with(self, secret: Secret) -> Self {
        Self { secrets: self.secrets | 1 << secret as u8, ..self }
    }

    /// Everything of both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self { tables: self.tables.and(other.tables), secrets: self.secrets | other.secrets }
    }

    /// The operations on tables.
    pub const fn tables(self) -> Permissions {
        self.tables
    }

    /// Whether this secret is granted.
    pub const fn has(self, secret: Secret) -> bool {
        self.secrets & 1 << secret as u8 != 0
    }
}

/// The product's parts as far as a route's grants go. Everything that takes no grant is an [`App`]'s as it is.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    app: &'a App,
    grants: Grants,
    /// The database.
    pub(crate) table: Permitted<'a>,
}

impl fmt::Debug for Scope<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").field("grants", &self.grants).finish_non_exhaustive()
    }
}

impl Deref for Scope<'_> {
    type Target = App;

    fn deref(&self) -> &App {
        self.app
    }
}

impl<'a> Scope<'a> {
    /// So much of the product's parts.
    pub(crate) fn new(app: &'a App, grants: Grants) -> Self {
        Self { app, grants, table: Permitted::new(&**app.table(), grants.tables) }
    }

    /// The content in force. Whoever asks twice in one request may get two versions; keep the first.
    pub(crate) async fn content(&self) -> Result<Arc<LoadedContent>, ApiError> {
        self.app.content.read(&self.table, self.now()).await
    }

    /// Keys of access tokens.
    pub(crate) fn access_keys(&self) -> Result<&'a SigningKeys, ApiError> {
        self.secret(Secret::AccessKey, &self.app.secrets.access)
    }

    /// Key that turns words into ids.
    pub(crate) fn derivation(&self) -> Result<&'a DerivationKey, ApiError> {
        self.secret(Secret::DerivationKey, &self.app.secrets.derivation)
    }

    /// Key that seals game sims' connect keys.
    pub(crate) fn sealing(&self) -> Result<&'a SealingKey, ApiError> {
        self.secret(Secret::SealingKey, &self.app.secrets.sealing)
    }

    fn secret<T>(&self, secret: Secret, held: &'a Option<T>) -> Result<&'a T, ApiError> {
        let held = held.as_ref().filter(|_| self.grants.has(secret));
        held.ok_or_else(|| ApiError::internal(format!("the secret {} is not granted", secret.variable())))
    }

    /// Does what the first request would otherwise pay for: opens the connection to the database and reads the content.
    pub(crate) async fn warm_up(&self) {
        let reads_content = self.grants.tables.allow(TableName::Content, Operation::Get);
        let warmed = if reads_content {
            self.content().await.map(drop)
        } else {
            self.table.open_connection().await.map_err(ApiError::from)
        };
        if let Err(error) = warmed {
            tracing::warn!(?error, "warm-up failed; the first request will try again");
        }
    }
}
