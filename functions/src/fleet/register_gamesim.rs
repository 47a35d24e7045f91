//! Registers one boot of a game sim. Its name and its public address are the caller's own; its epoch is issued here; its
//! connect key is stored sealed, for the functions that mint connect tokens.

use crate::caller::Gamesim;
use crate::endpoint::{Call, Endpoint, Method, Route};
use crate::error::ApiError;
use crate::grants::{Grants, Secret};
use base64::Engine;
use guildhall_domain::api::{GamesimLoad, GamesimState, RegisterGamesimRequest, Registered};
use guildhall_domain::limits::{
    GAMESIM_LEASE_MS, HEARTBEAT_INTERVAL_MS, PORTS_PER_GAMESIM_MAX, SESSIONS_PER_GAMESIM_MAX,
};
use guildhall_storage::gamesims::{self, GamesimRow};
use guildhall_storage::{Operation, TableName};
use std::collections::BTreeMap;

/// `POST /internal/gamesims`
#[derive(Debug)]
pub struct RegisterGamesim;

/// The route of [`RegisterGamesim`].
pub static REGISTER_GAMESIM: Route = Route::of::<RegisterGamesim>();

/// Longest build version or boot id, in bytes.
const TEXT_BYTES_MAX: usize = 64;

/// What a sealed connect key is bound to. The boot id, not the epoch: the epoch is not known before the row is written.
pub(crate) fn seal_context(gamesim_id: &str, boot_id: &str) -> String {
    format!("connect-key/{gamesim_id}/{boot_id}")
}

impl Endpoint for RegisterGamesim {
    const NAME: &'static str = "register-gamesim";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/internal/gamesims";
    const STATUS: u16 = 201;
    const REFUSALS: &'static [u16] = &[409];
    const GRANTS: Grants = Grants::NONE
        .with(Secret::SealingKey)
        .on(TableName::Gamesims, &[Operation::Get, Operation::Query, Operation::Put, Operation::Update]);
    type Caller = Gamesim;
    type Input = RegisterGamesimRequest;
    type Output = Registered;

    async fn call(call: Call<'_, Gamesim>, input: RegisterGamesimRequest) -> Result<Registered, ApiError> {
        let Gamesim { gamesim_id, ip } = call.caller;
        check(&input)?;
        let key = base64::engine::general_purpose::STANDARD.decode(&input.connect_key).ok();
        let key: [u8; 32] = key
            .and_then(|key| key.try_into().ok())
            .ok_or_else(|| ApiError::bad_request("connect_key: expected base64 of 32 bytes"))?;
        let context = seal_context(gamesim_id.as_str(), &input.boot_id);
        let row = GamesimRow {
            gamesim_id: gamesim_id.clone(),
            epoch: 0,
            sealed_connect_key: call.app.sealing()?.seal(&key, call.app.random(), &context),
            boot_id: input.boot_id,
            state: GamesimState::Ready,
            ip: ip.clone(),
            ports: input.ports,
            capacity: input.capacity,
            build_version: input.build_version,
            protocol_version: input.protocol_version,
            content_version: input.content_version,
            lease_until: call.now.plus_millis(GAMESIM_LEASE_MS),
            sessions: BTreeMap::new(),
            zones: BTreeMap::new(),
            load: GamesimLoad::default(),
            expelled: BTreeMap::new(),
        };
        let row = gamesims::register(&call.app.table, row, call.now).await?.ok_or_else(ApiError::fenced)?;
        tracing::info!(%gamesim_id, row.epoch, row.capacity, ip, "game sim registered");
        Ok(Registered {
            gamesim_id,
            epoch: row.epoch,
            ip: row.ip,
            lease_ms: GAMESIM_LEASE_MS,
            heartbeat_interval_ms: HEARTBEAT_INTERVAL_MS,
        })
    }
}

fn check(input: &RegisterGamesimRequest) -> Result<(), ApiError> {
    let text = |text: &str| (1..=TEXT_BYTES_MAX).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
    let require = |right: bool, message: &str| if right { Ok(()) } else { Err(ApiError::bad_request(message)) };
    let ports = (1..=PORTS_PER_GAMESIM_MAX).contains(&input.ports.len()) && !input.ports.contains(&0);
    require(ports, "ports: expected 1 to 64 ports")?;
    let capacity = (1..=SESSIONS_PER_GAMESIM_MAX).contains(&input.capacity);
    require(capacity, "capacity: expected 1 to 2048 sessions")?;
    require(text(&input.build_version), "build_version: expected 1 to 64 visible ASCII characters")?;
    require(text(&input.boot_id), "boot_id: expected 1 to 64 visible ASCII characters")?;
    require(text(&input.content_version), "content_version: expected 16 hexadecimal digits")
}
