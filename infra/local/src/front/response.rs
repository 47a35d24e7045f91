//! Turns what a function answers (payload format 2.0) into HTTP, and holds the few answers that the gateway gives itself.

use super::Answer;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use guildhall_functions::ApiError;
use http::header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, SET_COOKIE};
use http::{Response, StatusCode};
use http_body_util::Full;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Names the request in the logs; API Gateway adds it too.
const REQUEST_ID: HeaderName = HeaderName::from_static("apigw-requestid");

/// A function's answer in payload format 2.0.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FunctionAnswer {
    status_code: u16,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    cookies: Vec<String>,
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

/// The HTTP response that a function's answer stands for; `None` if it stands for none.
pub(crate) fn from_function(answer: serde_json::Value, request_id: &str) -> Option<Answer> {
    let answer: FunctionAnswer = serde_json::from_value(answer).ok()?;
    let body = answer.body.unwrap_or_default();
    let body = if answer.is_base64_encoded { STANDARD.decode(body).ok()? } else { body.into_bytes() };
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = StatusCode::from_u16(answer.status_code).ok()?;
    let headers = response.headers_mut();
    for (name, value) in answer.headers {
        headers.append(HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?);
    }
    for cookie in answer.cookies {
        headers.append(SET_COOKIE, HeaderValue::try_from(cookie).ok()?);
    }
    headers.insert(REQUEST_ID, HeaderValue::try_from(request_id).ok()?);
    Some(response)
}

/// A refusal in the product's words.
pub(crate) fn refusal(error: &ApiError, request_id: &str) -> Answer {
    let mut response = Response::new(Full::new(Bytes::from(error.body(request_id))));
    *response.status_mut() = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(seconds) = error.retry_after_s() {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    name_request(&mut response, request_id);
    response
}

/// Puts the request's name on its answer.
pub(crate) fn name_request(answer: &mut Answer, request_id: &str) {
    if let Ok(id) = HeaderValue::try_from(request_id) {
        answer.headers_mut().insert(REQUEST_ID, id);
    }
}

/// Says that the connection ends with this answer, because the rest of the request is not worth reading.
pub(crate) fn closing(mut answer: Answer) -> Answer {
    answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    answer
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt;
    use serde_json::json;

    #[tokio::test]
    async fn a_functions_answer_becomes_http() {
        let answer = json!({
            "statusCode": 201, "headers": {"content-type": "text/plain"}, "multiValueHeaders": {},
            "cookies": ["a=1", "b=2"], "body": "/w==", "isBase64Encoded": true,
        });
        let response = from_function(answer, "r-1").unwrap();
        assert_eq!(response.status(), 201);
        assert_eq!(response.headers()["content-type"], "text/plain");
        assert_eq!(response.headers()["apigw-requestid"], "r-1");
        assert_eq!(response.headers().get_all(SET_COOKIE).iter().count(), 2);
        assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), Bytes::from_static(&[0xff]));
    }

    #[test]
    fn nonsense_is_no_answer() {
        for wrong in [
            json!("text"),
            json!({"body": "x"}),
            json!({"statusCode": 99}),
            json!({"statusCode": 200, "headers": {"a b": "c"}}),
            json!({"statusCode": 200, "body": "?", "isBase64Encoded": true}),
        ] {
            assert!(from_function(wrong.clone(), "r-1").is_none(), "{wrong}");
        }
    }
}
