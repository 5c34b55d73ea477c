//! Values as JSON and back.

use super::{Number, Type, Value};
use serde_json::Value as Json;

/// The value as JSON: sets as arrays, marks of sensitivity dropped, unknown values as null. What JSON
/// has no number for, such as infinity, is text.
pub fn to_json(value: &Value) -> Json {
    match value {
        Value::Null(_) | Value::Unknown(..) => Json::Null,
        Value::Bool(truth) => Json::Bool(*truth),
        Value::Number(number) => {
            let text = number.to_string();
            text.parse().map_or(Json::String(text), Json::Number)
        }
        Value::String(text) => Json::String(text.to_string()),
        Value::List(elements) | Value::Set(elements) => {
            Json::Array(elements.items.iter().map(to_json).collect())
        }
        Value::Tuple(items) => Json::Array(items.iter().map(to_json).collect()),
        Value::Map(_) | Value::Object(_) => Json::Object(
            value
                .as_fields()
                .into_iter()
                .flat_map(super::Fields::iter)
                .map(|(name, value)| (name.to_string(), to_json(value)))
                .collect(),
        ),
        Value::Sensitive(inner) => to_json(inner),
    }
}

/// JSON as a value: arrays as tuples, objects as objects; a number out of range has no value.
pub fn from_json(json: &Json) -> Option<Value> {
    Some(match json {
        Json::Null => Value::Null(Type::Any),
        Json::Bool(truth) => Value::Bool(*truth),
        Json::Number(number) => Value::Number(number.as_str().parse::<Number>().ok()?),
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(items) => Value::tuple(items.iter().map(from_json).collect::<Option<_>>()?),
        Json::Object(fields) => Value::Object(
            fields
                .iter()
                .map(|(name, value)| Some((name.as_str(), from_json(value)?)))
                .collect::<Option<Vec<_>>>()?
                .into_iter()
                .collect(),
        ),
    })
}

/// Serialises as [`to_json`] does.
impl serde::Serialize for Value {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        to_json(self).serialize(serializer)
    }
}

/// Deserialises as [`from_json`] does.
impl<'de> serde::Deserialize<'de> for Value {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Json::deserialize(deserializer)?;
        from_json(&json).ok_or_else(|| serde::de::Error::custom("a number is out of range"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_survives_the_round_trip() {
        let text = r#"{"a":[1,2.5,"x",null,true],"b":{"c":123456789012345678901234567890}}"#;
        let json: Json = serde_json::from_str(text).unwrap();
        assert_eq!(to_json(&from_json(&json).unwrap()).to_string(), text);
    }

    #[test]
    fn what_is_no_number_of_json_is_text() {
        let infinite = Value::Number("1e999999999".parse().unwrap());
        assert_eq!(to_json(&infinite).to_string(), "\"+Inf\"");
    }
}
