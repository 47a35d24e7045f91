//! The bucket that checkpoints and recordings are kept in: S3, or whatever speaks it. One attempt per call, with a deadline: the next
//! checkpoint is a second away, and whoever looks for one asks again.
//!
//! An object is named after the boot and the shard that writes it, so nobody else does. S3 is consistent: what a `put` was
//! confirmed for, every later `get` sees, and of two that overlap the one that arrived last counts.

use crate::config::Config;
use crate::limits::{CHECKPOINT_OBJECT_BYTES_MAX, CHECKPOINT_TIMEOUT_MS};
use crate::rim::{Names, Objects, Pending};
use crate::surroundings;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::{BehaviorVersion, Builder, Region, StalledStreamProtectionConfig};
use aws_sdk_s3::error::{DisplayErrorContext, SdkError};
use aws_sdk_s3::operation::get_object::GetObjectError;
use aws_sdk_s3::primitives::ByteStream;
use guildhall_domain::GamesimId;
use guildhall_domain::api::FormerPlacement;
use std::sync::Arc;
use std::time::Duration;

#[cfg(test)]
pub(crate) mod tests;

/// Where checkpoints are kept.
#[derive(Debug)]
pub(crate) struct Bucket {
    objects: Arc<dyn Objects>,
}

/// A bucket of S3.
#[derive(Debug)]
struct S3 {
    client: Client,
    name: String,
}

impl Bucket {
    /// The bucket that the configuration names, if it names one.
    pub(crate) fn connect(config: &Config, credentials: Option<SharedCredentialsProvider>) -> Option<Self> {
        let name = config.checkpoint_bucket.clone()?;
        Some(Self::open(name, &config.region, config.s3_endpoint.as_deref(), credentials))
    }

    /// A bucket of this name, in Amazon's S3 of that region or in another one.
    pub(crate) fn open(
        name: String,
        region: &str,
        endpoint: Option<&str>,
        credentials: Option<SharedCredentialsProvider>,
    ) -> Self {
        let mut sdk = Builder::new()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region.to_owned()))
            .http_client(surroundings::http_client())
            .retry_config(RetryConfig::disabled())
            // Deadlines are in `within`.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        if let Some(endpoint) = endpoint {
            // A bucket has no host name of its own there.
            sdk = sdk.endpoint_url(endpoint).force_path_style(true);
        }
        sdk.set_credentials_provider(credentials);
        Self::over(Arc::new(S3 { client: Client::from_conf(sdk.build()), name }))
    }

    /// Whatever keeps objects.
    pub(crate) const fn over(objects: Arc<dyn Objects>) -> Self {
        Self { objects }
    }

    /// What keeps the objects.
    pub(crate) fn into_objects(self) -> Arc<dyn Objects> {
        self.objects
    }

    /// Puts an object in the place of the one before.
    pub(crate) async fn put(&self, key: String, bytes: Vec<u8>) -> Result<(), String> {
        within(self.objects.put(key, bytes)).await?
    }

    /// The names that begin like this, in order, and whether these are all: at most `count_max` are looked at.
    pub(crate) async fn list(&self, prefix: &str, count_max: usize) -> Result<(Vec<String>, bool), String> {
        let (mut keys, mut continued) = (Vec::new(), None);
        loop {
            let (page, next) = within(self.objects.list(prefix.to_owned(), continued)).await??;
            keys.extend(page);
            continued = next;
            if continued.is_none() || keys.len() >= count_max {
                return Ok((keys, continued.is_none()));
            }
        }
    }

    /// The object of this name, or `None` if there is none.
    pub(crate) async fn get(&self, key: String) -> Result<Option<Vec<u8>>, String> {
        within(self.objects.get(key)).await?
    }
}

impl Objects for S3 {
    fn put(&self, key: String, bytes: Vec<u8>) -> Pending<'_, Result<(), String>> {
        let call = self.client.put_object().bucket(&self.name).key(key).body(ByteStream::from(bytes)).send();
        Box::pin(async { call.await.map(drop).map_err(|error| DisplayErrorContext(&error).to_string()) })
    }

    fn list(&self, prefix: String, continued: Option<String>) -> Pending<'_, Result<Names, String>> {
        let call = self.client.list_objects_v2().bucket(&self.name).prefix(prefix).set_continuation_token(continued);
        Box::pin(async {
            let page = call.send().await.map_err(|error| DisplayErrorContext(&error).to_string())?;
            let keys = page.contents.unwrap_or_default().into_iter().filter_map(|object| object.key);
            Ok((keys.collect(), page.next_continuation_token))
        })
    }

    fn get(&self, key: String) -> Pending<'_, Result<Option<Vec<u8>>, String>> {
        Box::pin(async {
            let found = match self.client.get_object().bucket(&self.name).key(key).send().await {
                Ok(found) => found,
                Err(SdkError::ServiceError(error)) if matches!(error.err(), GetObjectError::NoSuchKey(_)) => {
                    return Ok(None);
                }
                Err(error) => return Err(DisplayErrorContext(&error).to_string()),
            };
            let (mut body, mut bytes) = (found.body, Vec::new());
            while let Some(chunk) = body.next().await {
                bytes.extend_from_slice(&chunk.map_err(|error| DisplayErrorContext(&error).to_string())?);
                if bytes.len() > CHECKPOINT_OBJECT_BYTES_MAX {
                    return Err("the object is too long".to_owned());
                }
            }
            Ok(Some(bytes))
        })
    }
}

/// The name of a shard's object.
pub(crate) fn key(gamesim_id: &GamesimId, gamesim_epoch: u64, port: u16) -> String {
    format!("checkpoints/{gamesim_id}/{gamesim_epoch}/{port}")
}

/// The name of the object with the checkpoints of where a session ran before.
pub(crate) fn key_of(former: &FormerPlacement) -> String {
    key(&former.gamesim_id, former.gamesim_epoch, former.port)
}

async fn within<T>(call: impl Future<Output = T>) -> Result<T, String> {
    let answer = tokio::time::timeout(Duration::from_millis(CHECKPOINT_TIMEOUT_MS), call).await;
    answer.map_err(|_| format!("no answer within {CHECKPOINT_TIMEOUT_MS} ms"))
}
