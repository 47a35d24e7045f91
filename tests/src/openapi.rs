//! The documents' description of the API: OpenAPI 3.1, derived from `ROUTES` and the types of their inputs and outputs; and
//! that of the content, derived from its types.
//!
//! `yaml` writes it down. Nothing here knows a route by name.

pub(crate) mod yaml;

use guildhall_domain::Content;
use guildhall_domain::api::ErrorBody;
use guildhall_functions::{Access, Method, ROUTES, Route};
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

/// Where schemas live in the document.
const SCHEMAS: &str = "/components/schemas";

/// The text of `docs/openapi.yaml`.
pub fn document() -> String {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.definitions_path = SCHEMAS.into());
    let mut generator = settings.into_generator();
    let mut paths = Map::new();
    for route in ROUTES {
        let operation = operation(route, &mut generator);
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method.as_str().to_lowercase()] = operation;
    }
    let error = generator.subschema_for::<ErrorBody>();
    let document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Guildhall",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "The REST side of Guildhall. Every refusal has the same body; programs may switch on its code.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": generator.take_definitions(true),
            "responses": {"Refusal": {
                "description": "What went wrong.",
                "content": {"application/json": {"schema": error}},
            }},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": "A player's access token."},
                "sigv4": {
                    "type": "apiKey", "in": "header", "name": "Authorization",
                    "description": "AWS Signature Version 4 by the role of game sims.",
                    "x-amazon-apigateway-authtype": "awsSigv4",
                },
            },
        },
    });
    let head =
        "# Generated from ROUTES and the types: `make openapi` writes it, and a test refuses it when it is stale.\n";
    format!("{head}{}", yaml::write(&document))
}

/// The text of `seed-data/schema.json`: the form of the content, for editors.
pub fn content_schema() -> String {
    let mut schema = Value::from(SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<Content>());
    schema["$id"] = json!("urn:guildhall:content");
    schema["$comment"] =
        json!("Generated from the types: `make openapi` writes it, and a test refuses it when it is stale.");
    serde_json::to_string_pretty(&schema).unwrap_or_default() + "\n"
}

fn operation(route: &Route, generator: &mut SchemaGenerator) -> Value {
    let [input, output] = (route.schemas)(generator).map(Value::from);
    let fields = resolve(&input, generator);
    let properties = fields["properties"].as_object().cloned().unwrap_or_default();
    let required = fields["required"].as_array().cloned().unwrap_or_default();
    let in_path = |name: &str| route.path.contains(&format!("{{{name}}}"));
    let mut parameters: Vec<Value> = Vec::new();
    let mut rest = Map::new();
    for (name, schema) in properties {
        match (in_path(&name), route.method) {
            (true, _) => parameters.push(json!({"name": name, "in": "path", "required": true, "schema": schema})),
            (false, Method::Get) => {
                let required = required.contains(&json!(name));
                parameters.push(json!({"name": name, "in": "query", "required": required, "schema": of_text(schema)}));
            }
            (false, _) => drop(rest.insert(name, schema)),
        }
    }
    parameters.extend(headers(route));
    let mut operation = json!({
        "operationId": route.name,
        "tags": [tag(route)],
        "security": security(route),
        "responses": responses(route, &output, generator),
    });
    if !parameters.is_empty() {
        operation["parameters"] = json!(parameters);
    }
    if !rest.is_empty() {
        let whole = !route.path.contains('{');
        let required: Vec<Value> =
            required.into_iter().filter(|name| rest.contains_key(name.as_str().unwrap_or_default())).collect();
        let parts = json!({"type": "object", "additionalProperties": false, "properties": rest, "required": required});
        let schema = if whole { input } else { parts };
        operation["requestBody"] = json!({"required": true, "content": {"application/json": {"schema": schema}}});
    }
    operation
}

/// What a `$ref` into the document's own schemas refers to.
fn resolve(schema: &Value, generator: &SchemaGenerator) -> Value {
    let name = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next());
    let found = name.and_then(|name| generator.definitions().get(name));
    found.unwrap_or(schema).clone()
}

/// A query cannot say null: what may be absent is simply absent.
fn of_text(mut schema: Value) -> Value {
    if let Some(kinds) = schema["type"].as_array() {
        let kind = kinds.iter().find(|kind| **kind != "null").cloned();
        schema["type"] = kind.unwrap_or_default();
    }
    schema
}

fn headers(route: &Route) -> Vec<Value> {
    let mut headers = Vec::new();
    if route.access == Access::Player && route.method == Method::Post {
        headers.push(json!({
            "name": "Idempotency-Key", "in": "header", "required": false,
            "description": "A repeated request under the same key finds what the first one made.",
            "schema": {"type": "string", "pattern": "^[!-~]{1,128}$"},
        }));
    }
    if route.cached {
        headers.push(json!({
            "name": "If-None-Match", "in": "header", "required": false,
            "description": "Entity tags that the caller has (RFC 9110, section 13.1.2).",
            "schema": {"type": "string"},
        }));
    }
    headers
}

fn tag(route: &Route) -> &'static str {
    match route.path.split('/').collect::<Vec<_>>().as_slice() {
        ["", "v1" | "internal", area, ..] | ["", area, ..] => area,
        _ => "other",
    }
}

fn security(route: &Route) -> Value {
    match route.access {
        Access::Public => json!([]),
        Access::Player => json!([{"bearer": []}]),
        Access::Gamesim | Access::Operator => json!([{"sigv4": []}]),
    }
}

fn responses(route: &Route, output: &Value, generator: &mut SchemaGenerator) -> Value {
    let mut responses = Map::new();
    for status in route.statuses() {
        let other = route.other_successes.iter().find(|success| success.status == status);
        let response = if status == route.status {
            let mut response = json!({"description": "Done.", "content": {route.media_type: {"schema": output}}});
            if route.cached {
                response["headers"] = cache_headers();
            }
            response
        } else if let Some(success) = other {
            let schema = Value::from((success.schema)(generator));
            json!({"description": "Taken on.", "content": {route.media_type: {"schema": schema}}})
        } else if status == 304 {
            json!({"description": "The caller has it already.", "headers": cache_headers()})
        } else {
            json!({"$ref": "#/components/responses/Refusal"})
        };
        responses.insert(status.to_string(), response);
    }
    Value::Object(responses)
}

fn cache_headers() -> Value {
    json!({
        "ETag": {"required": true, "description": "A strong entity tag.", "schema": {"type": "string"}},
        "Cache-Control": {"required": true, "schema": {"type": "string"}},
    })
}
