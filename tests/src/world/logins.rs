//! Who is logged in, as everybody was told: a request that arrives at a function after a logout has returned, however it was
//! delayed and whether it is the first or the second of its kind, is not accepted (A1). A request is judged by what the
//! function answers, whether or not anybody hears it.

use super::roads::Answer;
use super::{World, lock};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use guildhall_domain::{CharacterId, SessionId};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// All logins that there were.
#[derive(Debug, Default)]
pub(super) struct Logins {
    /// By account.
    known: BTreeMap<String, BTreeSet<String>>,
    /// Which login a refresh token is of.
    refreshes: BTreeMap<String, String>,
    /// When the logout had returned that ended a login.
    ended: BTreeMap<String, u64>,
    /// Requests that were refused because of it.
    pub(super) refused: u64,
}

/// A request at a function's door.
#[derive(Debug)]
pub(super) struct Arrival {
    login: Option<String>,
    /// Whether that login was over by then.
    is_over: bool,
    /// Logins that a success ends.
    ends: Vec<String>,
    /// The seat that is asked for, if a game sim asks on somebody's behalf.
    seat: Option<(SessionId, CharacterId)>,
}

/// Account and login of an access token.
pub(super) fn claims(token: &str) -> Option<(String, String)> {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    Some((claims["sub"].as_str()?.to_owned(), claims["sid"].as_str()?.to_owned()))
}

impl Logins {
    /// Somebody was given these tokens.
    pub(super) fn note_tokens(&mut self, given: &Value) {
        let Some((account, login)) = given["access_token"].as_str().and_then(claims) else { return };
        if let Some(refresh) = given["refresh_token"].as_str() {
            self.refreshes.insert(refresh.to_owned(), login.clone());
        }
        self.known.entry(account).or_default().insert(login);
    }

    fn arrive(&self, route: &str, event: &Value) -> Arrival {
        let body: Value = event["body"].as_str().and_then(|body| serde_json::from_str(body).ok()).unwrap_or_default();
        let bearer = event["headers"]["authorization"].as_str().and_then(|header| header.strip_prefix("Bearer "));
        let (account, mut login) = bearer.and_then(claims).unzip();
        if route == "refresh-token" {
            login = body["refresh_token"].as_str().and_then(|token| self.refreshes.get(token).cloned());
        }
        let ends = match (route, &account, &login) {
            ("logout-account", Some(account), _) if body["everywhere"] == true => {
                self.known.get(account).into_iter().flatten().cloned().collect()
            }
            ("logout-account", _, Some(login)) => vec![login.clone()],
            _ => Vec::new(),
        };
        let seat = (route == "admit-player").then(|| {
            let session_id = event["pathParameters"]["session_id"].as_str()?.parse().ok()?;
            Some((session_id, body["character_id"].as_str()?.parse().ok()?))
        });
        let is_over = login.as_ref().is_some_and(|login| self.ended.contains_key(login));
        Arrival { login, is_over, ends, seat: seat.flatten() }
    }

    /// When the logout had returned that ended this login, in milliseconds.
    pub(super) fn ended_ms(&self, login: &str) -> Option<u64> {
        self.ended.get(login).copied()
    }
}

impl World {
    /// A request arrives.
    pub(super) fn note_arrival(&self, route: &str, event: &str) -> Arrival {
        let event: Value = serde_json::from_str(event).unwrap_or_default();
        let arrival = lock(&self.logins).arrive(route, &event);
        let Some(seat) = arrival.seat else { return arrival };
        let login = self.seated_login(seat);
        let is_over = login.as_ref().is_some_and(|login| lock(&self.logins).ended.contains_key(login));
        Arrival { login, is_over, ..arrival }
    }

    /// The login that took a seat.
    fn seated_login(&self, (session_id, character_id): (SessionId, CharacterId)) -> Option<String> {
        let ledger = lock(&self.ledger);
        let mut seats = ledger.sessions.get(&session_id)?.seats.iter().flatten();
        seats.find(|seat| seat.character_id == character_id).map(|seat| seat.login_session_id.to_string())
    }

    /// It is answered.
    pub(super) fn judge_arrival(&self, route: &str, arrival: Arrival, (status, body): &Answer) {
        // Somebody may have taken the seat by another login meanwhile.
        let is_same = arrival.seat.is_none_or(|seat| self.seated_login(seat) == arrival.login);
        // What makes no sense is refused before anybody asks who says it, and what is refused as too much likewise.
        let is_accepted = !matches!(status, 400 | 401 | 413 | 415 | 429 | 500..);
        let is_denied = arrival.seat.is_some() && *status != 200;
        if arrival.is_over && is_same && is_accepted && !is_denied {
            self.fail(format!("A1: {route} is answered {status} {body} after the logout: {arrival:?}"));
        }
        let mut logins = lock(&self.logins);
        logins.refused += u64::from(arrival.is_over && *status == 401);
        if (200..300).contains(status) {
            logins.note_tokens(body);
            for login in arrival.ends {
                let now_ms = self.now_ms();
                logins.ended.entry(login).or_insert(now_ms);
            }
        }
    }
}
