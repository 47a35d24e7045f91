//! What a game sim is told by its environment. Read once, at start; a wrong value is one clear line and no start.

use crate::limits::DRAIN_S_DEFAULT;
use guildhall_domain::limits::{PORTS_PER_GAMESIM_MAX, SESSIONS_PER_GAMESIM_MAX};
use guildhall_telemetry::{LogFormat, TracesConfig};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

mod cloud;

pub use cloud::{AutoscalingConfig, CloudConfig};

const CAPACITY_DEFAULT: u32 = 256;
const LAST_WRITES_S_DEFAULT: u64 = 10;
const REGION_DEFAULT: &str = "us-east-1";

/// How one game sim runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `GUILDHALL_API`: base URL of the API, without a slash at its end.
    pub api: String,
    /// `GUILDHALL_GAMESIM_SHARDS`: shards, each with a thread and a port of its own; default: one per core.
    pub shards: usize,
    /// `GUILDHALL_GAMESIM_BIND`: address of the game's sockets; default 0.0.0.0.
    pub bind: IpAddr,
    /// `GUILDHALL_GAMESIM_PORT`: port of the first shard, the others follow; default 0, which is any.
    pub port: u16,
    /// `GUILDHALL_GAMESIM_CAPACITY`: game sessions at one time; default 256.
    pub capacity: u32,
    /// `GUILDHALL_DRAIN_S`: how long sessions may go on once the process is asked to end, in seconds; default
    /// [`DRAIN_S_DEFAULT`].
    pub drain_s: u64,
    /// `GUILDHALL_LAST_WRITES_S`: how long the last writes may take after that, in seconds, before what is not written
    /// becomes dead letters; default 10.
    pub last_writes_s: u64,
    /// `GUILDHALL_METRICS_BIND`: where `/metrics` is served, if it is.
    pub metrics_bind: Option<SocketAddr>,
    /// `GUILDHALL_METRICS_TARGETS`: the file that then says where, for Prometheus to discover, if there is to be one.
    pub metrics_targets: Option<PathBuf>,
    /// `GUILDHALL_DEAD_LETTERS`: the file for what could not be written; default `./dead-letters.ndjson`.
    pub dead_letters: PathBuf,
    /// `CHECKPOINT_BUCKET`: the S3 bucket that checkpoints and recordings are kept in; without one, sessions end with their game sim.
    pub checkpoint_bucket: Option<String>,
    /// `GUILDHALL_RECORDINGS`: whether sessions are recorded, where there is a bucket, `1` or `0`; default 1.
    pub keeps_recordings: bool,
    /// `S3_ENDPOINT`: the URL of an S3 that is not Amazon's.
    pub s3_endpoint: Option<String>,
    /// `AWS_REGION`: the region that requests are signed for; default us-east-1.
    pub region: String,
    /// `OTEL_EXPORTER_OTLP_ENDPOINT`: base URL of whoever collects traces, if anybody does; of them,
    /// `OTEL_TRACES_SAMPLER_ARG` keeps a part, 0 to 1, default 1.
    pub traces: Option<TracesConfig>,
    /// What this build is called, which clients may ask for. It is the program's to say, and no variable's.
    pub build_version: String,
    /// `GUILDHALL_LOG_FORMAT`: `text` or `json`; default text.
    pub log_format: LogFormat,
    /// `GUILDHALL_EXIT_ON_STDIN_EOF`: whether the end of standard input means that whoever started the process is gone,
    /// `1` or `0`; default 0.
    pub exits_on_stdin_eof: bool,
    /// What is known of the cloud around it.
    pub cloud: CloudConfig,
}

/// A value of the environment that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{variable}={value:?}: expected {expected}")]
pub struct ConfigError {
    variable: &'static str,
    value: String,
    expected: &'static str,
}

impl Config {
    /// The configuration in the process's environment.
    pub fn from_environment() -> Result<Self, ConfigError> {
        Self::parse(|variable| std::env::var_os(variable).map(|value| value.to_string_lossy().into_owned()))
    }

    /// The configuration that `variable` yields. A variable that is empty counts as not set.
    pub fn parse(variable: impl Fn(&'static str) -> Option<String>) -> Result<Self, ConfigError> {
        let source = Source { variable };
        let cores = std::thread::available_parallelism().map_or(1, usize::from).min(PORTS_PER_GAMESIM_MAX);
        let region = source.parse("AWS_REGION", REGION_DEFAULT.to_owned(), "a region")?;
        let config = Self {
            cloud: CloudConfig::read(&source, &region)?,
            api: source.api()?,
            shards: source.number("GUILDHALL_GAMESIM_SHARDS", cores, 1..=PORTS_PER_GAMESIM_MAX, "1 to 64 shards")?,
            bind: source.parse("GUILDHALL_GAMESIM_BIND", IpAddr::V4(Ipv4Addr::UNSPECIFIED), "an IP address")?,
            port: source.parse("GUILDHALL_GAMESIM_PORT", 0, "a port, or 0 for any")?,
            capacity: source.number(
                "GUILDHALL_GAMESIM_CAPACITY",
                CAPACITY_DEFAULT,
                1..=SESSIONS_PER_GAMESIM_MAX,
                "1 to 2048 sessions",
            )?,
            drain_s: source.number("GUILDHALL_DRAIN_S", DRAIN_S_DEFAULT, 0..=86_400, "0 to 86400 seconds")?,
            last_writes_s: source.number(
                "GUILDHALL_LAST_WRITES_S",
                LAST_WRITES_S_DEFAULT,
                0..=600,
                "0 to 600 seconds",
            )?,
            metrics_bind: source.optional("GUILDHALL_METRICS_BIND", "an IP address and a port")?,
            metrics_targets: source.value("GUILDHALL_METRICS_TARGETS").map(PathBuf::from),
            dead_letters: source.parse("GUILDHALL_DEAD_LETTERS", "./dead-letters.ndjson".into(), "a path")?,
            checkpoint_bucket: source.value("CHECKPOINT_BUCKET"),
            keeps_recordings: source.number("GUILDHALL_RECORDINGS", 1_u8, 0..=1, "1 or 0")? == 1,
            s3_endpoint: source.optional_url("S3_ENDPOINT")?,
            region,
            build_version: env!("CARGO_PKG_VERSION").to_owned(),
            traces: TracesConfig::parse(|name| source.value(name))
                .map_err(|wrong| source.wrong(wrong.variable, wrong.expected))?,
            log_format: source.parse("GUILDHALL_LOG_FORMAT", LogFormat::Text, "text or json")?,
            exits_on_stdin_eof: source.number("GUILDHALL_EXIT_ON_STDIN_EOF", 0_u8, 0..=1, "1 or 0")? == 1,
        };
        let last = usize::from(config.port) + config.shards - 1;
        if config.port > 0 && last > usize::from(u16::MAX) {
            return Err(source.wrong("GUILDHALL_GAMESIM_PORT", "room for one port per shard below 65536"));
        }
        Ok(config)
    }
}

struct Source<F> {
    variable: F,
}

impl<F: Fn(&'static str) -> Option<String>> Source<F> {
    fn value(&self, variable: &'static str) -> Option<String> {
        (self.variable)(variable).filter(|value| !value.is_empty())
    }

    fn wrong(&self, variable: &'static str, expected: &'static str) -> ConfigError {
        ConfigError { variable, value: self.value(variable).unwrap_or_default(), expected }
    }

    fn optional<T: FromStr>(&self, variable: &'static str, expected: &'static str) -> Result<Option<T>, ConfigError> {
        let parsed = self.value(variable).map(|value| value.parse());
        parsed.transpose().map_err(|_| self.wrong(variable, expected))
    }

    fn parse<T: FromStr>(&self, variable: &'static str, default: T, expected: &'static str) -> Result<T, ConfigError> {
        Ok(self.optional(variable, expected)?.unwrap_or(default))
    }

    fn number<T: FromStr + PartialOrd>(
        &self,
        variable: &'static str,
        default: T,
        range: std::ops::RangeInclusive<T>,
        expected: &'static str,
    ) -> Result<T, ConfigError> {
        let number = self.parse(variable, default, expected)?;
        if range.contains(&number) { Ok(number) } else { Err(self.wrong(variable, expected)) }
    }

    fn api(&self) -> Result<String, ConfigError> {
        let url = self.optional_url("GUILDHALL_API")?;
        url.ok_or_else(|| self.wrong("GUILDHALL_API", "the API's base URL, http://… or https://…"))
    }

    /// A base URL, without a slash at its end.
    fn optional_url(&self, variable: &'static str) -> Result<Option<String>, ConfigError> {
        let Some(url) = self.value(variable) else { return Ok(None) };
        let parsed = reqwest::Url::parse(&url).ok();
        let parsed = parsed.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        if parsed.is_some_and(|url| url.query().is_none() && url.fragment().is_none()) {
            Ok(Some(url.trim_end_matches('/').to_owned()))
        } else {
            Err(self.wrong(variable, "a base URL, http://… or https://…"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(pairs: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::parse(|variable| {
            let pair = pairs.iter().find(|(name, _)| *name == variable);
            pair.map(|(_, value)| (*value).to_owned())
        })
    }

    const API: (&str, &str) = ("GUILDHALL_API", "http://127.0.0.1:1/");

    #[test]
    fn defaults_are_as_documented() {
        let config = parse(&[API, ("GUILDHALL_METRICS_BIND", "")]).unwrap();
        assert_eq!((config.api.as_str(), config.port, config.capacity), ("http://127.0.0.1:1", 0, 256));
        assert_eq!(config.last_writes_s, 10);
        assert_eq!((config.drain_s, config.metrics_bind, config.region.as_str()), (14_700, None, "us-east-1"));
        assert_eq!(config.dead_letters, PathBuf::from("./dead-letters.ndjson"));
        assert_eq!((config.cloud.fleet.as_str(), config.cloud.cloudwatch_namespace), ("main", None));
        assert_eq!((config.cloud.metadata_endpoint, config.cloud.autoscaling), (None, None));
        assert_eq!((config.checkpoint_bucket, config.s3_endpoint, config.traces), (None, None, None));
        assert!(config.keeps_recordings);
        assert!(config.shards >= 1 && config.bind.is_unspecified() && !config.exits_on_stdin_eof);
    }

    #[test]
    fn an_autoscaling_group_is_asked_in_its_region() {
        let metadata = ("EC2_METADATA_ENDPOINT", "http://169.254.169.254/");
        let config = parse(&[API, metadata, ("AUTOSCALING_GROUP", "sims"), ("AWS_REGION", "eu-west-1")]).unwrap();
        assert_eq!(config.cloud.metadata_endpoint.as_deref(), Some("http://169.254.169.254"));
        let autoscaling = config.cloud.autoscaling.unwrap();
        assert_eq!((autoscaling.group.as_str(), autoscaling.lifecycle_hook), ("sims", None));
        assert_eq!(autoscaling.endpoint, "https://autoscaling.eu-west-1.amazonaws.com");
    }

    #[test]
    fn a_wrong_value_is_one_clear_line() {
        for (variable, value) in [
            ("GUILDHALL_API", ""),
            ("GUILDHALL_API", "127.0.0.1:80"),
            ("GUILDHALL_API", "ftp://example.org"),
            ("GUILDHALL_API", "http://example.org/?a=b"),
            ("GUILDHALL_GAMESIM_SHARDS", "0"),
            ("GUILDHALL_GAMESIM_SHARDS", "65"),
            ("GUILDHALL_GAMESIM_BIND", "localhost"),
            ("GUILDHALL_GAMESIM_PORT", "65536"),
            ("GUILDHALL_GAMESIM_CAPACITY", "2049"),
            ("GUILDHALL_DRAIN_S", "-1"),
            ("GUILDHALL_LAST_WRITES_S", "601"),
            ("GUILDHALL_METRICS_BIND", "9100"),
            ("S3_ENDPOINT", "127.0.0.1:9000"),
            ("GUILDHALL_LOG_FORMAT", "xml"),
            ("GUILDHALL_EXIT_ON_STDIN_EOF", "yes"),
            ("GUILDHALL_RECORDINGS", "yes"),
            ("CLOUDWATCH_ENDPOINT", "127.0.0.1:80"),
            ("EC2_METADATA_ENDPOINT", "169.254.169.254"),
            ("AUTOSCALING_GROUP", "without-an-instance"),
            ("AUTOSCALING_LIFECYCLE_HOOK", "without-a-group"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "127.0.0.1:4318"),
        ] {
            let error = parse(&[(variable, value), API]).unwrap_err().to_string();
            assert!(error.starts_with(&format!("{variable}={value:?}: expected ")), "{error}");
            assert_eq!(error.lines().count(), 1);
        }
        let error = parse(&[API, ("GUILDHALL_GAMESIM_PORT", "65535"), ("GUILDHALL_GAMESIM_SHARDS", "2")]);
        assert!(error.unwrap_err().to_string().contains("one port per shard"));
    }
}
