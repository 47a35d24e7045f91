//! Publishes reports to CloudWatch: the only file that knows its SDK. When there is something to report, and what, is
//! decided in [`reporter`], which has no clock and no socket.
//!
//! All processes of a fleet publish the same few metrics under the one dimension `Fleet`, so that what CloudWatch charges
//! for, a metric, does not multiply with them; what a single process does is on its own `/metrics`. The resolution is the
//! standard minute: target tracking reads minutes, and finer ones would cost alarms of three times the price.

pub mod reporter;

pub use reporter::{Distribution, Reading, Report, Reporter};

use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::config::retry::RetryConfig;
use aws_sdk_cloudwatch::config::timeout::TimeoutConfig;
use aws_sdk_cloudwatch::config::{BehaviorVersion, Builder, Region};
use aws_sdk_cloudwatch::error::DisplayErrorContext;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Dimension, MetricDatum, StandardUnit};
use guildhall_web::Connections;
use std::time::Duration;

/// The dimension's name; its value is the fleet's.
pub const DIMENSION: &str = "Fleet";
/// Attempts for one report.
const ATTEMPTS_MAX: u32 = 2;
/// How long one attempt may take, in milliseconds.
const ATTEMPT_TIMEOUT_MS: u64 = 1_500;
/// How long a report may take with all its attempts, in milliseconds: the next sample is due after five seconds.
const REPORT_TIMEOUT_MS: u64 = 4_000;

const _: () = assert!(ATTEMPTS_MAX as u64 * ATTEMPT_TIMEOUT_MS < REPORT_TIMEOUT_MS);
const _: () = assert!(REPORT_TIMEOUT_MS < reporter::SAMPLE_MS);

/// Where reports go.
#[derive(Debug, Clone)]
pub struct CloudWatchConfig {
    /// The namespace of the metrics.
    pub namespace: String,
    /// The value of the dimension `Fleet`.
    pub fleet: String,
    /// The AWS region.
    pub region: String,
    /// The URL of another CloudWatch than Amazon's.
    pub endpoint: Option<String>,
    /// Who publishes.
    pub credentials: Option<SharedCredentialsProvider>,
}

/// A way to CloudWatch.
#[derive(Debug, Clone)]
pub struct CloudWatch {
    client: Client,
    namespace: String,
    fleet: Dimension,
}

impl CloudWatch {
    /// Opens no connection yet.
    pub fn new(config: CloudWatchConfig) -> Self {
        let timeouts = TimeoutConfig::builder()
            .operation_attempt_timeout(Duration::from_millis(ATTEMPT_TIMEOUT_MS))
            .operation_timeout(Duration::from_millis(REPORT_TIMEOUT_MS));
        let mut sdk = Builder::new()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(config.region))
            .http_client(Connections::new())
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS_MAX))
            .timeout_config(timeouts.build());
        sdk.set_credentials_provider(config.credentials);
        sdk.set_endpoint_url(config.endpoint);
        let fleet = Dimension::builder().name(DIMENSION).value(config.fleet).build();
        Self { client: Client::from_conf(sdk.build()), namespace: config.namespace, fleet }
    }

    /// Sends a report, within four seconds. The error says why it did not arrive, for a log.
    pub async fn publish(&self, report: &Report) -> Result<(), String> {
        let data = report.metrics.iter().map(|metric| self.datum(report.minute_ms, metric)).collect();
        let call = self.client.put_metric_data().namespace(&self.namespace).set_metric_data(Some(data));
        call.send().await.map(drop).map_err(|error| DisplayErrorContext(error).to_string())
    }

    fn datum(&self, minute_ms: u64, metric: &Distribution) -> MetricDatum {
        let (values, counts) = metric.values.iter().map(|(value, times)| (*value, f64::from(*times))).unzip();
        MetricDatum::builder()
            .metric_name(metric.name)
            .dimensions(self.fleet.clone())
            .timestamp(DateTime::from_millis(i64::try_from(minute_ms).unwrap_or(i64::MAX)))
            .set_values(Some(values))
            .set_counts(Some(counts))
            .unit(StandardUnit::Count)
            .build()
    }
}

#[cfg(test)]
mod tests;
