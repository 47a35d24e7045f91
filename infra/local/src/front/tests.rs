//! The front over loopback, spoken to byte by byte.

use super::*;
use crate::sigv4::tests::signed_at;
use crate::sigv4::{Identity, SERVICE};
use guildhall_auth::{DerivationKey, SealingKey, SigningKeys};
use guildhall_domain::Timestamp;
use guildhall_domain::api::Nothing;
use guildhall_domain::limits::INTERNAL_BODY_BYTES_MAX;
use guildhall_functions::caller::Anyone;
use guildhall_functions::{ApiError, Call, Config, Endpoint, Grants, Method, ROUTES, Secrets};
use guildhall_storage::memory::MemoryTable;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const NOW: Timestamp = Timestamp(1_584_039_838_000);

/// A function with a fault.
struct Faulty;
static FAULTY: Route = Route::of::<Faulty>();

impl Endpoint for Faulty {
    const NAME: &'static str = "faulty";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/faulty";
    const GRANTS: Grants = Grants::NONE;
    type Caller = Anyone;
    type Input = Nothing;
    type Output = Nothing;

    async fn call(_: Call<'_, Anyone>, _: Nothing) -> Result<Nothing, ApiError> {
        panic!("a fault in a function");
    }
}

/// A function that answers what it was given.
struct Echo;
static ECHO: Route = Route::of::<Echo>();

/// The same with a query in place of a body.
struct Search;
static SEARCH: Route = Route::of::<Search>();

#[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema, Debug, PartialEq)]
struct Echoed {
    place: String,
    #[serde(default)]
    query: String,
    #[serde(default)]
    body: String,
}

impl Endpoint for Echo {
    const NAME: &'static str = "echo";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/echo/{place}";
    const GRANTS: Grants = Grants::NONE;
    type Caller = Anyone;
    type Input = Echoed;
    type Output = Echoed;

    async fn call(_: Call<'_, Anyone>, input: Echoed) -> Result<Echoed, ApiError> {
        Ok(input)
    }
}

impl Endpoint for Search {
    const NAME: &'static str = "search";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/echo/{place}";
    const GRANTS: Grants = Grants::NONE;
    type Caller = Anyone;
    type Input = Echoed;
    type Output = Echoed;

    async fn call(_: Call<'_, Anyone>, input: Echoed) -> Result<Echoed, ApiError> {
        Ok(input)
    }
}

async fn front() -> Front {
    front_for("none").await
}

/// A front for pages of these origins.
async fn front_for(origins: &str) -> Front {
    let (routes, listener, config) = parts(origins).await;
    Front::start_with(&routes, listener, config).unwrap()
}

/// What a front is made of.
async fn parts(origins: &str) -> (Vec<&'static Route>, TcpListener, FrontConfig) {
    let config = Config {
        routes: ROUTES.to_vec(),
        table: Arc::new(MemoryTable::new()),
        secrets: Secrets::all(
            SigningKeys::new(vec![("1".to_owned(), vec![1; 32])]).unwrap(),
            SealingKey::new([2; 32]),
            DerivationKey::new([3; 32]),
        ),
        gamesim_role: "guildhall-gamesim".to_owned(),
        operator_role: "guildhall-operator".to_owned(),
        clock: Arc::new(|| NOW),
        entropy: Arc::new(|bytes| bytes.fill(4)),
        tracer: guildhall_telemetry::Tracer::default(),
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let identities = Identities::new("us-east-1", [Identity::of_gamesim("sim-1", [7; 32])]);
    let routes: Vec<&'static Route> = ROUTES.iter().copied().chain([&FAULTY, &ECHO, &SEARCH]).collect();
    let app = Arc::new(App::new(config));
    let allowed_origins = AllowedOrigins::parse(origins).unwrap();
    let config = FrontConfig { app, identities, clock: Arc::new(|| NOW), api_id: "api-1".to_owned(), allowed_origins };
    (routes, listener, config)
}

/// Sends bytes and reads until the front closes the connection.
async fn exchange(front: &Front, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(front.address()).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8(answer).unwrap()
}

async fn ask(front: &Front, line: &str, headers: &str, body: &str) -> (u16, String, serde_json::Value) {
    let head = format!("{line} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{headers}");
    let request = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
    let answer = exchange(front, request.as_bytes()).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head.to_owned(), serde_json::from_str(body).unwrap_or_default())
}

#[tokio::test]
async fn a_request_reaches_its_function_and_its_answer_comes_back() {
    let front = front().await;
    let body = r#"{"email":"ada@guildhall.example","password":"correct horse"}"#;
    let json = "content-type: application/json\r\n";
    let (status, head, answer) = ask(&front, "POST /v1/auth/register", json, body).await;
    assert_eq!(status, 201, "{answer}");
    assert!(head.contains("content-type: application/json") && head.contains("apigw-requestid: "), "{head}");
    let token = format!("authorization: Bearer {}\r\n", answer["access_token"].as_str().unwrap());
    let (status, _, list) = ask(&front, "GET /v1/characters", &token, "").await;
    assert_eq!((status, &list["characters"]), (200, &serde_json::json!([])), "{list}");
    let (status, _, missing) = ask(&front, &format!("GET /v1/characters/{:032x}", 5), &token, "").await;
    assert_eq!((status, &missing["error"]["code"]), (404, &"not_found".into()), "{missing}");
    assert_eq!(front.traffic().snapshot().by_class, [0, 2, 0, 1, 0]);
}

#[tokio::test]
async fn what_no_function_should_see_is_refused_in_the_products_words() {
    let front = front().await;
    let long = format!("content-length: {}\r\n", INTERNAL_BODY_BYTES_MAX + 1);
    for (line, headers, status, code) in [
        ("GET /", "", 404, "not_found"),
        ("GET /v1/characters/a/b", "", 404, "not_found"),
        ("GET /v1/characters/%ff", "", 400, "invalid_request"),
        ("DELETE /v1/characters", "", 405, "method_not_allowed"),
        ("OPTIONS /v1/auth/login", "", 405, "method_not_allowed"),
        ("POST /internal/gamesims", "", 403, "forbidden"),
        ("POST /internal/gamesims", "authorization: Bearer x\r\n", 403, "forbidden"),
        ("GET /v1/characters", "host: other\r\n", 400, "invalid_request"),
        ("POST /v1/auth/login", long.as_str(), 413, "payload_too_large"),
    ] {
        let head = format!("{line} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{headers}\r\n");
        let answer = exchange(&front, head.as_bytes()).await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{line}: {head}");
        assert_eq!(head.contains("\r\nallow: "), status == 405, "{line}: {head}");
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(body["error"]["code"], code, "{line}");
        let id = body["error"]["request_id"].as_str().unwrap();
        assert!(head.contains(&format!("apigw-requestid: {id}")), "{line}: {head}");
    }
    let (_, head, _) = ask(&front, "PUT /v1/characters", "", "").await;
    assert!(head.contains("allow: POST, GET"), "{head}");
}

#[tokio::test]
async fn path_query_and_body_arrive_as_they_were_meant() {
    let front = front().await;
    let json = "content-type: application/json\r\n";
    for (line, sent, query, body) in [
        ("POST /echo/a%2Fb%20%C3%A9", r#"{"body":"\"ö\n"}"#, "", "\"ö\n"),
        ("GET /echo/a%2Fb%20%C3%A9?query=%C3%BC+%26x", "", "ü &x", ""),
    ] {
        let (status, _, echoed) = ask(&front, line, json, sent).await;
        assert_eq!(status, 200, "{echoed}");
        let expected = Echoed { place: "a/b é".to_owned(), query: query.to_owned(), body: body.to_owned() };
        assert_eq!(serde_json::from_value::<Echoed>(echoed).unwrap(), expected);
    }
    // A body that is not text reaches the function too, which says what is wrong with it.
    let head = "POST /echo/x HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: 2\r\n";
    let answer = exchange(&front, &[head.as_bytes(), json.as_bytes(), b"\r\n{\xff"].concat()).await;
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("malformed_json"), "{answer}");
}

#[tokio::test]
async fn a_signed_call_arrives_under_its_signers_name() {
    let front = front().await;
    let body = serde_json::json!({
        "ports": [4000], "capacity": 3, "build_version": "test", "protocol_version": 1, "boot_id": "b",
        "content_version": "0000000000000000", "connect_key": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    });
    let body = body.to_string();
    let sent = signed_at("/internal/gamesims", body.as_bytes(), NOW, "us-east-1", SERVICE);
    let mut head = "POST /internal/gamesims HTTP/1.1\r\nconnection: close\r\n".to_owned();
    for (name, value) in &sent.headers {
        head.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap()));
    }
    let request = |body: &str| format!("{head}content-length: {}\r\n\r\n{body}", body.len());
    let answer = exchange(&front, request(&body).as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 201") && answer.contains(r#""gamesim_id":"sim-1","epoch":1"#), "{answer}");
    let answer = exchange(&front, request(&body.replace("3", "4")).as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 403") && answer.contains(r#""code":"forbidden""#), "{answer}");
}

/// What an answer says to browsers, and its status.
fn cross_origin(head: &str) -> (u16, Vec<&str>) {
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let said = head.lines().filter(|line| line.starts_with("access-control-") || line.starts_with("vary:"));
    (status, said.collect())
}

#[tokio::test]
async fn a_page_of_an_allowed_origin_may_ask_and_read() {
    let front = front_for("http://localhost:*").await;
    let allowed = "access-control-allow-origin: http://localhost:5173";
    let exposed = "access-control-expose-headers: apigw-requestid,etag,retry-after";
    let origin = "origin: http://localhost:5173\r\n";
    let asking = format!("{origin}access-control-request-method: PATCH\r\n");
    for path in ["/v1/characters", "/v1/auth/login", "/nowhere"] {
        let (_, head, _) = ask(&front, &format!("OPTIONS {path}"), &asking, "").await;
        let (status, mut said) = cross_origin(&head);
        said.sort_unstable();
        let methods = "access-control-allow-methods: DELETE,GET,PATCH,POST";
        let headers = "access-control-allow-headers: authorization,content-type,idempotency-key,if-none-match";
        let all = [headers, methods, allowed, exposed, "access-control-max-age: 3600", "vary: origin"];
        assert_eq!((status, said), (204, all.to_vec()));
        assert!(head.contains("apigw-requestid: "), "{head}");
    }
    // Answers and refusals alike, so that a page can tell what went wrong.
    for (line, status) in
        [("GET /health/live", 200), ("GET /v1/characters", 401), ("GET /", 404), ("PUT /metrics", 405)]
    {
        let (_, head, _) = ask(&front, line, origin, "").await;
        assert_eq!(cross_origin(&head), (status, vec!["vary: origin", allowed, exposed]), "{line}");
    }
}

#[tokio::test]
async fn other_pages_are_told_nothing_and_caches_are_told_why() {
    let front = front_for("http://localhost:*").await;
    let preflight = "access-control-request-method: GET\r\n";
    for headers in ["", "origin: https://evil.example\r\n", "origin: null\r\n"] {
        let (_, head, _) = ask(&front, "GET /health/live", headers, "").await;
        assert_eq!(cross_origin(&head), (200, vec!["vary: origin"]), "{headers}");
    }
    let headers = format!("origin: https://evil.example\r\n{preflight}");
    let (_, head, _) = ask(&front, "OPTIONS /v1/characters", &headers, "").await;
    assert_eq!(cross_origin(&head), (204, vec!["vary: origin"]));
    // What is no preflight is a method like any other.
    for headers in [preflight, "origin: http://localhost:5173\r\n"] {
        assert_eq!(ask(&front, "OPTIONS /v1/characters", headers, "").await.0, 405);
    }
}

#[tokio::test]
async fn where_every_page_may_read_or_none_the_origin_makes_no_difference() {
    let headers = "origin: https://a.example\r\naccess-control-request-method: GET\r\n";
    let front = front_for("*").await;
    let (_, head, _) = ask(&front, "GET /health/live", headers, "").await;
    let exposed = "access-control-expose-headers: apigw-requestid,etag,retry-after";
    assert_eq!(cross_origin(&head), (200, vec!["access-control-allow-origin: *", exposed]));
    let front = front_for("none").await;
    let (_, head, _) = ask(&front, "GET /health/live", headers, "").await;
    assert_eq!(cross_origin(&head), (200, vec![]));
    let (_, head, _) = ask(&front, "OPTIONS /v1/characters", headers, "").await;
    assert_eq!(cross_origin(&head), (405, vec![]));
}

#[tokio::test]
async fn request_ids_are_unique() {
    let front = front().await;
    let mut ids = std::collections::HashSet::new();
    for _ in 0..20 {
        let (_, _, body) = ask(&front, "GET /", "", "").await;
        assert!(ids.insert(body["error"]["request_id"].as_str().unwrap().to_owned()));
    }
}

/// The client offers a body without end; the front stops reading soon after its limit.
#[tokio::test]
async fn an_endless_body_is_cut_off() {
    let front = front().await;
    let stream = TcpStream::connect(front.address()).await.unwrap();
    let (mut from, mut to) = stream.into_split();
    let sent = tokio::spawn(async move {
        let head = "POST /v1/auth/login HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n";
        to.write_all(head.as_bytes()).await.unwrap();
        let chunk = format!("4000\r\n{}\r\n", "x".repeat(0x4000));
        let mut sent = 0_usize;
        while to.write_all(chunk.as_bytes()).await.is_ok() {
            sent += chunk.len();
        }
        sent
    });
    let mut head = [0; 12];
    from.read_exact(&mut head).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 413");
    // What the sockets hold comes on top of the limit; without a limit it would go on for ever.
    assert!(sent.await.unwrap() < 64 * INTERNAL_BODY_BYTES_MAX);
}

#[tokio::test]
async fn what_is_not_http_is_refused() {
    let front = front().await;
    let huge = format!("GET / HTTP/1.1\r\nhost: localhost\r\nx: {}\r\n\r\n", "x".repeat(2 * HEAD_BYTES_MAX));
    for (request, status) in [
        ("nonsense\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\na b: c\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nhost: a b\r\nconnection: close\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nhost: a\r\nidempotency-key: k\rx: y\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nhost: a\r\nidempotency-key: k\0\r\n\r\n", "400"),
        ("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: x\r\n\r\n", "400"),
        (huge.as_str(), "431"),
    ] {
        let request = request.replace("HTTP/1.1\r\n\r\n", "HTTP/1.1\r\nconnection: close\r\n\r\n");
        let answer = exchange(&front, request.as_bytes()).await;
        assert_eq!(answer.split(' ').nth(1), Some(status), "{request:.60}: {answer}");
    }
}

#[tokio::test]
async fn a_panic_stays_in_its_request() {
    let front = front().await;
    for _ in 0..2 {
        let (status, _, body) = ask(&front, "GET /faulty", "", "").await;
        assert_eq!((status, &body["error"]["code"]), (500, &"internal".into()));
    }
    assert_eq!(ask(&front, "GET /", "", "").await.0, 404);
    assert_eq!(front.traffic().snapshot().server_errors(), 2);
}

/// Time is virtual and leaps ahead whenever nothing else can happen.
#[tokio::test(start_paused = true)]
async fn a_client_that_never_finishes_is_cut_off() {
    let (routes, listener, config) = parts("none").await;
    let address = listener.local_addr().unwrap();
    // On this thread, whose time it is, and not on one of its own.
    tokio::spawn(serve(listener, Arc::new(Gateway::new(&routes, config).unwrap()), CancellationToken::new()));
    let before = tokio::time::Instant::now();
    let mut silent = TcpStream::connect(address).await.unwrap();
    silent.write_all(b"GET / HTTP/1.1\r\nhost: loc").await.unwrap();
    let mut answer = Vec::new();
    silent.read_to_end(&mut answer).await.unwrap();
    let waited = before.elapsed();
    assert!(waited >= Duration::from_millis(HEAD_TIMEOUT_MS), "cut off after {waited:?}");

    let mut stuck = TcpStream::connect(address).await.unwrap();
    let head = b"POST /v1/auth/login HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\n{";
    stuck.write_all(head).await.unwrap();
    let mut answer = String::new();
    stuck.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("connection: close"), "{answer}");
}

#[tokio::test]
async fn it_stops_and_frees_its_port() {
    let front = front().await;
    let address = front.address();
    let mut idle = TcpStream::connect(address).await.unwrap();
    front.shutdown().await;
    assert!(!matches!(idle.read(&mut [0; 1]).await, Ok(1..)));
    assert!(TcpStream::connect(address).await.is_err());
}
