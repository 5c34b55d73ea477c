//! Templates: quoted texts, heredocs, and whole texts. `~` trims, `<<-` takes the margin, and
//! directives are put together.
//!
//! A template is first laid flat, a piece a token, because what `~` and `<<-` do goes by tokens and
//! across directives: in a heredoc each line is one.

use super::lex::{Token, TokenKind as K};
use super::parser::{Failed, Parsed, Parser, Tree};
use super::text;
use crate::config::expr::{Expr, ExprKind, ForPart, IfPart, Part};
use crate::diag::{Diagnostic, Span, did_you_mean};
use crate::value::Value;
use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;
use unicode_segmentation::UnicodeSegmentation as _;

/// A piece of a template, all directives laid flat.
enum Flat<'a> {
    Text(Cow<'a, str>),
    Value(Tree),
    If(Tree, Span),
    Else(Span),
    EndIf(Span),
    For(Option<Arc<str>>, Arc<str>, Tree, Span),
    EndFor(Span),
}

/// A directive that is not closed yet, and what is around it.
struct Frame {
    parts: Vec<Part>,
    height: usize,
    opened: Option<Opened>,
}

enum Opened {
    If { condition: Expr, span: Span, then: Option<Box<[Part]>> },
    For { key_var: Option<Arc<str>>, value_var: Arc<str>, collection: Expr, span: Span },
}

impl<'a> Parser<'a> {
    /// A template whose `"` or `<<EOT` has been read.
    pub(super) fn quoted_or_heredoc(&mut self, open: Token) -> Parsed<Tree> {
        if open.kind == K::OpenQuote {
            let first = self.peek_text();
            if first.kind == K::QuotedText {
                self.bump_text();
                if self.peek_text().kind == K::CloseQuote {
                    self.bump_text();
                    let text = self.literal(first)?;
                    let literal = ExprKind::Literal(Value::String(self.pool.share(&text)));
                    return Ok(Tree::leaf(literal, self.span_from(open.start)));
                }
                let text = self.literal(first)?;
                return self.template(Some(open), vec![Flat::Text(text)]);
            }
        }
        self.template(Some(open), Vec::new())
    }

    /// Reads a template that is the whole text.
    pub(super) fn lone_template(&mut self) -> Parsed<Expr> {
        Ok(self.template(None, Vec::new())?.expr)
    }

    /// Reads a template up to what closes it, or to the end of the text.
    fn template(&mut self, open: Option<Token>, mut flats: Vec<Flat<'a>>) -> Parsed<Tree> {
        let closer = match open.map(|open| open.kind) {
            Some(K::OpenQuote) => K::CloseQuote,
            Some(_) => K::HeredocEnd,
            None => K::End,
        };
        let mut trim_next = false;
        loop {
            let token = self.bump_text();
            let trim = std::mem::take(&mut trim_next);
            match token.kind {
                K::QuotedText | K::RawText => {
                    let text = self.literal(token)?;
                    flats.push(Flat::Text(if trim { trim_start(text) } else { text }));
                }
                K::OpenValue | K::OpenDirective => {
                    if self.text_of(token).ends_with('~')
                        && let Some(Flat::Text(text)) = flats.last_mut()
                    {
                        let length = text.trim_end().len();
                        match text {
                            Cow::Borrowed(text) => *text = text.get(..length).unwrap_or(""),
                            Cow::Owned(text) => text.truncate(length),
                        }
                    }
                    let (flat, strips) =
                        self.with_newlines(false, |parser| parser.inserted(token))?;
                    flats.push(flat);
                    trim_next = strips;
                }
                kind if kind == closer => break,
                // A byte order mark.
                K::Space => {}
                _ => return Err(self.unclosed_template(open, token)),
            }
        }
        if open.is_some_and(|open| self.text_of(open).starts_with("<<-")) {
            dedent(&mut flats);
        }
        let span = self.span_from(open.map_or(0, |open| open.start));
        self.assemble(flats, span)
    }

    /// The text that a token stands for.
    fn literal(&mut self, token: Token) -> Parsed<Cow<'a, str>> {
        let text = self.text_of(token);
        if token.kind == K::RawText {
            return Ok(text::unescape_signs(text));
        }
        text::unescape(text).map_err(|place| self.invalid_escape(token, &place))
    }

    pub(super) fn invalid_escape(&mut self, token: Token, place: &Range<usize>) -> Failed {
        let offset = |at: usize| token.start + u32::try_from(at).unwrap_or(0);
        let span = self.span(offset(place.start), offset(place.end));
        let detail = "A backslash in a quoted text is followed by one of `n`, `r`, `t`, `\"`, \
                      `\\`, by `u` and four hexadecimal digits, or by `U` and eight. `\\\\` \
                      stands for the backslash itself.";
        self.error("Invalid escape", detail, span)
    }

    /// What stands between `${` or `%{` and `}`; whether `~}` closes it.
    fn inserted(&mut self, open: Token) -> Parsed<(Flat<'a>, bool)> {
        let (flat, wanted) = if open.kind == K::OpenValue {
            (Flat::Value(self.expr()?), "The `}` of `${ }`")
        } else {
            (self.directive(open)?, "The `}` of the directive")
        };
        let Some(close) = self.take(K::CloseTemplate) else {
            return Err(self.unclosed_insertion(open, wanted));
        };
        let span = self.span_from(open.start);
        let flat = match flat {
            Flat::If(condition, _) => Flat::If(condition, span),
            Flat::Else(_) => Flat::Else(span),
            Flat::EndIf(_) => Flat::EndIf(span),
            Flat::For(key, value, collection, _) => Flat::For(key, value, collection, span),
            Flat::EndFor(_) => Flat::EndFor(span),
            Flat::Text(_) | Flat::Value(_) => flat,
        };
        Ok((flat, self.text_of(close).starts_with('~')))
    }

    fn unclosed_insertion(&mut self, open: Token, wanted: &str) -> Failed {
        let token = self.peek();
        if open.kind == K::OpenValue && token.kind == K::Colon {
            let detail = "A value has no `:` in it. Where `${` is meant for another language, \
                          such as a shell, write `$${`.";
            return self.error("Invalid syntax", detail, self.span_of(token));
        }
        self.unexpected(wanted)
    }

    fn directive(&mut self, open: Token) -> Parsed<Flat<'a>> {
        let word = self.peek();
        let span = self.span_of(open);
        if word.kind != K::Ident {
            return Err(self.unexpected("`if`, `else`, `endif`, `for` or `endfor`"));
        }
        self.bump();
        Ok(match self.text_of(word) {
            "if" => Flat::If(self.expr()?, span),
            "else" => {
                if self.at_word("if") {
                    let detail = "There is no `else if`. Put a whole `%{ if … }` with its own \
                                  `%{ endif }` behind `%{ else }`.";
                    let end = self.peek().end;
                    let place = self.span(word.start, end);
                    return Err(self.error("Invalid directive", detail, place));
                }
                Flat::Else(span)
            }
            "endif" => Flat::EndIf(span),
            "for" => {
                let (key, value) = self.for_names()?;
                Flat::For(key, value, self.expr()?, span)
            }
            "endfor" => Flat::EndFor(span),
            other => {
                let known = ["if", "else", "endif", "for", "endfor"];
                let detail = format!(
                    "There is no directive `{other}`.{} Where `%{{` itself is meant, write `%%{{`.",
                    did_you_mean(other, known)
                );
                return Err(self.error("Invalid directive", detail, self.span_of(word)));
            }
        })
    }

    fn unclosed_template(&mut self, open: Option<Token>, token: Token) -> Failed {
        match open {
            Some(open) if open.kind == K::OpenQuote => self.unclosed_string(open.start, token),
            Some(open) => {
                self.give_back(token);
                if let Some(fault) = self.odd_token(token) {
                    return self.fault(fault);
                }
                let start = self.text_of(open).trim_end();
                let marker = start.trim_start_matches(['<', '-']);
                let near = self.near_marker(open, marker);
                let detail = format!(
                    "The heredoc that begins here is never closed. Close it with `{marker}` on a \
                     line of its own."
                );
                let end = open.start + u32::try_from(start.len()).unwrap_or(0);
                let mut fault =
                    Diagnostic::error("Unclosed heredoc", detail).at(self.span(open.start, end));
                if let Some(near) = near {
                    fault = fault.related(near, "this does not close it: more stands on the line");
                }
                self.fault(fault)
            }
            None => {
                self.give_back(token);
                self.unexpected("Text")
            }
        }
    }

    /// The first line that begins with the marker of a heredoc and goes on.
    fn near_marker(&self, open: Token, marker: &str) -> Option<Span> {
        let mut at = open.end as usize;
        let rest = self.text.get(at..)?;
        for line in rest.split_inclusive('\n') {
            if line.trim_start().starts_with(marker) {
                let start = at + (line.len() - line.trim_start().len());
                let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
                return Some(self.span(offset(start), offset(at + line.trim_end().len())));
            }
            at += line.len();
        }
        None
    }

    /// A string that begins at `start` and is not closed before this token.
    pub(super) fn unclosed_string(&mut self, start: u32, token: Token) -> Failed {
        self.give_back(token);
        if let Some(fault) = self.odd_token(token) {
            return self.fault(fault);
        }
        let detail = "The string that begins here is not closed on its line. Close it with a \
                      double quote; for text of several lines use a heredoc (`<<EOT`).";
        self.error("Unclosed string", detail, self.span(start, token.start))
    }

    /// Puts the pieces together to a tree.
    fn assemble(&mut self, flats: Vec<Flat<'a>>, span: Span) -> Parsed<Tree> {
        // A lone `${value}` is the value itself; not one with text beside it, were it empty.
        let lone = matches!(flats.as_slice(), [Flat::Value(_)]);
        let mut frames: Vec<Frame> = Vec::new();
        let mut frame = Frame { parts: Vec::new(), height: 0, opened: None };
        let mut text = String::new();
        for flat in flats {
            if let Flat::Text(piece) = flat {
                text.push_str(&piece);
                continue;
            }
            frame.text(&mut text);
            let opened = match flat {
                Flat::Text(_) => continue,
                Flat::Value(tree) => {
                    frame.height = frame.height.max(tree.height);
                    frame.parts.push(Part::Value(tree.expr));
                    continue;
                }
                Flat::If(tree, span) => {
                    frame.height = frame.height.max(tree.height);
                    Opened::If { condition: tree.expr, span, then: None }
                }
                Flat::For(key_var, value_var, tree, span) => {
                    frame.height = frame.height.max(tree.height);
                    Opened::For { key_var, value_var, collection: tree.expr, span }
                }
                Flat::Else(span) => {
                    match &mut frame.opened {
                        Some(Opened::If { then: then @ None, .. }) => {
                            *then = Some(std::mem::take(&mut frame.parts).into());
                        }
                        opened => {
                            let fault = stray("else", opened.as_ref(), span);
                            return Err(self.fault(fault));
                        }
                    }
                    continue;
                }
                Flat::EndIf(span) | Flat::EndFor(span) => {
                    let name = if matches!(flat, Flat::EndIf(_)) { "endif" } else { "endfor" };
                    let outer = frames.pop();
                    frame = match (name, frame.opened, outer) {
                        ("endif", Some(Opened::If { condition, then, .. }), Some(outer)) => {
                            let parts = frame.parts.into();
                            let (then, otherwise) = match then {
                                Some(then) => (then, parts),
                                None => (parts, Box::default()),
                            };
                            let part = IfPart { condition, then, otherwise };
                            outer.with(Part::If(Box::new(part)), frame.height)
                        }
                        (
                            "endfor",
                            Some(Opened::For { key_var, value_var, collection, .. }),
                            Some(outer),
                        ) => {
                            let body = frame.parts.into();
                            let part = ForPart { key_var, value_var, collection, body };
                            outer.with(Part::For(Box::new(part)), frame.height)
                        }
                        (name, opened, _) => {
                            let fault = stray(name, opened.as_ref(), span);
                            return Err(self.fault(fault));
                        }
                    };
                    continue;
                }
            };
            frames.push(frame);
            if frames.len() > super::parser::MAX_HEIGHT {
                return Err(self.too_deep(span));
            }
            frame = Frame { parts: Vec::new(), height: 0, opened: Some(opened) };
        }
        if let Some(opened) = frame.opened {
            let (name, closer, place) = match opened {
                Opened::If { span, .. } => ("if", "endif", span),
                Opened::For { span, .. } => ("for", "endfor", span),
            };
            let detail = format!(
                "The `%{{ {name} }}` that stands here is never closed. Close it with \
                 `%{{ {closer} }}`."
            );
            return Err(self.error("Unclosed directive", detail, place));
        }
        frame.text(&mut text);
        let height = 1 + frame.height;
        let mut parts = frame.parts;
        let kind = match parts.as_slice() {
            [] => ExprKind::Literal(Value::String(self.pool.share(""))),
            [Part::Text(text)] => ExprKind::Literal(Value::String(Arc::clone(text))),
            [Part::Value(_)] if !lone => {
                parts.insert(0, Part::Text(self.pool.share("")));
                ExprKind::Template(parts.into())
            }
            _ => ExprKind::Template(parts.into()),
        };
        self.grown(kind, span, height)
    }
}

impl Frame {
    /// Adds the text that has come together.
    fn text(&mut self, text: &mut String) {
        if !text.is_empty() {
            self.parts.push(Part::Text(Arc::from(&*text::composed(text))));
            text.clear();
        }
    }

    fn with(mut self, part: Part, height: usize) -> Self {
        self.parts.push(part);
        self.height = self.height.max(height + 1);
        self
    }
}

/// A directive that closes nothing, or not what is open.
fn stray(name: &str, opened: Option<&Opened>, span: Span) -> Diagnostic {
    let (detail, place) = match opened {
        None => (format!("There is no directive open that `%{{ {name} }}` belongs to."), None),
        Some(Opened::If { span, .. }) if name == "else" => {
            ("The `%{ if }` has its `%{ else }` already.".to_owned(), Some(*span))
        }
        Some(Opened::If { span, .. }) => {
            (format!("`%{{ {name} }}` stands where `%{{ endif }}` is expected."), Some(*span))
        }
        Some(Opened::For { span, .. }) => {
            (format!("`%{{ {name} }}` stands where `%{{ endfor }}` is expected."), Some(*span))
        }
    };
    let fault = Diagnostic::error("Invalid directive", detail).at(span);
    match place {
        Some(place) => fault.related(place, "this is open"),
        None => fault,
    }
}

fn trim_start(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim_start()),
        Cow::Owned(text) => Cow::Owned(text.trim_start().to_owned()),
    }
}

/// Takes the margin that all lines share, as `<<-` asks. Blank lines have no say in it and keep
/// their spaces; a line that `~` has joined to what stands before it is no line of its own.
fn dedent(flats: &mut [Flat<'_>]) {
    let mut margin = usize::MAX;
    let mut beginnings = Vec::new();
    let mut new_line = true;
    for (n, flat) in flats.iter().enumerate() {
        let begins = std::mem::take(&mut new_line);
        match flat {
            Flat::Text(text) => {
                new_line = text.ends_with('\n');
                let rest = text.trim_start();
                if begins && !(rest.is_empty() && new_line) {
                    let space = text.get(..text.len() - rest.len()).unwrap_or("");
                    margin = margin.min(space.graphemes(true).count());
                    beginnings.push(n);
                }
            }
            _ if begins => margin = 0,
            _ => {}
        }
    }
    for n in beginnings {
        if let Some(Flat::Text(text)) = flats.get_mut(n) {
            let length = text.graphemes(true).take(margin).map(str::len).sum();
            *text = Cow::Owned(text.get(length..).unwrap_or("").to_owned());
        }
    }
}
