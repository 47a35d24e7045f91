//! Tokens that must pass, and a table of forgeries that must not, each with the reason it is refused for.

use super::*;
use base64::Engine;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use ring::hmac;

const NOW_S: u64 = 1_800_000_000;
const SECRET: [u8; 32] = [1; 32];
const OLD_SECRET: [u8; 32] = [2; 32];
const HEADER: &str = r#"{"typ":"JWT","alg":"HS256","kid":"new"}"#;
const SUB: &str = "000000000000000000000000000000aa";
const SID: &str = "000000000000000000000000000000cc";
const JTI: &str = "000000000000000000000000000000bb";

fn now() -> Timestamp {
    Timestamp(NOW_S * 1_000)
}

fn keys() -> SigningKeys {
    SigningKeys::new(vec![("new".to_owned(), SECRET.to_vec()), ("old".to_owned(), OLD_SECRET.to_vec())]).unwrap()
}

fn claims() -> AccessClaims {
    AccessClaims {
        account_id: AccountId::from_bits(0xaa),
        login_session_id: LoginSessionId::from_bits(0xcc),
        token_id: TokenId::from_bits(0xbb),
        expires_at: now().plus_secs(600),
    }
}

fn issue(keys: &SigningKeys, lifetime_s: u64) -> String {
    keys.issue(claims().account_id, claims().login_session_id, claims().token_id, now(), lifetime_s)
}

/// A good token's claims as text; the forgeries replace pieces of it.
fn good() -> String {
    let (iat, exp) = (NOW_S, NOW_S + 600);
    format!(
        r#"{{"iss":"guildhall","aud":"guildhall-players","sub":"{SUB}","sid":"{SID}","jti":"{JTI}","iat":{iat},"exp":{exp},"typ":"access"}}"#
    )
}

/// Builds a token without the library under test.
fn forge(header: &str, claims: &str, algorithm: hmac::Algorithm, secret: &[u8]) -> String {
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let tag = hmac::sign(&hmac::Key::new(algorithm, secret), message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag))
}

fn sign(header: &str, claims: &str) -> String {
    forge(header, claims, hmac::HMAC_SHA256, &SECRET)
}

fn changed(from: &str, to: &str) -> String {
    let claims = good();
    assert!(claims.contains(from), "{from} is not in {claims}");
    sign(HEADER, &claims.replace(from, to))
}

fn with_header(header: &str) -> String {
    sign(header, &good())
}

fn without_claim(name: &str) -> String {
    let claims = good();
    let inner = &claims[1..claims.len() - 1];
    let kept: Vec<&str> = inner.split(',').filter(|pair| !pair.starts_with(&format!("\"{name}\""))).collect();
    assert_eq!(kept.len(), 7, "{name} is not a claim");
    sign(HEADER, &format!("{{{}}}", kept.join(",")))
}

fn with_times(iat: u64, exp: u64) -> String {
    let claims = good().replace(&format!(r#""exp":{}"#, NOW_S + 600), &format!(r#""exp":{exp}"#));
    sign(HEADER, &claims.replace(&format!(r#""iat":{NOW_S}"#), &format!(r#""iat":{iat}"#)))
}

#[test]
fn issued_tokens_verify_until_they_expire() {
    let token = issue(&keys(), 600);
    assert_eq!(keys().verify(&token, now()), Ok(claims()));
    assert_eq!(keys().verify(&token, Timestamp((NOW_S + 600) * 1_000 - 1)), Ok(claims()));
    assert_eq!(keys().verify(&token, now().plus_secs(600)), Err(TokenError::Expired));
    assert_eq!(keys().verify(&token, Timestamp((NOW_S - CLOCK_SKEW_S) * 1_000)), Ok(claims()));
    assert_eq!(keys().verify(&token, Timestamp((NOW_S - CLOCK_SKEW_S) * 1_000 - 1)), Err(TokenError::NotYetValid));
}

/// The wire form is fixed by an independent construction of the same token, which also shows that `forge` forges well
/// enough for the table below to mean something.
#[test]
fn an_issued_token_is_the_standard_one() {
    let token = issue(&keys(), 600);
    assert_eq!(token, sign(HEADER, &good()));
    assert_eq!(keys().verify(&changed(r#""typ""#, &format!(r#""nbf":{NOW_S},"typ""#)), now()), Ok(claims()));
}

#[test]
fn whoever_issued_a_token_may_be_ahead_by_the_skew_and_no_more() {
    let from = |nbf: u64| keys().verify(&changed(r#""typ""#, &format!(r#""nbf":{nbf},"typ""#)), now());
    assert_eq!(from(NOW_S + CLOCK_SKEW_S), Ok(claims()));
    assert_eq!(from(NOW_S + CLOCK_SKEW_S + 1), Err(TokenError::NotYetValid));
}

#[test]
fn a_token_is_looked_at_up_to_its_greatest_length() {
    let of_length = |bytes: usize| keys().verify(&"A".repeat(bytes), now());
    assert_eq!(of_length(1_024), Err(TokenError::Malformed));
    assert_eq!(of_length(1_025), Err(TokenError::TooLong));
}

#[test]
fn a_key_name_may_have_hyphens_and_underscores() {
    for kid in ["-", "_", "2026-11", "key_2"] {
        assert!(SigningKeys::new(vec![(kid.to_owned(), SECRET.to_vec())]).is_ok(), "{kid}");
    }
}

#[test]
fn lifetimes_are_capped_at_issue() {
    let token = issue(&keys(), u64::MAX);
    let verified = keys().verify(&token, now()).unwrap();
    assert_eq!(verified.expires_at, now().plus_secs(ACCESS_TOKEN_LIFETIME_S));
}

#[test]
fn the_former_key_still_verifies_and_a_dropped_one_does_not() {
    let former = SigningKeys::new(vec![("old".to_owned(), OLD_SECRET.to_vec())]).unwrap();
    let token = issue(&former, 600);
    assert_eq!(keys().verify(&token, now()), Ok(claims()));
    let dropped = SigningKeys::new(vec![("new".to_owned(), SECRET.to_vec())]).unwrap();
    assert_eq!(dropped.verify(&token, now()), Err(TokenError::UnknownKey));
}

#[test]
fn bad_keys_refuse_to_start() {
    let key = |kid: &str, len: usize| (kid.to_owned(), vec![1; len]);
    let refused = |keys: Vec<(String, Vec<u8>)>| SigningKeys::new(keys).unwrap_err();
    assert_eq!(refused(vec![]), KeyError::Count);
    assert_eq!(refused(vec![key("a", 32), key("b", 32), key("c", 32)]), KeyError::Count);
    assert_eq!(refused(vec![key("a", 0)]), KeyError::ShortSecret);
    assert_eq!(refused(vec![key("a", 32), key("b", 31)]), KeyError::ShortSecret);
    assert_eq!(refused(vec![key("a", 32), key("a", 33)]), KeyError::Name);
    for name in ["", "a b", "a\"", "é", &"a".repeat(KID_BYTES_MAX + 1)] {
        assert_eq!(refused(vec![key(name, 32)]), KeyError::Name, "{name:?}");
    }
}

#[test]
fn debug_shows_no_secret() {
    let secret = b"correct horse battery staple 123";
    let keys = SigningKeys::new(vec![("a".to_owned(), secret.to_vec())]).unwrap();
    assert_eq!(format!("{keys:?}"), r#"SigningKeys(["a"])"#);
}

#[track_caller]
fn check(expected: TokenError, forgeries: &[(&str, String)]) {
    for (what, token) in forgeries {
        assert_eq!(keys().verify(token, now()), Err(expected), "{what}: {token}");
    }
}

#[test]
fn malformed_tokens_are_refused() {
    let token = sign(HEADER, &good());
    let (message, signature) = token.rsplit_once('.').unwrap();
    let (header, body) = message.split_once('.').unwrap();
    let padded = format!("{}.{}.{signature}", URL_SAFE.encode(HEADER), body);
    check(
        TokenError::Malformed,
        &[
            ("empty", String::new()),
            ("dots", "..".to_owned()),
            ("one part", header.to_owned()),
            ("two parts", message.to_owned()),
            ("four parts", format!("{token}.{signature}")),
            ("leading dot", format!(".{token}")),
            ("bearer prefix", format!("Bearer {token}")),
            ("trailing newline", format!("{token}\n")),
            ("standard base64", format!("{header}.{body}.+/+/")),
            ("header not JSON", with_header("HS256")),
            ("header an array", with_header(r#"["JWT","HS256"]"#)),
            ("alg missing", with_header(r#"{"typ":"JWT","kid":"new"}"#)),
            ("alg none", with_header(r#"{"typ":"JWT","alg":"none","kid":"new"}"#)),
            ("alg none, unsigned", format!("{}.{body}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none","kid":"new"}"#))),
            ("alg in lower case", with_header(r#"{"typ":"JWT","alg":"hs256","kid":"new"}"#)),
            ("alg twice", with_header(r#"{"typ":"JWT","alg":"HS512","alg":"HS256","kid":"new"}"#)),
            ("claims not JSON", sign(HEADER, "access")),
            ("claims an array", sign(HEADER, "[]")),
            ("claims empty", sign(HEADER, "{}")),
            ("padding", if padded.contains('=') { padded } else { format!("{token}=") }),
        ],
    );
}

#[test]
fn foreign_headers_are_refused() {
    let header = |rest: &str| with_header(&format!(r#"{{"typ":"JWT","alg":"HS256","kid":"new",{rest}}}"#));
    check(
        TokenError::Header,
        &[
            ("alg HS384", with_header(r#"{"typ":"JWT","alg":"HS384","kid":"new"}"#)),
            ("true HS512", forge(r#"{"typ":"JWT","alg":"HS512","kid":"new"}"#, &good(), hmac::HMAC_SHA512, &SECRET)),
            ("alg RS256", with_header(r#"{"typ":"JWT","alg":"RS256","kid":"new"}"#)),
            ("alg ES256", with_header(r#"{"typ":"JWT","alg":"ES256","kid":"new"}"#)),
            ("alg EdDSA", with_header(r#"{"typ":"JWT","alg":"EdDSA","kid":"new"}"#)),
            ("typ missing", with_header(r#"{"alg":"HS256","kid":"new"}"#)),
            ("typ another", with_header(r#"{"typ":"JWS","alg":"HS256","kid":"new"}"#)),
            ("crit known", header(r#""crit":["exp"]"#)),
            ("crit unknown", header(r#""crit":["b64"],"b64":false"#)),
            ("crit empty", header(r#""crit":[]"#)),
            ("jku", header(r#""jku":"https://example.com/keys""#)),
            ("x5u", header(r#""x5u":"https://example.com/certificate""#)),
            ("jwk", header(r#""jwk":{"kty":"oct","k":"AQEB"}"#)),
            ("cty, a nested token", header(r#""cty":"JWT""#)),
            ("compressed", header(r#""zip":"DEF""#)),
            ("something else", header(r#""admin":true"#)),
        ],
    );
    check(
        TokenError::UnknownKey,
        &[
            ("kid missing", with_header(r#"{"typ":"JWT","alg":"HS256"}"#)),
            ("kid null", with_header(r#"{"typ":"JWT","alg":"HS256","kid":null}"#)),
            ("kid unknown", with_header(r#"{"typ":"JWT","alg":"HS256","kid":"newer"}"#)),
            ("kid a path", with_header(r#"{"typ":"JWT","alg":"HS256","kid":"../../dev/null"}"#)),
        ],
    );
}

#[test]
fn wrong_signatures_are_refused() {
    let token = sign(HEADER, &good());
    let (message, signature) = token.rsplit_once('.').unwrap();
    let mut tag = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let short = URL_SAFE_NO_PAD.encode(&tag[..16]);
    tag[31] ^= 1;
    let flipped = URL_SAFE_NO_PAD.encode(&tag);
    let other_body = URL_SAFE_NO_PAD.encode(good().replace(SUB, JTI));
    check(
        TokenError::Signature,
        &[
            ("unsigned", format!("{message}.")),
            ("one bit", format!("{message}.{flipped}")),
            ("cut short", format!("{message}.{short}")),
            ("another body", format!("{}.{other_body}.{signature}", message.split_once('.').unwrap().0)),
            ("empty secret", forge(HEADER, &good(), hmac::HMAC_SHA256, b"")),
            ("foreign secret", forge(HEADER, &good(), hmac::HMAC_SHA256, &[3; 32])),
            ("the other key's secret", forge(HEADER, &good(), hmac::HMAC_SHA256, &OLD_SECRET)),
            ("another hash", forge(HEADER, &good(), hmac::HMAC_SHA512, &SECRET)),
        ],
    );
}

#[test]
fn foreign_claims_are_refused() {
    check(
        TokenError::Purpose,
        &[
            ("another issuer", changed(r#""guildhall""#, r#""someone""#)),
            ("issuer with a suffix", changed(r#""guildhall""#, r#""guildhall.example.com""#)),
            ("another audience", changed("guildhall-players", "guildhall-gamesims")),
            ("empty audience", changed(r#""guildhall-players""#, r#""""#)),
            ("a refresh token", changed(r#""access""#, r#""refresh""#)),
            ("a kind in capitals", changed(r#""access""#, r#""ACCESS""#)),
        ],
    );
    let missing = ["iss", "aud", "sub", "sid", "jti", "iat", "exp", "typ"].map(|name| (name, without_claim(name)));
    check(TokenError::Malformed, &missing);
    check(
        TokenError::Malformed,
        &[
            ("issuers", changed(r#""guildhall""#, r#"["guildhall"]"#)),
            ("audiences", changed(r#""guildhall-players""#, r#"["guildhall-players","other"]"#)),
            ("issuer null", changed(r#""guildhall""#, "null")),
            ("kind a number", changed(r#""access""#, "1")),
            ("sub not an id", changed(SUB, "ada")),
            ("sub in capitals", changed(SUB, &SUB.to_uppercase())),
            ("sub empty", changed(SUB, "")),
            ("sid not an id", changed(SID, "1")),
            ("sid in capitals", changed(SID, &SID.to_uppercase())),
            ("sid empty", changed(SID, "")),
            ("sid null", changed(&format!(r#""{SID}""#), "null")),
            ("sid a list", changed(&format!(r#""{SID}""#), &format!(r#"["{SID}"]"#))),
            ("sid twice", changed(r#""sid""#, &format!(r#""sid":"{JTI}","sid""#))),
            ("jti not an id", changed(JTI, "1")),
            ("exp twice", changed(r#""exp""#, r#""exp":9999999999,"exp""#)),
            ("sub twice", changed(r#""sub""#, &format!(r#""sub":"{JTI}","sub""#))),
            ("unknown claim", changed(r#""typ""#, r#""admin":true,"typ""#)),
            ("exp text", changed(&format!(r#""exp":{}"#, NOW_S + 600), r#""exp":"1800000600""#)),
            ("exp fraction", changed(&format!(r#""exp":{}"#, NOW_S + 600), r#""exp":1800000600.5"#)),
            ("exp null", changed(&format!(r#""exp":{}"#, NOW_S + 600), r#""exp":null"#)),
            ("exp huge", changed(&format!(r#""exp":{}"#, NOW_S + 600), r#""exp":1e300"#)),
            ("iat negative", changed(&format!(r#""iat":{NOW_S}"#), r#""iat":-1"#)),
            ("nbf text", changed(r#""typ""#, r#""nbf":"0","typ""#)),
        ],
    );
}

#[test]
fn wrong_times_are_refused() {
    check(
        TokenError::Expired,
        &[
            ("this second", with_times(NOW_S - 600, NOW_S)),
            ("one second ago, within the library's leeway", with_times(NOW_S - 600, NOW_S - 1)),
            ("at the epoch", with_times(0, 1)),
        ],
    );
    let nbf = |nbf: u64| changed(r#""typ""#, &format!(r#""nbf":{nbf},"typ""#));
    check(
        TokenError::NotYetValid,
        &[
            ("iat beyond the skew", with_times(NOW_S + CLOCK_SKEW_S + 1, NOW_S + 600)),
            ("iat at the end of time", with_times(u64::MAX, u64::MAX)),
            ("nbf beyond the skew", nbf(NOW_S + CLOCK_SKEW_S + 1)),
            ("nbf at the end of time", nbf(u64::MAX)),
        ],
    );
    check(
        TokenError::Lifetime,
        &[
            ("above the cap", with_times(NOW_S, NOW_S + ACCESS_TOKEN_LIFETIME_S + 1)),
            ("for ever", with_times(NOW_S, u64::MAX)),
            ("since the epoch", with_times(0, NOW_S + 600)),
            ("none", with_times(NOW_S, NOW_S)),
            ("backwards", with_times(NOW_S, NOW_S - 1)),
        ],
    );
}

#[test]
fn long_tokens_are_not_looked_at() {
    let filler = |n: usize| changed(r#""typ""#, &format!(r#""x":"{}","typ""#, "x".repeat(n)));
    check(TokenError::TooLong, &[("claims", filler(900)), ("junk", "a".repeat(TOKEN_BYTES_MAX + 1))]);
    check(TokenError::Malformed, &[("within the limit", filler(400))]);
}
