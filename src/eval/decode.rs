//! Bodies of providers and resources to objects, as their schema says.

use super::expression::{Scope, capital, fault};
use crate::addr::AttrPath;
use crate::config::{Attribute, Body};
use crate::diag::{Diagnostic, Diagnostics, Span, did_you_mean};
use crate::schema::{Schema, Usage};
use crate::value::{Type, Value};
use std::sync::Arc;

/// Reports what the body has and the schema has not, and the other way round. Evaluates nothing,
/// so that it is done once for all instances.
pub(super) fn check(
    body: &Body,
    schema: &Schema,
    what: &str,
    header: Span,
    diagnostics: &mut Diagnostics,
) {
    let mut report = |summary, detail: String, span: Span| {
        diagnostics.push(Diagnostic::error(summary, detail).at(span));
    };
    for Attribute { name, .. } in &body.attributes {
        let text = &*name.text;
        match schema.attribute(text) {
            Some(attribute) if attribute.usage == Usage::Computed => report(
                "Attribute cannot be set",
                format!("{text:?} tells what is live and cannot be set. Remove it."),
                name.span,
            ),
            Some(_) => {}
            None if schema.block(text).is_some() => report(
                "Attribute instead of a block",
                format!("{text:?} is a block: write `{text} {{ … }}` without `=`."),
                name.span,
            ),
            None => report(
                "Unknown attribute",
                format!("{what} has no attribute {text:?}.{}", did_you_mean(text, schema.names())),
                name.span,
            ),
        }
    }
    for attribute in schema.attributes {
        if attribute.usage == Usage::Required && body.attribute(attribute.name).is_none() {
            report(
                "Missing attribute",
                format!(
                    "{what} needs the attribute {:?}: {}",
                    attribute.name,
                    lower_first(attribute.description)
                ),
                header,
            );
        }
    }
    for nested in schema.blocks {
        if nested.required && body.blocks(nested.name).next().is_none() {
            report(
                "Missing block",
                format!(
                    "{what} needs a block `{} {{ … }}`: {}",
                    nested.name,
                    lower_first(nested.description)
                ),
                header,
            );
        }
    }
    let mut inner = Diagnostics::new();
    for block in &body.blocks {
        let text = &*block.kind.text;
        let span = block.kind.span;
        let Some(nested) = schema.block(text) else {
            let (summary, detail) = if schema.attribute(text).is_some() {
                (
                    "Block instead of an attribute",
                    format!("{text:?} is an attribute: write `{text} = …`."),
                )
            } else {
                let hint = did_you_mean(text, schema.names());
                ("Unknown block", format!("{what} has no block {text:?}.{hint}"))
            };
            report(summary, detail, span);
            continue;
        };
        let first = body.blocks(nested.name).next().map_or(span, |first| first.kind.span);
        if first != span {
            inner.push(
                Diagnostic::error(
                    "Block occurs twice",
                    format!("{what} has exactly one block `{text}`: S3 takes one only. Remove the other."),
                )
                .at(span)
                .related(first, "the first stands here"),
            );
            continue;
        }
        if let Some(label) = block.labels.first() {
            report("Wrong number of labels", format!("`{text}` takes no label."), label.span);
        }
        check(&block.body, nested.schema, &format!("`{text}`"), span, &mut inner);
    }
    diagnostics.append(&mut inner);
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        // An abbreviation keeps its capitals.
        Some(first) if chars.as_str().starts_with(|c: char| c.is_lowercase() || c == ' ') => {
            first.to_lowercase().chain(chars).collect()
        }
        _ => text.to_owned(),
    }
}

/// Evaluates a body to an object of everything that a configuration may set: an attribute that is
/// not given is null, a block is a list of one object or of none.
pub(super) fn body(
    scope: &Scope<'_>,
    body: &Body,
    schema: &'static Schema,
    diagnostics: &mut Diagnostics,
) -> Option<Value> {
    let mut whole = true;
    let mut fields: Vec<(Arc<str>, Value)> =
        Vec::with_capacity(schema.attributes.len() + schema.blocks.len());
    for attribute in schema.attributes {
        if attribute.usage == Usage::Computed {
            continue;
        }
        let ty = attribute.ty.ty();
        let value = match body.attribute(attribute.name) {
            None => Value::Null(ty),
            Some(given) => match evaluate(scope, given, &ty) {
                Ok(value) if value.is_null() && attribute.usage == Usage::Required => {
                    diagnostics.push(*fault(
                        "Missing attribute",
                        format!("{:?} must have a value; this one is null.", attribute.name),
                        given.expr.span,
                    ));
                    whole = false;
                    continue;
                }
                Ok(value) => value.sensitive_if(attribute.sensitive),
                Err(fault) => {
                    diagnostics.push(*fault);
                    whole = false;
                    continue;
                }
            },
        };
        fields.push((attribute.name.into(), value));
    }
    for nested in schema.blocks {
        let blocks = match body.blocks(nested.name).next() {
            None => Vec::new(),
            Some(block) => match self::body(scope, &block.body, nested.schema, diagnostics) {
                Some(value) => vec![value],
                None => {
                    whole = false;
                    continue;
                }
            },
        };
        fields.push((nested.name.into(), Value::list(Type::Any, blocks)));
    }
    whole.then(|| Value::Object(fields.into_iter().collect()))
}

fn evaluate(scope: &Scope<'_>, given: &Attribute, ty: &Type) -> Result<Value, Box<Diagnostic>> {
    let value = scope.eval(&given.expr)?;
    value.convert(ty).map_err(|error| {
        let detail = format!(
            "{:?} is to be a {}, and this is a {}: {}.",
            given.name.text,
            ty.friendly(),
            value.ty().friendly(),
            capital(&error.to_string())
        );
        fault("Wrong type", detail, given.expr.span)
    })
}

/// Where the attribute at `path` is set, or the innermost block around it that is there.
pub fn span_of(body: &Body, path: &AttrPath) -> Option<Span> {
    let mut body = body;
    let mut found = None;
    for step in path.steps() {
        if let Some(attribute) = body.attribute(step) {
            return Some(attribute.expr.span);
        }
        let block = body.blocks(step).next()?;
        found = Some(block.kind.span);
        body = &block.body;
    }
    found
}
