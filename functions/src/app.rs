//! The parts that every handler shares, put together once per process: the table, the keys, the clock and the source of
//! entropy. In a test all of them are given; in a Lambda function they come from the environment.

use crate::accounts::Hasher;
use crate::characters::CharacterCache;
use crate::content::in_force::ContentInForce;
use crate::endpoint::Route;
use crate::observed::{Done, Observed};
use guildhall_auth::{DerivationKey, SealingKey, SigningKeys};
use guildhall_domain::Timestamp;
use guildhall_storage::Table;
use guildhall_storage::dynamo::Usage;
use guildhall_telemetry::Tracer;
use std::fmt;
use std::sync::Arc;

/// Where the time comes from.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;
/// Where random bytes come from.
pub type Entropy = Arc<dyn Fn(&mut [u8]) + Send + Sync>;

/// Everything that an [`App`] is made of.
pub struct Config {
    /// What the process serves. A function names its own route alone, so that no other is linked into it.
    pub routes: Vec<&'static Route>,
    /// The database.
    pub table: Arc<dyn Table>,
    /// What nobody else may know.
    pub secrets: Secrets,
    /// Name of the role that game sims hold.
    pub gamesim_role: String,
    /// Name of the role that operators hold.
    pub operator_role: String,
    /// The clock.
    pub clock: Clock,
    /// The source of entropy.
    pub entropy: Entropy,
    /// Who collects traces, if anybody does.
    pub tracer: Tracer,
}

/// The secrets of a deployment, as far as a process has them: a Lambda function is given those of its route.
pub struct Secrets {
    /// Keys of access tokens.
    pub access: Option<SigningKeys>,
    /// Key that seals game sims' connect keys.
    pub sealing: Option<SealingKey>,
    /// Key that turns idempotency keys into ids.
    pub derivation: Option<DerivationKey>,
}

impl Secrets {
    /// All of them.
    pub const fn all(access: SigningKeys, sealing: SealingKey, derivation: DerivationKey) -> Self {
        Self { access: Some(access), sealing: Some(sealing), derivation: Some(derivation) }
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secrets").finish_non_exhaustive()
    }
}

/// The product's parts. What takes a grant to reach, handlers reach through a [`Scope`](crate::grants::Scope) alone.
pub struct App {
    table: Arc<dyn Table>,
    /// For [`Scope`](crate::grants::Scope) alone.
    pub(crate) secrets: Secrets,
    /// For [`Scope`](crate::grants::Scope) alone.
    pub(crate) content: ContentInForce,
    pub(crate) gamesim_role: String,
    pub(crate) operator_role: String,
    pub(crate) hasher: Hasher,
    pub(crate) characters: CharacterCache,
    clock: Clock,
    entropy: Entropy,
    pub(crate) observed: Observed,
    pub(crate) tracer: Tracer,
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("table", &self.table).finish_non_exhaustive()
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config").field("table", &self.table).finish_non_exhaustive()
    }
}

impl App {
    /// Puts the parts together.
    pub fn new(config: Config) -> Self {
        let observed = Observed::new(config.routes, &config.tracer);
        Self {
            table: observed.time(config.table),
            secrets: config.secrets,
            gamesim_role: config.gamesim_role,
            operator_role: config.operator_role,
            hasher: Hasher::default(),
            characters: CharacterCache::default(),
            clock: config.clock,
            entropy: config.entropy,
            content: ContentInForce::default(),
            observed,
            tracer: config.tracer,
        }
    }

    /// Shows on `/metrics` what the database charges.
    #[must_use]
    pub fn with_usage(self, usage: Arc<Usage>) -> Self {
        Self { observed: self.observed.with_usage(usage), ..self }
    }

    /// Hashes passwords on the thread that serves the request. That holds everybody up; it is for simulations, in which
    /// nothing may depend on which of two threads is faster.
    #[must_use]
    pub fn hashing_in_place(self) -> Self {
        Self { hasher: Hasher::in_place(), ..self }
    }

    /// The database, whole.
    pub fn table(&self) -> &Arc<dyn Table> {
        &self.table
    }

    /// What the routes have done in this process.
    pub fn done(&self) -> impl Iterator<Item = Done> + '_ {
        self.observed.done()
    }

    /// Password hashes that this process has computed: each admitted attempt at a password costs one, whatever it hits.
    pub fn password_hashes(&self) -> u64 {
        self.hasher.computed()
    }

    /// Characters that this process remembers.
    pub fn characters_cached(&self) -> usize {
        self.characters.len()
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    pub(crate) fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        (self.entropy)(&mut bytes);
        bytes
    }

    pub(crate) fn random_bits(&self) -> u128 {
        u128::from_be_bytes(self.random())
    }
}
