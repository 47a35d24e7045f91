//! Logs: one line per event on stderr, for people (`Text`) or for a log store (`Json`). What is shown is decided by the
//! environment variable `GUILDHALL_LOG`: levels, for everything or by target (`info,guildhall_gamesim=debug`).

use std::io::IsTerminal;
use std::str::FromStr;
use tracing::Subscriber;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::{self, MakeWriter};
use tracing_subscriber::layer::{Layer, SubscriberExt};

/// The environment variable that decides which events are shown.
pub const FILTER_VARIABLE: &str = "GUILDHALL_LOG";

/// How an event is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// For people: time, level, target, message and fields.
    #[default]
    Text,
    /// For a log store: one JSON object per line, fields at its top level.
    Json,
}

/// Text that names no log format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownFormat;

impl std::fmt::Display for UnknownFormat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("expected the log format text or json")
    }
}

impl std::error::Error for UnknownFormat {}

impl FromStr for LogFormat {
    type Err = UnknownFormat;
    fn from_str(text: &str) -> Result<Self, UnknownFormat> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err(UnknownFormat),
        }
    }
}

/// Starts logging for the whole process. Only the first call has an effect, so that a test or an embedding program may have
/// its own. A filter that does not parse is reported and replaced by `default_filter`.
pub fn init(format: LogFormat, default_filter: &str) {
    let wanted = std::env::var(FILTER_VARIABLE).ok();
    let (filter, refused) = choose_filter(wanted.as_deref(), default_filter);
    let stderr = std::io::stderr;
    let first = tracing::subscriber::set_global_default(subscriber(format, filter, stderr().is_terminal(), stderr));
    if let (Ok(()), Some(reason)) = (first, refused) {
        tracing::warn!(variable = FILTER_VARIABLE, reason, "the log filter is not valid; the default is used");
    }
}

fn choose_filter(wanted: Option<&str>, default_filter: &str) -> (Targets, Option<String>) {
    match wanted.filter(|text| !text.is_empty()).map(str::parse::<Targets>) {
        Some(Ok(filter)) => (filter, None),
        Some(Err(reason)) => (default_filter.parse().unwrap_or_default(), Some(reason.to_string())),
        None => (default_filter.parse().unwrap_or_default(), None),
    }
}

fn subscriber<W>(format: LogFormat, filter: Targets, ansi: bool, writer: W) -> Box<dyn Subscriber + Send + Sync>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let lines = fmt::layer().with_ansi(ansi).with_writer(writer);
    let lines = match format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().flatten_event(true).with_current_span(true).boxed(),
    };
    Box::new(tracing_subscriber::registry().with(lines.with_filter(filter)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Result, Write};
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl Write for Page {
        fn write(&mut self, bytes: &[u8]) -> Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> Result<()> {
            Ok(())
        }
    }

    fn written(format: LogFormat, wanted: Option<&str>) -> String {
        written_of(format, wanted, || {
            tracing::info!(sessions = 3, "tick \"late\"");
            tracing::debug!("detail");
        })
    }

    fn written_of(format: LogFormat, wanted: Option<&str>, events: impl FnOnce()) -> String {
        let page = Page::default();
        let (filter, _) = choose_filter(wanted, "info");
        let writer = {
            let page = page.clone();
            move || page.clone()
        };
        tracing::subscriber::with_default(subscriber(format, filter, false, writer), events);
        let bytes = page.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn text_is_one_plain_line() {
        let text = written(LogFormat::Text, None);
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.contains("INFO") && text.contains("tick \"late\" sessions=3"), "{text}");
        assert!(!text.contains('\u{1b}'), "{text:?}");
    }

    #[test]
    fn json_has_the_fields_at_its_top() {
        let text = written(LogFormat::Json, None);
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.starts_with('{') && text.ends_with("}\n"), "{text}");
        assert!(text.contains(r#""level":"INFO","message":"tick \"late\"","sessions":3"#), "{text}");
    }

    /// Whatever a caller has put into a message, a text or something that is displayed.
    #[test]
    fn json_keeps_hostile_text_within_its_line() {
        let forged = "x\"}\r\n{\"level\":\"ERROR\",\"message\":\"forged\"}\u{1b}[2J";
        let text = written_of(LogFormat::Json, None, || tracing::info!(text = forged, shown = %forged, "{forged}"));
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(!text.contains('\u{1b}') && !text.contains("\"level\":\"ERROR\""), "{text}");
        assert_eq!(text.matches("forged").count(), 3, "{text}");
    }

    #[test]
    fn the_variable_decides_and_nonsense_falls_back() {
        assert_eq!(written(LogFormat::Text, Some("debug")).lines().count(), 2);
        assert_eq!(written(LogFormat::Text, Some("off")).lines().count(), 0);
        assert_eq!(written(LogFormat::Text, Some("")).lines().count(), 1);
        assert_eq!(written(LogFormat::Text, Some("info,a=b=c")).lines().count(), 1);
        assert!(choose_filter(Some("info,a=b=c"), "info").1.is_some());
    }

    #[test]
    fn a_second_start_is_harmless() {
        init(LogFormat::Text, "off");
        init(LogFormat::Json, "off");
        assert!(tracing::dispatcher::has_been_set());
    }

    #[test]
    fn formats_have_names() {
        assert_eq!("json".parse(), Ok(LogFormat::Json));
        assert_eq!("text".parse(), Ok(LogFormat::Text));
        assert_eq!("JSON".parse::<LogFormat>(), Err(UnknownFormat));
    }
}
