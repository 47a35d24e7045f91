//! Computes password hashes away from the threads that serve requests, a bounded number at once, and counts them: the count
//! shows without a clock that an unknown address costs what a known one does, and that a throttled attempt costs nothing.

use crate::error::ApiError;
use guildhall_auth::PasswordHash;
use guildhall_auth::password::{self, Verdict};
use guildhall_domain::Password;
use guildhall_domain::limits::PASSWORD_HASHES_AT_ONCE_MAX;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Semaphore;

/// Where passwords are hashed and checked.
#[derive(Debug)]
pub(crate) struct Hasher {
    computed: Arc<AtomicU64>,
    places: Arc<Semaphore>,
    is_in_place: bool,
}

/// What came of checking a password.
pub(crate) struct Checked {
    /// Whether it is the password.
    pub(crate) right: bool,
    /// A stronger hash of it, if it is right and the stored one is weak.
    pub(crate) rehashed: Option<PasswordHash>,
}

impl Default for Hasher {
    fn default() -> Self {
        Self {
            computed: Arc::default(),
            places: Arc::new(Semaphore::new(PASSWORD_HASHES_AT_ONCE_MAX)),
            is_in_place: false,
        }
    }
}

impl Hasher {
    /// One that hashes on the thread that asks.
    pub(crate) fn in_place() -> Self {
        Self { is_in_place: true, ..Self::default() }
    }

    /// How many hashes have been computed.
    pub(crate) fn computed(&self) -> u64 {
        self.computed.load(Ordering::Relaxed)
    }

    /// Hashes a password for the store. The salt is 16 random bytes.
    pub(crate) async fn hash(&self, password: &Password, salt: [u8; 16]) -> Result<PasswordHash, ApiError> {
        let password = password.clone();
        self.run(move |count| {
            count();
            password::hash(&password, salt)
        })
        .await
    }

    /// Checks a password against what is stored, or against nothing at the same cost. The salt is for the new hash that a
    /// weak one is replaced by.
    pub(crate) async fn check(
        &self,
        password: &Password,
        stored: Option<&str>,
        salt: [u8; 16],
    ) -> Result<Checked, ApiError> {
        let password = password.clone();
        let stored = stored.map(PasswordHash::from_stored);
        self.run(move |count| {
            count();
            let verdict = match stored {
                Some(stored) => password::verify(&password, &stored),
                None => password::verify_decoy(&password),
            };
            let rehashed = (verdict == Verdict::RightButWeak).then(|| {
                count();
                password::hash(&password, salt)
            });
            Checked { right: verdict != Verdict::Wrong, rehashed }
        })
        .await
    }

    /// The place is given back when the work is done, not when the caller stops waiting for it.
    async fn run<T: Send + 'static>(&self, work: impl FnOnce(&dyn Fn()) -> T + Send + 'static) -> Result<T, ApiError> {
        let closed = |_| ApiError::internal("the hasher is closed");
        let place = Arc::clone(&self.places).acquire_owned().await.map_err(closed)?;
        let computed = Arc::clone(&self.computed);
        let work = move || {
            let _place = place;
            work(&|| {
                computed.fetch_add(1, Ordering::Relaxed);
            })
        };
        if self.is_in_place {
            return Ok(work());
        }
        tokio::task::spawn_blocking(work).await.map_err(|error| ApiError::internal(error.to_string()))
    }
}
