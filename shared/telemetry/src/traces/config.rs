//! What the environment says of traces, under the names that OpenTelemetry gives to everybody.

use http::Uri;

/// Where the collector is: a base URL, to which `/v1/traces` is added. Without it nothing is traced.
pub(super) const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
/// Which part of all traces is kept, from 0 to 1; by default all.
pub(super) const RATIO: &str = "OTEL_TRACES_SAMPLER_ARG";

/// Where traces go, and how many of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TracesConfig {
    /// Base URL of the collector, without a slash at its end.
    pub endpoint: String,
    /// Of a million traces, so many are kept.
    pub kept_per_million: u32,
}

/// A variable that makes no sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WrongVariable {
    /// Its name.
    pub variable: &'static str,
    /// What it should be.
    pub expected: &'static str,
}

impl std::fmt::Display for WrongVariable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: expected {}", self.variable, self.expected)
    }
}

impl std::error::Error for WrongVariable {}

impl TracesConfig {
    /// All traces, to this collector.
    pub fn to(endpoint: impl Into<String>) -> Self {
        Self { endpoint: endpoint.into(), kept_per_million: 1_000_000 }
    }

    /// What the process's environment says.
    ///
    /// # Errors
    /// [`WrongVariable`]
    pub fn from_environment() -> Result<Option<Self>, WrongVariable> {
        Self::parse(|variable| std::env::var(variable).ok())
    }

    /// What `variable` yields; `None` without an endpoint. A variable that is empty counts as not set.
    ///
    /// # Errors
    /// [`WrongVariable`]
    pub fn parse(variable: impl Fn(&'static str) -> Option<String>) -> Result<Option<Self>, WrongVariable> {
        let value = |name| variable(name).filter(|value| !value.is_empty());
        let Some(endpoint) = value(ENDPOINT) else { return Ok(None) };
        let endpoint = endpoint.trim_end_matches('/');
        if !is_base_url(endpoint) {
            return Err(WrongVariable { variable: ENDPOINT, expected: "a base URL, http://… or https://…" });
        }
        let ratio =
            value(RATIO).map_or(Some(1.0), |text| text.parse().ok().filter(|ratio| (0.0..=1.0).contains(ratio)));
        let ratio: f64 = ratio.ok_or(WrongVariable { variable: RATIO, expected: "a part of all, 0 to 1" })?;
        Ok(Some(Self { endpoint: endpoint.to_owned(), kept_per_million: (ratio * 1e6).round() as u32 }))
    }

    /// The variables that say the same to another process.
    pub fn variables(&self) -> [(&'static str, String); 2] {
        [(ENDPOINT, self.endpoint.clone()), (RATIO, format!("{:.6}", f64::from(self.kept_per_million) / 1e6))]
    }
}

fn is_base_url(text: &str) -> bool {
    let url = text.parse::<Uri>().ok();
    url.is_some_and(|url| {
        matches!(url.scheme_str(), Some("http" | "https")) && url.host().is_some() && url.query().is_none()
    })
}
