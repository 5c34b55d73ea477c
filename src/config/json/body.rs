//! Objects of JSON to bodies: which property is a block, which an argument, and how it is read.
//!
//! The language's own blocks are known from its table, those of providers and resource types from
//! whoever has their schemas.

use super::native::{self, Held};
use super::read::{Json, Node, Property};
use crate::config::expr::{Attribute, Block, Body, Expr, ExprKind, Name};
use crate::config::language::{self, Form, LanguageBlock, Rest};
use crate::config::syntax::{MAX_HEIGHT, composed};
use crate::diag::{Diagnostic, Diagnostics, Span};
use crate::value::{Number, Type, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

const WRONG_KIND: &str = "Wrong kind of JSON value";

/// Lowers one file.
pub(super) struct Lower<'n, 'd> {
    pub(super) text: &'n str,
    /// What a schema says of the present body is at this path.
    pub(super) path: Vec<&'n str>,
    /// The blocks of the language that stand outside of any other.
    pub(super) blocks: &'static [&'static LanguageBlock],
    pub(super) is_block: &'d dyn Fn(&[&str]) -> bool,
    pub(super) diagnostics: &'d mut Diagnostics,
}

/// What is known of a body.
#[derive(Clone, Copy)]
enum Shape {
    /// A whole file.
    File,
    /// A block of the language.
    Language(&'static LanguageBlock),
    /// A block that a schema has.
    Schema,
    /// A block that nobody knows.
    Unknown,
}

/// A property that stands for blocks.
#[derive(Clone, Copy)]
struct Kind<'n> {
    name: &'n str,
    span: Span,
    shape: Shape,
}

impl Kind<'_> {
    /// How many labels the block has.
    fn labels(&self) -> &'static [&'static str] {
        match self.shape {
            Shape::Language(block) => block.labels,
            Shape::File | Shape::Schema | Shape::Unknown => &[],
        }
    }
}

/// The attributes that a body has so far, and where.
type Known = BTreeMap<Arc<str>, Span>;

impl<'n> Lower<'n, '_> {
    /// The body that a whole file is.
    pub(super) fn file(&mut self, root: &'n Node<'n>) -> Body {
        if let Json::Null = root.value {
            self.report(WRONG_KIND, "A configuration is an object: { … }.", root.span);
        }
        self.body(root, Shape::File, "A configuration")
    }

    /// The values of variables that a whole file gives.
    pub(super) fn values(&mut self, root: &'n Node<'n>) -> Vec<Attribute> {
        let mut body = empty(root.span);
        match &root.value {
            Json::Object(properties) => {
                let mut known = Known::new();
                for property in properties.iter().filter(|property| property.key != "//") {
                    self.attribute(property, Form::Constant, &mut body, &mut known);
                }
            }
            Json::Broken => {}
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_) => {
                let detail = "A file of variable values is one object: {\"name\": value}.";
                self.report(WRONG_KIND, detail, root.span.head());
            }
        }
        body.attributes
    }

    fn report(&mut self, summary: &'static str, detail: impl Into<String>, span: Span) {
        self.diagnostics.push(Diagnostic::error(summary, detail).at(span));
    }

    /// The properties of an object, or of all objects in an array, without those that are comments.
    fn properties(&mut self, node: &'n Node<'n>, what: &str, shape: &str) -> Vec<&'n Property<'n>> {
        let nodes = match &node.value {
            Json::Array(items) => items.as_slice(),
            _ => std::slice::from_ref(node),
        };
        let mut found = Vec::new();
        for node in nodes {
            match &node.value {
                Json::Object(properties) => {
                    found.extend(properties.iter().filter(|property| property.key != "//"));
                }
                Json::Null | Json::Broken => {}
                Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_) => {
                    let detail = format!("{what} is an object: {shape}.");
                    self.report(WRONG_KIND, detail, shown(node));
                }
            }
        }
        found
    }

    fn body(&mut self, node: &'n Node<'n>, shape: Shape, what: &str) -> Body {
        let mut body = empty(node.span);
        let mut known = Known::new();
        for property in self.properties(node, what, "{ … }") {
            match self.block_of(property, shape) {
                Some(kind) => {
                    self.blocks(&property.value, kind, &mut Vec::new(), &mut body.blocks);
                }
                None => {
                    let form = self.form_of(property, shape);
                    self.attribute(property, form, &mut body, &mut known);
                }
            }
        }
        body
    }

    /// The block that a property of a body stands for, if it is one.
    fn block_of(&self, property: &'n Property<'n>, shape: Shape) -> Option<Kind<'n>> {
        let name = &*property.key;
        let inner = match shape {
            Shape::File => match language::find_in(self.blocks, name) {
                Some(block) => Some(Shape::Language(block)),
                // Nothing but blocks stands here: what is written as one is meant as one.
                None => match &property.value.value {
                    Json::Object(_) | Json::Array(_) => Some(Shape::Unknown),
                    Json::Null
                    | Json::Bool(_)
                    | Json::Number(_)
                    | Json::String(_)
                    | Json::Broken => None,
                },
            },
            Shape::Language(block) => {
                if block.argument(name).is_some() {
                    None
                } else if let Some(inner) = block.block(name) {
                    Some(Shape::Language(inner))
                } else {
                    match block.rest {
                        Rest::Schema | Rest::Generated => self.schema_block(name),
                        Rest::Nothing | Rest::Values => None,
                    }
                }
            }
            Shape::Schema => self.schema_block(name),
            Shape::Unknown => None,
        };
        inner.map(|shape| Kind { name, span: property.span, shape })
    }

    /// The block of this name that a schema has in the present body, or that makes such blocks.
    fn schema_block(&self, name: &'n str) -> Option<Shape> {
        if name == language::DYNAMIC.kind {
            return Some(Shape::Language(&language::DYNAMIC));
        }
        let path: Vec<&str> = self.path.iter().copied().chain([name]).collect();
        (self.is_block)(&path).then_some(Shape::Schema)
    }

    /// How the argument is written that a property of a body stands for.
    fn form_of(&mut self, property: &Property<'_>, shape: Shape) -> Form {
        let name = &*property.key;
        match shape {
            Shape::Language(block) => {
                // In the native syntax, nothing else can stand there.
                if block.rest == Rest::Values && !is_name(name) {
                    let detail = format!(
                        "{name:?} cannot be referred to. A name is made of letters, digits, \
                         underscores and dashes, and begins with a letter or an underscore."
                    );
                    self.report("Invalid name", detail, property.span);
                }
                block.argument(name).map_or(Form::Expression, |argument| argument.form)
            }
            Shape::File | Shape::Schema | Shape::Unknown => Form::Expression,
        }
    }

    /// Adds the blocks that a property stands for, whose `labels` have been read so far.
    fn blocks(
        &mut self,
        node: &'n Node<'n>,
        kind: Kind<'n>,
        labels: &mut Vec<Name>,
        blocks: &mut Vec<Block>,
    ) {
        if let Some(left) = kind.labels().get(labels.len()..).filter(|left| !left.is_empty()) {
            let what =
                format!("What stands behind {:?}", labels.last().map_or(kind.name, |it| &it.text));
            let shape = left.iter().rev().fold("{ … }".to_owned(), |inner, label| {
                format!("{{\"{}\": {inner}}}", label.to_uppercase())
            });
            for property in self.properties(node, &what, &shape) {
                labels.push(Name { text: Arc::from(&*property.key), span: property.span });
                let depth = self.path.len();
                self.enter(kind, &property.key, labels.len());
                self.blocks(&property.value, kind, labels, blocks);
                self.path.truncate(depth);
                labels.pop();
            }
            return;
        }
        let depth = self.path.len();
        if let Shape::Schema = kind.shape {
            self.path.push(kind.name);
        }
        match &node.value {
            Json::Null | Json::Broken => {}
            Json::Object(_) => blocks.push(self.block(node, kind, labels, None)),
            Json::Array(items) => {
                for (n, item) in items.iter().enumerate() {
                    // The first stands where its name does, the others where they begin.
                    let place = (n > 0).then(|| shown(item));
                    blocks.push(self.block(item, kind, labels, place));
                }
            }
            Json::Bool(_) | Json::Number(_) | Json::String(_) => {
                let detail = format!(
                    "{:?} is a block: an object, {{ … }}, or an array of objects where there are \
                     several.",
                    kind.name
                );
                self.report(WRONG_KIND, detail, node.span);
            }
        }
        self.path.truncate(depth);
    }

    /// Notes where the schema is of what stands behind a label.
    fn enter(&mut self, kind: Kind<'n>, label: &'n str, count: usize) {
        let Shape::Language(block) = kind.shape else { return };
        if count > 1 {
            return;
        }
        if block.rest == Rest::Schema {
            self.path.clear();
            self.path.extend([block.kind, label]);
        } else if block.kind == language::DYNAMIC.kind {
            self.path.push(label);
        }
    }

    fn block(
        &mut self,
        node: &'n Node<'n>,
        kind: Kind<'n>,
        labels: &[Name],
        place: Option<Span>,
    ) -> Block {
        let mut labels = labels.to_vec();
        if let (Some(place), Some(label)) = (place, labels.last_mut()) {
            label.span = place;
        }
        // Its kind, and all labels but the last, may stand far away, around many blocks.
        let span = place.or(labels.last().map(|label| label.span)).unwrap_or(kind.span);
        let what = format!("The block {:?}", kind.name);
        Block {
            kind: Name { text: Arc::from(kind.name), span },
            labels,
            body: self.body(node, kind.shape, &what),
        }
    }

    fn attribute(
        &mut self,
        property: &Property<'_>,
        form: Form,
        body: &mut Body,
        known: &mut Known,
    ) {
        let name = Name { text: Arc::from(&*property.key), span: property.span };
        if let Some(first) = known.get(&name.text) {
            self.diagnostics.push(
                Diagnostic::error(
                    "Attribute set twice",
                    format!("{:?} is already set. Keep one of the two.", name.text),
                )
                .at(name.span)
                .related(*first, "first set here"),
            );
            return;
        }
        known.insert(Arc::clone(&name.text), name.span);
        if let Some(expr) = self.expr(&property.value, form, 1) {
            body.attributes.push(Attribute { name, expr });
        }
    }

    /// The expression that a value is; what could not be read, and has been reported, is unknown
    /// where an expression may stand, and nothing elsewhere.
    fn expr(&mut self, node: &Node<'_>, form: Form, depth: usize) -> Option<Expr> {
        let literal = |value| Some(ExprKind::Literal(value));
        let kind = match &node.value {
            Json::Null => literal(Value::NULL),
            Json::Bool(truth) => literal(Value::Bool(*truth)),
            Json::Number(text) => match text.parse::<Number>() {
                Ok(number) => literal(Value::Number(number)),
                Err(error) => {
                    self.report("Invalid number", format!("This is {error}."), node.span);
                    None
                }
            },
            Json::String(text) => return self.string(text, node.span, form, depth),
            Json::Array(items) => {
                let items = items.iter().filter_map(|item| self.expr(item, form, depth + 1));
                Some(ExprKind::Tuple(items.collect()))
            }
            Json::Object(properties) => Some(self.object(properties, form, depth)),
            Json::Broken => None,
        };
        match kind {
            Some(kind) => Some(Expr { kind, span: node.span }),
            None => unknown(node.span, form),
        }
    }

    fn object(&mut self, properties: &[Property<'_>], form: Form, depth: usize) -> ExprKind {
        let mut known: BTreeMap<&str, Span> = BTreeMap::new();
        let mut entries = Vec::with_capacity(properties.len());
        for property in properties {
            let first = known.entry(&property.key).or_insert(property.span);
            if *first != property.span {
                self.diagnostics.push(
                    Diagnostic::error(
                        "Key given twice",
                        format!(
                            "{:?} is already a key of this object. Keep one of the two.",
                            property.key
                        ),
                    )
                    .at(property.span)
                    .related(*first, "first given here"),
                );
                continue;
            }
            // A plain name as a key is text, as it is in the native syntax.
            let of_key = match form {
                Form::Reference if is_name(&property.key) => Form::Constant,
                Form::Reference | Form::Expression | Form::Constant => form,
            };
            let key = self.string(&property.key, property.span, of_key, depth + 1);
            let value = self.expr(&property.value, form, depth + 1);
            entries.extend(key.zip(value));
        }
        ExprKind::Object(entries.into())
    }

    fn string(&mut self, text: &str, span: Span, form: Form, depth: usize) -> Option<Expr> {
        let held = match form {
            Form::Expression if text.contains("${") || text.contains("%{") => Held::Template,
            Form::Reference if text.trim_start().starts_with("${") => {
                let detail = "A name stands here, and not its value: write it without `${ }`.";
                self.report("Invalid reference", detail, span);
                return unknown(span, form);
            }
            Form::Reference => Held::Expression,
            Form::Expression | Form::Constant => {
                return Some(Expr { kind: ExprKind::Literal(Value::from(&*composed(text))), span });
            }
        };
        let raw = self.text.get(span.start as usize + 1..span.end as usize).unwrap_or("");
        let Some(expr) = native::parse(held, text, raw, span, self.diagnostics) else {
            return unknown(span, form);
        };
        if depth + depth_of(&expr) > MAX_HEIGHT {
            let detail = format!(
                "Expressions nest at most {MAX_HEIGHT} levels deep. Name a part of it in `locals` \
                 and use the name."
            );
            self.report("Too deep nesting", detail, span);
            return unknown(span, form);
        }
        Some(expr)
    }
}

/// What stands for an expression that could not be read.
fn unknown(span: Span, form: Form) -> Option<Expr> {
    match form {
        Form::Expression => Some(Expr { kind: ExprKind::Literal(Value::unknown(Type::Any)), span }),
        Form::Constant | Form::Reference => None,
    }
}

fn empty(span: Span) -> Body {
    Body { attributes: Vec::new(), blocks: Vec::new(), span }
}

/// What is underlined of a value: of an array or object, the bracket that opens it.
fn shown(node: &Node<'_>) -> Span {
    match &node.value {
        Json::Array(_) | Json::Object(_) => {
            Span { end: node.span.start.saturating_add(1), ..node.span }
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Broken => node.span,
    }
}

/// Whether a text can be referred to as a name.
fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-')
}

/// How deep an expression nests. The parser bounds it.
fn depth_of(expr: &Expr) -> usize {
    let mut deepest = 0;
    expr.children(&mut |child| deepest = deepest.max(depth_of(child)));
    deepest + 1
}
