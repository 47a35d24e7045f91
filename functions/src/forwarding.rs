//! Domain events on their way out: what DynamoDB's streams tell of characters and sessions becomes events on EventBridge. The
//! function `forward-events` has no route; Lambda hands it a batch of changes after the fact, so no request waits for it or
//! fails with it.
//!
//! Changes of one row come in order and are told in order: what cannot be told holds back what follows, until Lambda gives it
//! up and keeps it in a queue.

use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::config::timeout::TimeoutConfig;
use aws_sdk_eventbridge::config::{BehaviorVersion, Builder, Credentials, Region};
use aws_sdk_eventbridge::error::DisplayErrorContext;
use aws_sdk_eventbridge::primitives::DateTime;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use guildhall_domain::Timestamp;
use guildhall_domain::domain_event::{DomainEvent, SOURCE};
use guildhall_storage::dynamo::http_client;
use guildhall_storage::{AttributeValue, Change, Item, Key, StorageError, TOLD_OF};
use lambda_http::lambda_runtime::{self, LambdaEvent};
use lambda_http::{Error, service_fn};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// Most events in one call (EventBridge, "PutEvents").
const EVENTS_PER_CALL_MAX: usize = 10;
/// How long one attempt may take, in milliseconds.
const ATTEMPT_TIMEOUT_MS: u64 = 3_000;

/// What Lambda hands over.
#[derive(Debug, Deserialize)]
pub struct StreamBatch {
    /// Changes, those of one row in order.
    #[serde(rename = "Records")]
    pub records: Vec<StreamRecord>,
}

/// A change as DynamoDB's streams tell of it.
#[derive(Debug, Deserialize)]
pub struct StreamRecord {
    #[serde(rename = "eventSourceARN")]
    source: String,
    dynamodb: Images,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Images {
    /// Seconds since 1970.
    approximate_creation_date_time: f64,
    keys: Item,
    old_image: Option<Item>,
    new_image: Option<Item>,
    sequence_number: String,
}

impl StreamRecord {
    /// What happened, in order.
    ///
    /// # Errors
    /// [`StorageError::Undecodable`] for what is no change of one of our rows.
    pub fn events(&self) -> Result<Vec<DomainEvent>, StorageError> {
        let undecodable = |what: &str| StorageError::Undecodable(format!("{what} of {}", self.source));
        let text = |name: &str| match self.dynamodb.keys.get(name) {
            Some(AttributeValue::S(text)) => Ok(text.clone()),
            _ => Err(undecodable("the key")),
        };
        // arn:aws:dynamodb:REGION:ACCOUNT:table/PREFIXNAME/stream/WHEN
        let table = self.source.split('/').nth(1).unwrap_or_default();
        let table = TOLD_OF.into_iter().find(|known| table.ends_with(known.as_str()));
        let table = table.ok_or_else(|| undecodable("the table"))?;
        let Images { old_image, new_image, .. } = &self.dynamodb;
        let key = Key::new(table, text("pk")?, text("sk")?);
        let change = Change { key, before: old_image.clone(), after: new_image.clone() };
        change.events(Timestamp((self.dynamodb.approximate_creation_date_time * 1_000.0) as u64))
    }
}

/// What Lambda is told: from where on to hand over again.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Leftovers {
    #[serde(rename = "batchItemFailures")]
    failures: Vec<Failure>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
struct Failure {
    #[serde(rename = "itemIdentifier")]
    sequence_number: String,
}

impl Leftovers {
    fn from(sequence_number: &str) -> Self {
        Self { failures: vec![Failure { sequence_number: sequence_number.to_owned() }] }
    }
}

/// An event bus.
#[derive(Debug)]
pub struct Forwarder {
    client: Client,
    bus: String,
}

impl Forwarder {
    /// The bus of that name. Nothing is sent yet. `endpoint` is the URL of another EventBridge than Amazon's.
    pub fn new(bus: &str, region: &str, credentials: Credentials, endpoint: Option<String>) -> Self {
        let timeouts = TimeoutConfig::builder().operation_attempt_timeout(Duration::from_millis(ATTEMPT_TIMEOUT_MS));
        let mut sdk = Builder::new()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region.to_owned()))
            .http_client(http_client())
            .credentials_provider(credentials)
            .timeout_config(timeouts.build());
        sdk.set_endpoint_url(endpoint);
        Self { client: Client::from_conf(sdk.build()), bus: bus.to_owned() }
    }

    fn from_environment() -> Result<Self, Error> {
        let variable = |name: &str| std::env::var(name).map_err(|_| format!("{name} is not set"));
        let (id, secret) = (variable("AWS_ACCESS_KEY_ID")?, variable("AWS_SECRET_ACCESS_KEY")?);
        let credentials = Credentials::new(id, secret, variable("AWS_SESSION_TOKEN").ok(), None, "environment");
        let endpoint = variable("EVENTBRIDGE_ENDPOINT").ok();
        Ok(Self::new(&variable("GUILDHALL_EVENT_BUS")?, &variable("AWS_REGION")?, credentials, endpoint))
    }

    /// Tells of a batch, in order. What could not be told, and what follows it, is left over.
    pub async fn forward(&self, batch: &StreamBatch) -> Leftovers {
        let mut told = Vec::new();
        let mut unreadable = Leftovers::default();
        for record in &batch.records {
            let sequence_number = record.dynamodb.sequence_number.as_str();
            match record.events() {
                Ok(events) => told.extend(events.into_iter().map(|event| (sequence_number, event))),
                Err(error) => {
                    tracing::error!(%error, sequence_number, "a change cannot be told of");
                    unreadable = Leftovers::from(sequence_number);
                    break;
                }
            }
        }
        for events in told.chunks(EVENTS_PER_CALL_MAX) {
            if let Err(sequence_number) = self.put(events).await {
                return Leftovers::from(sequence_number);
            }
        }
        unreadable
    }

    /// Sends up to ten events. The error names the change that the first of them comes from that was not taken.
    async fn put<'a>(&self, events: &[(&'a str, DomainEvent)]) -> Result<(), &'a str> {
        let first = events.first().map_or("", |(sequence_number, _)| sequence_number);
        let entries: Vec<_> = events.iter().map(|(_, event)| self.entry(event)).collect();
        let answer = self.client.put_events().set_entries(Some(entries)).send().await;
        let answer = answer.map_err(|error| {
            tracing::warn!(error = %DisplayErrorContext(error), "events were not sent");
            first
        })?;
        let mut entries = answer.entries().iter().zip(events);
        let Some((refused, (sequence_number, event))) = entries.find(|(entry, _)| entry.error_code().is_some()) else {
            return Ok(());
        };
        let (code, reason) = (refused.error_code(), refused.error_message());
        tracing::warn!(code, reason, event = event.id, "an event was not taken");
        Err(sequence_number)
    }

    fn entry(&self, event: &DomainEvent) -> PutEventsRequestEntry {
        // A struct of strings and numbers always has a JSON form.
        let detail = serde_json::to_value(event).unwrap_or_default();
        let kind = detail.get("type").and_then(serde_json::Value::as_str).unwrap_or_default();
        PutEventsRequestEntry::builder()
            .source(SOURCE)
            .detail_type(kind)
            .resources(&event.subject)
            .time(DateTime::from_millis(i64::try_from(event.at.0).unwrap_or(i64::MAX)))
            .event_bus_name(&self.bus)
            .detail(detail.to_string())
            .build()
    }
}

/// Forwards events until the environment is taken away.
pub async fn start() -> Result<(), Error> {
    guildhall_telemetry::logs::init(guildhall_telemetry::logs::LogFormat::Json, "info");
    let forwarder = Arc::new(Forwarder::from_environment()?);
    lambda_runtime::run(service_fn(move |event: LambdaEvent<StreamBatch>| {
        let forwarder = Arc::clone(&forwarder);
        async move { Ok::<_, Error>(forwarder.forward(&event.payload).await) }
    }))
    .await
}
