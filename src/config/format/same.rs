//! Whether two trees are the same apart from where things stand.

use crate::config::expr::{
    Attribute, Block, Body, Call, Expr, ExprKind, For, ForPart, IfPart, Name, Part,
};

/// Whether two bodies of whole files mean the same, the type of a variable apart, which may be
/// written in another way.
pub(super) fn bodies(a: &Body, b: &Body) -> bool {
    body(a, b, &mut Vec::new())
}

/// All pairs of two lists of the same length.
fn all<T>(a: &[T], b: &[T], mut same: impl FnMut(&T, &T) -> bool) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
}

fn body<'a>(a: &'a Body, b: &Body, within: &mut Vec<&'a str>) -> bool {
    let Body { attributes, blocks, span: _ } = a;
    let variable = within.as_slice() == ["variable"];
    let attribute = |a: &Attribute, b: &Attribute| {
        let Attribute { name: own, expr: value } = a;
        name(own, &b.name)
            && (variable && &*own.text == "type" || expr(unwrapped(value), unwrapped(&b.expr)))
    };
    all(attributes, &b.attributes, attribute)
        && blocks.len() == b.blocks.len()
        && blocks.iter().zip(&b.blocks).all(|(a, b)| block(a, b, within))
}

fn block<'a>(a: &'a Block, b: &Block, within: &mut Vec<&'a str>) -> bool {
    let Block { kind, labels, body: inner } = a;
    within.push(&kind.text);
    let same = name(kind, &b.kind) && all(labels, &b.labels, name) && body(inner, &b.body, within);
    within.pop();
    same
}

fn name(a: &Name, b: &Name) -> bool {
    a.text == b.text
}

/// The value itself, where it is written as a template that is nothing else.
fn unwrapped(mut expr: &Expr) -> &Expr {
    while let ExprKind::Template(parts) = &expr.kind
        && let [Part::Value(value)] = &**parts
    {
        expr = value;
    }
    expr
}

fn maybe(a: Option<&Expr>, b: Option<&Expr>) -> bool {
    match (a, b) {
        (None, None) => true,
        (Some(a), Some(b)) => expr(a, b),
        (None, Some(_)) | (Some(_), None) => false,
    }
}

fn expr(a: &Expr, b: &Expr) -> bool {
    use ExprKind as E;
    match (&a.kind, &b.kind) {
        (E::Literal(a), E::Literal(b)) => a == b,
        (E::Template(a), E::Template(b)) => all(a, b, part),
        (E::Tuple(a), E::Tuple(b)) => all(a, b, expr),
        (E::Object(a), E::Object(b)) => all(a, b, |a, b| expr(&a.0, &b.0) && expr(&a.1, &b.1)),
        (E::Root(a), E::Root(b)) => a == b,
        (E::SplatItem, E::SplatItem) => true,
        (E::Attr(a, own), E::Attr(b, other)) => name(own, other) && expr(a, b),
        (E::Index(a), E::Index(b)) | (E::Splat(a), E::Splat(b)) => all(&a[..], &b[..], expr),
        (E::Call(a), E::Call(b)) => {
            let Call { name: own, arguments, expand } = &**a;
            name(own, &b.name) && *expand == b.expand && all(arguments, &b.arguments, expr)
        }
        (E::Conditional(a), E::Conditional(b)) => all(&a[..], &b[..], expr),
        (E::For(a), E::For(b)) => for_expr(a, b),
        (E::Unary(a, own), E::Unary(b, other)) => a == b && expr(own, other),
        (E::Binary(a, own), E::Binary(b, other)) => a == b && all(&own[..], &other[..], expr),
        (E::Chain(a, own), E::Chain(b, other)) => {
            expr(a, b) && all(own, other, |a, b| a.0 == b.0 && expr(&a.1, &b.1))
        }
        (
            E::Literal(_)
            | E::Template(_)
            | E::Tuple(_)
            | E::Object(_)
            | E::Root(_)
            | E::SplatItem
            | E::Attr(..)
            | E::Index(_)
            | E::Splat(_)
            | E::Call(_)
            | E::Conditional(_)
            | E::For(_)
            | E::Unary(..)
            | E::Binary(..)
            | E::Chain(..),
            _,
        ) => false,
    }
}

fn for_expr(a: &For, b: &For) -> bool {
    let For { key_var, value_var, collection, key, value, condition, group } = a;
    *key_var == b.key_var
        && *value_var == b.value_var
        && *group == b.group
        && expr(collection, &b.collection)
        && maybe(key.as_ref(), b.key.as_ref())
        && expr(value, &b.value)
        && maybe(condition.as_ref(), b.condition.as_ref())
}

fn part(a: &Part, b: &Part) -> bool {
    match (a, b) {
        (Part::Text(a), Part::Text(b)) => a == b,
        (Part::Value(a), Part::Value(b)) => expr(a, b),
        (Part::If(a), Part::If(b)) => {
            let IfPart { condition, then, otherwise } = &**a;
            expr(condition, &b.condition)
                && all(then, &b.then, part)
                && all(otherwise, &b.otherwise, part)
        }
        (Part::For(a), Part::For(b)) => {
            let ForPart { key_var, value_var, collection, body } = &**a;
            *key_var == b.key_var
                && *value_var == b.value_var
                && expr(collection, &b.collection)
                && all(body, &b.body, part)
        }
        (Part::Text(_) | Part::Value(_) | Part::If(_) | Part::For(_), _) => false,
    }
}
