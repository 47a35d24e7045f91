//! What the environment says. A wrong value is one clear line and no start.

use crate::content;
use crate::front::AllowedOrigins;
use guildhall_telemetry::TracesConfig;
use std::path::PathBuf;

const PORT_DEFAULT: u16 = 8_080;
const GAMESIMS_DEFAULT: usize = 2;
const GAMESIMS_MAX: usize = 16;
const DATA_DEFAULT: &str = ".guildhall";

/// How to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Settings {
    pub(super) port: u16,
    pub(super) data: PathBuf,
    pub(super) content: PathBuf,
    pub(super) demo: bool,
    pub(super) gamesims: usize,
    pub(super) dynamodb_endpoint: Option<String>,
    pub(super) allowed_origins: AllowedOrigins,
    pub(super) traces: Option<TracesConfig>,
}

/// A value that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{variable}={value}: expected {expected}")]
pub(super) struct SettingsError {
    variable: &'static str,
    value: String,
    expected: &'static str,
}

impl Settings {
    pub(super) fn from_environment() -> Result<Self, SettingsError> {
        Self::parse(|name| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned()))
    }

    /// The settings that `variable` yields. A variable that is empty counts as not set.
    fn parse(variable: impl Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let value = |name: &str| variable(name).filter(|value| !value.is_empty());
        let wrong = |variable, value, expected| SettingsError { variable, value, expected };
        let port = match value("PORT") {
            None => PORT_DEFAULT,
            Some(text) => text.parse().map_err(|_| wrong("PORT", text, "a port, 1 to 65535, or 0 for a free one"))?,
        };
        let demo = match value("DEMO").as_deref() {
            None | Some("1") => true,
            Some("0") => false,
            Some(other) => return Err(wrong("DEMO", other.to_owned(), "1 or 0")),
        };
        let gamesims = match value("GAMESIMS") {
            None => GAMESIMS_DEFAULT,
            Some(text) => match text.parse() {
                Ok(number @ 0..=GAMESIMS_MAX) => number,
                _ => return Err(wrong("GAMESIMS", text, "a number of game-sim processes, 0 to 16")),
            },
        };
        let dynamodb_endpoint = value("DYNAMODB_ENDPOINT");
        if let Some(url) = &dynamodb_endpoint
            && !(url.starts_with("http://") || url.starts_with("https://"))
        {
            return Err(wrong("DYNAMODB_ENDPOINT", url.clone(), "a URL, http://… or https://…"));
        }
        let allowed_origins = match value("CORS_ALLOWED_ORIGINS") {
            None => AllowedOrigins::of_this_machine(),
            Some(list) => AllowedOrigins::parse(&list).ok_or_else(|| {
                wrong("CORS_ALLOWED_ORIGINS", list, "origins like https://play.example.com, *, or none")
            })?,
        };
        let data = value("GUILDHALL_DATA").unwrap_or_else(|| DATA_DEFAULT.to_owned()).into();
        let content = value("GUILDHALL_CONTENT").map_or_else(content::default_folder, PathBuf::from);
        let traces = TracesConfig::parse(value);
        let traces = traces.map_err(|refused| {
            wrong(refused.variable, value(refused.variable).unwrap_or_default(), refused.expected)
        })?;
        Ok(Self { port, data, content, demo, gamesims, dynamodb_endpoint, allowed_origins, traces })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(pairs: &[(&str, &str)]) -> Result<Settings, SettingsError> {
        Settings::parse(|name| {
            let pair = pairs.iter().find(|(variable, _)| *variable == name);
            pair.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn nothing_need_be_set() {
        let settings = parse(&[("PORT", ""), ("DEMO", "")]).unwrap();
        assert_eq!(
            (settings.port, settings.demo, settings.gamesims, settings.dynamodb_endpoint),
            (8_080, true, 2, None)
        );
        assert_eq!(settings.data, PathBuf::from(".guildhall"));
        assert_eq!((settings.allowed_origins, settings.traces), (AllowedOrigins::of_this_machine(), None));
        let none = parse(&[("CORS_ALLOWED_ORIGINS", "none")]).unwrap();
        assert_eq!(none.allowed_origins, AllowedOrigins::default());
        let other =
            parse(&[("PORT", "0"), ("DEMO", "0"), ("GAMESIMS", "0"), ("DYNAMODB_ENDPOINT", "http://127.0.0.1:8000")])
                .unwrap();
        assert_eq!((other.port, other.demo, other.gamesims), (0, false, 0));
        assert_eq!(other.dynamodb_endpoint.as_deref(), Some("http://127.0.0.1:8000"));
    }

    #[test]
    fn a_wrong_value_is_one_clear_line() {
        for (variable, value) in [
            ("PORT", "65536"),
            ("PORT", "-1"),
            ("PORT", "http"),
            ("DEMO", "yes"),
            ("GAMESIMS", "17"),
            ("GAMESIMS", "-1"),
            ("DYNAMODB_ENDPOINT", "localhost:8000"),
            ("CORS_ALLOWED_ORIGINS", "localhost:5173"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:4318"),
        ] {
            let text = parse(&[(variable, value)]).unwrap_err().to_string();
            assert!(text.starts_with(&format!("{variable}={value}: expected ")), "{text}");
        }
    }
}
