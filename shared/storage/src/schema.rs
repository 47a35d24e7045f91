//! The shape of the tables, read from `infra/tables.json`, which Terraform reads too: what is created on a laptop is what is
//! created in the cloud, but for the change streams.

use crate::{StorageError, TableName};
use serde::Deserialize;

const TABLES: &str = include_str!("../../../infra/tables.json");

/// One table of `infra/tables.json`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schema {
    /// The table.
    pub name: TableName,
    /// The attribute that holds the partition key, a string.
    pub partition_key: String,
    /// The attribute that holds the sort key, a string.
    pub sort_key: String,
    /// How capacity is paid for, in DynamoDB's spelling.
    pub billing_mode: String,
    /// The attribute that holds the second since 1970 after which an item may disappear.
    pub ttl_attribute: String,
    /// Whether the table can be restored to any second of the last 35 days.
    pub point_in_time_recovery: bool,
    /// What the change stream carries, in DynamoDB's spelling; `None` for no stream.
    pub stream_view_type: Option<String>,
}

impl Schema {
    /// Every table of Guildhall.
    ///
    /// # Errors
    /// [`StorageError::Undecodable`] when `infra/tables.json` has another shape.
    pub fn all() -> Result<Vec<Self>, StorageError> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Document {
            tables: Vec<Schema>,
        }
        let document: Document =
            serde_json::from_str(TABLES).map_err(|cause| StorageError::Undecodable(cause.to_string()))?;
        Ok(document.tables)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{PK, SK};

    #[test]
    fn the_file_describes_every_table_with_the_keys_that_the_code_uses() {
        let schemas = Schema::all().unwrap();
        let names: Vec<TableName> = schemas.iter().map(|schema| schema.name).collect();
        assert_eq!(names, TableName::ALL);
        for schema in schemas {
            assert_eq!((schema.partition_key.as_str(), schema.sort_key.as_str()), (PK, SK), "{:?}", schema.name);
            assert_eq!(schema.ttl_attribute, "expires_at");
            assert!(schema.point_in_time_recovery);
        }
    }
}
