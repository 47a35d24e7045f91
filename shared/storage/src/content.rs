//! The published content: the whole bundle in one row, the version in force in a row of its own that is cheap to look at,
//! and one row per entry and version.
//!
//! The rows of the entries are written first and never change. The bundle and the version change in one transaction, so
//! whoever reads either sees one version, whole.

use crate::{
    Commit, CommitError, Condition, Consistency, Key, StorageError, TRANSACTION_WRITES_MAX, Table, TableName, Write,
    decode,
};
use serde::{Deserialize, Serialize};

/// A published bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// Its version, 16 hexadecimal digits.
    pub version: String,
    /// The canonical JSON of the content.
    pub body: String,
}

/// One entry of a published bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedEntry {
    /// Its kind, as in an address.
    pub kind: String,
    /// Its id.
    pub id: String,
    /// Its canonical JSON.
    pub body: String,
}

/// Which version is in force.
#[derive(Serialize, Deserialize)]
struct InForce {
    version: String,
}

fn bundle_key() -> Key {
    Key::new(TableName::Content, "bundle", "current")
}

fn version_key() -> Key {
    Key::new(TableName::Content, "version", "current")
}

fn entry_key(version: &str, kind: &str, id: &str) -> Key {
    Key::new(TableName::Content, format!("entries#{version}"), format!("{kind}#{id}"))
}

/// The bundle in force.
pub async fn current(table: &dyn Table) -> Result<Option<Published>, StorageError> {
    table.get(&bundle_key(), Consistency::Strong).await?.map(decode).transpose()
}

/// The version in force: one capacity unit, however large the content is.
pub async fn version(table: &dyn Table) -> Result<Option<String>, StorageError> {
    let row = table.get(&version_key(), Consistency::Strong).await?.map(decode::<InForce>).transpose()?;
    Ok(row.map(|row| row.version))
}

/// One entry of a version, as it was published.
pub async fn entry(
    table: &dyn Table,
    version: &str,
    kind: &str,
    id: &str,
) -> Result<Option<PublishedEntry>, StorageError> {
    table.get(&entry_key(version, kind, id), Consistency::Strong).await?.map(decode).transpose()
}

/// Puts a bundle in force. One that is in force already costs the look at its version.
pub async fn publish(table: &dyn Table, bundle: &Published, entries: &[PublishedEntry]) -> Result<(), CommitError> {
    if version(table).await?.as_ref() == Some(&bundle.version) {
        return Ok(());
    }
    for some in entries.chunks(TRANSACTION_WRITES_MAX) {
        let write = |entry: &PublishedEntry| {
            Write::put(entry_key(&bundle.version, &entry.kind, &entry.id), entry, Condition::Always)
        };
        let writes: Vec<Write> = some.iter().map(write).collect::<Result<_, _>>()?;
        table.commit(Commit::all(writes)).await?;
    }
    let in_force = InForce { version: bundle.version.clone() };
    let bundle = Write::put(bundle_key(), bundle, Condition::Always)?;
    let version = Write::put(version_key(), &in_force, Condition::Always)?;
    table.commit(Commit::all([bundle, version])).await.map(drop)
}
