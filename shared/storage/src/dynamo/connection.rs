//! Where the tables are and who we are there.

use super::Backoff;
use aws_credential_types::Credentials;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Builder, Region, SharedCredentialsProvider, SharedHttpClient};
use guildhall_web::Connections;
use std::time::Duration;

/// How long one attempt may take, in milliseconds. DynamoDB answers within ten; three attempts fit in a Lambda's time.
const ATTEMPT_TIMEOUT_MS: u64 = 3_000;
/// Which part of that a connection may take to open.
const CONNECT_PART: u32 = 3;
/// What the physical names begin with where nothing else is said.
const TABLE_PREFIX_DEFAULT: &str = "guildhall-";
/// The region where nothing else is said; engines on a laptop have none.
const REGION_DEFAULT: &str = "us-east-1";

/// One deployment's tables.
#[derive(Debug, Clone)]
pub struct DynamoConfig {
    /// The URL of an engine that is not Amazon's, such as the embedded one.
    pub endpoint: Option<String>,
    /// What the physical names of the tables begin with.
    pub prefix: String,
    /// The AWS region.
    pub region: String,
    /// Pauses between attempts.
    pub backoff: Backoff,
    /// How long one attempt may take.
    pub attempt_timeout: Duration,
}

impl DynamoConfig {
    /// Amazon's DynamoDB.
    pub fn new(prefix: impl Into<String>, region: impl Into<String>) -> Self {
        Self {
            endpoint: None,
            prefix: prefix.into(),
            region: region.into(),
            backoff: Backoff::default(),
            attempt_timeout: Duration::from_millis(ATTEMPT_TIMEOUT_MS),
        }
    }

    /// The deployment that the environment names: `GUILDHALL_TABLE_PREFIX`, the SDK's own `AWS_REGION`, and
    /// `DYNAMODB_ENDPOINT` for an engine that is not Amazon's.
    pub fn from_environment() -> Self {
        let prefix = variable("GUILDHALL_TABLE_PREFIX").unwrap_or_else(|| TABLE_PREFIX_DEFAULT.to_owned());
        let region = variable("AWS_REGION").unwrap_or_else(|| REGION_DEFAULT.to_owned());
        Self { endpoint: variable("DYNAMODB_ENDPOINT"), ..Self::new(prefix, region) }
    }

    /// Another engine, at this URL.
    pub fn endpoint(mut self, url: impl Into<String>) -> Self {
        self.endpoint = Some(url.into());
        self
    }

    /// Other pauses between attempts.
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }

    /// Another patience with one attempt.
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = timeout;
        self
    }
}

pub(super) async fn client(config: &DynamoConfig) -> Client {
    let http = http_client();
    let region = Region::new(config.region.clone());
    let mut sdk = Builder::new()
        .behavior_version(BehaviorVersion::latest())
        .region(region.clone())
        .http_client(http.clone())
        .retry_config(RetryConfig::disabled())
        .timeout_config(timeouts(config.attempt_timeout));
    if let Some(url) = &config.endpoint {
        sdk = sdk.endpoint_url(url);
    }
    let credentials = environment_credentials().or_else(|| config.endpoint.as_ref().map(|_| local_credentials()));
    sdk.set_credentials_provider(credentials);
    Client::from_conf(sdk.build())
}

/// The HTTP client of every SDK here.
pub fn http_client() -> SharedHttpClient {
    SharedHttpClient::new(Connections::new())
}

fn timeouts(attempt: Duration) -> TimeoutConfig {
    TimeoutConfig::builder().connect_timeout(attempt / CONNECT_PART).operation_attempt_timeout(attempt).build()
}

/// The environment that Lambda gives, read by ourselves: the SDK's whole chain costs a cold start two milliseconds, and a
/// function half a megabyte.
pub fn environment_credentials() -> Option<SharedCredentialsProvider> {
    let id = variable("AWS_ACCESS_KEY_ID")?;
    let secret = variable("AWS_SECRET_ACCESS_KEY")?;
    let session = variable("AWS_SESSION_TOKEN");
    Some(SharedCredentialsProvider::new(Credentials::new(id, secret, session, None, "environment")))
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Engines on a laptop take any signature.
fn local_credentials() -> SharedCredentialsProvider {
    SharedCredentialsProvider::new(Credentials::new("local", "local", None, None, "local"))
}
