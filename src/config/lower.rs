//! The parser's tree to ours. The only file that names *hcl-edit*.
//!
//! The parser's tree costs kilobytes a resource and keeps what only a formatter needs, so it is
//! lowered at once, an item at a time, and dropped.

use super::expr::{
    Attribute, BinaryOp, Block, Body, Call, Expr, ExprKind, For, ForPart, IfPart, Name, Part,
    UnaryOp,
};
use super::scan::{self, Item};
use super::text::{self, Piece};
use crate::diag::{Diagnostic, Diagnostics, FileId, Span};
use crate::value::{Number, Value};
use hcl::edit::expr::{
    BinaryOperator, Expression, ForExpr, FuncCall, Object, ObjectKey, Traversal, TraversalOperator,
    UnaryOperator,
};
use hcl::edit::structure::{Attribute as HclAttribute, Block as HclBlock, BlockLabel, Structure};
use hcl::edit::template::{Directive, Element, Strip};
use hcl::edit::{Ident, Span as _, Spanned};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The deepest tree that is handed to the evaluator, which walks it recursively. The parser bounds
/// nesting and operators each by itself, and neither attributes nor indexes.
const MAX_DEPTH: usize = 256;

const TOO_DEEP: &str = "Expressions and blocks nest at most 64 levels deep, and at most 128 operators \
                        or indexes stand in a row. Name a part of it in `locals` and use the name.";

/// Parses a whole text. What cannot be parsed is reported and left out of the body.
pub(super) fn parse(text: &str, file: FileId, diagnostics: &mut Diagnostics) -> Body {
    let (items, faults) = scan::items(text, file);
    diagnostics.extend(faults);
    let mut body = Body {
        attributes: Vec::new(),
        blocks: Vec::new(),
        span: scan::span(file, &(0..text.len())),
    };
    let mut known = Known::new();
    for item in items {
        let source = text.get(item.clone()).unwrap_or("");
        let mut lower = Lower { file, item: item.clone(), source, depth: 0, diagnostics };
        match hcl::edit::parser::parse_body(source) {
            Ok(parsed) => {
                for structure in &parsed {
                    lower.structure(structure, &mut body, &mut known);
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
    let (_, faults) = scan::items(text, file);
    if !faults.is_empty() {
        diagnostics.extend(faults);
        return None;
    }
    let mut lower = Lower { file, item: 0..text.len(), source: text, depth: 0, diagnostics };
    match hcl::edit::parser::parse_expr(text) {
        Ok(expr) => Some(lower.expr(&expr)),
        Err(error) => {
            lower.syntax_error(&error);
            None
        }
    }
}

/// Parses a text that is one template, without quotes around it.
pub(super) fn parse_template(
    text: &str,
    file: FileId,
    diagnostics: &mut Diagnostics,
) -> Option<Expr> {
    let mut lower = Lower { file, item: 0..text.len(), source: text, depth: 0, diagnostics };
    match hcl::edit::parser::parse_template(text) {
        Ok(template) => {
            let kind = template_kind(lower.template(template.iter(), Form::Heredoc));
            Some(Expr { kind, span: lower.span(None) })
        }
        Err(error) => {
            lower.syntax_error(&error);
            None
        }
    }
}

/// The attributes that a body has so far, and where. A file of values may have very many.
type Known = BTreeMap<Arc<str>, Span>;

/// Lowers one item.
struct Lower<'a> {
    file: FileId,
    item: Item,
    source: &'a str,
    /// How many expressions there are around the one that is lowered.
    depth: usize,
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
        let rest = self.source.get(at..).unwrap_or("");
        let message = error.message();
        let name = rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '-');
        let name = rest.get(..name.unwrap_or(rest.len())).unwrap_or("");
        // One character is enough for a caret; at the end of the item there is none.
        let one = rest.chars().next().map_or(0, char::len_utf8);
        let (summary, detail, width) = if message.contains("redefined attribute") {
            let detail = format!("{name:?} is already set in this block. Keep one of the two.");
            ("Attribute set twice", detail, name.len())
        } else if message.contains("redefined object key") {
            let detail = format!("{name:?} is already a key of this object. Keep one of the two.");
            ("Key given twice", detail, name.len())
        } else if message.contains("nested levels") || message.contains("chained binary") {
            ("Too deep nesting", TOO_DEEP.to_owned(), one)
        } else {
            ("Invalid syntax", format!("{}.", sentence(message)), one)
        };
        let span = self.span(Some(at..at + width.max(one)));
        self.report(summary, detail, span);
    }

    fn name(&self, ident: &hcl::edit::Decorated<Ident>) -> Name {
        Name { text: Arc::from(ident.as_str()), span: self.span(ident.span()) }
    }

    fn structure(&mut self, structure: &Structure, body: &mut Body, known: &mut Known) {
        match structure {
            Structure::Attribute(attribute) => self.attribute(attribute, body, known),
            Structure::Block(block) => {
                let block = self.block(block);
                body.blocks.push(block);
            }
        }
    }

    fn attribute(&mut self, attribute: &HclAttribute, body: &mut Body, known: &mut Known) {
        let name = self.name(&attribute.key);
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
        let mut known = Known::new();
        for structure in &block.body {
            self.structure(structure, &mut body, &mut known);
        }
        Block { kind, labels, body }
    }

    fn expr(&mut self, expr: &Expression) -> Expr {
        let span = self.span(expr.span());
        self.depth += 1;
        let lowered = if self.too_deep(span) {
            Expr { kind: ExprKind::Literal(Value::NULL), span }
        } else {
            self.level(expr, span)
        };
        self.depth -= 1;
        lowered
    }

    fn level(&mut self, expr: &Expression, span: Span) -> Expr {
        let kind = match expr {
            Expression::Null(_) => ExprKind::Literal(Value::NULL),
            Expression::Bool(truth) => ExprKind::Literal(Value::Bool(*truth.value())),
            Expression::Number(_) => self.number(span),
            Expression::String(text) => ExprKind::Literal(Value::from(text.as_str())),
            Expression::Array(items) => {
                ExprKind::Tuple(items.iter().map(|item| self.expr(item)).collect())
            }
            Expression::Object(object) => self.object(object),
            Expression::StringTemplate(template) => {
                template_kind(self.template(template.iter(), Form::Quoted))
            }
            Expression::HeredocTemplate(heredoc) => {
                let form = if heredoc.indent().is_some() { Form::Indented } else { Form::Heredoc };
                template_kind(self.template(heredoc.template.iter(), form))
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
        // A sign may stand apart from the digits.
        let (negative, digits) =
            text.strip_prefix('-').map_or((false, text), |rest| (true, rest.trim_start()));
        match digits.parse::<Number>() {
            Ok(number) if negative => ExprKind::Literal(Value::Number(number.negate())),
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
                // A bare `null` is a name here, as any word is; in parentheses it is the value.
                ObjectKey::Expression(Expression::Null(null)) => Expr {
                    kind: ExprKind::Literal(Value::from("null")),
                    span: self.span(null.span()),
                },
                ObjectKey::Expression(expr) => {
                    if let Expression::Traversal(_) = expr {
                        let span = self.span(expr.span());
                        self.report(
                            "Ambiguous key",
                            "A key that refers to a value stands in parentheses, `(var.x) = …`; \
                             one that is text stands in quotes.",
                            span,
                        );
                    }
                    self.expr(expr)
                }
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
        // Each step is a level of the tree above what it starts from.
        let steps = traversal.operators.len();
        self.depth += steps;
        let expr = if self.too_deep(whole) {
            Expr { kind: ExprKind::Literal(Value::NULL), span: whole }
        } else {
            self.refuse_legacy(&traversal.operators);
            let source = self.expr(&traversal.expr);
            self.steps(source, &traversal.operators, whole)
        };
        self.depth -= steps;
        expr
    }

    /// Reports what the parser takes and the language does not: `a.0.1`, which reads like a
    /// number, and `a.*.*`.
    fn refuse_legacy(&mut self, operators: &[hcl::edit::Decorated<TraversalOperator>]) {
        use TraversalOperator::{AttrSplat, FullSplat, GetAttr, Index, LegacyIndex};
        let mut within_splat = false;
        for (n, operator) in operators.iter().enumerate() {
            let before =
                n.checked_sub(1).and_then(|n| operators.get(n)).map(hcl::edit::Decorated::value);
            let fault = match (operator.value(), before) {
                (LegacyIndex(_), Some(LegacyIndex(_))) => {
                    Some("Write indexes in brackets: `[0][1]`.")
                }
                (AttrSplat(_), _) if within_splat => {
                    Some("Within `.*` there cannot be another. Use `[*]` for both.")
                }
                _ => None,
            };
            within_splat = match operator.value() {
                AttrSplat(_) => true,
                GetAttr(_) | LegacyIndex(_) => within_splat,
                FullSplat(_) | Index(_) => false,
            };
            if let Some(detail) = fault {
                let span = self.span(operator.span());
                self.report("Invalid syntax", detail, span);
            }
        }
    }

    /// Whether the expression at `span` lies deeper than the evaluator is to follow.
    fn too_deep(&mut self, span: Span) -> bool {
        let too_deep = self.depth > MAX_DEPTH;
        if too_deep {
            self.report("Too deep nesting", TOO_DEEP, span);
        }
        too_deep
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
                    // Only what is written with a point behind `.*` belongs to each element.
                    let behind = rest.as_slice();
                    let attributes = behind
                        .iter()
                        .take_while(|it| {
                            matches!(
                                it.value(),
                                TraversalOperator::GetAttr(_) | TraversalOperator::LegacyIndex(_)
                            )
                        })
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

    /// Lowers a template: its texts first, which depend on what stands around them, then all.
    fn template<'t>(
        &mut self,
        elements: impl Iterator<Item = &'t Element>,
        form: Form,
    ) -> Box<[Part]> {
        let elements: Vec<&Element> = elements.collect();
        let mut pieces = Vec::new();
        self.pieces(elements.iter().copied(), form, &mut pieces);
        text::trim(&mut pieces);
        if form == Form::Indented {
            text::dedent(&mut pieces);
        }
        self.parts(elements.into_iter(), &mut pieces.into_iter().peekable())
    }

    /// Lists the texts and markers of a template in the order of the source.
    fn pieces<'t>(
        &mut self,
        elements: impl Iterator<Item = &'t Element>,
        form: Form,
        pieces: &mut Vec<Piece>,
    ) {
        // The parser undoes the escapes of a quoted template, but not within directives.
        let inner = if form == Form::Quoted { Form::Raw } else { form };
        for element in elements {
            match element {
                Element::Literal(literal) => self.texts(literal, form, pieces),
                Element::Interpolation(it) => pieces.push(marker(it.strip)),
                Element::Directive(directive) => match &**directive {
                    Directive::If(it) => {
                        pieces.push(marker(it.if_expr.strip));
                        self.pieces(it.if_expr.template.iter(), inner, pieces);
                        if let Some(otherwise) = &it.else_expr {
                            pieces.push(marker(otherwise.strip));
                            self.pieces(otherwise.template.iter(), inner, pieces);
                        }
                        pieces.push(marker(it.endif_expr.strip));
                    }
                    Directive::For(it) => {
                        pieces.push(marker(it.for_expr.strip));
                        self.pieces(it.for_expr.template.iter(), inner, pieces);
                        pieces.push(marker(it.endfor_expr.strip));
                    }
                },
            }
        }
    }

    /// Adds the text of one literal; that of a heredoc a line at a time.
    fn texts(&mut self, literal: &Spanned<String>, form: Form, pieces: &mut Vec<Piece>) {
        match form {
            Form::Quoted => pieces.push(Piece::Text(literal.value().clone())),
            Form::Raw => match text::unescape(literal.value()) {
                Some(text) => pieces.push(Piece::Text(text)),
                None => {
                    let span = self.span(literal.span());
                    self.report(
                        "Invalid escape",
                        "A backslash in a quoted text is followed by one of `n`, `r`, `t`, `\"`, \
                         `\\`, by `u` and four hexadecimal digits, or by `U` and eight.",
                        span,
                    );
                }
            },
            Form::Heredoc | Form::Indented => {
                // The parser takes the margin from some lines and not from others.
                let raw = literal.span().and_then(|range| self.source.get(range));
                for line in raw.unwrap_or(literal.value()).split_inclusive('\n') {
                    pieces.push(Piece::Text(text::unescape_markers(line)));
                }
            }
        }
    }

    /// Lowers the elements of a template whose texts are the `pieces`.
    fn parts<'t>(
        &mut self,
        elements: impl Iterator<Item = &'t Element>,
        pieces: &mut Pieces,
    ) -> Box<[Part]> {
        let mut parts: Vec<Part> = Vec::new();
        for element in elements {
            match element {
                Element::Literal(_) => {
                    let mut text = String::new();
                    while let Some(Piece::Text(line)) =
                        pieces.next_if(|piece| matches!(piece, Piece::Text(_)))
                    {
                        text.push_str(&line);
                    }
                    if !text.is_empty() {
                        parts.push(Part::Text(Arc::from(text)));
                    }
                }
                Element::Interpolation(it) => {
                    pieces.next();
                    parts.push(Part::Value(self.expr(&it.expr)));
                }
                Element::Directive(directive) => parts.push(self.directive(directive, pieces)),
            }
        }
        parts.into()
    }

    fn directive(&mut self, directive: &Directive, pieces: &mut Pieces) -> Part {
        pieces.next();
        let part = match directive {
            Directive::If(it) => {
                let condition = self.expr(&it.if_expr.cond_expr);
                let then = self.parts(it.if_expr.template.iter(), pieces);
                let otherwise = it.else_expr.as_ref().map(|otherwise| {
                    pieces.next();
                    self.parts(otherwise.template.iter(), pieces)
                });
                let otherwise = otherwise.unwrap_or_default();
                Part::If(Box::new(IfPart { condition, then, otherwise }))
            }
            Directive::For(it) => {
                let head = &it.for_expr;
                Part::For(Box::new(ForPart {
                    key_var: head.key_var.as_ref().map(|name| Arc::from(name.as_str())),
                    value_var: Arc::from(head.value_var.as_str()),
                    collection: self.expr(&head.collection_expr),
                    body: self.parts(head.template.iter(), pieces),
                }))
            }
        };
        pieces.next();
        part
    }
}

/// How a template is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// In quotes; the parser has undone the escapes.
    Quoted,
    /// In quotes; the escapes are still there.
    Raw,
    /// `<<EOT`
    Heredoc,
    /// `<<-EOT`
    Indented,
}

type Pieces = std::iter::Peekable<std::vec::IntoIter<Piece>>;

fn marker(strip: Strip) -> Piece {
    Piece::Marker {
        before: matches!(strip, Strip::Start | Strip::Both),
        behind: matches!(strip, Strip::End | Strip::Both),
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
