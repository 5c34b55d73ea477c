//! Expressions and bodies as the evaluator wants them: compact, every node with its span.

use crate::diag::Span;
use crate::value::Value;
use std::sync::Arc;

/// A name and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The name.
    pub text: Arc<str>,
    /// Where it stands.
    pub span: Span,
}

impl Name {
    /// Whether it is written in quotes, as every name in JSON is. No name of the language itself
    /// needs them.
    pub(in crate::config) fn is_quoted(&self) -> bool {
        self.span.size() > self.text.len()
    }
}

/// What stands between braces: attributes and blocks, each in the order of the source.
#[derive(Clone, Debug)]
pub struct Body {
    /// `name = expression`.
    pub attributes: Vec<Attribute>,
    /// `kind "label" { … }`.
    pub blocks: Vec<Block>,
    /// The whole body.
    pub span: Span,
}

impl Body {
    /// The attribute of this name.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| &*attribute.name.text == name)
    }

    /// The blocks of this kind.
    pub fn blocks<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Block> {
        self.blocks.iter().filter(move |block| &*block.kind.text == kind)
    }
}

/// `name = expression`.
#[derive(Clone, Debug)]
pub struct Attribute {
    /// The name.
    pub name: Name,
    /// Its value.
    pub expr: Expr,
}

/// `kind "label" { … }`.
#[derive(Clone, Debug)]
pub struct Block {
    /// What kind of block it is.
    pub kind: Name,
    /// The labels behind it.
    pub labels: Vec<Name>,
    /// What stands between its braces.
    pub body: Body,
}

impl Block {
    /// The block's kind and labels. In JSON, where a kind and the first labels may stand around many
    /// blocks, it is what tells this one from the others.
    pub fn header(&self) -> Span {
        let behind = self.labels.iter().filter(|label| label.span.start >= self.kind.span.start);
        behind.fold(self.kind.span, |span, label| span.to(label.span))
    }
}

/// An expression.
#[derive(Clone, Debug)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it stands.
    pub span: Span,
}

/// The kinds of expressions.
#[derive(Clone, Debug)]
pub enum ExprKind {
    /// `null`, `true`, `5`, `"text"`.
    Literal(Value),
    /// `"text ${value}"`.
    Template(Box<[Part]>),
    /// `[a, b]`.
    Tuple(Box<[Expr]>),
    /// `{ key = value }`; a bare key is a literal.
    Object(Box<[(Expr, Expr)]>),
    /// A bare name: the root of a reference, or a variable that `for` binds.
    Root(Arc<str>),
    /// The element that the nearest splat is at.
    SplatItem,
    /// `source.name`.
    Attr(Box<Expr>, Name),
    /// `source[key]`.
    Index(Box<[Expr; 2]>),
    /// `source[*].each`: for each element of the first, the second with [`ExprKind::SplatItem`].
    Splat(Box<[Expr; 2]>),
    /// `name(arguments…)`.
    Call(Box<Call>),
    /// `condition ? then : else`.
    Conditional(Box<[Expr; 3]>),
    /// `[for …]` or `{for …}`.
    For(Box<For>),
    /// `!a` or `-a`.
    Unary(UnaryOp, Box<Expr>),
    /// `a + b`.
    Binary(BinaryOp, Box<[Expr; 2]>),
    /// `a + b - c …`, so long that nobody may walk it as a tree: from the left, each result is the
    /// left side of the next operator.
    Chain(Box<Expr>, Box<[(BinaryOp, Expr)]>),
}

/// A function call.
#[derive(Clone, Debug)]
pub struct Call {
    /// The function.
    pub name: Name,
    /// What it is given.
    pub arguments: Vec<Expr>,
    /// Whether the last argument ends with `...`: its elements are the arguments.
    pub expand: bool,
}

/// A `for` expression.
#[derive(Clone, Debug)]
pub struct For {
    /// The variable for the key or index.
    pub key_var: Option<Arc<str>>,
    /// The variable for the value.
    pub value_var: Arc<str>,
    /// What it runs over.
    pub collection: Expr,
    /// The key of each result; given if and only if the result is an object.
    pub key: Option<Expr>,
    /// The value of each result.
    pub value: Expr,
    /// Which elements it leaves out.
    pub condition: Option<Expr>,
    /// `...`: values under one key are collected in a tuple.
    pub group: bool,
}

/// A piece of a template.
#[derive(Clone, Debug)]
pub enum Part {
    /// Text as it is.
    Text(Arc<str>),
    /// `${expression}`.
    Value(Expr),
    /// `%{if condition} … %{else} … %{endif}`.
    If(Box<IfPart>),
    /// `%{for value in collection} … %{endfor}`.
    For(Box<ForPart>),
}

/// `%{if condition} … %{else} … %{endif}`.
#[derive(Clone, Debug)]
pub struct IfPart {
    /// The condition.
    pub condition: Expr,
    /// What stands where it holds.
    pub then: Box<[Part]>,
    /// What stands elsewhere.
    pub otherwise: Box<[Part]>,
}

/// `%{for value in collection} … %{endfor}`.
#[derive(Clone, Debug)]
pub struct ForPart {
    /// The variable for the key or index.
    pub key_var: Option<Arc<str>>,
    /// The variable for the value.
    pub value_var: Arc<str>,
    /// What it runs over.
    pub collection: Expr,
    /// What is repeated.
    pub body: Box<[Part]>,
}

/// An operator on one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOp {
    /// `!`
    Not,
    /// `-`
    Negate,
}

/// An operator on two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is named as its sign is")]
pub enum BinaryOp {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

impl Expr {
    /// The text of a string literal.
    pub fn literal_str(&self) -> Option<&Arc<str>> {
        match &self.kind {
            ExprKind::Literal(value) => value.as_str(),
            _ => None,
        }
    }

    /// Calls `visit` with each expression directly within this one.
    pub fn children<'a>(&'a self, visit: &mut dyn FnMut(&'a Self)) {
        match &self.kind {
            ExprKind::Literal(_) | ExprKind::Root(_) | ExprKind::SplatItem => {}
            ExprKind::Template(parts) => parts_children(parts, visit),
            ExprKind::Tuple(items) => items.iter().for_each(visit),
            ExprKind::Object(entries) => {
                for (key, value) in entries {
                    visit(key);
                    visit(value);
                }
            }
            ExprKind::Attr(source, _) => visit(source),
            ExprKind::Index(both) | ExprKind::Splat(both) | ExprKind::Binary(_, both) => {
                both.iter().for_each(visit);
            }
            ExprKind::Call(call) => call.arguments.iter().for_each(visit),
            ExprKind::Conditional(three) => three.iter().for_each(visit),
            ExprKind::For(it) => {
                visit(&it.collection);
                it.key.iter().chain([&it.value]).chain(&it.condition).for_each(visit);
            }
            ExprKind::Unary(_, operand) => visit(operand),
            ExprKind::Chain(first, rest) => {
                visit(first);
                rest.iter().for_each(|(_, expr)| visit(expr));
            }
        }
    }
}

fn parts_children<'a>(parts: &'a [Part], visit: &mut dyn FnMut(&'a Expr)) {
    for part in parts {
        match part {
            Part::Text(_) => {}
            Part::Value(expr) => visit(expr),
            Part::If(it) => {
                visit(&it.condition);
                parts_children(&it.then, visit);
                parts_children(&it.otherwise, visit);
            }
            Part::For(it) => {
                visit(&it.collection);
                parts_children(&it.body, visit);
            }
        }
    }
}
