//! JSON values as YAML in block style: keys sorted, so that the same document is always the same bytes; strings in double
//! quotes, which JSON and YAML read alike.

use serde_json::Value;
use std::fmt::Write;

/// Words that YAML 1.1 takes for something other than themselves.
const RESERVED: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];

/// The text of a value.
pub(crate) fn write(value: &Value) -> String {
    let mut text = String::new();
    block(&mut text, value, 0);
    text
}

/// A value whose first line begins where the text ends; further lines are indented.
fn block(text: &mut String, value: &Value, indent: usize) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            let mut names: Vec<&String> = fields.keys().collect();
            names.sort();
            for (index, name) in names.into_iter().enumerate() {
                if index > 0 {
                    text.push_str(&" ".repeat(indent));
                }
                text.push_str(&key(name));
                text.push(':');
                nested(text, &fields[name], indent);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push_str(&" ".repeat(indent));
                }
                text.push_str("- ");
                block(text, item, indent + 2);
            }
        }
        // Writing to a string cannot fail.
        plain => drop(writeln!(text, "{plain}")),
    }
}

fn nested(text: &mut String, value: &Value, indent: usize) {
    let deep = match value {
        Value::Object(fields) => !fields.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => false,
    };
    if deep {
        text.push('\n');
        text.push_str(&" ".repeat(indent + 2));
    } else {
        text.push(' ');
    }
    block(text, value, indent + 2);
}

fn key(name: &str) -> String {
    let plain = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
        && !RESERVED.contains(&name.to_lowercase().as_str());
    if plain { name.to_owned() } else { Value::from(name).to_string() }
}

#[cfg(test)]
mod tests {
    use super::write;
    use serde_json::json;

    #[test]
    fn values_are_sorted_quoted_and_indented() {
        let value = json!({"b": [1, {"y": "no", "x": []}, [true]], "a": {"200": null, "$ref": "#/a\n"}});
        let expected =
            "a:\n  \"$ref\": \"#/a\\n\"\n  \"200\": null\nb:\n  - 1\n  - x: []\n    \"y\": \"no\"\n  - - true\n";
        assert_eq!(write(&value), expected);
    }
}
