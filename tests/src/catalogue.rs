//! The catalogue of domain events, `infra/events.json`: every type with its version and its JSON schema, derived from the
//! types; and a judge of events by it.

use guildhall_domain::domain_event::{DomainEvent, Happening, SOURCE};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

/// The text of `infra/events.json`.
pub fn catalogue() -> String {
    let envelope = schema::<DomainEvent>();
    let variants = schema::<Happening>()["oneOf"].as_array().cloned().unwrap_or_default();
    let events: Map<String, Value> = variants.iter().map(|variant| entry(&envelope, variant)).collect();
    let document = json!({
        "$comment": "Generated from the types: `make openapi` writes it, and a test refuses it when it is stale.",
        "source": SOURCE,
        "events": events,
    });
    serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
}

fn schema<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    Value::from(SchemaGenerator::new(settings).into_root_schema_for::<T>())
}

/// A type of event: what all have, and what it alone has.
fn entry(envelope: &Value, variant: &Value) -> (String, Value) {
    const VERSION: u32 = 1;
    let kind = variant["properties"]["type"]["const"].as_str().unwrap_or_default().to_owned();
    let mut data = variant["properties"]["data"].clone();
    data["additionalProperties"] = json!(false);
    let mut properties = Map::new();
    for name in ["id", "at", "subject"] {
        properties.insert(name.to_owned(), envelope["properties"][name].clone());
    }
    properties.insert("version".to_owned(), json!({"const": VERSION}));
    properties.insert("type".to_owned(), json!({"const": kind}));
    properties.insert("data".to_owned(), data);
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": kind,
        "description": variant["description"],
        "type": "object",
        "required": ["id", "at", "subject", "version", "type", "data"],
        "properties": properties,
        "additionalProperties": false,
    });
    (kind, json!({"version": VERSION, "schema": schema}))
}

/// Why an event is not as the catalogue says, if it is not.
///
/// # Errors
/// The first difference, with its place.
pub fn judge(catalogue: &Value, event: &Value) -> Result<(), String> {
    let kind = event["type"].as_str().unwrap_or_default();
    let declared = catalogue["events"].get(kind).ok_or_else(|| format!("no type {kind:?}"))?;
    conforms(&declared["schema"], event, kind)
}

/// The part of JSON Schema that the catalogue uses.
fn conforms(schema: &Value, value: &Value, place: &str) -> Result<(), String> {
    let expect = |holds: bool, what: &str| if holds { Ok(()) } else { Err(format!("{place}: {value} is not {what}")) };
    if let Some(constant) = schema.get("const") {
        expect(constant == value, &constant.to_string())?;
    }
    if let Some(allowed) = schema["enum"].as_array() {
        expect(allowed.contains(value), "one of the allowed values")?;
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        let fitting = choices.iter().filter(|choice| conforms(choice, value, place).is_ok()).count();
        expect(fitting == 1, "exactly one of the choices")?;
    }
    match schema["type"].as_str() {
        Some("object") => {
            let fields = value.as_object().ok_or_else(|| format!("{place}: {value} is no object"))?;
            for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                expect(fields.contains_key(name), &format!("complete without {name}"))?;
            }
            for (name, field) in fields {
                match schema["properties"].get(name) {
                    Some(schema) => conforms(schema, field, &format!("{place}.{name}"))?,
                    None => expect(schema["additionalProperties"] != json!(false), &format!("allowed to have {name}"))?,
                }
            }
            Ok(())
        }
        Some("array") => {
            let items = value.as_array().ok_or_else(|| format!("{place}: {value} is no array"))?;
            items.iter().try_for_each(|item| conforms(&schema["items"], item, place))
        }
        Some("string") => expect(value.is_string(), "a text"),
        Some("integer") => expect(value.is_u64() || value.is_i64(), "a whole number"),
        Some("boolean") => expect(value.is_boolean(), "true or false"),
        Some(other) => Err(format!("{place}: the judge does not know the type {other}")),
        None => Ok(()),
    }
}
