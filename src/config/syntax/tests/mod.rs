//! Texts and the trees that they are; texts that are none, and what is told of them.

mod differential;
mod faults;
mod large;
mod specification;

use super::*;
use crate::config::expr::{BinaryOp, ExprKind, Part, UnaryOp};
use crate::diag::Sources;
use crate::value::Value;

/// A tree as text, with parentheses around each operator.
fn show(expr: &Expr) -> String {
    match &expr.kind {
        ExprKind::Literal(Value::String(text)) => format!("{text:?}"),
        ExprKind::Literal(Value::Number(number)) if number.is_negative() => {
            format!("(-{})", number.negate())
        }
        ExprKind::Literal(Value::Number(number)) => number.to_string(),
        ExprKind::Literal(Value::Bool(truth)) => truth.to_string(),
        ExprKind::Literal(_) => "null".to_owned(),
        ExprKind::Template(parts) => format!("T({})", show_parts(parts)),
        ExprKind::Tuple(items) => {
            format!("[{}]", items.iter().map(show).collect::<Vec<_>>().join(", "))
        }
        ExprKind::Object(entries) => {
            let entries: Vec<String> = entries
                .iter()
                .map(|(key, value)| format!("{} = {}", show(key), show(value)))
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
        ExprKind::Root(name) => name.to_string(),
        ExprKind::SplatItem => "@".to_owned(),
        ExprKind::Attr(source, name) => format!("{}.{}", show(source), name.text),
        ExprKind::Index(both) => format!("{}[{}]", show(&both[0]), show(&both[1])),
        ExprKind::Splat(both) => format!("{}[*: {}]", show(&both[0]), show(&both[1])),
        ExprKind::Call(call) => {
            let arguments: Vec<String> = call.arguments.iter().map(show).collect();
            let expand = if call.expand { "..." } else { "" };
            format!("{}({}{expand})", call.name.text, arguments.join(", "))
        }
        ExprKind::Conditional(three) => {
            format!("({} ? {} : {})", show(&three[0]), show(&three[1]), show(&three[2]))
        }
        ExprKind::For(it) => {
            let key_var = it.key_var.as_ref().map(|name| format!("{name}, ")).unwrap_or_default();
            let key = it.key.as_ref().map(|key| format!("{} => ", show(key))).unwrap_or_default();
            let group = if it.group { "..." } else { "" };
            let condition = it.condition.as_ref();
            let condition = condition.map(|it| format!(" if {}", show(it))).unwrap_or_default();
            let collection = show(&it.collection);
            let value = show(&it.value);
            format!(
                "for({key_var}{} in {collection} : {key}{value}{group}{condition})",
                it.value_var
            )
        }
        ExprKind::Unary(UnaryOp::Not, operand) => format!("(!{})", show(operand)),
        ExprKind::Unary(UnaryOp::Negate, operand) => format!("(-{})", show(operand)),
        ExprKind::Binary(operator, both) => {
            format!("({} {} {})", show(&both[0]), sign(*operator), show(&both[1]))
        }
        ExprKind::Chain(first, rest) => rest.iter().fold(show(first), |left, (operator, right)| {
            format!("({left} {} {})", sign(*operator), show(right))
        }),
    }
}

fn show_parts(parts: &[Part]) -> String {
    let parts: Vec<String> = parts
        .iter()
        .map(|part| match part {
            Part::Text(text) => format!("{text:?}"),
            Part::Value(expr) => show(expr),
            Part::If(it) => format!(
                "if({} ? {} : {})",
                show(&it.condition),
                show_parts(&it.then),
                show_parts(&it.otherwise)
            ),
            Part::For(it) => {
                let key = it.key_var.as_ref().map(|name| format!("{name}, ")).unwrap_or_default();
                format!(
                    "for({key}{} in {} : {})",
                    it.value_var,
                    show(&it.collection),
                    show_parts(&it.body)
                )
            }
        })
        .collect();
    parts.join(" ")
}

fn sign(operator: BinaryOp) -> &'static str {
    match operator {
        BinaryOp::Or => "||",
        BinaryOp::And => "&&",
        BinaryOp::Equal => "==",
        BinaryOp::NotEqual => "!=",
        BinaryOp::Less => "<",
        BinaryOp::LessOrEqual => "<=",
        BinaryOp::Greater => ">",
        BinaryOp::GreaterOrEqual => ">=",
        BinaryOp::Add => "+",
        BinaryOp::Subtract => "-",
        BinaryOp::Multiply => "*",
        BinaryOp::Divide => "/",
        BinaryOp::Remainder => "%",
    }
}

fn show_label(label: &str) -> String {
    format!(" {label:?}")
}

/// A body as text: attributes, then blocks.
fn show_body(body: &Body) -> String {
    let mut parts: Vec<String> =
        body.attributes.iter().map(|it| format!("{} = {}", it.name.text, show(&it.expr))).collect();
    parts.extend(body.blocks.iter().map(|block| {
        let labels: String = block.labels.iter().map(|label| show_label(&label.text)).collect();
        format!("{}{labels} {{ {} }}", block.kind.text, show_body(&block.body))
    }));
    parts.join("; ")
}

/// The faults of a text: summary and place.
fn told(sources: &Sources, diagnostics: &Diagnostics) -> Vec<String> {
    diagnostics
        .iter()
        .map(|fault| {
            let place = fault.subject.map_or("", |span| sources.slice(span));
            format!("{}: {place}", fault.summary)
        })
        .collect()
}

fn read(
    text: &str,
    parse: impl FnOnce(&str, FileId, &mut Diagnostics) -> Option<String>,
) -> Result<String, Vec<String>> {
    let mut sources = Sources::default();
    let file = sources.add("t", text);
    let mut diagnostics = Diagnostics::new();
    let shown = parse(text, file, &mut diagnostics);
    if diagnostics.is_empty() {
        Ok(shown.expect("what cannot be read is told"))
    } else {
        Err(told(&sources, &diagnostics))
    }
}

fn expression(text: &str) -> Result<String, Vec<String>> {
    read(text, |text, file, faults| parse_expr(text, file, faults).as_ref().map(show))
}

fn template(text: &str) -> Result<String, Vec<String>> {
    read(text, |text, file, faults| parse_template(text, file, faults).as_ref().map(show))
}

fn body(text: &str) -> Result<String, Vec<String>> {
    read(text, |text, file, faults| Some(show_body(&parse_file(text, file, faults).body)))
}

/// Holds each text to its tree; `error` before the faults of one that has none.
fn check(parse: impl Fn(&str) -> Result<String, Vec<String>>, rows: &[(&str, &str)]) {
    let mut wrong = Vec::new();
    for (text, expected) in rows {
        let got = parse(text).unwrap_or_else(|faults| format!("error {}", faults.join("; ")));
        if got != *expected {
            wrong.push(format!("{text}\n   gave {got}\n    not {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
