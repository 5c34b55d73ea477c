//! The JSON syntax beside the native one: the same trees, and what is told of JSON that is wrong.

mod alike;
mod faults;

use super::native::respan;
use crate::config::expr::{Attribute, Block, Body, Expr, Name};
use crate::config::language::{BLOCKS, LanguageBlock};
use crate::diag::{Diagnostic, Diagnostics, FileId, Sources, Span};

/// The blocks that the schemas of these tests have.
fn is_block(path: &[&str]) -> bool {
    matches!(
        path,
        ["resource" | "data", "thing", "rule"]
            | ["resource" | "data", "thing", "rule", "inner"]
            | ["provider", "aws", "rule"]
            | ["provider", "aws", "rule", "inner"]
    )
}

fn source(text: &str) -> (Sources, FileId) {
    let mut sources = Sources::default();
    let file = sources.add("main.seal.hcl.json", text);
    (sources, file)
}

fn json(text: &str) -> (Body, Diagnostics) {
    json_with(text, BLOCKS)
}

fn json_with(text: &str, blocks: &'static [&'static LanguageBlock]) -> (Body, Diagnostics) {
    let (_, file) = source(text);
    let mut diagnostics = Diagnostics::new();
    let body = super::parse(text, file, blocks, &is_block, &mut diagnostics).body;
    (body, diagnostics)
}

fn native(text: &str) -> (Body, Diagnostics) {
    let (_, file) = source(text);
    let mut diagnostics = Diagnostics::new();
    let body = crate::config::syntax::parse_file(text, file, &mut diagnostics).body;
    (body, diagnostics)
}

/// Faults as summary and place.
fn told(text: &str, faults: &[Diagnostic]) -> Vec<String> {
    let (sources, _) = source(text);
    let place = |span| sources.slice(span).to_owned();
    faults
        .iter()
        .map(|fault| format!("{}: {}", fault.summary, fault.subject.map_or(String::new(), place)))
        .collect()
}

/// The body as text, without any place.
fn without_places(mut body: Body) -> String {
    let (_, file) = source("");
    let nowhere = Span { file, start: 0, end: 0 };
    erase(&mut body, nowhere);
    format!("{body:#?}")
}

fn erase(body: &mut Body, nowhere: Span) {
    let Body { attributes, blocks, span } = body;
    *span = nowhere;
    for Attribute { name, expr } in attributes {
        name.span = nowhere;
        erase_expr(expr, nowhere);
    }
    for Block { kind, labels, body } in blocks {
        kind.span = nowhere;
        for Name { text: _, span } in labels {
            *span = nowhere;
        }
        erase(body, nowhere);
    }
}

fn erase_expr(expr: &mut Expr, nowhere: Span) {
    respan(expr, &|_| nowhere);
}
