//! Combat logs on their way to the API, chunk by chunk and a few sessions at a time. Nobody waits for them: a chunk that cannot
//! be stored after a few attempts is a loss that is logged and counted. Of one session one chunk is out at a time, so that
//! whoever reads along sees them come in order.

use super::Office;
use crate::backoff::Backoff;
use crate::exchange::{ApiFailure, LoggedChunk};
use crate::limits::{LOG_TRIES_MAX, LOGS_AT_ONCE_MAX, LOGS_END_S_MAX, LOGS_WAITING_MAX};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use guildhall_domain::SessionId;
use guildhall_domain::api::SaveEventsRequest;
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

/// The chunks that are on their way.
#[derive(Debug, Default)]
pub(super) struct Logbook {
    under_way: JoinSet<SessionId>,
    busy: BTreeSet<SessionId>,
    waiting: VecDeque<LoggedChunk>,
}

impl Logbook {
    /// Begins to store a chunk, or has it wait for its turn, unless too many wait already.
    pub(super) fn start(&mut self, office: &Arc<Office>, chunk: LoggedChunk) {
        if self.waiting.len() >= LOGS_WAITING_MAX {
            tracing::warn!(session_id = %chunk.session_id, chunk.first, "a combat log is lost: too many wait");
            office.metrics.logs_lost.inc();
            return;
        }
        self.waiting.push_back(chunk);
        self.send_next(office);
    }

    /// Waits until the next chunk is stored or lost; `None` if there is none.
    pub(super) async fn join_next(&mut self, office: &Arc<Office>) -> Option<()> {
        let ended = self.under_way.join_next().await?;
        match ended {
            Ok(session_id) => drop(self.busy.remove(&session_id)),
            // Its session stays busy, which only loses the rest of its log.
            Err(error) => tracing::error!(%error, "storing a combat log has crashed"),
        }
        self.send_next(office);
        Some(())
    }

    /// Waits until all are stored or lost, for as long as that may take.
    pub(super) async fn finish(&mut self, office: &Arc<Office>) {
        let all = async { while self.join_next(office).await.is_some() {} };
        if tokio::time::timeout(Duration::from_secs(LOGS_END_S_MAX), all).await.is_err() {
            tracing::warn!(
                chunks = self.waiting.len() + self.under_way.len(),
                "combat logs are lost: the process ends"
            );
        }
    }

    fn send_next(&mut self, office: &Arc<Office>) {
        while self.under_way.len() < LOGS_AT_ONCE_MAX {
            let next = self.waiting.iter().position(|chunk| !self.busy.contains(&chunk.session_id));
            let Some(chunk) = next.and_then(|next| self.waiting.remove(next)) else { return };
            let session_id = chunk.session_id;
            self.busy.insert(session_id);
            let office = Arc::clone(office);
            self.under_way.spawn(async move {
                office.log(chunk).await;
                session_id
            });
        }
    }
}

impl Office {
    async fn log(&self, chunk: LoggedChunk) {
        let LoggedChunk { session_id, session_epoch, gamesim_epoch, first, bytes } = chunk;
        let chunk = STANDARD.encode(bytes);
        let request = SaveEventsRequest { session_id, gamesim_epoch, session_epoch, first_number: first, chunk };
        let mut backoff = Backoff::seeded(self.clock.now_ms());
        for attempt in 1..=LOG_TRIES_MAX {
            match self.api.save_events(&request).await {
                Ok(_) => {
                    self.metrics.logs_stored.inc();
                    return;
                }
                Err(ApiFailure::Unavailable(_)) if attempt < LOG_TRIES_MAX => {
                    tokio::time::sleep(Duration::from_millis(backoff.next_ms())).await;
                }
                Err(failure) => {
                    tracing::warn!(%session_id, first, %failure, "a chunk of a combat log is lost");
                    break;
                }
            }
        }
        self.metrics.logs_lost.inc();
    }
}
