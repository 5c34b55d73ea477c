//! Going on behind a fault: where the next item or entry begins.
//!
//! Brackets tell where an item ends, as long as they match. Where they do not, the layout does: a
//! line that is indented no further than the item, and begins like one, is the next. Nothing is
//! looked at twice but what was never closed, and that a few times only.

use super::lex::{Lexer, Token, TokenKind};
use super::parser::{Base, Failed, Parsed, Parser};

/// Times that what was never closed is read once more, for what stands behind its beginning.
const MAX_REWINDS: usize = 5;

/// Indentation is not looked at beyond this.
const MAX_INDENT: usize = 400;

impl<'a> Parser<'a> {
    /// How far the line is indented.
    pub(super) fn indent(&self, line: usize) -> usize {
        let rest = self.text.get(line..).unwrap_or("");
        rest.bytes().take(MAX_INDENT).take_while(|byte| matches!(byte, b' ' | b'\t')).count()
    }

    /// How far this place is indented, if it is the first of its line.
    pub(super) fn first_on_line(&self, at: u32) -> Option<usize> {
        let before = self.text.as_bytes().get(..at as usize).unwrap_or(&[]);
        let mut spaces = 0;
        for byte in before.iter().rev().take(MAX_INDENT) {
            match byte {
                b' ' | b'\t' => spaces += 1,
                b'\n' => return Some(spaces),
                _ => return None,
            }
        }
        (spaces == before.len()).then_some(spaces)
    }

    /// What stands behind the token on its line.
    pub(super) fn rest_of_line(&self, token: Token) -> &'a str {
        let rest = self.text.get(token.end as usize..).unwrap_or("");
        rest.split('\n').next().unwrap_or("")
    }

    /// Whether the line looks like the next attribute or block beside one that is indented by
    /// `indent`, or like the end of the body that both are in.
    pub(super) fn begins_item(&self, line: usize, indent: usize) -> bool {
        let own = self.indent(line);
        let rest = self.text.get(line + own..).unwrap_or("");
        let rest = rest.split('\n').next().unwrap_or("");
        if rest.starts_with('}') {
            return own < indent;
        }
        let mut tokens =
            Lexer::new(rest).filter(|token| token.kind != TokenKind::Space).map(|it| it.kind);
        own <= indent
            && tokens.next() == Some(TokenKind::Ident)
            && matches!(
                tokens.next(),
                Some(
                    TokenKind::Equal
                        | TokenKind::OpenBrace
                        | TokenKind::OpenQuote
                        | TokenKind::Ident
                )
            )
    }

    /// Whether the line begins like the rest of something, so that it is no item or entry.
    pub(super) fn goes_on(&self, line: usize) -> bool {
        let rest = self.text.get(line + self.indent(line)..).unwrap_or("");
        rest.starts_with(|c: char| c.is_ascii_digit() || "+-*/%?:.,&|=<>!])".contains(c))
            && !rest.starts_with("//")
            && !rest.starts_with("/*")
    }

    /// Whether this token is the first of a line that is no part of the current item.
    pub(super) fn belongs_elsewhere(&self, token: Token) -> bool {
        self.line > self.item_line
            && self.line + self.indent(self.line) == token.start as usize
            && self.begins_item(self.line, self.indent(self.item_line))
    }

    /// Goes on behind a fault: at the line behind the item, at the next one that looks like an
    /// item of the same body, or at the `}` that closes the body.
    pub(super) fn recover(&mut self) {
        let indent = self.indent(self.item_line);
        if self.ahead.is_some_and(|token| self.belongs_elsewhere(token)) && !self.within_heredoc() {
            self.jump(self.line);
            return;
        }
        let mut fault_line = Some(self.line);
        loop {
            let token = self.scan();
            if token.kind == TokenKind::End {
                if !self.rewind(indent) {
                    self.ahead = Some(token);
                    self.ended = true;
                }
                return;
            }
            if self.closes_base(token) {
                self.open.truncate(self.base.open);
                self.give_back(token);
                return;
            }
            self.passed(token);
            if token.kind != TokenKind::Newline {
                continue;
            }
            if let Some(line) = fault_line.take() {
                self.close_quote(line, token);
            }
            let at = token.end as usize;
            if self.open_here().is_empty() && !self.goes_on(at) {
                return;
            }
            if !self.within_heredoc() && self.begins_item(at, indent) {
                self.jump(at);
                return;
            }
        }
    }

    /// Goes on behind a fault in a collection: behind its next comma, at the next line where lines
    /// separate entries, or at its closer. It fails where the collection seems not to be closed.
    pub(super) fn recover_entry(&mut self, base: Base, closer: TokenKind) -> Parsed<()> {
        let lines_separate = closer == TokenKind::CloseBrace;
        let indent = self.indent(self.item_line);
        if self.ahead.is_some_and(|token| self.belongs_elsewhere(token)) && !self.within_heredoc() {
            return Err(Failed);
        }
        let mut fault_line = Some(self.line);
        loop {
            let token = self.scan();
            let here = self.open.len() <= base.open;
            match token.kind {
                TokenKind::End => {
                    self.ahead = Some(token);
                    return Err(Failed);
                }
                TokenKind::Comma if here => {
                    self.speak();
                    return Ok(());
                }
                TokenKind::CloseBrace | TokenKind::CloseBracket | TokenKind::CloseParen
                    if here || self.closes_base(token) =>
                {
                    let own = here && token.kind == closer;
                    self.give_back(token);
                    return if own { Ok(()) } else { Err(Failed) };
                }
                _ => {}
            }
            if token.kind == TokenKind::Newline {
                if self.begins_item(token.end as usize, indent) && !self.within_heredoc() {
                    self.give_back(token);
                    return Err(Failed);
                }
                if here && lines_separate && !self.goes_on(token.end as usize) {
                    self.speak();
                    return Ok(());
                }
            }
            self.passed(token);
            if token.kind == TokenKind::Newline
                && let Some(line) = fault_line.take()
            {
                self.close_quote(line, token);
            }
        }
    }

    pub(super) fn give_back(&mut self, token: Token) {
        self.ahead = Some(token);
    }

    /// Whether the token closes the body that the current item is in.
    fn closes_base(&self, token: Token) -> bool {
        token.kind == TokenKind::CloseBrace && self.lexer.depth() < self.base.depth
    }

    fn within_heredoc(&self) -> bool {
        self.open_here().last().is_some_and(|open| open.heredoc)
    }

    /// Closes the quote that was open on the line of a fault: where a `}` is missing, all that
    /// follows would be part of it.
    fn close_quote(&mut self, fault_line: usize, newline: Token) {
        let here = self.base.open;
        let found = self.open.iter().skip(here).position(|open| {
            open.token.kind == TokenKind::OpenQuote && open.token.start as usize >= fault_line
        });
        if let Some(found) = found
            && let Some(open) = self.open.get(here + found).copied()
        {
            self.open.truncate(here + found);
            self.lexer.resume(newline.end as usize, open.depth);
        }
    }

    /// Passes over all that is left, for which nothing can be made of it.
    pub(super) fn give_up(&mut self) {
        self.ended = true;
        self.jump(self.text.len());
    }

    /// Goes on at the beginning of a line, with nothing open but the body.
    fn jump(&mut self, line: usize) {
        self.ahead = None;
        self.line = line;
        self.open.truncate(self.base.open);
        self.lexer.resume(line, self.base.depth);
    }

    /// Goes on behind the beginning of what was never closed, where a line looks like an item.
    fn rewind(&mut self, indent: usize) -> bool {
        let unclosed = self
            .open_here()
            .iter()
            .find(|open| open.token.kind == TokenKind::HeredocBegin)
            .map(|open| open.token.end as usize);
        let Some(mut line) = unclosed.filter(|_| self.rewinds < MAX_REWINDS) else {
            return false;
        };
        self.rewinds += 1;
        while line < self.text.len() {
            if self.begins_item(line, indent) {
                self.jump(line);
                return true;
            }
            let rest = self.text.get(line..).unwrap_or("");
            line += rest.find('\n').map_or(rest.len(), |at| at + 1);
        }
        false
    }
}
