//! What must not be shown, and keeping it out of texts.

use super::{Fields, Value};
use std::cmp::Reverse;
use std::sync::Arc;

impl Value {
    /// Every text and number within this value that must not be shown, as text: the longest first,
    /// for one may be a part of another.
    pub fn secrets(&self) -> Vec<Arc<str>> {
        fn walk(value: &Value, secret: bool, found: &mut Vec<Arc<str>>) {
            let secret = secret || value.is_sensitive();
            match value.reveal() {
                Value::String(text) if secret && !text.is_empty() => found.push(Arc::clone(text)),
                Value::Number(number) if secret => found.push(number.to_string().into()),
                open => {
                    let fields = open.as_fields().into_iter().flat_map(Fields::values);
                    let parts = open.as_items().into_iter().flatten().chain(fields);
                    parts.for_each(|part| walk(part, secret, found));
                }
            }
        }
        let mut found = Vec::new();
        walk(self, false, &mut found);
        found.sort_by_key(|text| Reverse(text.len()));
        found
    }
}

/// A text without the secrets of a value, be they quoted or not.
pub fn conceal(text: String, secrets: &[Arc<str>]) -> String {
    const SHOWN: &str = "(sensitive)";
    secrets.iter().fold(text, |text, secret| {
        text.replace(&format!("{secret:?}"), SHOWN).replace(&**secret, SHOWN)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_is_left_in_a_text() {
        let [long, short] = ["s3cr3t-key", "s3cr3t"].map(|it| Value::from(it).sensitive());
        let value = Value::object([("a", short), ("b", long), ("c", Value::from("open"))]);
        let text = "\"s3cr3t\" is no s3cr3t-key, and open".to_owned();
        assert_eq!(conceal(text, &value.secrets()), "(sensitive) is no (sensitive), and open");
    }
}
