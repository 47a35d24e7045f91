//! What the control plane does on behalf of shards: one task per request, a bounded number of them at the API at once.

use super::uploads::Shelf;
use crate::api::{Api, Errand};
use crate::bucket::{self, Bucket};
use crate::checkpoint::{StoredCheckpoint, object};
use crate::clock::Clock;
use crate::dead_letters::DeadLetters;
use crate::exchange::{ApiFailure, DeadLetter, Order, Recovery, Ticket};
use crate::metrics::SimMetrics;
use guildhall_domain::SessionId;
use guildhall_domain::api::{
    AdmitPlayerRequest, Admitted, FinalizeRequest, HeartbeatRequest, HeartbeatResponse, ProgressRequest, RecoverRequest,
};
use guildhall_telemetry::traces::Stopwatch;
use std::sync::Arc;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

/// What every errand needs.
#[derive(Debug)]
pub(super) struct Office {
    pub(super) api: Arc<Api>,
    pub(super) bucket: Option<Bucket>,
    pub(super) shelf: Shelf,
    pub(super) clock: Arc<Clock>,
    pub(super) metrics: Arc<SimMetrics>,
    pub(super) letters: Arc<DeadLetters>,
    pub(super) permits: Semaphore,
}

/// How an errand ended.
#[derive(Debug)]
pub(super) enum Done {
    /// A shard is to be told.
    Answered {
        shard: usize,
        order: Order,
        /// The session that a player was admitted to and its epoch, if this was an admission.
        admitted: Option<(SessionId, u32)>,
    },
    /// A heartbeat has its answer, or none. It was asked at a time of the shards' clock, and on one that nobody sets.
    Beaten { asked_ms: u64, asked: Instant, answer: Result<HeartbeatResponse, ApiFailure> },
    /// Checkpoints are stored, or not.
    Kept { shard: usize, is_stored: bool },
    /// A session can be taken over without its players.
    Recovered(Arc<Recovery>),
    /// It cannot, for now.
    Unrecovered,
}

impl Office {
    pub(super) async fn admit(self: Arc<Self>, shard: usize, ticket: Ticket, request: AdmitPlayerRequest) -> Done {
        let asked_ms = self.clock.now_ms();
        let _permit = self.permit().await;
        let mut answer = self.api.admit(&request).await.map(Box::new);
        let mut checkpoint = None;
        if let Ok(admitted) = &answer {
            let answered_ms = self.clock.now_ms();
            match self.find_checkpoint(request.session_id, admitted).await {
                Ok(found) => checkpoint = found,
                // Nobody knows what the session has to go on from: it is asked again.
                Err(reason) => answer = Err(ApiFailure::Unavailable(format!("no look at checkpoints: {reason}"))),
            }
            if let Ok(admitted) = &answer
                && admitted.resume.is_some()
            {
                let (api_ms, bucket_ms) =
                    (answered_ms.saturating_sub(asked_ms), self.clock.now_ms().saturating_sub(answered_ms));
                tracing::info!(session_id = %request.session_id, api_ms, bucket_ms, "a session comes from elsewhere");
            }
        }
        match &answer {
            Ok(_) => tracing::info!(session_id = %request.session_id, request.seat, "a player is admitted"),
            Err(failure) => tracing::info!(session_id = %request.session_id, %failure, "a player was not admitted"),
        }
        let admitted = answer.is_ok().then_some((request.session_id, request.session_epoch));
        Done::Answered { shard, order: Order::Admitted { ticket, answer, checkpoint }, admitted }
    }

    /// The checkpoint of the latest placement that left one, if the session has been elsewhere before.
    async fn find_checkpoint(
        &self,
        session_id: SessionId,
        admitted: &Admitted,
    ) -> Result<Option<StoredCheckpoint>, String> {
        let (Some(resume), Some(bucket)) = (&admitted.resume, &self.bucket) else { return Ok(None) };
        for former in &resume.before {
            let kept = bucket.get(bucket::key_of(former)).await?;
            let found = kept.and_then(|kept| object::find(&kept, session_id, former.session_epoch));
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// Asks for a session that has come from elsewhere without its players. Whatever the answer, the next heartbeat tells what
    /// is left to do.
    pub(super) async fn recover(self: Arc<Self>, request: RecoverRequest) -> Done {
        let RecoverRequest { session_id, session_epoch, .. } = request;
        let _permit = self.permit().await;
        let found = async {
            let recovered = self.api.recover(&request).await.map_err(|failure| failure.to_string())?;
            let checkpoint = self.find_checkpoint(session_id, &recovered.admitted).await?;
            Ok::<_, String>(Recovery { session_id, session_epoch, recovered, checkpoint })
        };
        match found.await {
            Ok(recovery) => {
                tracing::info!(%session_id, "a session whose players have not come is taken over without them");
                Done::Recovered(Arc::new(recovery))
            }
            Err(reason) => {
                tracing::info!(%session_id, reason, "a session could not be taken over without its players");
                Done::Unrecovered
            }
        }
    }

    /// Waits for no permit: what is asked of the API has nothing to do with it.
    pub(super) async fn keep(self: Arc<Self>, shard: usize, key: String, object: Vec<u8>) -> Done {
        let (watch, errand) = (Stopwatch::start(), Errand::of_nobody("checkpoint", self.api.tracer()));
        let answer = match &self.bucket {
            Some(bucket) => bucket.put(key, object).await,
            None => Err("there is no bucket".to_owned()),
        };
        if let Some(errand) = errand {
            let failure = answer.clone().err().map(ApiFailure::Unavailable);
            errand.record(self.api.tracer(), watch, failure.as_ref());
        }
        if let Err(reason) = &answer {
            tracing::warn!(reason, "checkpoints were not stored");
        }
        Done::Kept { shard, is_stored: answer.is_ok() }
    }

    pub(super) async fn save(self: Arc<Self>, shard: usize, request: ProgressRequest) -> Done {
        let _permit = self.permit().await;
        let answer = self.api.save_progress(&request).await.map(|response| response.groups);
        match &answer {
            Ok(statuses) => statuses.iter().for_each(|status| self.metrics.count_write(Some(*status))),
            Err(failure) => {
                request.groups.iter().for_each(|_| self.metrics.count_write(None));
                tracing::warn!(session_id = %request.session_id, %failure, "progress was not saved");
            }
        }
        let ProgressRequest { session_id, session_epoch, .. } = request;
        Done::Answered { shard, order: Order::Saved { session_id, session_epoch, answer }, admitted: None }
    }

    pub(super) async fn finalize(self: Arc<Self>, shard: usize, request: FinalizeRequest) -> Done {
        let _permit = self.permit().await;
        let answer = self.api.finalize(&request).await.map(drop);
        match &answer {
            Ok(()) => {
                tracing::info!(session_id = %request.session_id, outcome = ?request.outcome, "the session is closed");
            }
            Err(failure) => tracing::warn!(session_id = %request.session_id, %failure, "the session was not closed"),
        }
        let FinalizeRequest { session_id, session_epoch, .. } = request;
        Done::Answered { shard, order: Order::Finalized { session_id, session_epoch, answer }, admitted: None }
    }

    /// Closes a session without a room. Whatever the answer, the next heartbeat tells what is left to do.
    pub(super) async fn close_unclaimed(self: Arc<Self>, request: FinalizeRequest) {
        let _permit = self.permit().await;
        if let Err(failure) = self.api.finalize(&request).await {
            tracing::debug!(session_id = %request.session_id, %failure, "the unclaimed session stays for now");
        }
    }

    /// Never waits for a permit: the lease must not run out because the API is busy with us.
    pub(super) async fn beat(self: Arc<Self>, request: HeartbeatRequest) -> Done {
        let (asked_ms, asked) = (self.clock.now_ms(), Instant::now());
        Done::Beaten { asked_ms, asked, answer: self.api.heartbeat(&request).await }
    }

    pub(super) async fn bury(self: Arc<Self>, letter: DeadLetter) {
        self.metrics.dead_letters.inc();
        let text = serde_json::to_string(&letter).unwrap_or_default();
        if let Err(error) = Arc::clone(&self.letters).keep(self.clock.now_ms(), letter).await {
            // The log is the last place left.
            tracing::error!(%error, letter = text, "a dead letter could not be kept in its place");
        }
    }

    async fn permit(&self) -> Option<SemaphorePermit<'_>> {
        // The semaphore is never closed; if it were, going without a permit would only be less polite.
        self.permits.acquire().await.ok()
    }
}
