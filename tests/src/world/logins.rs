//! Who is logged in, as everybody was told: a request that arrives at a function after a logout, a ban or a change of password
//! has returned, however it was delayed and whether it is the first or the second of its kind, is not accepted (A1); nor is a
//! login to a banned account or by a former password. A request is judged by what the function answers, whether or not anybody
//! hears it.

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
    /// When that had returned which ended a login.
    ended: BTreeMap<String, u64>,
    /// What is certain.
    standing: Standing,
    /// Accounts whose ban somebody has asked to lift: from then on nobody knows.
    pardoned: BTreeSet<String>,
    /// Changes of password that are under way, or of which nobody knows what has become, by account.
    changing: BTreeMap<String, u32>,
    /// Requests that were refused because of it.
    pub(super) refused: u64,
}

/// What is certain of accounts.
#[derive(Debug, Default, Clone)]
struct Standing {
    banned: BTreeSet<String>,
    /// The password, and when the change to it had returned.
    passwords: BTreeMap<String, (u64, String)>,
}

/// A request at a function's door.
#[derive(Debug)]
pub(super) struct Arrival {
    /// Whose it is, or who it is about.
    account: Option<String>,
    login: Option<String>,
    /// Whether that login was over by then.
    is_over: bool,
    /// The password that somebody has or is to have, and what was certain when it was shown.
    password: Option<String>,
    standing: Option<Standing>,
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

    fn arrive(&mut self, route: &str, event: &Value) -> Arrival {
        let body: Value = event["body"].as_str().and_then(|body| serde_json::from_str(body).ok()).unwrap_or_default();
        let bearer = event["headers"]["authorization"].as_str().and_then(|header| header.strip_prefix("Bearer "));
        let (account, mut login) = bearer.and_then(claims).unzip();
        let account = account.or_else(|| Some(event["pathParameters"]["account_id"].as_str()?.to_owned()));
        if route == "refresh-token" {
            login = body["refresh_token"].as_str().and_then(|token| self.refreshes.get(token).cloned());
        }
        let ends = match (route, &account, &login) {
            ("logout-account", _, Some(login)) if body["everywhere"] != true => vec![login.clone()],
            ("logout-account" | "ban-account" | "change-password", Some(account), _) => {
                self.known.get(account).into_iter().flatten().cloned().collect()
            }
            _ => Vec::new(),
        };
        match (route, &account) {
            ("unban-account", Some(account)) => {
                self.standing.banned.remove(account);
                self.pardoned.insert(account.clone());
            }
            ("change-password", Some(account)) => {
                self.standing.passwords.remove(account);
                *self.changing.entry(account.clone()).or_default() += 1;
            }
            _ => {}
        }
        let shown = if route == "change-password" { &body["new_password"] } else { &body["password"] };
        let password = shown.as_str().map(str::to_owned);
        let standing = (route == "login-account").then(|| self.standing.clone());
        let seat = (route == "admit-player").then(|| {
            let session_id = event["pathParameters"]["session_id"].as_str()?.parse().ok()?;
            Some((session_id, body["character_id"].as_str()?.parse().ok()?))
        });
        let is_over = login.as_ref().is_some_and(|login| self.ended.contains_key(login));
        Arrival { account, login, is_over, password, standing, ends, seat: seat.flatten() }
    }

    /// What follows from an answer.
    fn conclude(&mut self, route: &str, arrival: &Arrival, status: u16, now_ms: u64) {
        let Some(account) = &arrival.account else { return };
        let is_done = (200..300).contains(&status);
        if route == "ban-account" && is_done && !self.pardoned.contains(account) {
            self.standing.banned.insert(account.clone());
        }
        if route == "change-password" && status < 500 {
            let changing = self.changing.entry(account.clone()).or_default();
            *changing = changing.saturating_sub(1);
            if let Some(password) = arrival.password.clone().filter(|_| is_done && *changing == 0) {
                self.standing.passwords.insert(account.clone(), (now_ms, password));
            }
        }
    }

    /// Why a login may not be given that was, if it may not.
    fn objection(&self, arrival: &Arrival, given: &Value) -> Option<&'static str> {
        let before = arrival.standing.as_ref()?;
        let (account, _) = claims(given["access_token"].as_str()?)?;
        if before.banned.contains(&account) && self.standing.banned.contains(&account) {
            return Some("the account is banned");
        }
        let certain = before.passwords.get(&account)?;
        let is_wrong =
            self.standing.passwords.get(&account) == Some(certain) && arrival.password.as_ref() != Some(&certain.1);
        is_wrong.then_some("the password is a former one")
    }

    /// When that had returned which ended this login, in milliseconds.
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
            self.fail(format!("A1: {route} is answered {status} {body} after its login was over: {arrival:?}"));
        }
        let mut logins = lock(&self.logins);
        let objection = logins.objection(&arrival, body).filter(|_| *status == 200);
        logins.conclude(route, &arrival, *status, self.now_ms());
        if let Some(objection) = objection {
            self.fail(format!("A1: {route} is answered {status}, and {objection}"));
        }
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
