//! EventBridge's twin: hands the reaper its event every few seconds. In the cloud the same event, once a minute, is the input
//! of the schedule's target; whoever may invoke the function there is decided by IAM.

use guildhall_functions::fleet::REAP_FLEET;
use guildhall_functions::{App, invoke};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

/// How often the reaper is called, in milliseconds.
const REAP_INTERVAL_MS: u64 = 5_000;
/// What it is called with: an event of API Gateway, as every function gets.
const REAP_EVENT: &str = include_str!("../../reap-event.json");

/// A schedule that runs until it is dropped.
#[derive(Debug)]
pub struct Schedule(JoinHandle<()>);

impl Schedule {
    /// Starts it.
    pub fn start(app: Arc<App>) -> Self {
        Self(tokio::spawn(async move {
            let mut beat = interval(Duration::from_millis(REAP_INTERVAL_MS));
            beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                beat.tick().await;
                match invoke(&app, &REAP_FLEET, REAP_EVENT).await {
                    Ok(answer) if answer["statusCode"] == 200 => {}
                    Ok(answer) => tracing::warn!(%answer, "the reaper did not succeed"),
                    Err(error) => tracing::error!(%error, "the reaper's event is not one"),
                }
            }
        }))
    }
}

impl Drop for Schedule {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use guildhall_auth::{DerivationKey, SealingKey, SigningKeys};
    use guildhall_functions::lambda::{system_clock, system_entropy};
    use guildhall_functions::{Config, ROUTES, Secrets};
    use guildhall_storage::memory::MemoryTable;

    #[tokio::test]
    async fn the_reaper_understands_its_event() {
        let app = Arc::new(App::new(Config {
            routes: ROUTES.to_vec(),
            table: Arc::new(MemoryTable::default()),
            secrets: Secrets::all(
                SigningKeys::new(vec![("1".into(), vec![7; 32])]).unwrap(),
                SealingKey::new([8; 32]),
                DerivationKey::new([9; 32]),
            ),
            gamesim_role: "guildhall-gamesim".into(),
            operator_role: "guildhall-operator".into(),
            clock: Arc::new(system_clock),
            entropy: Arc::new(system_entropy),
            tracer: guildhall_telemetry::Tracer::default(),
        }));
        let answer = invoke(&app, &REAP_FLEET, REAP_EVENT).await.unwrap();
        assert_eq!(answer["statusCode"], 200, "{answer}");
    }
}
