//! Whom the API has asked for patience, because it has more to do than it can, does not ask again before that is over, whatever
//! call comes next: to be turned away costs the API too, and what it spends on that it cannot spend on answers.

use super::ApiError;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// The code of the answer that says so. Other answers that ask for patience are about one call and not about all of them.
const OVERLOADED: &str = "overloaded";

/// What the API asked for last.
#[derive(Debug, Default)]
pub(super) struct Patience(Mutex<Option<(Instant, ApiError)>>);

impl Patience {
    /// The API gave this answer and asked for so much patience.
    pub(super) fn promise(&self, error: &ApiError, asked: Duration) {
        if error.code == OVERLOADED {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now() + asked, error.clone()));
        }
    }

    /// What it said and how much longer that holds, if it does.
    pub(super) fn left(&self) -> Option<(ApiError, Duration)> {
        let promised = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (until, error) = promised.as_ref()?;
        let left = until.saturating_duration_since(Instant::now());
        (!left.is_zero()).then(|| (error.clone(), left))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: &str) -> ApiError {
        ApiError {
            status: 503,
            code: code.to_owned(),
            message: "later".to_owned(),
            request_id: "r".to_owned(),
            character: None,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn patience_lasts_as_long_as_was_asked_for() {
        let patience = Patience::default();
        assert_eq!(patience.left(), None);
        patience.promise(&refused("overloaded"), Duration::from_secs(2));
        tokio::time::advance(Duration::from_millis(1_500)).await;
        assert_eq!(patience.left(), Some((refused("overloaded"), Duration::from_millis(500))));
        tokio::time::advance(Duration::from_millis(500)).await;
        assert_eq!(patience.left(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn what_one_call_is_refused_for_keeps_no_other_back() {
        let patience = Patience::default();
        patience.promise(&refused("fleet_full"), Duration::from_secs(2));
        assert_eq!(patience.left(), None);
    }
}
