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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ROUTES;
    use crate::app::{Config, Secrets};
    use guildhall_domain::Timestamp;
    use guildhall_storage::memory::MemoryTable;
    use guildhall_storage::{StorageError, content};

    fn app() -> App {
        let access = SigningKeys::new(vec![("1".to_owned(), vec![1; 32])]).unwrap();
        App::new(Config {
            routes: ROUTES.to_vec(),
            table: Arc::new(MemoryTable::new()),
            secrets: Secrets::all(access, SealingKey::new([2; 32]), DerivationKey::new([3; 32])),
            gamesim_role: String::new(),
            operator_role: String::new(),
            clock: Arc::new(|| Timestamp(0)),
            entropy: Arc::new(|bytes| bytes.fill(4)),
            tracer: guildhall_telemetry::Tracer::default(),
        })
    }

    #[tokio::test]
    async fn a_scope_reaches_what_is_granted_and_nothing_else() {
        let app = app();
        for secret in Secret::ALL {
            let scope = Scope::new(&app, Grants::NONE.with(secret));
            let refused = [
                (Secret::AccessKey, scope.access_keys().err()),
                (Secret::DerivationKey, scope.derivation().err()),
                (Secret::SealingKey, scope.sealing().err()),
            ];
            for (other, error) in refused {
                assert_eq!(
                    error.map(|error| error.status()),
                    (other != secret).then_some(500),
                    "{other:?} by {secret:?}"
                );
            }
        }
        let scope = Scope::new(&app, Grants::NONE.on(TableName::Accounts, &[Operation::Get]));
        let denied = StorageError::Denied(TableName::Content, Operation::Get);
        assert_eq!(content::version(&scope.table).await, Err(denied));
        assert_eq!(scope.content().await.unwrap_err().status(), 500);
        let scope = Scope::new(&app, Grants::NONE.on(TableName::Content, &[Operation::Get]));
        assert_eq!(content::version(&scope.table).await, Ok(None));
    }

    #[test]
    fn a_process_has_no_secret_that_it_was_not_given() {
        let mut app = app();
        app.secrets.sealing = None;
        let scope = Scope::new(&app, Grants::NONE.with(Secret::SealingKey));
        assert_eq!(scope.sealing().err().map(|error| error.status()), Some(500));
    }

    #[test]
    fn grants_add_up() {
        let one = Grants::NONE.with(Secret::AccessKey).on(TableName::Events, &[Operation::Put]);
        let both = one.and(Grants::NONE.with(Secret::SealingKey).on(TableName::Events, &[Operation::Query]));
        assert!(both.has(Secret::AccessKey) && both.has(Secret::SealingKey) && !both.has(Secret::DerivationKey));
        let operations: Vec<_> = both.tables().on_table(TableName::Events).collect();
        assert_eq!(operations, [Operation::Put, Operation::Query]);
    }
}
