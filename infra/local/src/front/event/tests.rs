//! Events as `lambda_http` reads them: through the real adapter, into the functions' own view of a request.

use super::*;
use guildhall_functions::ROUTES;
use http::Request;

fn route(name: &str) -> &'static Route {
    ROUTES.iter().find(|route| route.name == name).unwrap()
}

struct Given<'a> {
    route: &'static str,
    uri: &'a str,
    headers: &'a [(&'static str, &'a str)],
    path_parameters: &'a [(&'a str, &'a str)],
    body: &'a [u8],
}

const PLAIN: Given<'static> =
    Given { route: "get-character", uri: "/v1/characters/x", headers: &[], path_parameters: &[], body: b"" };

fn built(given: &Given<'_>) -> Value {
    let route = route(given.route);
    let mut request = Request::builder().method(route.method.as_str()).uri(given.uri);
    for (name, value) in given.headers {
        request = request.header(*name, *value);
    }
    let (parts, ()) = request.body(()).unwrap().into_parts();
    let parameters: Vec<(String, String)> =
        given.path_parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let signer = Identity::of_gamesim("sim-1", [7; 32]);
    let text = event(&Passage {
        route,
        api_id: "api-1",
        request_id: "r-1",
        parts: &parts,
        path_parameters: &parameters,
        body: given.body,
        source_ip: IpAddr::from([127, 0, 0, 1]),
        signer: route.access.is_signed().then_some(&signer),
        now: Timestamp(1_584_039_838_123),
    });
    serde_json::from_str(&text).unwrap()
}

#[test]
fn the_event_is_api_gateways() {
    let event = built(&Given {
        uri: "/v1/characters/a%20b?x=1&y=%C3%A9+z&x=2&flag",
        headers: &[("Host", "api.example"), ("User-Agent", "probe"), ("X-Two", "a"), ("X-Two", "b")],
        path_parameters: &[("character_id", "a b")],
        ..PLAIN
    });
    let expected = json!({
        "version": "2.0",
        "routeKey": "GET /v1/characters/{character_id}",
        "rawPath": "/v1/characters/a%20b",
        "rawQueryString": "x=1&y=%C3%A9+z&x=2&flag",
        "headers": {
            "host": "api.example", "user-agent": "probe", "x-two": "a,b",
            "x-forwarded-for": "127.0.0.1", "x-forwarded-proto": "http",
        },
        "queryStringParameters": {"x": "1,2", "y": "é z", "flag": ""},
        "pathParameters": {"character_id": "a b"},
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "api-1",
            "domainName": "api.example",
            "domainPrefix": "api-1",
            "http": {
                "method": "GET", "path": "/v1/characters/a%20b", "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1", "userAgent": "probe",
            },
            "requestId": "r-1",
            "routeKey": "GET /v1/characters/{character_id}",
            "stage": "$default",
            "time": "12/Mar/2020:19:03:58 +0000",
            "timeEpoch": 1_584_039_838_123_u64,
        },
        "isBase64Encoded": false,
    });
    assert_eq!(event, expected);
}

#[test]
fn bodies_travel_as_text_or_base64() {
    let text = built(&Given { route: "login-account", uri: "/v1/auth/login", body: "{\"ü\":1}".as_bytes(), ..PLAIN });
    assert_eq!((&text["body"], &text["isBase64Encoded"]), (&json!("{\"ü\":1}"), &json!(false)));
    let bytes = built(&Given { route: "login-account", uri: "/v1/auth/login", body: &[0xff, 0x00], ..PLAIN });
    assert_eq!((&bytes["body"], &bytes["isBase64Encoded"]), (&json!("/wA="), &json!(true)));
    assert_eq!(built(&PLAIN).get("body"), None);
}

#[test]
fn cookies_travel_on_their_own() {
    let event = built(&Given { headers: &[("cookie", "a=1; b=2"), ("cookie", "c=3")], ..PLAIN });
    assert_eq!(event["cookies"], json!(["a=1", "b=2", "c=3"]));
    assert_eq!(event["headers"].get("cookie"), None);
}

#[test]
fn only_a_verified_signer_is_named() {
    assert_eq!(built(&PLAIN)["requestContext"].get("authorizer"), None);
    let event = built(&Given { route: "register-gamesim", uri: "/internal/gamesims", ..PLAIN });
    let iam = &event["requestContext"]["authorizer"]["iam"];
    assert_eq!(iam["userArn"], "arn:aws:sts::000000000000:assumed-role/guildhall-gamesim/sim-1");
    assert_eq!(iam["accountId"], "000000000000");
    assert_eq!(iam["userId"], "AROAGUILDHALLGAMESIM:sim-1");
}

/// A caller cannot say over which way it came: `lambda_http` makes a URL of these headers and would stumble over nonsense.
#[test]
fn forwarding_headers_are_the_gateways() {
    let event = built(&Given {
        headers: &[("x-forwarded-for", "10.0.0.1"), ("x-forwarded-proto", "a b"), ("x-forwarded-port", "x")],
        ..PLAIN
    });
    let expected = json!({"x-forwarded-for": "127.0.0.1", "x-forwarded-proto": "http"});
    assert_eq!(event["headers"], expected);
}
