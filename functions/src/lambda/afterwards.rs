//! What a function does once it has answered: it sends its traces. Lambda freezes a function as soon as it has answered and
//! asked for the next event, unless an extension has not; so this is an extension, inside the function's own process (AWS,
//! "Lambda Extensions API"). The caller waits for none of it; the next call of the same environment does, for as long as the
//! collector takes.
//!
//! Where there is no such API, traces leave when the process next runs, which is with the next event.

use guildhall_telemetry::traces::Exporter;
use guildhall_telemetry::web::Web;
use http::Request;
use std::sync::Arc;
use tokio::sync::Notify;

/// The version of the API.
const VERSION: &str = "2020-01-01";
/// What the extension is called.
const NAME: &str = "guildhall-traces";
/// The header that it says its name in, and the one with the id that it is given.
const NAME_HEADER: &str = "lambda-extension-name";
const ID_HEADER: &str = "lambda-extension-identifier";

/// Sends traces after each answer.
pub(super) struct Afterwards {
    exporter: Exporter,
    extension: Option<Extension>,
    answered: Arc<Notify>,
}

impl Afterwards {
    /// Registers, before the first event is asked for. Whoever answers an event says so to `answered`.
    pub(super) async fn register(exporter: Exporter, answered: Arc<Notify>) -> Self {
        let extension = match std::env::var("AWS_LAMBDA_RUNTIME_API") {
            Ok(address) => Extension::register(&address).await,
            Err(_) => Err("there is no AWS_LAMBDA_RUNTIME_API".to_owned()),
        };
        let refused = |reason| tracing::warn!(reason, "traces will leave with the next event only");
        Self { exporter, extension: extension.map_err(refused).ok(), answered }
    }

    /// Until the environment is taken away.
    pub(super) async fn run(mut self) {
        loop {
            if let Some(extension) = &self.extension
                && let Err(reason) = extension.next().await
            {
                tracing::warn!(reason, "traces will leave with the next event only");
                self.extension = None;
            }
            self.answered.notified().await;
            self.exporter.flush().await;
        }
    }
}

/// An extension that has been registered.
struct Extension {
    web: Web,
    base: String,
    id: String,
}

impl Extension {
    async fn register(address: &str) -> Result<Self, String> {
        let (web, base) = (Web::new(), format!("http://{address}/{VERSION}/extension"));
        let request = Request::post(format!("{base}/register")).header(NAME_HEADER, NAME);
        let request = request.body(br#"{"events":["INVOKE"]}"#.to_vec()).map_err(|error| error.to_string())?;
        let response = web.send(request).await?;
        let id = response.headers().get(ID_HEADER).and_then(|id| id.to_str().ok()).map(str::to_owned);
        let id = id.filter(|_| response.status().is_success());
        Ok(Self { web, base, id: id.ok_or_else(|| format!("status {}", response.status()))? })
    }

    /// Says that everything is done, and waits for the next event: days, if need be.
    async fn next(&self) -> Result<(), String> {
        let request = Request::get(format!("{}/event/next", self.base)).header(ID_HEADER, &self.id);
        let response = self.web.send(request.body(Vec::new()).map_err(|error| error.to_string())?).await?;
        if response.status().is_success() { Ok(()) } else { Err(format!("status {}", response.status())) }
    }
}
