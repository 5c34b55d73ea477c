//! The strings of JSON that hold templates and expressions of the native syntax. The only file here
//! that names its parser.

use super::text;
use crate::config::expr::{Expr, ExprKind, For, ForPart, IfPart, Name, Part};
use crate::config::syntax;
use crate::diag::{Diagnostics, FileId, Span};

/// What a string holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Held {
    /// Text with `${ }` and `%{ }` in it.
    Template,
    /// An expression that stands alone.
    Expression,
}

/// Parses what a string holds: `text`, which is `raw` with the escapes undone. The string, its
/// quotes included, stands at `span`. What is wrong is reported where it stands in the file.
pub(super) fn parse(
    held: Held,
    text: &str,
    raw: &str,
    span: Span,
    diagnostics: &mut Diagnostics,
) -> Option<Expr> {
    let mut faults = Diagnostics::new();
    let parsed = parse_alone(held, text, span.file, &mut faults);
    let places = text::places(raw);
    let place = |within: Span| {
        let inner = span.start.saturating_add(1);
        let offset = |byte: u32| {
            let byte = u32::try_from(places.source(byte as usize)).unwrap_or(u32::MAX);
            inner.saturating_add(byte).min(span.end)
        };
        Span { file: span.file, start: offset(within.start), end: offset(within.end) }
    };
    for mut fault in faults {
        fault.subject = fault.subject.map(&place).or(Some(span));
        for (related, _) in &mut fault.related {
            *related = place(*related);
        }
        diagnostics.push(fault);
    }
    let mut expr = parsed?;
    respan(&mut expr, &place);
    // The whole of it is shown with its quotes, as a template is in the native syntax.
    expr.span = span;
    Some(expr)
}

/// Parses a text on its own, places counted from its beginning.
fn parse_alone(held: Held, text: &str, file: FileId, faults: &mut Diagnostics) -> Option<Expr> {
    match held {
        Held::Template => syntax::parse_template(text, file, faults),
        Held::Expression => syntax::parse_expr(text, file, faults),
    }
}

/// Gives every place within an expression anew.
pub(super) fn respan(expr: &mut Expr, place: &dyn Fn(Span) -> Span) {
    expr.span = place(expr.span);
    match &mut expr.kind {
        ExprKind::Literal(_) | ExprKind::Root(_) | ExprKind::SplatItem => {}
        ExprKind::Template(parts) => respan_parts(parts, place),
        ExprKind::Tuple(items) => items.iter_mut().for_each(|item| respan(item, place)),
        ExprKind::Object(entries) => {
            for (key, value) in entries {
                respan(key, place);
                respan(value, place);
            }
        }
        ExprKind::Attr(source, Name { text: _, span }) => {
            respan(source, place);
            *span = place(*span);
        }
        ExprKind::Index(both) | ExprKind::Splat(both) | ExprKind::Binary(_, both) => {
            both.iter_mut().for_each(|side| respan(side, place));
        }
        ExprKind::Call(call) => {
            call.name.span = place(call.name.span);
            call.arguments.iter_mut().for_each(|argument| respan(argument, place));
        }
        ExprKind::Conditional(three) => three.iter_mut().for_each(|part| respan(part, place)),
        ExprKind::For(it) => {
            let For { key_var: _, value_var: _, collection, key, value, condition, group: _ } =
                &mut **it;
            let inner = [collection, value].into_iter().chain(key).chain(condition);
            inner.for_each(|part| respan(part, place));
        }
        ExprKind::Unary(_, operand) => respan(operand, place),
        ExprKind::Chain(first, rest) => {
            respan(first, place);
            rest.iter_mut().for_each(|(_, operand)| respan(operand, place));
        }
    }
}

fn respan_parts(parts: &mut [Part], place: &dyn Fn(Span) -> Span) {
    for part in parts {
        match part {
            Part::Text(_) => {}
            Part::Value(expr) => respan(expr, place),
            Part::If(it) => {
                let IfPart { condition, then, otherwise } = &mut **it;
                respan(condition, place);
                respan_parts(then, place);
                respan_parts(otherwise, place);
            }
            Part::For(it) => {
                let ForPart { key_var: _, value_var: _, collection, body } = &mut **it;
                respan(collection, place);
                respan_parts(body, place);
            }
        }
    }
}
