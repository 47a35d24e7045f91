//! One function per request that Guildhall makes of DynamoDB; each is one attempt.

use super::DynamoTable;
use super::fault::fault;
use super::render::Rendered;
use crate::validity::normalized_item;
use crate::value::{PK, SK, with_key};
use crate::{Action, CommitError, Committed, Condition, Consistency, Item, Key, Page, Query, StorageError, Write};
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Delete, Put, ReturnConsumedCapacity, ReturnValue,
    ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};
use std::collections::HashMap;
use std::sync::Arc;

type Attributes = HashMap<String, AttributeValue>;

impl DynamoTable {
    pub(super) async fn get_item(&self, key: &Key, consistency: Consistency) -> Result<Option<Item>, CommitError> {
        let output = self
            .client
            .get_item()
            .table_name(self.physical_name(key.table))
            .set_key(Some(key_attributes(key)))
            .consistent_read(consistency == Consistency::Strong)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(fault)?;
        self.usage.count_read(key.table, output.consumed_capacity());
        Ok(output.item.map(Item::from))
    }

    pub(super) async fn query_page(&self, query: &Query) -> Result<Page, CommitError> {
        let prefix = query.sk_prefix.as_deref().filter(|prefix| !prefix.is_empty());
        let start = query.start_after.as_ref().map(|sk| Key::new(query.table, query.pk.as_str(), sk.as_str()));
        let mut request = self
            .client
            .query()
            .table_name(self.physical_name(query.table))
            .consistent_read(query.consistency == Consistency::Strong)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .set_limit(query.limit.map(|limit| i32::try_from(limit).unwrap_or(i32::MAX)))
            .set_exclusive_start_key(start.as_ref().map(key_attributes))
            .expression_attribute_names("#pk", PK)
            .expression_attribute_values(":pk", AttributeValue::S(query.pk.clone()));
        request = match prefix {
            None => request.key_condition_expression("#pk = :pk"),
            Some(prefix) => request
                .key_condition_expression("#pk = :pk AND begins_with(#sk, :sk)")
                .expression_attribute_names("#sk", SK)
                .expression_attribute_values(":sk", AttributeValue::S(prefix.to_owned())),
        };
        let output = request.send().await.map_err(fault)?;
        self.usage.count_read(query.table, output.consumed_capacity());
        let next = output.last_evaluated_key().and_then(|key| key.get(SK)).and_then(|sk| sk.as_s().ok()).cloned();
        let items = output.items.unwrap_or_default().into_iter().map(|item| Arc::new(Item::from(item))).collect();
        Ok(Page { items, next })
    }

    /// A single write without a token.
    pub(super) async fn write_alone(&self, write: &Write) -> Result<Committed, CommitError> {
        match write {
            Write::Put { key, item, .. } => self.put_alone(write, with_key(key, item.clone())).await,
            Write::Update { key, actions, condition } => self.update_alone(key, actions, condition).await,
            Write::Delete { .. } => self.delete_alone(write).await,
            Write::Check { .. } => Err(StorageError::Invalid("a commit of a single check".to_owned()).into()),
        }
    }

    async fn put_alone(&self, write: &Write, item: Item) -> Result<Committed, CommitError> {
        let rendered = Rendered::new(&[], write.condition());
        let output = self
            .client
            .put_item()
            .table_name(self.physical_name(write.key().table))
            .set_item(Some(item.clone().into()))
            .set_expression_attribute_names(rendered.names())
            .set_expression_attribute_values(rendered.values())
            .set_condition_expression(rendered.condition)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(fault)?;
        self.usage.count_write(write.key().table, output.consumed_capacity());
        Ok(Committed { returned: Some(normalized_item(item)) })
    }

    async fn update_alone(
        &self,
        key: &Key,
        actions: &[Action],
        condition: &Condition,
    ) -> Result<Committed, CommitError> {
        let rendered = Rendered::new(actions, condition);
        let output = self
            .client
            .update_item()
            .table_name(self.physical_name(key.table))
            .set_key(Some(key_attributes(key)))
            .set_expression_attribute_names(rendered.names())
            .set_expression_attribute_values(rendered.values())
            .set_update_expression(rendered.update)
            .set_condition_expression(rendered.condition)
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(fault)?;
        self.usage.count_write(key.table, output.consumed_capacity());
        Ok(Committed { returned: output.attributes.map(Item::from) })
    }

    async fn delete_alone(&self, write: &Write) -> Result<Committed, CommitError> {
        let rendered = Rendered::new(&[], write.condition());
        let output = self
            .client
            .delete_item()
            .table_name(self.physical_name(write.key().table))
            .set_key(Some(key_attributes(write.key())))
            .set_expression_attribute_names(rendered.names())
            .set_expression_attribute_values(rendered.values())
            .set_condition_expression(rendered.condition)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(fault)?;
        self.usage.count_write(write.key().table, output.consumed_capacity());
        Ok(Committed::default())
    }

    /// The writes of a transaction, as it is sent.
    pub(super) fn members(&self, writes: &[Write]) -> Result<Vec<TransactWriteItem>, StorageError> {
        let members = writes.iter().map(|write| self.member(write)).collect::<Result<_, _>>();
        members.map_err(|cause: BuildError| StorageError::Invalid(cause.to_string()))
    }

    pub(super) async fn transact(
        &self,
        writes: &[Write],
        members: Vec<TransactWriteItem>,
        token: &str,
    ) -> Result<Committed, CommitError> {
        let output = self
            .client
            .transact_write_items()
            .set_transact_items(Some(members))
            .client_request_token(token)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(fault)?;
        for consumed in output.consumed_capacity() {
            let used = writes.iter().map(|write| write.key().table);
            let table = used.into_iter().find(|table| consumed.table_name() == Some(&self.physical_name(*table)));
            if let Some(table) = table {
                self.usage.count_write(table, Some(consumed));
            }
        }
        Ok(Committed::default())
    }

    fn member(&self, write: &Write) -> Result<TransactWriteItem, BuildError> {
        let table = self.physical_name(write.key().table);
        let key = Some(key_attributes(write.key()));
        let on_failure = ReturnValuesOnConditionCheckFailure::AllOld;
        let member = TransactWriteItem::builder();
        let member = match write {
            Write::Put { key, item, condition } => {
                let rendered = Rendered::new(&[], condition);
                let put = Put::builder().table_name(table).set_item(Some(with_key(key, item.clone()).into()));
                let put = put.set_expression_attribute_names(rendered.names());
                let put = put.set_expression_attribute_values(rendered.values());
                let put = put.set_condition_expression(rendered.condition);
                member.put(put.return_values_on_condition_check_failure(on_failure).build()?)
            }
            Write::Update { actions, condition, .. } => {
                let rendered = Rendered::new(actions, condition);
                let update = Update::builder().table_name(table).set_key(key);
                let update = update.set_expression_attribute_names(rendered.names());
                let update = update.set_expression_attribute_values(rendered.values());
                let update = update.set_update_expression(rendered.update).set_condition_expression(rendered.condition);
                member.update(update.return_values_on_condition_check_failure(on_failure).build()?)
            }
            Write::Delete { condition, .. } => {
                let rendered = Rendered::new(&[], condition);
                let delete = Delete::builder().table_name(table).set_key(key);
                let delete = delete.set_expression_attribute_names(rendered.names());
                let delete = delete.set_expression_attribute_values(rendered.values());
                let delete = delete.set_condition_expression(rendered.condition);
                member.delete(delete.return_values_on_condition_check_failure(on_failure).build()?)
            }
            Write::Check { condition, .. } => {
                let rendered = Rendered::check(condition);
                let check = ConditionCheck::builder().table_name(table).set_key(key);
                let check = check.set_expression_attribute_names(rendered.names());
                let check = check.set_expression_attribute_values(rendered.values());
                let check = check.set_condition_expression(rendered.condition);
                member.condition_check(check.return_values_on_condition_check_failure(on_failure).build()?)
            }
        };
        Ok(member.build())
    }
}

fn key_attributes(key: &Key) -> Attributes {
    HashMap::from([
        (PK.to_owned(), AttributeValue::S(key.pk.clone())),
        (SK.to_owned(), AttributeValue::S(key.sk.clone())),
    ])
}
