//! A request as it left API Gateway, taken apart at the door: nothing past this file looks at headers or raw bytes.

mod json;

use crate::endpoint::Method;
use crate::error::ApiError;
use json::Strict;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequestContext;
use lambda_http::http::HeaderMap;
use lambda_http::request::RequestContext;
use lambda_http::{Request, RequestExt};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// A request, before it is known to make sense.
pub(crate) struct Incoming {
    /// API Gateway's name for it.
    pub(crate) request_id: String,
    /// Address that API Gateway saw it come from.
    pub(crate) source_ip: Option<String>,
    /// Who API Gateway found to have signed it, if it was asked to find out.
    pub(crate) user_arn: Option<String>,
    headers: HeaderMap,
    path: Vec<(String, String)>,
    query: Vec<(String, String)>,
    body: Vec<u8>,
}

impl From<Request> for Incoming {
    fn from(request: Request) -> Self {
        let context = match request.request_context_ref() {
            Some(RequestContext::ApiGatewayV2(context)) => context.clone(),
            _ => ApiGatewayV2httpRequestContext::default(),
        };
        let own = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let path = request.path_parameters().iter().map(own).collect();
        let query = request.query_string_parameters().iter().map(own).collect();
        let (parts, body) = request.into_parts();
        Self {
            request_id: context.request_id.unwrap_or_default(),
            source_ip: context.http.source_ip,
            user_arn: context.authorizer.and_then(|authorizer| authorizer.iam).and_then(|iam| iam.user_arn),
            headers: parts.headers,
            path,
            query,
            body: body.to_vec(),
        }
    }
}

impl Incoming {
    /// A request of nobody in particular, with a body that claims to be JSON.
    #[cfg(feature = "schema")]
    pub(crate) fn of_parts(parameters: &[(&str, &str)], body: &[u8]) -> Self {
        use lambda_http::http::{HeaderValue, header::CONTENT_TYPE};
        let json = HeaderValue::from_static("application/json");
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self {
            request_id: String::new(),
            source_ip: None,
            user_arn: None,
            headers: HeaderMap::from_iter([(CONTENT_TYPE, json)]),
            path: parameters.iter().map(own).collect(),
            query: Vec::new(),
            body: body.to_vec(),
        }
    }

    /// A header. One that is there twice or cannot be read counts as empty, which none that matters here may be.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next()?;
        Some(if values.next().is_some() { "" } else { value.to_str().unwrap_or_default() })
    }

    /// A parameter in the path.
    pub(crate) fn path_parameter(&self, name: &str) -> Option<&str> {
        self.path.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// A header that is a list, in one piece however many lines it came in.
    pub(crate) fn list(&self, name: &str) -> Option<String> {
        let lines: Vec<&str> = self.headers.get_all(name).iter().filter_map(|line| line.to_str().ok()).collect();
        (!lines.is_empty()).then(|| lines.join(", "))
    }

    /// The bearer token.
    pub(crate) fn bearer(&self) -> Option<&str> {
        let (scheme, token) = self.header("authorization")?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    }

    /// Path parameters, query and body as one typed value. Length is judged before anything is parsed, and nothing can speak
    /// for anything else: a body not for a parameter, and a query not for a body, which may hold what no log must see.
    pub(crate) fn input<T: DeserializeOwned>(&self, method: Method, bytes_max: usize) -> Result<T, ApiError> {
        if self.body.len() > bytes_max {
            return Err(ApiError::payload_too_large(bytes_max));
        }
        if method != Method::Get && !self.query.is_empty() {
            return Err(ApiError::bad_request("this request takes no query"));
        }
        let mut fields = match (method, self.body.is_empty()) {
            (_, true) => Map::new(),
            (Method::Get, false) => return Err(ApiError::bad_request("this request must not have a body")),
            (Method::Post | Method::Patch | Method::Delete, false) => self.json_object()?,
        };
        for (name, value) in self.path.iter().chain(&self.query) {
            if fields.insert(name.clone(), Value::String(value.clone())).is_some() {
                return Err(ApiError::bad_request(format!("`{name}` is given twice")));
            }
        }
        serde_json::from_value(Value::Object(fields)).map_err(|error| ApiError::bad_request(error.to_string()))
    }

    fn json_object(&self) -> Result<Map<String, Value>, ApiError> {
        let content_type = self.header("content-type").unwrap_or_default();
        let media_type = content_type.split(';').next().unwrap_or_default().trim();
        if !media_type.eq_ignore_ascii_case("application/json") {
            return Err(ApiError::unsupported_media_type());
        }
        match serde_json::from_slice(&self.body) {
            Ok(Strict(Value::Object(fields))) => Ok(fields),
            Ok(_) => Err(ApiError::bad_request("the body must be a JSON object")),
            Err(error) => Err(ApiError::new(400, "malformed_json", format!("the body is not JSON: {error}"))),
        }
    }
}
