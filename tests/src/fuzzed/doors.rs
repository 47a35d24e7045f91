//! What players say to the API: tokens, requests, names; and the content that a studio publishes.

use super::tape::Tape;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use guildhall_auth::{SigningKeys, access};
use guildhall_domain::{CharacterName, Content, Email, Timestamp};
use guildhall_functions::{Method, ROUTES};
use guildhall_gamesim::world::{Dungeon, Game};
use serde_json::{Map, Value};
use std::sync::{Arc, LazyLock};

static KEYS: LazyLock<SigningKeys> =
    LazyLock::new(|| SigningKeys::new(vec![("1".to_owned(), vec![7; 32])]).expect("a key"));
/// When tokens are judged, in seconds since 1970.
const NOW_S: u64 = 1_800_000_000;
/// A field that no request has.
const UNKNOWN: &str = "is_fuzzed";

/// A token as it comes, or if the first byte is odd, claims that are signed with the right key.
pub(super) fn run_access_token(bytes: &[u8]) {
    let mut tape = Tape::new(bytes);
    let is_signed = tape.byte() % 2 == 1;
    let Ok(text) = std::str::from_utf8(tape.rest()) else { return };
    let token = if is_signed { signed(text) } else { text.to_owned() };
    let now = Timestamp::default().plus_secs(NOW_S);
    if let Ok(claims) = KEYS.verify(&token, now) {
        assert!(is_signed, "a token is accepted that nobody signed");
        assert!(token.len() <= access::TOKEN_BYTES_MAX);
        let most = guildhall_domain::limits::ACCESS_TOKEN_LIFETIME_S + access::CLOCK_SKEW_S;
        assert!(now < claims.expires_at && claims.expires_at <= now.plus_secs(most), "{claims:?}");
    }
}

/// A token with this header and these claims, each on a line of its own, signed as ours are. Without a line break all of it
/// is claims.
fn signed(text: &str) -> String {
    let ours = r#"{"typ":"JWT","alg":"HS256","kid":"1"}"#;
    let (header, claims) = text.split_once('\n').unwrap_or((ours, text));
    let body = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &[7; 32]);
    let code = URL_SAFE_NO_PAD.encode(ring::hmac::sign(&key, body.as_bytes()));
    format!("{body}.{code}")
}

/// The first byte says which route, what follows is its body; of a route that takes none, its path parameters and query, a
/// line for each.
pub(super) fn run_request(bytes: &[u8]) {
    let mut tape = Tape::new(bytes);
    let route = ROUTES[tape.below(ROUTES.len())];
    let rest = tape.rest();
    if route.method == Method::Get {
        let Ok(text) = std::str::from_utf8(rest) else { return };
        let parameters: Vec<(&str, &str)> = text.lines().filter_map(|line| line.split_once('=')).collect();
        let _ = route.check_input(&parameters, b"");
        return;
    }
    let path =
        [("session_id", ID), ("character_id", ID), ("account_id", ID), ("gamesim_id", "sim-1"), ("ticket_id", ID)];
    let own: Vec<_> = path.into_iter().filter(|(name, _)| route.path.contains(&format!("{{{name}}}"))).collect();
    if route.check_input(&own, rest).is_ok() {
        let mut fields: Map<String, Value> = match rest {
            [] => Map::new(),
            body => serde_json::from_slice(body).expect("what a route accepts is a JSON object"),
        };
        fields.insert(UNKNOWN.to_owned(), Value::Null);
        let body = Value::Object(fields).to_string();
        assert!(route.check_input(&own, body.as_bytes()).is_err(), "{route:?} accepts a field that it does not know");
    }
}

/// An id of anything.
const ID: &str = "0123456789abcdef0123456789abcdef";

/// A text as the name of a character, and as an e-mail address: what is accepted stays what it is.
pub(super) fn run_name(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(name) = CharacterName::parse(text) {
        assert_eq!(CharacterName::parse(name.as_str()).as_ref(), Ok(&name));
        let folded = name.folded();
        assert!(!folded.is_empty());
        if let Ok(again) = CharacterName::parse(&folded) {
            assert_eq!(again.folded(), folded, "{name:?} folds on and on");
        }
    }
    if let Ok(email) = Email::parse(text) {
        assert_eq!(Email::parse(email.as_str()).as_ref(), Ok(&email));
    }
}

/// Content that passes its check can be opened, entered by nobody and moved on.
pub(super) fn run_content(bytes: &[u8]) {
    let Ok(content) = serde_json::from_slice::<Content>(bytes) else { return };
    let written = serde_json::to_vec(&content).expect("content can be written");
    assert!(serde_json::from_slice::<Content>(&written).is_ok_and(|again| again == content));
    if content.check().is_err() {
        return;
    }
    let places: Vec<String> = content.dungeons.keys().chain(content.zones.keys()).cloned().collect();
    let game = Game::standard(Arc::new(content));
    for place in places.iter().take(4) {
        let mut dungeon = Dungeon::new(&game, place, 1).expect("a place that is there can be opened");
        let mut effects = Vec::new();
        (0..4).for_each(|_| dungeon.step(&[], &mut effects));
        let saved = dungeon.save().expect("a place can be saved");
        let restored = Dungeon::restore(&game, place, &saved).expect("what was saved can be restored");
        assert_eq!(restored.state_hash(), dungeon.state_hash());
    }
}
