//! What follows from the notices that an instance gets about its own end, as a value without a clock. An autoscaling group
//! that takes an instance out waits, through its lifecycle hook, until the instance has drained. A spot instance gets two
//! minutes and no more: its sessions are closed, and everything is written, before they are over.

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use serde::Deserialize;

/// The target state of an instance that its group takes out.
const TERMINATED: &str = "Terminated";
/// How long before its end a spot instance is told, in milliseconds.
const SPOT_NOTICE_MS: u64 = 120_000;

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Take nothing new; let sessions come to their end.
    Drain,
    /// Close every session.
    Stop,
}

/// The body of a spot notice.
#[derive(Debug, Deserialize)]
struct SpotAction {
    time: String,
}

/// The notices heard so far.
#[derive(Debug)]
pub(super) struct Notices {
    reserve_ms: u64,
    is_taken_out: bool,
    spot_end_ms: Option<u64>,
    done: Option<Step>,
}

impl Notices {
    /// `reserve_ms` is what closing every session may take.
    pub(super) const fn new(reserve_ms: u64) -> Self {
        Self { reserve_ms, is_taken_out: false, spot_end_ms: None, done: None }
    }

    /// Takes in the state that the autoscaling group wants the instance in, if it belongs to one.
    pub(super) fn handle_target_state(&mut self, state: Option<&str>) {
        self.is_taken_out |= state.is_some_and(|state| state.trim() == TERMINATED);
    }

    /// Takes in the body of a spot notice, if there is one. A body that makes no sense still is one: the time that it says
    /// is then what the documentation says.
    pub(super) fn handle_spot(&mut self, now_ms: u64, notice: Option<&str>) {
        let Some(notice) = notice.filter(|_| self.spot_end_ms.is_none()) else { return };
        self.spot_end_ms = Some(end_ms(notice).unwrap_or(now_ms.saturating_add(SPOT_NOTICE_MS)));
    }

    /// Whether the autoscaling group waits for the instance.
    pub(super) const fn is_taken_out(&self) -> bool {
        self.is_taken_out
    }

    /// What is to be done, each step once.
    pub(super) fn poll_step(&mut self, now_ms: u64) -> Option<Step> {
        let step = match self.stop_at_ms() {
            Some(stop_at_ms) if now_ms >= stop_at_ms => Step::Stop,
            Some(_) => Step::Drain,
            None if self.is_taken_out => Step::Drain,
            None => return None,
        };
        let is_new = self.done != Some(step) && self.done != Some(Step::Stop);
        is_new.then(|| *self.done.insert(step))
    }

    /// When sessions have to be closed, so that everything is written before the instance is gone.
    fn stop_at_ms(&self) -> Option<u64> {
        Some(self.spot_end_ms?.saturating_sub(self.reserve_ms))
    }
}

fn end_ms(notice: &str) -> Option<u64> {
    let action: SpotAction = serde_json::from_str(notice).ok()?;
    let time = DateTime::from_str(&action.time, Format::DateTime).ok()?;
    u64::try_from(time.to_millis().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-21T12:00:00Z.
    const NOON_MS: u64 = 1_795_262_400_000;
    const RESERVE_MS: u64 = 20_000;
    const NOTICE: &str = r#"{"action":"terminate","time":"2026-11-21T12:02:00Z"}"#;

    /// What happens in each second of three minutes from noon on.
    fn steps(notices: &mut Notices) -> Vec<(u64, Step)> {
        (0..180).filter_map(|second| Some((second, notices.poll_step(NOON_MS + second * 1_000)?))).collect()
    }

    #[test]
    fn without_a_notice_nothing_happens() {
        let mut notices = Notices::new(RESERVE_MS);
        for state in [None, Some("InService"), Some("Warmed:Stopped"), Some("Detached"), Some("")] {
            notices.handle_target_state(state);
        }
        notices.handle_spot(NOON_MS, None);
        assert_eq!(steps(&mut notices), []);
        assert!(!notices.is_taken_out());
    }

    #[test]
    fn an_instance_that_is_taken_out_drains_once_and_has_time() {
        let mut notices = Notices::new(RESERVE_MS);
        notices.handle_target_state(Some("Terminated\n"));
        notices.handle_target_state(Some("InService"));
        assert!(notices.is_taken_out());
        assert_eq!(steps(&mut notices), [(0, Step::Drain)]);
    }

    #[test]
    fn a_spot_instance_drains_at_once_and_stops_in_time_to_write() {
        let mut notices = Notices::new(RESERVE_MS);
        notices.handle_spot(NOON_MS, Some(NOTICE));
        notices.handle_spot(NOON_MS, Some(r#"{"action":"terminate","time":"2027-01-01T00:00:00Z"}"#));
        assert_eq!(steps(&mut notices), [(0, Step::Drain), (100, Step::Stop)]);
        assert!(!notices.is_taken_out(), "nobody waits for it");
    }

    #[test]
    fn a_spot_notice_that_cannot_be_read_counts_from_when_it_came() {
        for notice in ["", "<html>", "{}", r#"{"time":"soon"}"#, r#"{"time":"1969-01-01T00:00:00Z"}"#] {
            let mut notices = Notices::new(RESERVE_MS);
            notices.handle_spot(NOON_MS + 10_000, Some(notice));
            assert_eq!(steps(&mut notices), [(0, Step::Drain), (110, Step::Stop)], "{notice}");
        }
    }

    #[test]
    fn a_notice_that_comes_too_late_stops_without_draining() {
        let mut notices = Notices::new(RESERVE_MS);
        notices.handle_target_state(Some(TERMINATED));
        notices.handle_spot(NOON_MS, Some(r#"{"action":"stop","time":"2026-11-21T12:00:05Z"}"#));
        assert_eq!(steps(&mut notices), [(0, Step::Stop)]);
    }
}
