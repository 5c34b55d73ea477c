//! The parser's tree to ours. The only file that names *hcl-edit*.
//!
//! The parser's tree costs kilobytes a resource and keeps what only a formatter needs, so it is
//! lowered at once, an item at a time, and dropped.

use super::expr::{
    Attribute, BinaryOp, Block, Body, Call, Expr, ExprKind, For, ForPart, IfPart, Name, Part,
    UnaryOp,
};
use super::scan::{self, Item};
use crate::diag::{Diagnostic, Diagnostics, FileId, Span};
use crate::value::{Number, Value};
use hcl::edit::expr::{
    BinaryOperator, Expression, ForExpr, FuncCall, Object, ObjectKey, Traversal, TraversalOperator,
    UnaryOperator,
};
use hcl::edit::structure::{Attribute as HclAttribute, Block as HclBlock, BlockLabel, Structure};
use hcl::edit::template::{Directive, Element, Strip, Template};
use hcl::edit::{Ident, Span as _};
use std::sync::Arc;

/// Parses a whole text. What cannot be parsed is reported and left out of the body.
pub(super) fn parse(text: &str, file: FileId, diagnostics: &mut Diagnostics) -> Body {
    let (items, faults) = scan::items(text, file);
    diagnostics.extend(faults);
    let mut body = Body {
        attributes: Vec::new(),
        blocks: Vec::new(),
        span: scan::span(file, &(0..text.len())),
    };
    for item in items {
        let source = text.get(item.clone()).unwrap_or("");
        let mut lower = Lower { file, item: item.clone(), source, diagnostics };
        match hcl::edit::parser::parse_body(source) {
            Ok(parsed) => {
                for structure in &parsed {
                    lower.structure(structure, &mut body);
                }
            }
            Err(error) => lower.syntax_error(&error),
        }
    }
    diagnostics.sort_by_key(|diagnostic| diagnostic.subject.map(|span| (span.file, span.start)));
    body
}

/// Parses a text that is one expression.
pub(super) fn parse_expr(text: &str, file: FileId, diagnostics: &mut Diagnostics) -> Option<Expr> {
    let mut lower = Lower { file, item: 0..text.len(), source: text, diagnostics };
    match hcl::edit::parser::parse_expr(text) {
        Ok(expr) => Some(lower.expr(&expr)),
        Err(error) => {
            lower.syntax_error(&error);
            None
        }
    }
}

/// Lowers one item.
struct Lower<'a> {
    file: FileId,
    item: Item,
    source: &'a str,
    diagnostics: &'a mut Diagnostics,
}

impl Lower<'_> {
    fn span(&self, range: Option<std::ops::Range<usize>>) -> Span {
        let range = range.unwrap_or(0..self.source.len());
        scan::span(self.file, &(self.item.start + range.start..self.item.start + range.end))
    }

    fn report(&mut self, summary: &'static str, detail: impl Into<String>, span: Span) {
        self.diagnostics.push(Diagnostic::error(summary, detail).at(span));
    }

    fn syntax_error(&mut self, error: &hcl::edit::parser::Error) {
        let at = error.location().offset().min(self.source.len());
        // One character is enough for a caret; at the end of the item there is none.
        let width =
            self.source.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        let message = error.message();
        let (summary, detail) = if message.contains("nest") || message.contains("recursion") {
            (
                "Too deep nesting",
                "Expressions and blocks nest at most 64 levels deep. Name a part of it in \
                 `locals` and use the name."
                    .to_owned(),
            )
        } else {
            ("Invalid syntax", format!("{}.", sentence(message)))
        };
        let span = self.span(Some(at..at + width));
        self.report(summary, detail, span);
    }

    fn name(&self, ident: &hcl::edit::Decorated<Ident>) -> Name {
        Name { text: Arc::from(ident.as_str()), span: self.span(ident.span()) }
    }

    fn structure(&mut self, structure: &Structure, body: &mut Body) {
        match structure {
            Structure::Attribute(attribute) => self.attribute(attribute, body),
            Structure::Block(block) => {
                let block = self.block(block);
                body.blocks.push(block);
            }
        }
    }

    fn attribute(&mut self, attribute: &HclAttribute, body: &mut Body) {
        let name = self.name(&attribute.key);
        if let Some(first) = body.attribute(&name.text) {
            self.diagnostics.push(
                Diagnostic::error(
                    "Attribute set twice",
                    format!("{:?} is already set. Keep one of the two.", name.text),
                )
                .at(name.span)
                .related(first.name.span, "first set here"),
            );
            return;
        }
        let expr = self.expr(&attribute.value);
        body.attributes.push(Attribute { name, expr });
    }

    fn block(&mut self, block: &HclBlock) -> Block {
        let kind = self.name(&block.ident);
        let labels = block
            .labels
            .iter()
            .map(|label| match label {
                BlockLabel::Ident(ident) => self.name(ident),
                BlockLabel::String(text) => {
                    Name { text: Arc::from(text.as_str()), span: self.span(text.span()) }
                }
            })
            .collect();
        let mut body = Body {
            attributes: Vec::new(),
            blocks: Vec::new(),
            span: block.body.span().map_or(kind.span, |range| self.span(Some(range))),
        };
        for structure in &block.body {
            self.structure(structure, &mut body);
        }
        Block { kind, labels, body }
    }

    fn expr(&mut self, expr: &Expression) -> Expr {
        let span = self.span(expr.span());
        let kind = match expr {
            Expression::Null(_) => ExprKind::Literal(Value::NULL),
            Expression::Bool(truth) => ExprKind::Literal(Value::Bool(*truth.value())),
            Expression::Number(_) => self.number(span),
            Expression::String(text) => ExprKind::Literal(Value::from(text.as_str())),
            Expression::Array(items) => {
                ExprKind::Tuple(items.iter().map(|item| self.expr(item)).collect())
            }
            Expression::Object(object) => self.object(object),
            Expression::StringTemplate(template) => template_kind(self.template(template.iter())),
            Expression::HeredocTemplate(heredoc) => {
                template_kind(self.template(heredoc.template.iter()))
            }
            Expression::Parenthesis(inner) => self.expr(inner.inner()).kind,
            Expression::Variable(name) => ExprKind::Root(Arc::from(name.as_str())),
            Expression::Conditional(it) => ExprKind::Conditional(Box::new([
                self.expr(&it.cond_expr),
                self.expr(&it.true_expr),
                self.expr(&it.false_expr),
            ])),
            Expression::FuncCall(call) => self.call(call),
            Expression::Traversal(traversal) => return self.traversal(traversal, span),
            Expression::UnaryOp(it) => {
                let operator = match it.operator.value() {
                    UnaryOperator::Neg => UnaryOp::Negate,
                    UnaryOperator::Not => UnaryOp::Not,
                };
                ExprKind::Unary(operator, Box::new(self.expr(&it.expr)))
            }
            Expression::BinaryOp(it) => ExprKind::Binary(
                binary(*it.operator.value()),
                Box::new([self.expr(&it.lhs_expr), self.expr(&it.rhs_expr)]),
            ),
            Expression::ForExpr(it) => self.for_expr(it),
        };
        Expr { kind, span }
    }

    /// Reads a number from its source: the parser's own is a float.
    fn number(&mut self, span: Span) -> ExprKind {
        let start = span.start as usize - self.item.start;
        let end = span.end as usize - self.item.start;
        let text = self.source.get(start..end).unwrap_or("").trim();
        match text.parse::<Number>() {
            Ok(number) => ExprKind::Literal(Value::Number(number)),
            Err(error) => {
                self.report("Invalid number", format!("This is {error}."), span);
                ExprKind::Literal(Value::NULL)
            }
        }
    }

    fn object(&mut self, object: &Object) -> ExprKind {
        let entries = object.iter().map(|(key, value)| {
            let key = match key {
                ObjectKey::Ident(ident) => Expr {
                    kind: ExprKind::Literal(Value::from(ident.as_str())),
                    span: self.span(ident.span()),
                },
                ObjectKey::Expression(expr) => self.expr(expr),
            };
            (key, self.expr(value.expr()))
        });
        ExprKind::Object(entries.collect())
    }

    fn call(&mut self, call: &FuncCall) -> ExprKind {
        let mut name = self.name(&call.name.name);
        if call.name.is_namespaced() {
            let mut full = String::new();
            for part in &call.name.namespace {
                full.push_str(part.as_str());
                full.push_str("::");
            }
            full.push_str(&name.text);
            name.text = full.into();
        }
        ExprKind::Call(Box::new(Call {
            name,
            arguments: call.args.iter().map(|argument| self.expr(argument)).collect(),
            expand: call.args.expand_final(),
        }))
    }

    fn traversal(&mut self, traversal: &Traversal, whole: Span) -> Expr {
        let source = self.expr(&traversal.expr);
        self.steps(source, &traversal.operators, whole)
    }

    fn steps(
        &mut self,
        mut source: Expr,
        operators: &[hcl::edit::Decorated<TraversalOperator>],
        whole: Span,
    ) -> Expr {
        let mut rest = operators.iter();
        while let Some(operator) = rest.next() {
            let here = self.span(operator.span());
            let span = Span { start: source.span.start, ..here };
            let kind = match operator.value() {
                TraversalOperator::GetAttr(name) => {
                    ExprKind::Attr(Box::new(source), self.name(name))
                }
                TraversalOperator::Index(index) => {
                    ExprKind::Index(Box::new([source, self.expr(index)]))
                }
                TraversalOperator::LegacyIndex(index) => {
                    let number = i64::try_from(*index.value()).unwrap_or(i64::MAX);
                    let index = Expr { kind: ExprKind::Literal(Value::from(number)), span: here };
                    ExprKind::Index(Box::new([source, index]))
                }
                TraversalOperator::FullSplat(_) => {
                    let item = Expr { kind: ExprKind::SplatItem, span: here };
                    let each = self.steps(item, rest.as_slice(), whole);
                    return Expr { kind: ExprKind::Splat(Box::new([source, each])), span: whole };
                }
                TraversalOperator::AttrSplat(_) => {
                    // Only the attributes right behind `.*` belong to each element.
                    let behind = rest.as_slice();
                    let attributes = behind
                        .iter()
                        .take_while(|it| matches!(it.value(), TraversalOperator::GetAttr(_)))
                        .count();
                    let (attributes, behind) = behind.split_at(attributes);
                    let item = Expr { kind: ExprKind::SplatItem, span: here };
                    let each = self.steps(item, attributes, whole);
                    rest = behind.iter();
                    ExprKind::Splat(Box::new([source, each]))
                }
            };
            source = Expr { kind, span };
        }
        source
    }

    fn for_expr(&mut self, it: &ForExpr) -> ExprKind {
        ExprKind::For(Box::new(For {
            key_var: it.intro.key_var.as_ref().map(|name| Arc::from(name.as_str())),
            value_var: Arc::from(it.intro.value_var.as_str()),
            collection: self.expr(&it.intro.collection_expr),
            key: it.key_expr.as_ref().map(|key| self.expr(key)),
            value: self.expr(&it.value_expr),
            condition: it.cond.as_ref().map(|cond| self.expr(&cond.expr)),
            group: it.grouping,
        }))
    }

    /// Lowers the pieces of a template. A `~` trims the text next to it.
    fn template<'t>(&mut self, elements: impl Iterator<Item = &'t Element>) -> Box<[Part]> {
        let mut parts: Vec<Part> = Vec::new();
        let mut trim_next = false;
        for element in elements {
            match element {
                Element::Literal(text) => {
                    let text = text.value().as_str();
                    let text = if trim_next { text.trim_start() } else { text };
                    trim_next = false;
                    if !text.is_empty() {
                        parts.push(Part::Text(Arc::from(text)));
                    }
                }
                Element::Interpolation(it) => {
                    trim_before(&mut parts, it.strip);
                    parts.push(Part::Value(self.expr(&it.expr)));
                    trim_next = strips_behind(it.strip);
                }
                Element::Directive(directive) => {
                    let (before, behind) = match &**directive {
                        Directive::If(it) => (it.if_expr.strip, it.endif_expr.strip),
                        Directive::For(it) => (it.for_expr.strip, it.endfor_expr.strip),
                    };
                    trim_before(&mut parts, before);
                    let part = self.directive(directive);
                    parts.push(part);
                    trim_next = strips_behind(behind);
                }
            }
        }
        parts.into()
    }

    fn directive(&mut self, directive: &Directive) -> Part {
        match directive {
            Directive::If(it) => {
                let otherwise = it.else_expr.as_ref();
                let next = otherwise.map_or(it.endif_expr.strip, |otherwise| otherwise.strip);
                Part::If(Box::new(IfPart {
                    condition: self.expr(&it.if_expr.cond_expr),
                    then: self.inner(&it.if_expr.template, it.if_expr.strip, next),
                    otherwise: otherwise
                        .map(|otherwise| {
                            self.inner(&otherwise.template, otherwise.strip, it.endif_expr.strip)
                        })
                        .unwrap_or_default(),
                }))
            }
            Directive::For(it) => {
                let head = &it.for_expr;
                Part::For(Box::new(ForPart {
                    key_var: head.key_var.as_ref().map(|name| Arc::from(name.as_str())),
                    value_var: Arc::from(head.value_var.as_str()),
                    collection: self.expr(&head.collection_expr),
                    body: self.inner(&head.template, head.strip, it.endfor_expr.strip),
                }))
            }
        }
    }

    /// A template between two markers, trimmed as they say.
    fn inner(&mut self, template: &Template, first: Strip, last: Strip) -> Box<[Part]> {
        let mut parts = self.template(template.iter()).into_vec();
        if strips_behind(first)
            && let Some(Part::Text(text)) = parts.first_mut()
        {
            *text = Arc::from(text.trim_start());
        }
        trim_before(&mut parts, last);
        parts.into()
    }
}

fn strips_behind(strip: Strip) -> bool {
    matches!(strip, Strip::End | Strip::Both)
}

/// Trims the end of the last text if the marker behind it says so.
fn trim_before(parts: &mut [Part], strip: Strip) {
    if matches!(strip, Strip::Start | Strip::Both)
        && let Some(Part::Text(text)) = parts.last_mut()
    {
        *text = Arc::from(text.trim_end());
    }
}

/// A template of text alone is a literal.
fn template_kind(parts: Box<[Part]>) -> ExprKind {
    match &*parts {
        [] => ExprKind::Literal(Value::from("")),
        [Part::Text(text)] => ExprKind::Literal(Value::String(Arc::clone(text))),
        _ => ExprKind::Template(parts),
    }
}

fn binary(operator: BinaryOperator) -> BinaryOp {
    match operator {
        BinaryOperator::Eq => BinaryOp::Equal,
        BinaryOperator::NotEq => BinaryOp::NotEqual,
        BinaryOperator::LessEq => BinaryOp::LessOrEqual,
        BinaryOperator::GreaterEq => BinaryOp::GreaterOrEqual,
        BinaryOperator::Less => BinaryOp::Less,
        BinaryOperator::Greater => BinaryOp::Greater,
        BinaryOperator::Plus => BinaryOp::Add,
        BinaryOperator::Minus => BinaryOp::Subtract,
        BinaryOperator::Mul => BinaryOp::Multiply,
        BinaryOperator::Div => BinaryOp::Divide,
        BinaryOperator::Mod => BinaryOp::Remainder,
        BinaryOperator::And => BinaryOp::And,
        BinaryOperator::Or => BinaryOp::Or,
    }
}

/// The parser's message with a capital letter.
fn sentence(message: &str) -> String {
    let mut chars = message.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
