//! Sends what waits in a tracer's queue. A batch that the collector does not take within a second is lost; after that the
//! collector is left alone for a while, so that one that is gone costs next to nothing.

use super::{Queue, Span, Tracer, TracesConfig, Value, otlp};
use crate::web::Web;
use http::Request;
use http::header::CONTENT_TYPE;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

/// How long spans wait at most for others to go with them, in milliseconds.
const BATCH_WAIT_MS: u64 = 1_000;
/// How long the collector may take for a batch, in milliseconds.
const SEND_TIMEOUT_MS: u64 = 1_000;
/// How long a collector that took none is left alone, in milliseconds.
pub(super) const PAUSE_MS: u64 = 5_000;
/// How long the last batches may take together, in milliseconds.
const LAST_BATCHES_MS: u64 = 3_000;

const _: () = assert!(SEND_TIMEOUT_MS < LAST_BATCHES_MS);

/// The way from a tracer's queue to the collector.
#[derive(Debug)]
pub struct Exporter {
    queue: Arc<Queue>,
    web: Web,
    url: String,
    resource: Vec<(&'static str, Value)>,
    paused_until: Option<Instant>,
    is_failing: bool,
}

/// An exporter at work on its own.
#[derive(Debug)]
pub struct Exporting {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Exporter {
    /// Of what this tracer takes in, for a process that says this of itself: `service.name` and whatever else tells it from
    /// others. `None` for a tracer that is off.
    pub fn new(
        tracer: &Tracer,
        config: Option<&TracesConfig>,
        resource: impl IntoIterator<Item = (&'static str, Value)>,
    ) -> Option<Self> {
        Some(Self {
            queue: Arc::clone(tracer.0.as_ref()?),
            web: Web::new(),
            url: format!("{}/v1/traces", config?.endpoint),
            resource: resource.into_iter().collect(),
            paused_until: None,
            is_failing: false,
        })
    }

    /// Sends everything that waits, unless the collector is left alone. Takes a second at most if that takes nothing.
    pub async fn flush(&mut self) {
        while self.paused_until.is_none_or(|until| until <= Instant::now()) {
            let batch = self.queue.take();
            if batch.is_empty() {
                return;
            }
            let sent = timeout(Duration::from_millis(SEND_TIMEOUT_MS), self.send(&batch)).await;
            self.note(batch.len(), sent.unwrap_or_else(|_| Err(format!("no answer within {SEND_TIMEOUT_MS} ms"))));
        }
    }

    /// Goes on by itself, until it is told to end.
    pub fn start(self) -> Exporting {
        let (stop, stopped) = oneshot::channel();
        Exporting { stop, task: tokio::spawn(self.run(stopped)) }
    }

    async fn run(mut self, mut stopped: oneshot::Receiver<()>) {
        loop {
            tokio::select! {
                () = sleep(Duration::from_millis(BATCH_WAIT_MS)) => {}
                () = self.queue.is_batch.notified() => {}
                _ = &mut stopped => break,
            }
            self.flush().await;
        }
        // A last try, however the one before went.
        self.paused_until = None;
        if timeout(Duration::from_millis(LAST_BATCHES_MS), self.flush()).await.is_err() {
            tracing::warn!("the last traces were not sent in time");
        }
    }

    async fn send(&self, batch: &[Span]) -> Result<(), String> {
        let body = otlp::body(&self.resource, batch);
        let request = Request::post(&self.url).header(CONTENT_TYPE, "application/json").body(body);
        let response = self.web.send(request.map_err(|error| error.to_string())?).await?;
        if response.status().is_success() { Ok(()) } else { Err(format!("status {}", response.status())) }
    }

    fn note(&mut self, spans: usize, sent: Result<(), String>) {
        let was_failing = std::mem::replace(&mut self.is_failing, sent.is_err());
        match sent {
            Ok(()) if was_failing => tracing::info!("the collector of traces takes them again"),
            Ok(()) => {}
            Err(reason) => {
                self.queue.dropped.inc_by(spans as u64);
                self.paused_until = Some(Instant::now() + Duration::from_millis(PAUSE_MS));
                if !was_failing {
                    tracing::warn!(reason, url = self.url, "traces are lost: the collector takes none");
                }
            }
        }
    }
}

impl Exporting {
    /// Sends what still waits, for three seconds at most, and ends.
    pub async fn end(self) {
        // It listens until it has ended; if it has, there is nothing left to tell it.
        let _ = self.stop.send(());
        let _ = self.task.await;
    }
}
