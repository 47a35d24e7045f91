//! `guildhall publish`: checks the content of the folder and puts it in force in the deployment that the environment names, as the
//! functions of that deployment are told of it. The local stack needs no such command: it publishes when it starts.

use super::settings::Settings;
use super::{complain, say};
use crate::content::{self, LoadedContent};
use guildhall_storage::dynamo::{DynamoConfig, DynamoTable};
use std::error::Error;
use std::process::ExitCode;

/// Without it the tables would be somebody's by default.
const TABLE_PREFIX: &str = "GUILDHALL_TABLE_PREFIX";

/// The subcommand.
pub(super) async fn run(settings: &Settings) -> ExitCode {
    match try_run(settings).await {
        Ok(LoadedContent { version, entries, .. }) => {
            say(&format!("content {version} with {} entries is in force", entries.len()));
            ExitCode::SUCCESS
        }
        Err(error) => {
            complain(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

async fn try_run(settings: &Settings) -> Result<LoadedContent, Box<dyn Error + Send + Sync>> {
    if std::env::var_os(TABLE_PREFIX).is_none_or(|prefix| prefix.is_empty()) {
        return Err(format!("{TABLE_PREFIX} does not say where, for example guildhall-dev-").into());
    }
    let content = content::load(&settings.content)?;
    let table = DynamoTable::connect(DynamoConfig::from_environment()).await;
    content.publish(&table).await?;
    Ok(content)
}
