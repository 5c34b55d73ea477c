//! Templates: text with values, conditions and repetitions in it.

use super::collection::{bindings, entries};
use super::{Fault, Marks, Scope, fault};
use crate::config::Part;
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
                    if value.is_null() {
                        let detail = "The value is null and cannot be part of a text. Use \
                                      `coalesce` to put something in its place.";
                        return Err(fault("Null in a template", detail, expr.span));
                    }
                    let text = value.convert(&Type::String).map_err(|_| {
                        let detail = format!(
                            "A {} cannot be part of a text. Use `join` or `jsonencode`.",
                            value.ty().friendly()
                        );
                        fault("Wrong type", detail, expr.span)
                    })?;
                    match text.as_str() {
                        Some(text) => out.push_str(text),
                        None => marks.unknown = true,
                    }
                }
                Part::If(it) => {
                    let condition = self.truth(&it.condition, marks)?;
                    match condition {
                        Some(true) => self.template_into(&it.then, out, marks)?,
                        Some(false) => self.template_into(&it.otherwise, out, marks)?,
                        None => marks.unknown = true,
                    }
                }
                Part::For(it) => {
                    let collection = self.eval(&it.collection)?;
                    let collection = marks.open(&collection);
                    if collection.is_unknown() {
                        marks.unknown = true;
                        continue;
                    }
                    for (key, value) in entries(&collection, it.collection.span)? {
                        let bound = bindings(it.key_var.as_deref(), &it.value_var, key, value);
                        self.bind(&bound).template_into(&it.body, out, marks)?;
                    }
                }
            }
        }
        Ok(())
    }
}
