//! The instance that the game sim runs on: listens to the notices about it and tells its autoscaling group how things stand,
//! both every five seconds. What is to be done is decided by [`Notices`] and [`Keeper`]; here is the clock.

use super::keeper::Keeper;
use super::notices::{Notices, Step};
use super::{Fault, Sighting};
use crate::Shutdown;
use crate::clock::Clock;
use crate::limits::{NOTICE_POLL_MS, SHARDS_END_S_MAX};
use crate::rim::{Group, GroupCall as Call, Metadata};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

const TARGET_STATE: &str = "autoscaling/target-lifecycle-state";
const SPOT_ACTION: &str = "spot/instance-action";
const INSTANCE_ID: &str = "instance-id";

/// What an instance is known by and told.
#[derive(Debug)]
pub(super) struct Instance {
    metadata: Box<dyn Metadata>,
    autoscaling: Option<Box<dyn Group>>,
    shutdown: Shutdown,
    clock: Arc<Clock>,
    notices: Notices,
    keeper: Keeper,
    id: Option<String>,
    metadata_fault: Fault,
    autoscaling_fault: Fault,
}

impl Instance {
    pub(super) fn new(
        metadata: Box<dyn Metadata>,
        autoscaling: Option<Box<dyn Group>>,
        shutdown: Shutdown,
        clock: Arc<Clock>,
        last_writes_s: u64,
    ) -> Self {
        let reserve_ms = (last_writes_s + SHARDS_END_S_MAX) * 1_000 + NOTICE_POLL_MS;
        Self {
            metadata,
            autoscaling,
            shutdown,
            clock,
            notices: Notices::new(reserve_ms),
            keeper: Keeper::default(),
            id: None,
            metadata_fault: Fault::of("instance metadata"),
            autoscaling_fault: Fault::of("autoscaling group"),
        }
    }

    /// Until the game sim has ended.
    pub(super) async fn run(mut self, sightings: watch::Receiver<Sighting>, ended: CancellationToken) {
        while !ended.is_cancelled() {
            self.look().await;
            let sighting = *sightings.borrow();
            self.tell(sighting).await;
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(NOTICE_POLL_MS)) => {}
                () = ended.cancelled() => {}
            }
        }
        if let Some(call) = self.keeper.last_call() {
            self.call(call).await;
        }
    }

    pub(super) async fn look(&mut self) {
        let state = self.metadata.text(TARGET_STATE).await;
        if let Some(state) = self.metadata_fault.note(state) {
            self.notices.handle_target_state(state.as_deref());
        }
        let spot = self.metadata.text(SPOT_ACTION).await;
        if let Some(spot) = self.metadata_fault.note(spot) {
            self.notices.handle_spot(self.clock.now_ms(), spot.as_deref());
        }
        match self.notices.poll_step(self.clock.now_ms()) {
            None => {}
            Some(Step::Drain) => {
                tracing::info!("this instance is to go; draining");
                self.shutdown.drain.cancel();
            }
            Some(Step::Stop) => {
                tracing::warn!("this instance is about to be gone; closing every session");
                self.shutdown.at_once.cancel();
            }
        }
    }

    pub(super) async fn tell(&mut self, sighting: Sighting) {
        // Before the registry has spoken, nobody knows what lives here.
        if sighting.at_ms > 0 {
            self.keeper.handle_sessions(self.clock.now_ms(), sighting.sessions);
        }
        if self.notices.is_taken_out() {
            self.keeper.handle_taken_out();
        }
        if let Some(call) = self.keeper.poll_call(self.clock.now_ms()) {
            self.call(call).await;
        }
    }

    async fn call(&mut self, call: Call) {
        let Some(autoscaling) = &self.autoscaling else { return };
        if self.id.is_none() {
            self.id = self.metadata_fault.note(self.metadata.text(INSTANCE_ID).await).flatten();
        }
        let Some(id) = &self.id else { return };
        if self.autoscaling_fault.note(autoscaling.call(call, id).await).is_some() {
            self.keeper.handle_done(self.clock.now_ms(), call);
        }
    }
}
