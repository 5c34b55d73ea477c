//! Templates: text with values, conditions and repetitions in it.

use super::collection::{bindings, entries};
use super::{Fault, Marks, Scope, capital, fault};
use crate::config::{IfPart, Part};
use crate::value::{Type, Value};

impl Scope<'_> {
    pub(super) fn template(&self, parts: &[Part]) -> Result<Value, Fault> {
        // A lone interpolation passes its value through, whatever its type.
        if let [Part::Value(only)] = parts {
            return self.eval(only);
        }
        let mut out = String::new();
        let mut marks = Marks::default();
        self.template_into(parts, &mut out, &mut marks)?;
        Ok(marks.apply(if marks.unknown { Value::Unknown(Type::String) } else { Value::from(out) }))
    }

    fn template_into(
        &self,
        parts: &[Part],
        out: &mut String,
        marks: &mut Marks,
    ) -> Result<(), Fault> {
        for part in parts {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Value(expr) => {
                    let value = self.eval(expr)?;
                    let value = marks.open(&value);
                    if value.is_unknown() {
                        marks.unknown = true;
                        continue;
                    }
                    if value.is_null() {
                        let detail = "The value is null and cannot be part of a text. Use \
                                      `coalesce` to put something in its place.";
                        return Err(fault("Null in a template", detail, expr.span));
                    }
                    let text = value.convert(&Type::String).map_err(|error| {
                        let detail = match &value {
                            Value::Number(_) => format!("{}.", capital(&error.reason)),
                            _ => format!(
                                "A {} cannot be part of a text. Use `join` or `jsonencode`.",
                                value.ty().friendly()
                            ),
                        };
                        fault("Wrong type", detail, expr.span)
                    })?;
                    out.push_str(text.as_str().map_or("", |text| &**text));
                }
                Part::If(it) => self.template_if(it, out, marks)?,
                Part::For(it) => {
                    let collection = self.eval(&it.collection)?;
                    let collection = marks.open(&collection);
                    let Some(entries) = entries(&collection, it.collection.span)? else {
                        marks.unknown = true;
                        continue;
                    };
                    for (key, value) in entries {
                        let bound = bindings(it.key_var.as_deref(), &it.value_var, key, value);
                        self.bind(&bound).template_into(&it.body, out, marks)?;
                    }
                }
            }
        }
        Ok(())
    }
    /// One of two texts. What is secret in the other one is so in the result: which was taken tells
    /// of both. The other may fail, as that of a conditional may.
    fn template_if(&self, it: &IfPart, out: &mut String, marks: &mut Marks) -> Result<(), Fault> {
        let condition = self.condition(&it.condition, marks)?;
        let mut attempt = |parts: &[Part]| {
            let mut text = String::new();
            let mut found = Marks::default();
            let result = self.template_into(parts, &mut text, &mut found);
            marks.sensitive |= result.is_ok() && found.sensitive;
            result.map(|()| (text, found.unknown))
        };
        let (then, otherwise) = (attempt(&it.then), attempt(&it.otherwise));
        let taken = match condition {
            Some(true) => then?,
            Some(false) => otherwise?,
            None => (String::new(), true),
        };
        out.push_str(&taken.0);
        marks.unknown |= taken.1;
        Ok(())
    }
}
