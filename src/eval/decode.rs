//! Bodies of providers and resources to objects, as their schema says.

use super::expression::{Scope, fault};
use crate::addr::AttrPath;
use crate::config::language::LanguageBlock;
use crate::config::{Attribute, Block, Body, ExprKind, Name, unknown};
use crate::diag::{Diagnostic, Diagnostics, Span, did_you_mean, suggest};
use crate::schema::{self, NestedBlock, Schema, Usage};
use crate::value::{Type, Value};
use std::sync::Arc;

/// A `dynamic` block: one block for each element of a collection.
pub(super) struct Dynamic<'a> {
    /// What kind of block it makes.
    pub(super) kind: &'a Name,
    /// The collection.
    pub(super) for_each: Option<&'a Attribute>,
    /// The name of the variable that `content` knows the element by.
    pub(super) iterator: Arc<str>,
    /// `labels`; no block here takes any.
    pub(super) labels: Option<&'a Attribute>,
    /// What each block holds.
    pub(super) content: Option<&'a Block>,
}

impl<'a> Dynamic<'a> {
    /// Reads a block that says `dynamic` and of which kind.
    pub(super) fn of(block: &'a Block) -> Option<Self> {
        let kind = block.labels.first().filter(|_| &*block.kind.text == "dynamic")?;
        let iterator = block.body.attribute("iterator").and_then(|it| match &it.expr.kind {
            ExprKind::Root(name) => Some(Arc::clone(name)),
            _ => it.expr.literal_str().cloned(),
        });
        Some(Self {
            kind,
            for_each: block.body.attribute("for_each"),
            iterator: iterator.unwrap_or_else(|| Arc::clone(&kind.text)),
            labels: block.body.attribute("labels"),
            content: block.body.blocks("content").next(),
        })
    }

    /// Reports what is missing and what does not belong there.
    fn check(&self, block: &Block, diagnostics: &mut Diagnostics) {
        let mut report = |summary, detail: String, span: Span| {
            diagnostics.push(Diagnostic::error(summary, detail).at(span));
        };
        for Attribute { name, .. } in &block.body.attributes {
            if !["for_each", "iterator", "labels"].contains(&&*name.text) {
                let hint = did_you_mean(&name.text, ["for_each", "iterator"]);
                let detail = format!(
                    "A `dynamic` block has no attribute {:?}.{hint} What the block is to hold \
                     stands in `content {{ … }}`.",
                    name.text
                );
                report("Unknown attribute", detail, name.span);
            }
        }
        for inner in block.body.blocks.iter().filter(|inner| &*inner.kind.text != "content") {
            let detail = format!("Put `{} {{ … }}` into `content {{ … }}`.", inner.kind.text);
            report("Unknown block", detail, inner.kind.span);
        }
        if self.for_each.is_none() {
            let detail = "A `dynamic` block needs `for_each`: one block is made for each element.";
            report("Missing attribute", detail.into(), block.header());
        }
        if self.content.is_none() {
            let detail = "A `dynamic` block needs `content { … }`: what each block holds.";
            report("Missing block", detail.into(), block.header());
        }
    }
}

/// Reports what the body has and the schema has not, and the other way round. What the language
/// itself has in such a block, if it is one of its own, is known as well, and no fault of the body.
/// Evaluates nothing, so that it is done once for all instances.
pub(super) fn check(
    body: &Body,
    schema: &Schema,
    own: Option<&LanguageBlock>,
    what: &str,
    header: Span,
    diagnostics: &mut Diagnostics,
) {
    let (arguments, kinds) = own.map_or_else(Default::default, |own| (own.arguments, own.blocks));
    let attributes: Vec<&str> =
        schema.settable().chain(arguments.iter().map(|argument| argument.name)).collect();
    let blocks: Vec<&str> = schema
        .blocks
        .iter()
        .map(|block| block.name)
        .chain(kinds.iter().map(|block| block.kind))
        .collect();
    let mut inner = Diagnostics::new();
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
            None => inner.push(unknown::attribute(what, name, &attributes, &blocks)),
        }
    }
    // What was misspelt is told as that, and not as missing, too.
    let meant = |missing: &str| {
        let names = body.attributes.iter().map(|it| &it.name);
        names.chain(body.blocks.iter().map(|it| &it.kind)).any(|given| {
            let known = attributes.iter().chain(&blocks).copied();
            suggest(&given.text, known) == Some(missing)
        })
    };
    for attribute in schema.attributes {
        if attribute.usage == Usage::Required
            && body.attribute(attribute.name).is_none()
            && !meant(attribute.name)
        {
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
        let made = || {
            let mut dynamics = body.blocks.iter().filter_map(Dynamic::of);
            dynamics.any(|dynamic| &*dynamic.kind.text == nested.name)
        };
        let missing = nested.required && body.blocks(nested.name).next().is_none() && !made();
        if missing && !meant(nested.name) {
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
    for block in &body.blocks {
        let dynamic = Dynamic::of(block);
        let (kind, content) = match &dynamic {
            None => (&block.kind, Some(block)),
            Some(dynamic) => {
                dynamic.check(block, &mut inner);
                (dynamic.kind, dynamic.content)
            }
        };
        let (text, span) = (&*kind.text, kind.span);
        let Some(nested) = schema.block(text) else {
            inner.push(unknown::block(what, kind, &attributes, &blocks));
            continue;
        };
        let first = body.blocks(nested.name).next().map_or(span, |first| first.kind.span);
        if first != span && dynamic.is_none() {
            let twice = twice(what, text, span);
            inner.push(twice.related(first, "the first stands here"));
            continue;
        }
        let label = if dynamic.is_some() { block.labels.get(1) } else { block.labels.first() };
        if let Some(label) = label {
            report("Wrong number of labels", format!("`{text}` takes no label."), label.span);
        }
        if let Some(content) = content {
            check(&content.body, nested.schema, None, &format!("`{text}`"), span, &mut inner);
        }
    }
    diagnostics.append(&mut inner);
}

fn twice(what: &str, block: &str, span: Span) -> Diagnostic {
    let detail =
        format!("{what} has exactly one block `{block}`: S3 takes one only. Remove the other.");
    Diagnostic::error("Block occurs twice", detail).at(span)
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
            None => Some(Value::Null(ty)),
            Some(given) => self::attribute(scope, attribute, given, &ty, diagnostics),
        };
        match value {
            Some(value) => fields.push((attribute.name.into(), value)),
            None => whole = false,
        }
    }
    for nested in schema.blocks {
        match blocks(scope, body, nested, diagnostics) {
            Some(blocks) => fields.push((nested.name.into(), blocks)),
            None => whole = false,
        }
    }
    whole.then(|| Value::Object(fields.into_iter().collect()))
}

/// The value of an attribute that is given.
pub(super) fn attribute(
    scope: &Scope<'_>,
    attribute: &schema::Attribute,
    given: &Attribute,
    ty: &Type,
    diagnostics: &mut Diagnostics,
) -> Option<Value> {
    match evaluate(scope, given, ty) {
        Ok(value) if value.is_null() && attribute.usage == Usage::Required => {
            diagnostics.push(*fault(
                "Missing attribute",
                format!("{:?} must have a value; this one is null.", attribute.name),
                given.expr.span,
            ));
            None
        }
        Ok(value) => Some(value.sensitive_if(attribute.sensitive)),
        Err(fault) => {
            diagnostics.push(*fault);
            None
        }
    }
}

/// The blocks of one kind: those that are written out, and those that `dynamic` blocks make.
pub(super) fn blocks(
    scope: &Scope<'_>,
    body: &Body,
    nested: &'static NestedBlock,
    diagnostics: &mut Diagnostics,
) -> Option<Value> {
    let mut found = Vec::new();
    let mut whole = true;
    let mut take = |value: Option<Value>| match value {
        Some(value) => found.push(value),
        None => whole = false,
    };
    // Of several that are written out, the first counts; the others were reported.
    if let Some(block) = body.blocks(nested.name).next() {
        take(self::body(scope, &block.body, nested.schema, diagnostics));
    }
    let mut place = None;
    for dynamic in body.blocks.iter().filter_map(Dynamic::of) {
        let (Some(for_each), Some(content)) = (dynamic.for_each, dynamic.content) else { continue };
        if &*dynamic.kind.text != nested.name {
            continue;
        }
        place = Some(dynamic.kind.span);
        let elements = match scope.elements(&for_each.expr) {
            Ok(Some(elements)) => elements,
            Ok(None) => return Some(Value::unknown(Type::list(Type::Any))),
            Err(fault) => {
                diagnostics.push(*fault);
                return None;
            }
        };
        for (key, value) in elements {
            let item = Value::object([("key", key), ("value", value)]);
            let bound = [(&*dynamic.iterator, item)];
            take(self::body(&scope.bind(&bound), &content.body, nested.schema, diagnostics));
        }
    }
    if !whole {
        return None;
    }
    if let Some(span) = place {
        let what = "The block around it";
        if found.len() > 1 {
            diagnostics.push(twice(what, nested.name, span));
            return None;
        }
        if found.is_empty() && nested.required {
            let detail = format!("{what} needs a block `{}`, and this makes none.", nested.name);
            diagnostics.push(Diagnostic::error("Missing block", detail).at(span));
            return None;
        }
    }
    Some(Value::list(Type::Any, found))
}

fn evaluate(scope: &Scope<'_>, given: &Attribute, ty: &Type) -> Result<Value, Box<Diagnostic>> {
    let value = scope.eval(&given.expr)?;
    if value.is_plainly(ty) {
        return Ok(value);
    }
    value.convert(ty).map_err(|error| {
        let detail = format!(
            "{:?} is to be a {}, and this is a {}{}.",
            given.name.text,
            ty.friendly(),
            value.ty().friendly(),
            why(&error.to_string(), ty)
        );
        fault("Wrong type", detail, given.expr.span)
    })
}

/// Why a value has not the type, where that says more than the type's name.
fn why(error: &str, ty: &Type) -> String {
    if *error == format!("a {} is required", ty.friendly()) {
        String::new()
    } else {
        format!(": {error}")
    }
}

/// Where the attribute at `path` is set, or the innermost block around it that is there.
pub fn span_of(body: &Body, path: &AttrPath) -> Option<Span> {
    let mut body = body;
    let mut found = None;
    for step in path.steps() {
        if let Some(attribute) = body.attribute(step) {
            return Some(attribute.expr.span);
        }
        let made = || {
            let mut dynamics = body.blocks.iter().filter_map(Dynamic::of);
            dynamics.find(|dynamic| dynamic.kind.text == *step).and_then(|it| it.content)
        };
        let block = body.blocks(step).next().or_else(made)?;
        found = Some(block.kind.span);
        body = &block.body;
    }
    found
}
