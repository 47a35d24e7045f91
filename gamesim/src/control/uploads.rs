//! Recordings on their way into the bucket. Each part has one attempt and nobody waits for it: a part that cannot be stored
//! is a loss that is logged and counted, and nothing else.

use super::Office;
use super::boot::LoadedContent;
use crate::bucket::Bucket;
use crate::limits::{RECORDINGS_AT_ONCE_MAX, RECORDINGS_END_S_MAX, RECORDINGS_WAITING_BYTES_MAX};
use crate::recording::RecordingPart;
use crate::recordings::{content_key, part_key};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OnceCell, Semaphore};
use tokio::task::JoinSet;

/// The parts that are on their way.
#[derive(Debug, Default)]
pub(super) struct Uploads {
    /// Each yields its length.
    under_way: JoinSet<usize>,
    waiting_bytes: usize,
}

impl Uploads {
    /// Begins to store a part, unless too much waits already.
    pub(super) fn start(&mut self, office: &Arc<Office>, part: RecordingPart) {
        let length = part.bytes.len();
        if self.waiting_bytes + length > RECORDINGS_WAITING_BYTES_MAX {
            tracing::warn!(session_id = %part.session_id, part.number, "a recording is lost: too many wait");
            office.metrics.recordings_lost.inc();
            return;
        }
        self.waiting_bytes += length;
        let office = Arc::clone(office);
        self.under_way.spawn(async move {
            office.record(part).await;
            length
        });
    }

    /// Waits until the next part is stored or lost; `None` if there is none.
    pub(super) async fn join_next(&mut self) -> Option<()> {
        let ended = self.under_way.join_next().await?;
        match ended {
            Ok(length) => self.waiting_bytes = self.waiting_bytes.saturating_sub(length),
            // Its length stays counted, which only makes the bound tighter.
            Err(error) => tracing::error!(%error, "storing a recording has crashed"),
        }
        Some(())
    }

    /// Waits until all are stored or lost, for as long as that may take.
    pub(super) async fn finish(&mut self) {
        let all = async { while self.join_next().await.is_some() {} };
        if tokio::time::timeout(Duration::from_secs(RECORDINGS_END_S_MAX), all).await.is_err() {
            tracing::warn!(parts = self.under_way.len(), "recordings are lost: the process ends");
        }
    }
}

/// What recordings are stored beside, and how many at a time.
#[derive(Debug)]
pub(super) struct Shelf {
    content: LoadedContent,
    /// Whether the bucket is known to have the content.
    has_content: OnceCell<()>,
    permits: Semaphore,
}

impl Shelf {
    pub(super) fn new(content: LoadedContent) -> Self {
        Self { content, has_content: OnceCell::new(), permits: Semaphore::new(RECORDINGS_AT_ONCE_MAX) }
    }

    /// Sees to it that whoever finds the part finds the content that it is played with.
    async fn put_content(&self, bucket: &Bucket) -> Result<(), String> {
        let LoadedContent { content, version_number, .. } = &self.content;
        let put = async || {
            let bytes = serde_json::to_vec(content.as_ref()).map_err(|error| error.to_string())?;
            bucket.put(content_key(*version_number), bytes).await
        };
        self.has_content.get_or_try_init(put).await.copied()
    }

    async fn put(&self, bucket: &Bucket, part: RecordingPart) -> Result<(), String> {
        // The semaphore is never closed; if it were, more would be stored at a time.
        let _permit = self.permits.acquire().await.ok();
        self.put_content(bucket).await?;
        bucket.put(part_key(part.session_id, part.session_epoch, part.number), part.bytes).await
    }
}

impl Office {
    async fn record(&self, part: RecordingPart) {
        let (session_id, number) = (part.session_id, part.number);
        let stored = match &self.bucket {
            Some(bucket) => self.shelf.put(bucket, part).await,
            None => Err("there is no bucket".to_owned()),
        };
        match stored {
            Ok(()) => drop(self.metrics.recordings_stored.inc()),
            Err(reason) => {
                tracing::warn!(%session_id, number, reason, "a part of a recording is lost");
                self.metrics.recordings_lost.inc();
            }
        }
    }
}
