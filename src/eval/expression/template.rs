//! Templates: text with values, conditions and repetitions in it.

use super::collection::{bindings, entries};
use super::{Fault, Marks, Outcome, Scope, article, capital, fault};
use crate::config::{ForPart, IfPart, Part};
use crate::diag::Span;
use crate::eval::functions::MAX_TEXT;
use crate::value::{Bounds, Type, Value};

/// How much is kept, in bytes, of what a text is known to begin with.
const LONGEST_PREFIX: usize = 128;

/// What a template has come to: of one that fails, the text before the fault.
#[derive(Default)]
struct Text {
    out: String,
    /// How much of the text stands before the first part that is not known yet, if there is one.
    known: Option<usize>,
    fault: Option<Fault>,
}

impl Text {
    fn push(&mut self, text: &str) {
        if self.fault.is_none() {
            self.out.push_str(text);
        }
    }

    /// Takes over what a template within this one has come to.
    fn append(&mut self, inner: Self) {
        self.push(&inner.out);
        if self.fault.is_none() {
            self.fault = inner.fault;
        }
    }

    fn fail(&mut self, fault: Fault) {
        self.fault.get_or_insert(fault);
    }
}

impl Scope<'_> {
    pub(super) fn template(&self, parts: &[Part]) -> Outcome {
        let mut marks = Marks::default();
        let Text { out, known, fault } = self.text(parts, &mut marks);
        let value = if marks.unknown {
            let known = out.get(..known.unwrap_or(0)).filter(|_| fault.is_none());
            let known = known.unwrap_or_default();
            let known = known.get(..known.floor_char_boundary(LONGEST_PREFIX)).unwrap_or_default();
            Value::bounded(Type::String, Bounds::beginning(known).never_null())
        } else {
            Value::from(out)
        };
        Outcome { value: marks.apply(value), fault }
    }

    fn text(&self, parts: &[Part], marks: &mut Marks) -> Text {
        let mut text = Text::default();
        for part in parts {
            let before = text.out.len();
            match part {
                Part::Text(literal) => text.push(literal),
                Part::Value(expr) => {
                    let value = self.outcome(expr).keep(&mut text.fault);
                    match written(&marks.open(&value), expr.span) {
                        Ok(Some(value)) => {
                            let value = value.as_str().map_or("", |text| &**text);
                            match room(&text, value.len(), expr.span) {
                                Ok(()) => text.push(value),
                                Err(fault) => text.fail(fault),
                            }
                        }
                        Ok(None) => marks.unknown = true,
                        Err(fault) => text.fail(fault),
                    }
                }
                Part::If(it) => self.text_if(it, &mut text, marks),
                Part::For(it) => {
                    if let Err(fault) = self.text_for(it, &mut text, marks) {
                        marks.unknown = true;
                        text.fail(fault);
                    }
                }
            }
            if marks.unknown {
                text.known.get_or_insert(before);
            }
        }
        text
    }

    /// One of two texts. What is secret in the other one is so in the result: which was taken tells
    /// of both. The other may fail, as that of a conditional may.
    fn text_if(&self, it: &IfPart, text: &mut Text, marks: &mut Marks) {
        let condition = self.condition(&it.condition, marks);
        let mut branch = |parts: &[Part]| {
            let mut found = Marks::default();
            let text = self.text(parts, &mut found);
            marks.sensitive |= found.sensitive;
            (text, found.unknown)
        };
        let (then, otherwise) = (branch(&it.then), branch(&it.otherwise));
        let (taken, unknown) = match condition {
            Ok(Some(true)) => then,
            Ok(Some(false)) => otherwise,
            Ok(None) => (Text::default(), true),
            Err(fault) => (Text { fault: Some(fault), ..Text::default() }, true),
        };
        text.append(taken);
        marks.unknown |= unknown;
    }

    fn text_for(&self, it: &ForPart, text: &mut Text, marks: &mut Marks) -> Result<(), Fault> {
        let collection = self.eval(&it.collection)?;
        let collection = marks.open(&collection);
        let Some(entries) = entries(&collection, it.collection.span)? else {
            marks.unknown = true;
            return Ok(());
        };
        let repetitions = self.repetitions(entries.len(), it.collection.span)?;
        for (key, value) in entries {
            let bound = bindings(it.key_var.as_deref(), &it.value_var, key, value);
            let inner = Scope { repetitions, ..self.bind(&bound) };
            let body = inner.text(&it.body, marks);
            room(text, body.out.len(), it.collection.span)?;
            text.append(body);
            // What comes behind a fault is not part of the text any more.
            if text.fault.is_some() {
                break;
            }
        }
        Ok(())
    }
}

/// Refuses what would make a text longer than one may become: a text that holds another one twice,
/// that holds another one twice, and so on, doubles with each.
fn room(text: &Text, more: usize, span: Span) -> Result<(), Fault> {
    if text.out.len().saturating_add(more) <= MAX_TEXT {
        return Ok(());
    }
    let detail = "With this, the template comes to a text of more than 16 MiB.";
    Err(fault("Text too long", detail, span))
}

/// A value as a part of a text; nothing where it is unknown.
fn written(value: &Value, span: Span) -> Result<Option<Value>, Fault> {
    if value.is_unknown() {
        return Ok(None);
    }
    if value.is_null() {
        let detail = "The value is null and cannot be part of a text. Use `coalesce` to put \
                      something in its place.";
        return Err(fault("Null in a template", detail, span));
    }
    value.convert(&Type::String).map(Some).map_err(|error| {
        let detail = match value {
            Value::Number(_) => format!("{}.", capital(&error.reason)),
            _ => format!(
                "{} cannot be part of a text. Use `join` or `jsonencode`.",
                capital(&article(&value.ty().friendly()))
            ),
        };
        fault("Wrong type", detail, span)
    })
}
