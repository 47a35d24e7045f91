//! The table over `aws-sdk-dynamodb`: Amazon's service in the cloud, the embedded engine on a laptop, through the same code.
//!
//! `render` turns conditions into expressions, `calls` makes the requests, `fault` reads the errors, `retry` decides about
//! trying again, `usage` counts the cost, `tables` creates what is missing on a laptop, `scan` shows tests everything.

mod calls;
mod connection;
mod fault;
mod render;
mod retry;
mod scan;
mod tables;
mod usage;

pub use connection::{DynamoConfig, environment_credentials, http_client};
pub use retry::Backoff;
pub use usage::{TableUsage, Usage};

use crate::table::BoxFuture;
use crate::{Commit, CommitError, Committed, Consistency, Item, Key, Page, Query, StorageError, Table, TableName};
use aws_sdk_dynamodb::Client;
use retry::{Repeat, Retries};
use std::sync::Arc;

/// The tables of one deployment. Clones share the connection pool, the counters and the retry budget.
#[derive(Debug, Clone)]
pub struct DynamoTable {
    client: Client,
    prefix: String,
    retries: Arc<Retries>,
    usage: Arc<Usage>,
}

impl DynamoTable {
    /// A client for the deployment that `config` describes. Nothing is sent yet.
    pub async fn connect(config: DynamoConfig) -> Self {
        let client = connection::client(&config).await;
        let retries = Arc::new(Retries::new(config.backoff));
        Self { client, prefix: config.prefix, retries, usage: Arc::default() }
    }

    /// What the calls have cost so far.
    pub fn usage(&self) -> Arc<Usage> {
        Arc::clone(&self.usage)
    }

    fn physical_name(&self, table: TableName) -> String {
        format!("{}{}", self.prefix, table.as_str())
    }

    /// Runs `call` until it succeeds, fails for good, or has used up its attempts.
    async fn with_retries<T, F>(&self, table: TableName, repeat: Repeat, call: impl Fn() -> F) -> Result<T, CommitError>
    where
        F: Future<Output = Result<T, CommitError>>,
    {
        self.retries.begin();
        let mut failed = 0;
        loop {
            self.usage.count_request(table);
            let error = match call().await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            failed += 1;
            // Without entropy the pause is the longest one: slower, never wrong.
            let random = getrandom::u64().unwrap_or(u64::MAX);
            let Some(pause) = self.retries.pause(failed, &error, repeat, random) else { return Err(error) };
            tracing::debug!(table = table.as_str(), failed, %error, "repeating a call to the store");
            self.usage.count_retry();
            tokio::time::sleep(pause).await;
        }
    }
}

impl Table for DynamoTable {
    fn get<'a>(&'a self, key: &'a Key, consistency: Consistency) -> BoxFuture<'a, Result<Option<Item>, StorageError>> {
        Box::pin(async move {
            key.validate()?;
            let call = || self.get_item(key, consistency);
            self.with_retries(key.table, Repeat::Always, call).await.map_err(fault::read_fault)
        })
    }

    fn query(&self, query: Query) -> BoxFuture<'_, Result<Page, StorageError>> {
        Box::pin(async move {
            query.validate()?;
            let call = || self.query_page(&query);
            self.with_retries(query.table, Repeat::Always, call).await.map_err(fault::read_fault)
        })
    }

    fn commit(&self, commit: Commit) -> BoxFuture<'_, Result<Committed, CommitError>> {
        Box::pin(async move {
            commit.validate()?;
            let table = commit.writes[0].key().table;
            if commit.is_transaction() {
                let token = commit.token.clone().map_or_else(drawn_token, Ok)?;
                // Made once, since the same map made anew has another order: a repetition is the same to the byte.
                let members = self.members(&commit.writes)?;
                let call = || self.transact(&commit.writes, members.clone(), &token);
                return self.with_retries(table, Repeat::of(&commit), call).await;
            }
            let call = || self.write_alone(&commit.writes[0]);
            self.with_retries(table, Repeat::of(&commit), call).await
        })
    }
}

/// A token for a transaction whose caller has none, so that our own retries are void once one of them succeeded.
fn drawn_token() -> Result<String, StorageError> {
    let no_entropy = |cause: getrandom::Error| StorageError::Unavailable(cause.to_string());
    Ok(format!("{:016x}{:016x}", getrandom::u64().map_err(no_entropy)?, getrandom::u64().map_err(no_entropy)?))
}
