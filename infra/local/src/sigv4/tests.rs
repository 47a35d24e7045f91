//! Requests signed by `aws-sigv4`, as a game sim signs them, and everything that may be altered on the way.

use super::*;
use http::{HeaderName, HeaderValue};

const REGION: &str = "us-east-1";
const NOW: Timestamp = Timestamp(1_584_039_838_000);

/// A request in parts that a test may alter after it was signed.
#[derive(Clone)]
pub(crate) struct Sent {
    method: &'static str,
    path_and_query: String,
    pub(crate) headers: HeaderMap,
    body: Vec<u8>,
}

impl Sent {
    fn as_received(&self) -> SignedRequest<'_> {
        SignedRequest {
            method: self.method,
            path_and_query: &self.path_and_query,
            headers: &self.headers,
            body: &self.body,
        }
    }

    fn set(&mut self, name: &'static str, value: &str) {
        self.headers.insert(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
    }

    fn replace(&mut self, name: &'static str, from: &str, to: &str) {
        let before = self.headers.get(name).unwrap().to_str().unwrap().to_owned();
        assert!(before.contains(from), "{before} has no {from}");
        self.set(name, &before.replace(from, to));
    }
}

fn identity() -> Identity {
    Identity::of_gamesim("sim-1", [7; 32])
}

fn identities() -> Identities {
    Identities::new(REGION, [identity(), Identity::of_gamesim("sim-2", [8; 32])])
}

/// A request as `sim-1` signs it.
pub(crate) fn signed_at(path_and_query: &str, body: &[u8], at: Timestamp, region: &str, service: &str) -> Sent {
    let mut headers = HeaderMap::new();
    headers.insert("host", HeaderValue::from_static("127.0.0.1:8080"));
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    let identity = identity();
    let credentials = Credentials::new(identity.access_key, identity.secret_key, None, None, "test").into();
    let parameters = v4::SigningParams::builder()
        .identity(&credentials)
        .region(region)
        .name(service)
        .time(UNIX_EPOCH + Duration::from_secs(at.as_secs()))
        .settings(SigningSettings::default())
        .build()
        .unwrap()
        .into();
    let pairs: Vec<(String, String)> =
        headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
    let pairs = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let uri = format!("http://127.0.0.1:8080{path_and_query}");
    let request = SignableRequest::new("POST", uri, pairs, SignableBody::Bytes(body)).unwrap();
    let (instructions, _) = sign(request, &parameters).unwrap().into_parts();
    for (name, value) in instructions.headers() {
        headers.insert(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap());
    }
    Sent { method: "POST", path_and_query: path_and_query.to_owned(), headers, body: body.to_vec() }
}

fn signed() -> Sent {
    signed_at("/internal/gamesims/sim-1/heartbeat?a=1&b=%20x", br#"{"epoch":1}"#, NOW, REGION, SERVICE)
}

#[test]
fn a_signed_request_names_its_signer() {
    let (sent, identities) = (signed(), identities());
    let found = identities.verify(sent.as_received(), NOW).unwrap();
    assert_eq!(found, &identity());
    assert_eq!(found.user_arn(), "arn:aws:sts::000000000000:assumed-role/guildhall-gamesim/sim-1");
    for path in ["/internal/gamesims", "/internal/a%20b/%C3%A9?x", "/internal/gamesims?b=2&a=1&a=0"] {
        let sent = signed_at(path, b"", NOW, REGION, SERVICE);
        assert!(identities.verify(sent.as_received(), NOW).is_ok(), "{path}");
    }
}

/// Headers that a proxy adds are not signed and do not matter.
#[test]
fn unsigned_headers_are_free() {
    let mut sent = signed();
    sent.set("user-agent", "anything");
    sent.set("x-forwarded-for", "10.0.0.1");
    assert!(identities().verify(sent.as_received(), NOW).is_ok());
}

type Alteration = Box<dyn Fn(&mut Sent)>;

#[test]
fn whatever_is_altered_is_noticed() {
    use SignatureError::{Malformed, Mismatch, Missing, UnknownKey, WrongScope, WrongTime};
    let other_key = Identity::of_gamesim("sim-2", [8; 32]).access_key;
    let cases: Vec<(&str, SignatureError, Alteration)> = vec![
        ("method", Mismatch, Box::new(|sent| sent.method = "GET")),
        ("path", Mismatch, Box::new(|sent| sent.path_and_query = sent.path_and_query.replace("sim-1", "sim-2"))),
        ("encoded path", Mismatch, Box::new(|sent| sent.path_and_query = sent.path_and_query.replace("sim", "%73im"))),
        ("query", Mismatch, Box::new(|sent| sent.path_and_query = sent.path_and_query.replace("a=1", "a=2"))),
        ("more query", Mismatch, Box::new(|sent| sent.path_and_query.push_str("&c=1"))),
        ("body", Mismatch, Box::new(|sent| sent.body = br#"{"epoch":2}"#.to_vec())),
        ("no body", Mismatch, Box::new(|sent| sent.body.clear())),
        ("host", Mismatch, Box::new(|sent| sent.set("host", "127.0.0.1:8081"))),
        ("signed header", Mismatch, Box::new(|sent| sent.set("content-type", "text/plain"))),
        ("no signed header", Malformed, Box::new(|sent| drop(sent.headers.remove("content-type")))),
        ("doubled header", Mismatch, Box::new(double_header)),
        ("no header at all", Missing, Box::new(|sent| drop(sent.headers.remove("authorization")))),
        ("date", Mismatch, Box::new(|sent| sent.replace("x-amz-date", "190358", "190359"))),
        ("another day", WrongScope, Box::new(|sent| sent.replace("x-amz-date", "20200312", "20200311"))),
        ("no date", Malformed, Box::new(|sent| drop(sent.headers.remove("x-amz-date")))),
        ("old date", WrongTime, Box::new(|sent| sent.replace("x-amz-date", "190358", "185857"))),
        ("future date", WrongTime, Box::new(|sent| sent.replace("x-amz-date", "190358", "190859"))),
        ("unknown key", UnknownKey, Box::new(|sent| sent.replace("authorization", "ASIA07", "ASIA99"))),
        (
            "another's key",
            Mismatch,
            Box::new(move |sent| sent.replace("authorization", &identity().access_key, &other_key)),
        ),
        ("fewer headers", Mismatch, Box::new(|sent| sent.replace("authorization", "content-type;", ""))),
        ("unsigned date", Malformed, Box::new(|sent| sent.replace("authorization", ";x-amz-date", ""))),
        ("unsigned host", Malformed, Box::new(|sent| sent.replace("authorization", "host;", ""))),
        ("region", WrongScope, Box::new(|sent| sent.replace("authorization", REGION, "eu-west-1"))),
        ("service", WrongScope, Box::new(|sent| sent.replace("authorization", SERVICE, "s3"))),
        ("terminator", Malformed, Box::new(|sent| sent.replace("authorization", "aws4_request", "aws5_request"))),
        ("algorithm", Malformed, Box::new(|sent| sent.replace("authorization", "SHA256", "SHA1"))),
        ("bearer", Malformed, Box::new(|sent| sent.set("authorization", "Bearer x"))),
        ("empty signature", Mismatch, Box::new(cut_signature)),
        (
            "second signature",
            Malformed,
            Box::new(|sent| sent.replace("authorization", "Signature=", "Signature=, Signature=")),
        ),
    ];
    for (name, expected, alter) in cases {
        let mut sent = signed();
        alter(&mut sent);
        assert_eq!(identities().verify(sent.as_received(), NOW), Err(expected), "{name}");
    }
}

fn double_header(sent: &mut Sent) {
    sent.headers.append("content-type", HeaderValue::from_static("x"));
}

fn cut_signature(sent: &mut Sent) {
    let header = sent.headers.get("authorization").unwrap().to_str().unwrap();
    let (before, _) = header.split_once("Signature=").unwrap();
    let cut = format!("{before}Signature=");
    sent.set("authorization", &cut);
}

#[test]
fn a_signature_lives_five_minutes_either_way() {
    let sent = signed();
    for (now, counts) in [(-301, false), (-300, true), (0, true), (300, true), (301, false)] {
        let now = Timestamp(NOW.0.checked_add_signed(now * 1_000).unwrap());
        assert_eq!(identities().verify(sent.as_received(), now).is_ok(), counts, "{now:?}");
    }
}

#[test]
fn debug_hides_the_secret() {
    let text = format!("{:?}", identities());
    assert!(text.contains("sim-1") && !text.contains(&identity().secret_key), "{text}");
}
