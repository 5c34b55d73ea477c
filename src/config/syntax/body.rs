//! Bodies: attributes and blocks, and where to go on behind a fault.

use super::lex::{Token, TokenKind as K};
use super::parser::{Base, Failed, Parsed, Parser};
use super::text;
use crate::config::expr::{Attribute, Block, Body, Expr, Name};
use crate::diag::{Diagnostic, Span};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Attributes that are looked through one by one; more are looked up.
const FEW: usize = 16;

/// A body that is read.
struct Reading {
    attributes: Vec<Attribute>,
    blocks: Vec<Block>,
    /// Where each attribute is set, once there are more than a few: a file of values may have very
    /// many.
    known: BTreeMap<Arc<str>, Span>,
    /// The items that faults have been told of; what is missing in them is no second fault.
    damaged: Vec<Span>,
}

/// How the items of a body stand on their lines.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lines {
    /// Each on its own.
    Own,
    /// The only one on the line of the `{` and of the `}`.
    One,
    /// The first on the line of the `{`, others below: told, so that the last may end with `}`.
    Spread,
}

/// What ended a block.
enum End {
    Closed,
    /// The text did; these belong to what is around the block, going by how they are indented.
    Unclosed(Vec<Attribute>, Vec<Block>),
}

impl Parser<'_> {
    /// Reads a whole text of attributes and blocks; also what of it is damaged.
    pub(super) fn file(&mut self) -> (Body, Vec<Span>) {
        let mut reading = Reading::new();
        let base = self.base();
        self.items(&mut reading, base, None);
        let end = u32::try_from(self.text.len()).unwrap_or(u32::MAX);
        let span = self.span(0, end);
        let Reading { attributes, blocks, known: _, mut damaged } = reading;
        if self.gave_up() {
            damaged.push(span);
        }
        (Body { attributes, blocks, span }, damaged)
    }

    /// Reads items up to the end of the text or of the block whose `{` is given.
    fn items(&mut self, into: &mut Reading, base: Base, open: Option<Token>) -> bool {
        let on_one = open.is_some() && !self.at(K::Newline);
        let mut lines = if on_one { Lines::One } else { Lines::Own };
        loop {
            let token = self.peek();
            match token.kind {
                K::Newline => {
                    self.bump();
                    if lines == Lines::One && into.is_empty() {
                        lines = Lines::Own;
                    } else if lines == Lines::One {
                        lines = Lines::Spread;
                        let detail = "A block that begins its attribute on the line of `{` ends \
                                      on this line, too. Put the attribute on the next line.";
                        self.item(base, |parser| {
                            let span = parser.span(token.start, token.start);
                            parser.error("Invalid syntax", detail, span)
                        });
                    }
                }
                K::End => return false,
                K::CloseBrace if open.is_some() => {
                    self.bump();
                    return true;
                }
                K::CloseBrace => self.stray_brace(into),
                _ => {
                    let (faults, blocks) = (self.count(), into.blocks.len());
                    let read = self.item(base, |parser| {
                        let read = parser.body_item(into, lines);
                        if read.is_err() {
                            parser.recover();
                        }
                        read
                    });
                    if read.is_err() && lines == Lines::One {
                        lines = Lines::Own;
                    }
                    if self.count() > faults {
                        // Of a block with faults in it, what is missing is told at its head.
                        let head = into.blocks.get(blocks).map(Block::header);
                        into.damaged.push(head.unwrap_or(self.span_from(token.start)));
                    }
                }
            }
        }
    }

    /// Reads an attribute or a block, with the end of its line.
    fn body_item(&mut self, into: &mut Reading, lines: Lines) -> Parsed<()> {
        let token = self.peek();
        let name = match token.kind {
            K::Ident => {
                self.bump();
                self.name(token)
            }
            K::OpenQuote => self.quoted_name()?,
            K::OpenBrace => {
                let detail = "A block begins with its name: `name { … }`. JSON belongs in a file \
                              whose name ends with `.json`.";
                return Err(self.error("Invalid syntax", detail, self.span_of(token)));
            }
            _ => return Err(self.unexpected("The name of an attribute or a block")),
        };
        let next = self.peek();
        match next.kind {
            K::Equal => {
                self.bump();
                self.attribute(name, into, lines)
            }
            K::OpenBrace | K::OpenQuote | K::Ident => {
                if lines == Lines::One {
                    let detail = "A block on one line has one attribute and no block in it. Put \
                                  what is in it on lines of its own.";
                    self.error("Missing newline", detail, name.span);
                }
                self.block(name, into)
            }
            K::Newline if self.opens_block(next.end) => self.block(name, into),
            K::EqualEqual | K::Colon | K::Arrow | K::Plus => {
                self.wrong_setter(&name, next);
                self.bump();
                self.take(K::Equal);
                self.attribute(name, into, lines)
            }
            _ => {
                let starts_value = matches!(
                    next.kind,
                    K::Number | K::OpenBracket | K::HeredocBegin | K::OpenParen | K::Not | K::Minus
                );
                let failed = if starts_value {
                    let detail = format!("`=` is missing behind {:?}.", name.text);
                    self.error("Missing equals sign", detail, self.span_of(next))
                } else if matches!(next.kind, K::Newline | K::End | K::CloseBrace) {
                    let detail = format!(
                        "Nothing follows {:?}. An attribute is set with `{} = …`; a block opens \
                         with `{{` on the same line.",
                        name.text, name.text
                    );
                    self.error("Invalid syntax", detail, name.span)
                } else {
                    self.unexpected("`=` or `{`")
                };
                let hole = self.hole(name.span);
                into.attribute(name, hole);
                Err(failed)
            }
        }
    }

    /// A name in quotes, as JSON has it: told, and taken as the name.
    fn quoted_name(&mut self) -> Parsed<Name> {
        self.bump();
        let label = self.label_behind_quote()?;
        let detail = format!("A name stands without quotes here: {}.", label.text);
        self.error("Quoted name", detail, label.span);
        Ok(label)
    }

    fn wrong_setter(&mut self, name: &Name, token: Token) {
        let behind = self.text.get(token.end as usize..).unwrap_or("");
        let joined = behind.starts_with('=') && matches!(token.kind, K::Colon | K::Plus);
        let end = token.end + u32::from(joined);
        let span = self.span(token.start, end);
        let sign = self.text.get(token.start as usize..end as usize).unwrap_or("");
        let detail = format!("An attribute is set with `=`, not `{sign}`: `{} = …`.", name.text);
        self.error("Invalid syntax", detail, span);
    }

    /// An attribute whose `=` has been read.
    fn attribute(&mut self, name: Name, into: &mut Reading, lines: Lines) -> Parsed<()> {
        let read = self.expr();
        let expr = match &read {
            Ok(_) => None,
            Err(Failed) => Some(self.hole(self.span_from(name.span.end))),
        };
        let (expr, result) = match (read, expr) {
            (Ok(tree), _) => match self.line_end("attribute", lines) {
                Ok(()) => (tree.expr, Ok(())),
                // What was read is most likely not what was meant.
                Err(failed) => (self.hole(tree.expr.span), Err(failed)),
            },
            (Err(failed), hole) => (hole.unwrap_or_else(|| self.hole(name.span)), Err(failed)),
        };
        if let Some(fault) = into.attribute(name, expr) {
            self.speak();
            self.fault(fault);
        }
        result
    }

    /// The end of the line behind an attribute or a block.
    fn line_end(&mut self, what: &str, lines: Lines) -> Parsed<()> {
        let token = self.peek();
        match token.kind {
            K::Newline => {
                if lines != Lines::One {
                    self.bump();
                }
                Ok(())
            }
            K::End => Ok(()),
            K::CloseBrace if lines != Lines::Own => Ok(()),
            K::Comma => {
                self.bump();
                let detail = "Attributes and blocks stand on lines of their own, without commas.";
                self.once_a_line("Unexpected comma", detail, token);
                if lines != Lines::One {
                    self.take(K::Newline);
                }
                Ok(())
            }
            K::Ident if lines == Lines::One && self.sets(token) => {
                let detail = "A block on one line has one attribute. Put each on its own line.";
                self.once_a_line("Missing newline", detail, token);
                Ok(())
            }
            K::OpenQuote if !self.rest_of_line(token).contains('"') => {
                let detail = "The string that this quote begins is not closed on its line. If it \
                              is to end one, the quote before that is missing.";
                Err(self.error("Unclosed string", detail, self.span_of(token)))
            }
            K::CloseBrace => {
                let detail = format!("The {what} ends with its line. Put `}}` on the next line.");
                self.error("Missing newline", detail, self.span_of(token));
                Ok(())
            }
            K::Ident | K::Number | K::OpenQuote | K::OpenBrace | K::HeredocBegin => {
                let hint = self.hint(token);
                let found = self.describe(token);
                let detail = format!(
                    "The {what} ends before {found}, and its line goes on.{}",
                    if hint.is_empty() { " Put what follows on a new line." } else { hint }
                );
                Err(self.error("Missing newline", detail, self.span_of(token)))
            }
            _ => Err(self.unexpected("The end of the line")),
        }
    }

    /// A block whose kind has been read.
    fn block(&mut self, kind: Name, into: &mut Reading) -> Parsed<()> {
        let mut labels = Vec::new();
        let open = loop {
            let token = self.peek();
            match token.kind {
                K::OpenBrace => break self.bump(),
                K::Ident => {
                    self.bump();
                    labels.push(self.name(token));
                }
                K::OpenQuote => {
                    self.bump();
                    labels.push(self.label_behind_quote()?);
                }
                K::Equal if self.opens_block(token.end) => {
                    let detail = "A block has no `=` before its `{`.";
                    self.error("Invalid syntax", detail, self.span_of(token));
                    self.bump();
                }
                K::Newline if self.opens_block(token.end) => {
                    let detail = "The `{` of a block stands on the line of its name.";
                    self.error("Invalid syntax", detail, self.span(token.start, token.start));
                    while self.take(K::Newline).is_some() {}
                }
                _ => return Err(self.no_block(kind, &labels, into)),
            }
        };
        let mut reading = Reading::new();
        let base = self.base();
        let mut end = End::Closed;
        let closed = self.nested(|parser| Ok(parser.items(&mut reading, base, Some(open))));
        match closed {
            Ok(true) => {}
            Ok(false) => {
                let indent = self.first_on_line(kind.span.start);
                let first = reading.first(|start| {
                    self.first_on_line(start).is_some_and(|own| Some(own) <= indent)
                });
                self.unclosed_block(open, first);
                reading.damaged.push(self.span(kind.span.start, first.unwrap_or(self.behind)));
                end = reading.split(first);
            }
            Err(failed) => {
                self.give_up();
                into.block(kind, labels, reading, self.span_of(open));
                return Err(failed);
            }
        }
        let close = self.behind.saturating_sub(1).max(open.end);
        let inside = self.span(open.end, close);
        into.block(kind, labels, reading, inside);
        if let End::Unclosed(attributes, blocks) = end {
            for attribute in attributes {
                into.attribute(attribute.name, attribute.expr);
            }
            into.blocks.extend(blocks);
            return Ok(());
        }
        self.line_end("block", Lines::Own)
    }

    /// Whether the name that this token is has a `=` behind it.
    fn sets(&self, name: Token) -> bool {
        let behind = self.text.get(name.end as usize..).unwrap_or("");
        let behind = behind.trim_start_matches([' ', '\t']);
        behind.starts_with('=') && !behind.starts_with("==")
    }

    /// Whether the next thing from here on, on any line, is `{`.
    fn opens_block(&self, from: u32) -> bool {
        let rest = self.text.get(from as usize..).unwrap_or("");
        rest.trim_start().starts_with('{')
    }

    /// Tells why what looked like a block is none.
    fn no_block(&mut self, kind: Name, labels: &[Name], into: &mut Reading) -> Failed {
        let token = self.peek();
        let ended = matches!(token.kind, K::Newline | K::End | K::CloseBrace);
        let value = labels.first().map(|label| self.slice(label.span));
        let failed = match (labels, value) {
            _ if token.kind == K::Dot && self.rest_of_line(token).trim_end().ends_with('{') => {
                let detail = "The names of a block are words or stand in quotes, with spaces \
                              between them: `resource \"type\" \"name\" {`.";
                self.error("Invalid syntax", detail, self.span_of(token))
            }
            ([label], Some(value)) if ended && value.starts_with('"') => {
                let detail = format!(
                    "Write `{} = {value}` to set an attribute; a block opens with `{{` on this \
                     line.",
                    kind.text
                );
                self.error("Missing equals sign", detail, label.span)
            }
            ([label, ..], _) if matches!(token.kind, K::Dot | K::OpenBracket | K::OpenParen) => {
                let detail = format!("`=` is missing behind {:?}.", kind.text);
                self.error("Missing equals sign", detail, label.span)
            }
            _ if ended => {
                let detail = "The `{` of the block is missing. It stands on the line of its name.";
                let span = labels.last().map_or(kind.span, |label| kind.span.to(label.span));
                self.error("Invalid syntax", detail, span)
            }
            _ => self.unexpected("`{` or a name in quotes"),
        };
        let hole = self.hole(kind.span);
        into.attribute(kind, hole);
        failed
    }

    fn slice(&self, span: Span) -> &str {
        self.text.get(span.start as usize..span.end as usize).unwrap_or("")
    }

    /// A label in quotes, its first one read: plain text.
    fn label_behind_quote(&mut self) -> Parsed<Name> {
        let start = self.behind.saturating_sub(1);
        let mut label = String::new();
        loop {
            let token = self.bump_text();
            match token.kind {
                K::CloseQuote => break,
                K::QuotedText => match text::unescape(self.text_of(token)) {
                    Ok(text) => label.push_str(&text),
                    Err(place) => return Err(self.invalid_escape(token, &place)),
                },
                K::OpenValue | K::OpenDirective => {
                    let sign = self.text_of(token).get(..1).unwrap_or("");
                    let detail = format!(
                        "A name is plain text. Write `{sign}{sign}{{` where `{sign}{{` itself is \
                         meant."
                    );
                    return Err(self.error("Template in a name", detail, self.span_of(token)));
                }
                _ => return Err(self.unclosed_string(start, token)),
            }
        }
        let text = self.pool.share(&label);
        Ok(Name { text, span: self.span_from(start) })
    }

    /// A `}` at the top level. What stands further right above it was in a block that ended early.
    fn stray_brace(&mut self, into: &mut Reading) {
        let token = self.peek();
        let base = self.base();
        self.item(base, |parser| {
            let detail = "Nothing is open that `}` could close. Remove it, or one above that \
                          closes its block early.";
            parser.error("Unexpected closing bracket", detail, parser.span_of(token));
            parser.bump();
            if parser.at(K::Newline) {
                parser.bump();
            }
        });
        into.drop_last(|start| self.first_on_line(start).is_some_and(|indent| indent > 0));
    }
}

impl Reading {
    fn new() -> Self {
        Self {
            attributes: Vec::new(),
            blocks: Vec::new(),
            known: BTreeMap::new(),
            damaged: Vec::new(),
        }
    }

    fn is_empty(&self) -> bool {
        self.attributes.is_empty() && self.blocks.is_empty()
    }

    /// Adds an attribute, unless there is one of its name.
    fn attribute(&mut self, name: Name, expr: Expr) -> Option<Diagnostic> {
        if let Some(first) = self.first_of(&name) {
            let detail = format!("{:?} is already set. Keep one of the two.", name.text);
            let fault = Diagnostic::error("Attribute set twice", detail).at(name.span);
            return Some(fault.related(first, "first set here"));
        }
        if !self.known.is_empty() {
            self.known.insert(Arc::clone(&name.text), name.span);
        }
        self.attributes.push(Attribute { name, expr });
        None
    }

    /// Where the attribute of this name is set.
    fn first_of(&mut self, name: &Name) -> Option<Span> {
        if self.attributes.len() < FEW {
            let mut known = self.attributes.iter().map(|attribute| &attribute.name);
            return known.find(|known| known.text == name.text).map(|known| known.span);
        }
        if self.known.is_empty() {
            let known = self.attributes.iter().map(|attribute| &attribute.name);
            self.known = known.map(|name| (Arc::clone(&name.text), name.span)).collect();
        }
        self.known.get(&name.text).copied()
    }

    fn block(&mut self, kind: Name, labels: Vec<Name>, inner: Self, span: Span) {
        let Self { mut attributes, mut blocks, known: _, damaged } = inner;
        attributes.shrink_to_fit();
        blocks.shrink_to_fit();
        self.damaged.extend(damaged);
        self.blocks.push(Block { kind, labels, body: Body { attributes, blocks, span } });
    }

    /// Where the first item begins for whose place `test` holds.
    fn first(&self, test: impl Fn(u32) -> bool) -> Option<u32> {
        let starts = self.attributes.iter().map(|it| it.name.span.start);
        let starts = starts.chain(self.blocks.iter().map(|it| it.kind.span.start));
        starts.filter(|start| test(*start)).min()
    }

    /// Takes away what begins at this place or behind it.
    fn split(&mut self, first: Option<u32>) -> End {
        let Some(first) = first else { return End::Unclosed(Vec::new(), Vec::new()) };
        let attributes = self.attributes.iter().position(|it| it.name.span.start >= first);
        let attributes = self.attributes.split_off(attributes.unwrap_or(self.attributes.len()));
        let blocks = self.blocks.iter().position(|it| it.kind.span.start >= first);
        let blocks = self.blocks.split_off(blocks.unwrap_or(self.blocks.len()));
        End::Unclosed(attributes, blocks)
    }

    /// Drops items from the end, as long as `test` holds for their places.
    fn drop_last(&mut self, test: impl Fn(u32) -> bool) {
        loop {
            let attribute = self.attributes.last().map(|it| it.name.span.start);
            let block = self.blocks.last().map(|it| it.kind.span.start);
            match attribute.max(block) {
                Some(last) if test(last) => {
                    if attribute > block {
                        if let Some(attribute) = self.attributes.pop() {
                            self.known.remove(&attribute.name.text);
                        }
                    } else {
                        self.blocks.pop();
                    }
                }
                Some(_) | None => return,
            }
        }
    }
}
