//! What a game sim is told of the cloud that it runs in. None of it is needed to play: what is absent is off.

use super::{ConfigError, Source};

const FLEET_DEFAULT: &str = "main";

/// The cloud around one game sim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloudConfig {
    /// `GUILDHALL_FLEET`: what the fleet is called in CloudWatch; default main.
    pub fleet: String,
    /// `CLOUDWATCH_NAMESPACE`: the namespace of the fleet's metrics; absent, nothing is published.
    pub cloudwatch_namespace: Option<String>,
    /// `CLOUDWATCH_ENDPOINT`: base URL of another CloudWatch than the region's.
    pub cloudwatch_endpoint: Option<String>,
    /// `EC2_METADATA_ENDPOINT`: base URL of the instance metadata service, on an instance http://169.254.169.254; absent,
    /// no notice is heard.
    pub metadata_endpoint: Option<String>,
    /// The autoscaling group, if the instance belongs to one.
    pub autoscaling: Option<AutoscalingConfig>,
}

/// The autoscaling group that an instance belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AutoscalingConfig {
    /// `AUTOSCALING_GROUP`: its name.
    pub group: String,
    /// `AUTOSCALING_LIFECYCLE_HOOK`: the hook that waits for a terminating instance, if there is one.
    pub lifecycle_hook: Option<String>,
    /// `AUTOSCALING_ENDPOINT`: base URL of another API than the region's.
    pub endpoint: String,
}

impl CloudConfig {
    pub(super) fn read<F>(source: &Source<F>, region: &str) -> Result<Self, ConfigError>
    where
        F: Fn(&'static str) -> Option<String>,
    {
        let config = Self {
            fleet: source.value("GUILDHALL_FLEET").unwrap_or_else(|| FLEET_DEFAULT.to_owned()),
            cloudwatch_namespace: source.value("CLOUDWATCH_NAMESPACE"),
            cloudwatch_endpoint: source.optional_url("CLOUDWATCH_ENDPOINT")?,
            metadata_endpoint: source.optional_url("EC2_METADATA_ENDPOINT")?,
            autoscaling: AutoscalingConfig::read(source, region)?,
        };
        if config.autoscaling.is_some() && config.metadata_endpoint.is_none() {
            return Err(source.wrong("AUTOSCALING_GROUP", "EC2_METADATA_ENDPOINT too: it names the instance"));
        }
        Ok(config)
    }
}

impl AutoscalingConfig {
    fn read<F>(source: &Source<F>, region: &str) -> Result<Option<Self>, ConfigError>
    where
        F: Fn(&'static str) -> Option<String>,
    {
        let lifecycle_hook = source.value("AUTOSCALING_LIFECYCLE_HOOK");
        let Some(group) = source.value("AUTOSCALING_GROUP") else {
            return match lifecycle_hook {
                Some(_) => Err(source.wrong("AUTOSCALING_LIFECYCLE_HOOK", "AUTOSCALING_GROUP too")),
                None => Ok(None),
            };
        };
        let endpoint = source.optional_url("AUTOSCALING_ENDPOINT")?;
        let endpoint = endpoint.unwrap_or_else(|| format!("https://autoscaling.{region}.amazonaws.com"));
        Ok(Some(Self { group, lifecycle_hook, endpoint }))
    }
}
