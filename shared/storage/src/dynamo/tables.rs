//! Creates the tables of `infra/tables.json` where they are missing: on a laptop and in tests. In the cloud Terraform does.
//!
//! Change streams are left out. Nobody reads them here, and the embedded engine keeps every record of a stream for good and
//! looks through all of them with each write, so that a stack would become slower the longer it runs.

use super::DynamoTable;
use super::fault::{fault, read_fault};
use crate::{Schema, StorageError};
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::operation::create_table::CreateTableError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType, TimeToLiveSpecification,
    TimeToLiveStatus,
};

impl DynamoTable {
    /// Creates every missing table and turns on its TTL. Tables that exist are left as they are, so this may be repeated.
    ///
    /// # Errors
    /// [`StorageError`] of the engine; what was created before stays.
    pub async fn create_tables(&self, schemas: &[Schema]) -> Result<(), StorageError> {
        for schema in schemas {
            self.create_table(schema).await?;
            self.enable_ttl(schema).await?;
        }
        Ok(())
    }

    async fn create_table(&self, schema: &Schema) -> Result<(), StorageError> {
        let mut request = self
            .client
            .create_table()
            .table_name(self.physical_name(schema.name))
            .billing_mode(BillingMode::from(schema.billing_mode.as_str()));
        for (name, role) in [(&schema.partition_key, KeyType::Hash), (&schema.sort_key, KeyType::Range)] {
            let definition = AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S);
            let element = KeySchemaElement::builder().attribute_name(name).key_type(role);
            request = request.attribute_definitions(definition.build().map_err(unfit)?);
            request = request.key_schema(element.build().map_err(unfit)?);
        }
        match request.send().await {
            Ok(_) => Ok(()),
            Err(error) if error.as_service_error().is_some_and(CreateTableError::is_resource_in_use_exception) => {
                Ok(())
            }
            Err(error) => Err(read_fault(fault(error))),
        }
    }

    /// Turning TTL on twice is an error, so its state is asked for first.
    async fn enable_ttl(&self, schema: &Schema) -> Result<(), StorageError> {
        let table = self.physical_name(schema.name);
        let described = self.client.describe_time_to_live().table_name(&table).send().await;
        let described = described.map_err(|error| read_fault(fault(error)))?;
        let status = described.time_to_live_description().and_then(|ttl| ttl.time_to_live_status());
        if matches!(status, Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling)) {
            return Ok(());
        }
        let ttl = TimeToLiveSpecification::builder().enabled(true).attribute_name(&schema.ttl_attribute);
        let ttl = ttl.build().map_err(unfit)?;
        let request = self.client.update_time_to_live().table_name(table).time_to_live_specification(ttl);
        request.send().await.map(|_| ()).map_err(|error| read_fault(fault(error)))
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
fn unfit(cause: BuildError) -> StorageError {
    StorageError::Invalid(cause.to_string())
}
