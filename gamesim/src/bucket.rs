//! The bucket that checkpoints are kept in: S3, or whatever speaks it. One attempt per call, with a deadline: the next
//! checkpoint is a second away, and whoever looks for one asks again.
//!
//! An object is named after the boot and the shard that writes it, so nobody else does. S3 is consistent: what a `put` was
//! confirmed for, every later `get` sees, and of two that overlap the one that arrived last counts.

use crate::config::Config;
use crate::limits::{CHECKPOINT_OBJECT_BYTES_MAX, CHECKPOINT_TIMEOUT_MS};
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
use std::time::Duration;

#[cfg(test)]
pub(crate) mod tests;

/// Where checkpoints are kept.
#[derive(Debug)]
pub(crate) struct Bucket {
    client: Client,
    name: String,
}

impl Bucket {
    /// The bucket that the configuration names, if it names one.
    pub(crate) fn connect(config: &Config, credentials: Option<SharedCredentialsProvider>) -> Option<Self> {
        let name = config.checkpoint_bucket.clone()?;
        let mut sdk = Builder::new()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(config.region.clone()))
            .http_client(surroundings::http_client())
            .retry_config(RetryConfig::disabled())
            // Deadlines are in `within`.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        if let Some(endpoint) = &config.s3_endpoint {
            // A bucket has no host name of its own there.
            sdk = sdk.endpoint_url(endpoint).force_path_style(true);
        }
        sdk.set_credentials_provider(credentials);
        Some(Self { client: Client::from_conf(sdk.build()), name })
    }

    /// Puts an object in the place of the one before.
    pub(crate) async fn put(&self, key: String, bytes: Vec<u8>) -> Result<(), String> {
        let call = self.client.put_object().bucket(&self.name).key(key).body(ByteStream::from(bytes)).send();
        let stored = within(call).await?;
        stored.map(drop).map_err(|error| DisplayErrorContext(&error).to_string())
    }

    /// The object of this name, or `None` if there is none.
    pub(crate) async fn get(&self, key: String) -> Result<Option<Vec<u8>>, String> {
        within(async {
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
        .await?
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
