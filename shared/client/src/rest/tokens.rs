//! How a player stays signed in. The tokens are one value behind one lock: whoever finds them old renews them while the
//! others wait, so that however many calls there are at once, the refresh token is shown once. Shown twice it would end the
//! login, as a stolen one does.

use super::call::{Body, Call, Repeat};
use super::{Api, ClientError};
use guildhall_domain::api::{Authenticated, RefreshRequest};
use serde::de::DeserializeOwned;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::Instant;

/// How long before its end an access token is renewed, in seconds; half of its life, if that is shorter.
const RENEWAL_MARGIN_S_MAX: u64 = 60;
/// Longest life of an access token that is believed, in seconds; no clock overflows by it.
const LIFE_S_MAX: u64 = 24 * 3_600;

/// The tokens of one login, shared by all clones of its player.
pub(super) struct Tokens(Mutex<Pair>);

/// What the latest answer gave.
struct Pair {
    access: Arc<str>,
    refresh: String,
    renew_at: Instant,
}

impl Pair {
    fn of(answer: Authenticated) -> Self {
        let life_s = answer.expires_in_s.min(LIFE_S_MAX);
        let margin_s = RENEWAL_MARGIN_S_MAX.min(life_s / 2);
        let renew_at = Instant::now() + Duration::from_secs(life_s - margin_s);
        Self { access: answer.access_token.into(), refresh: answer.refresh_token, renew_at }
    }

    async fn renew(&mut self, api: &Api) -> Result<(), ClientError> {
        let body = Body::of(&RefreshRequest { refresh_token: self.refresh.clone() })?;
        let call = Call { repeat: Repeat::IfNotSent, ..Call::post("/v1/auth/refresh", body)? };
        *self = Self::of(api.send(&call, None).await?);
        Ok(())
    }
}

impl Tokens {
    pub(super) fn new(answer: Authenticated) -> Self {
        Self(Mutex::new(Pair::of(answer)))
    }

    /// Makes a call as the player. One that the API does not know the token of is made once more with the next token, and
    /// under the same idempotency key.
    pub(super) async fn send<T: DeserializeOwned>(&self, api: &Api, call: &Call<'_>) -> Result<T, ClientError> {
        let access = Arc::clone(&self.fresh(api).await?.access);
        match api.send(call, Some(&access)).await {
            Err(error) if error.code() == Some("unauthorized") => {
                let access = Arc::clone(&self.other_than(&access, api).await?.access);
                api.send(call, Some(&access)).await
            }
            result => result,
        }
    }

    /// Makes a call whose answer is the next tokens. The other calls wait, as their tokens end with it.
    pub(super) async fn replace(&self, api: &Api, call: &Call<'_>) -> Result<(), ClientError> {
        let mut pair = self.fresh(api).await?;
        let answer = match api.send(call, Some(&pair.access)).await {
            Err(error) if error.code() == Some("unauthorized") => {
                pair.renew(api).await?;
                api.send(call, Some(&pair.access)).await
            }
            result => result,
        };
        *pair = Pair::of(answer?);
        Ok(())
    }

    /// The tokens, renewed if it is time.
    async fn fresh(&self, api: &Api) -> Result<MutexGuard<'_, Pair>, ClientError> {
        let mut pair = self.0.lock().await;
        if Instant::now() >= pair.renew_at {
            match pair.renew(api).await {
                Err(ClientError::Refused(refused)) if refused.status != 503 => return Err(refused.into()),
                // Without an answer the access token is still as good as it was, and whoever uses it will see.
                Ok(()) | Err(_) => {}
            }
        }
        Ok(pair)
    }

    /// The tokens, renewed unless somebody has done so since `refused` was used.
    async fn other_than(&self, refused: &str, api: &Api) -> Result<MutexGuard<'_, Pair>, ClientError> {
        let mut pair = self.0.lock().await;
        if &*pair.access == refused {
            pair.renew(api).await?;
        }
        Ok(pair)
    }
}
