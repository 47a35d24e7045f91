//! What the control plane does on behalf of shards: one task per request, a bounded number of them at the API at once.

use crate::api::Api;
use crate::clock::Clock;
use crate::dead_letters::DeadLetters;
use crate::exchange::{ApiFailure, DeadLetter, Order, Request, Ticket};
use crate::metrics::SimMetrics;
use guildhall_domain::SessionId;
use guildhall_domain::api::{
    AdmitPlayerRequest, FinalizeRequest, HeartbeatRequest, HeartbeatResponse, ProgressRequest,
};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// What every errand needs.
#[derive(Debug)]
pub(super) struct Office {
    pub(super) api: Arc<Api>,
    pub(super) clock: Arc<Clock>,
    pub(super) metrics: Arc<SimMetrics>,
    pub(super) letters: Arc<DeadLetters>,
    pub(super) permits: Arc<Semaphore>,
}

/// How an errand ended.
#[derive(Debug)]
pub(super) enum Done {
    /// A shard is to be told.
    Answered {
        shard: usize,
        order: Order,
        /// The session that a player was admitted to, if this was an admission.
        admitted: Option<SessionId>,
    },
    /// A heartbeat has its answer, or none.
    Beaten { asked_ms: u64, answer: Result<HeartbeatResponse, ApiFailure> },
    /// Nobody waits for it.
    Nothing,
}

impl Office {
    pub(super) async fn carry_out(self: Arc<Self>, shard: usize, request: Request) -> Done {
        if let Request::Bury(letter) = request {
            self.bury(letter).await;
            return Done::Nothing;
        }
        // The semaphore is never closed; if it were, running without a permit would only be less polite.
        let _permit = self.permits.acquire().await;
        let (order, admitted) = match request {
            Request::Admit { ticket, request } => self.admit(ticket, &request).await,
            Request::Save(request) => (self.save(&request).await, None),
            Request::Finalize(request) => {
                let answer = self.api.finalize(&request).await.map(drop);
                if let Err(failure) = &answer {
                    tracing::warn!(session_id = %request.session_id, %failure, "the session was not closed");
                }
                (Order::Finalized { session_id: request.session_id, answer }, None)
            }
            Request::Bury(_) => return Done::Nothing,
        };
        Done::Answered { shard, order, admitted }
    }

    pub(super) async fn beat(self: Arc<Self>, request: HeartbeatRequest) -> Done {
        let asked_ms = self.clock.now_ms();
        Done::Beaten { asked_ms, answer: self.api.heartbeat(&request).await }
    }

    /// Closes a session without a room. Whatever the answer, the next heartbeat tells what is left to do.
    pub(super) async fn close_unclaimed(self: Arc<Self>, request: FinalizeRequest) -> Done {
        let _permit = self.permits.acquire().await;
        if let Err(failure) = self.api.finalize(&request).await {
            tracing::debug!(session_id = %request.session_id, %failure, "the unclaimed session stays for now");
        }
        Done::Nothing
    }

    async fn admit(&self, ticket: Ticket, request: &AdmitPlayerRequest) -> (Order, Option<SessionId>) {
        let answer = self.api.admit(request).await.map(Box::new);
        if let Err(failure) = &answer {
            tracing::info!(session_id = %request.session_id, %failure, "a player was not admitted");
        }
        let admitted = answer.is_ok().then_some(request.session_id);
        (Order::Admitted { ticket, answer }, admitted)
    }

    async fn save(&self, request: &ProgressRequest) -> Order {
        let answer = self.api.save_progress(request).await.map(|response| response.groups);
        match &answer {
            Ok(statuses) => statuses.iter().for_each(|status| self.metrics.count_write(Some(*status))),
            Err(failure) => {
                request.groups.iter().for_each(|_| self.metrics.count_write(None));
                tracing::warn!(session_id = %request.session_id, %failure, "progress was not saved");
            }
        }
        Order::Saved { session_id: request.session_id, answer }
    }

    async fn bury(&self, letter: DeadLetter) {
        self.metrics.dead_letters.inc();
        let (letters, at_ms) = (Arc::clone(&self.letters), self.clock.now_ms());
        let text = serde_json::to_string(&letter).unwrap_or_default();
        let written = tokio::task::spawn_blocking(move || letters.append(at_ms, &letter)).await;
        if !matches!(written, Ok(Ok(()))) {
            // The log is the last place left.
            tracing::error!(?written, letter = text, "a dead letter could not be kept in its file");
        }
    }
}
