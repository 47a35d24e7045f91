//! Builds the event that API Gateway (HTTP API, payload format 2.0) hands to a Lambda function: the same JSON, so that the
//! handlers go through the same adapter as in the cloud.
//! Source: AWS, "Working with AWS Lambda proxy integrations for HTTP APIs".

use super::routes::percent_decode;
use crate::calendar::gateway_time;
use crate::sigv4::{ACCOUNT_ID, Identity};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use guildhall_domain::Timestamp;
use guildhall_functions::Route;
use http::header::{COOKIE, HOST, USER_AGENT};
use http::request::Parts;
use serde_json::{Map, Value, json};
use std::net::IpAddr;

/// What the gateway knows of a request that it lets through.
pub(crate) struct Passage<'a> {
    pub(crate) route: &'static Route,
    pub(crate) api_id: &'a str,
    pub(crate) request_id: &'a str,
    pub(crate) parts: &'a Parts,
    pub(crate) path_parameters: &'a [(String, String)],
    pub(crate) body: &'a [u8],
    pub(crate) source_ip: IpAddr,
    pub(crate) signer: Option<&'a Identity>,
    pub(crate) now: Timestamp,
}

/// The event, as JSON text.
pub(crate) fn event(passage: &Passage<'_>) -> String {
    let uri = &passage.parts.uri;
    let route_key = format!("{} {}", passage.route.method.as_str(), passage.route.path);
    let mut event = json!({
        "version": "2.0",
        "routeKey": route_key,
        "rawPath": uri.path(),
        "rawQueryString": uri.query().unwrap_or_default(),
        "headers": headers(passage),
        "requestContext": context(passage, &route_key),
        "isBase64Encoded": false,
    });
    let mut add = |name: &str, value: Value| event[name] = value;
    if let Some(cookies) = cookies(passage.parts) {
        add("cookies", cookies);
    }
    if let Some(query) = uri.query().filter(|query| !query.is_empty()) {
        add("queryStringParameters", query_parameters(query));
    }
    if !passage.path_parameters.is_empty() {
        let parameters = passage.path_parameters.iter().map(|(name, value)| (name.clone(), json!(value)));
        add("pathParameters", Value::Object(parameters.collect()));
    }
    match std::str::from_utf8(passage.body) {
        Ok("") => {}
        Ok(text) => add("body", json!(text)),
        Err(_) => {
            add("body", json!(STANDARD.encode(passage.body)));
            add("isBase64Encoded", json!(true));
        }
    }
    event.to_string()
}

fn context(passage: &Passage<'_>, route_key: &str) -> Value {
    let parts = passage.parts;
    let text = |name| parts.headers.get(name).map(|value| String::from_utf8_lossy(http::HeaderValue::as_bytes(value)));
    let mut context = json!({
        "accountId": ACCOUNT_ID,
        "apiId": passage.api_id,
        "domainName": text(HOST).unwrap_or_default(),
        "domainPrefix": passage.api_id,
        "http": {
            "method": parts.method.as_str(),
            "path": parts.uri.path(),
            "protocol": format!("{:?}", parts.version),
            "sourceIp": passage.source_ip.to_string(),
            "userAgent": text(USER_AGENT).unwrap_or_default(),
        },
        "requestId": passage.request_id,
        "routeKey": route_key,
        "stage": "$default",
        "time": gateway_time(passage.now),
        "timeEpoch": passage.now.0,
    });
    if let Some(signer) = passage.signer {
        let user_id = format!("AROAGUILDHALLGAMESIM:{}", signer.name);
        context["authorizer"] = json!({ "iam": {
            "accessKey": signer.access_key,
            "accountId": ACCOUNT_ID,
            "callerId": user_id,
            "cognitoIdentity": null,
            "principalOrgId": null,
            "userArn": signer.user_arn(),
            "userId": user_id,
        }});
    }
    context
}

/// Lower-case names; several values of one name are joined with commas. Cookies travel on their own, and what a proxy says
/// of the connection is the gateway's to say.
fn headers(passage: &Passage<'_>) -> Map<String, Value> {
    let received = &passage.parts.headers;
    let mut headers: Map<String, Value> = Map::new();
    for name in received.keys().filter(|name| *name != COOKIE) {
        let values: Vec<_> =
            received.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
        headers.insert(name.as_str().to_owned(), Value::String(values.join(",")));
    }
    headers.insert("x-forwarded-for".to_owned(), json!(passage.source_ip.to_string()));
    headers.insert("x-forwarded-proto".to_owned(), json!("http"));
    headers.remove("x-forwarded-port");
    headers
}

fn cookies(parts: &Parts) -> Option<Value> {
    let values = parts.headers.get_all(COOKIE).iter();
    let cookies: Vec<String> = values
        .flat_map(|value| String::from_utf8_lossy(value.as_bytes()).split("; ").map(str::to_owned).collect::<Vec<_>>())
        .collect();
    (!cookies.is_empty()).then(|| json!(cookies))
}

/// Decoded names and values; several values of one name are joined with commas.
fn query_parameters(query: &str) -> Value {
    let decode = |text: &str| {
        let spaced = text.replace('+', " ");
        percent_decode(&spaced).unwrap_or(spaced)
    };
    let mut parameters = Map::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decode(name), decode(value));
        let joined = match parameters.get(&name).and_then(Value::as_str) {
            Some(before) => format!("{before},{value}"),
            None => value,
        };
        parameters.insert(name, Value::String(joined));
    }
    Value::Object(parameters)
}

#[cfg(test)]
mod tests;
