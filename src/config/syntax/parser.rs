//! The cursor over the tokens: looking ahead, keeping track of what is open, telling faults, and
//! finding the place to go on behind one.

use super::lex::{Lexer, Token, TokenKind};
use super::text::Pool;
use crate::config::expr::{Expr, ExprKind, Name};
use crate::diag::{Diagnostic, Diagnostics, FileId, Span};
use crate::value::Value;

/// Faults of one text that are told; what follows is passed over in silence.
const MAX_FAULTS: usize = 50;

/// How deep expressions and blocks nest. Each level takes some of the stack here.
pub(super) const MAX_NESTING: usize = 100;

/// How many levels a tree has, which the evaluator walks recursively. Operators and what follows a
/// value, as in `a.b[0]`, make a level each.
pub(super) const MAX_HEIGHT: usize = 500;

/// Nothing could be made of the text; why has been told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Failed;

pub(super) type Parsed<T> = Result<T, Failed>;

/// An expression, and how many levels it has.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) expr: Expr,
    pub(super) height: usize,
}

impl Tree {
    pub(super) fn leaf(kind: ExprKind, span: Span) -> Self {
        Self { expr: Expr { kind, span }, height: 1 }
    }
}

/// What has been opened and not closed yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Open {
    /// The token that opened it.
    pub(super) token: Token,
    /// How many braces and templates the scanner was within before.
    depth: usize,
    /// Where the token's line begins.
    line: usize,
    /// Whether it is a heredoc or within one.
    heredoc: bool,
}

/// What was open where a body or a collection began: nothing in it may close any of that.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Base {
    open: usize,
    depth: usize,
}

/// Indentation is not looked at beyond this.
const MAX_INDENT: usize = 400;

pub(super) struct Parser<'a> {
    pub(super) text: &'a str,
    pub(super) file: FileId,
    lexer: Lexer<'a>,
    ahead: Option<Token>,
    /// Where the last token ended that was read.
    pub(super) behind: u32,
    /// Where the line of the last token began.
    line: usize,
    /// Whether the end of a line means something.
    newlines: bool,
    nesting: usize,
    open: Vec<Open>,
    /// The attribute or block that is read: what was open before it, and its line.
    base: Base,
    item_line: usize,
    /// A bracket that was closed by one further left than its line; most likely its own is missing.
    suspect: Option<(Token, Token)>,
    /// A fault of the current item has been told; what follows from it is not.
    quiet: bool,
    /// The line of which a fault has been told that would be repeated.
    told_line: Option<usize>,
    /// What was never closed has been told; what is around it is not closed, either.
    ended: bool,
    faults: Diagnostics,
    pub(super) pool: Pool,
}

impl<'a> Parser<'a> {
    pub(super) fn new(text: &'a str, file: FileId, lexer: Lexer<'a>) -> Self {
        Self {
            text,
            file,
            lexer,
            ahead: None,
            behind: 0,
            line: 0,
            newlines: true,
            nesting: 0,
            open: Vec::new(),
            base: Base::default(),
            item_line: 0,
            suspect: None,
            quiet: false,
            told_line: None,
            ended: false,
            faults: Vec::new(),
            pool: Pool::default(),
        }
    }

    /// The faults in the order of the text.
    pub(super) fn finish(self) -> Diagnostics {
        let mut faults = self.faults;
        crate::diag::sort(&mut faults);
        faults
    }

    pub(super) fn span(&self, start: u32, end: u32) -> Span {
        Span { file: self.file, start, end }
    }

    pub(super) fn span_of(&self, token: Token) -> Span {
        self.span(token.start, token.end)
    }

    /// From `start` to the end of what was read last.
    pub(super) fn span_from(&self, start: u32) -> Span {
        self.span(start, self.behind.max(start))
    }

    pub(super) fn text_of(&self, token: Token) -> &'a str {
        token.text(self.text)
    }

    pub(super) fn name(&mut self, token: Token) -> Name {
        Name { text: self.pool.share(token.text(self.text)), span: self.span_of(token) }
    }

    /// What stands where an expression could not be read: no value is known of it.
    pub(super) fn hole(&self, span: Span) -> Expr {
        Expr { kind: ExprKind::Literal(Value::Unknown(crate::value::Type::Any)), span }
    }

    // Tokens.

    fn end(&self) -> Token {
        let end = u32::try_from(self.text.len()).unwrap_or(u32::MAX);
        Token { kind: TokenKind::End, start: end, end }
    }

    /// The next token as the scanner gives it.
    fn scan(&mut self) -> Token {
        let token = self.ahead.take().or_else(|| self.lexer.next()).unwrap_or_else(|| self.end());
        if matches!(token.kind, TokenKind::Newline | TokenKind::HeredocBegin)
            || (token.kind == TokenKind::RawText && token.text(self.text).ends_with('\n'))
        {
            self.line = token.end as usize;
        }
        token
    }

    /// The next token that means something here.
    pub(super) fn peek(&mut self) -> Token {
        if let Some(token) = self.ahead
            && (self.newlines || token.kind != TokenKind::Newline)
        {
            return token;
        }
        loop {
            let token = self.scan();
            let passed =
                token.kind.is_trivia() || (token.kind == TokenKind::Newline && !self.newlines);
            if !passed {
                self.ahead = Some(token);
                return token;
            }
        }
    }

    pub(super) fn at(&mut self, kind: TokenKind) -> bool {
        self.peek().kind == kind
    }

    /// Whether the next token is this word.
    pub(super) fn at_word(&mut self, word: &str) -> bool {
        let token = self.peek();
        token.kind == TokenKind::Ident && self.text_of(token) == word
    }

    /// Reads the token that [`Self::peek`] gives.
    pub(super) fn bump(&mut self) -> Token {
        let token = self.peek();
        self.ahead = None;
        self.passed(token);
        token
    }

    /// Reads the next token of a template, where spaces are text.
    pub(super) fn bump_text(&mut self) -> Token {
        let token = self.scan();
        self.passed(token);
        token
    }

    /// Looks at the next token of a template.
    pub(super) fn peek_text(&mut self) -> Token {
        let token = self.scan();
        self.ahead = Some(token);
        token
    }

    pub(super) fn take(&mut self, kind: TokenKind) -> Option<Token> {
        self.at(kind).then(|| self.bump())
    }

    /// Runs `read` where ends of lines mean something, or where they do not.
    pub(super) fn with_newlines<T>(
        &mut self,
        newlines: bool,
        read: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let before = std::mem::replace(&mut self.newlines, newlines);
        let result = read(self);
        self.newlines = before;
        result
    }

    /// Runs `read` a level deeper.
    pub(super) fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.nesting >= MAX_NESTING {
            let token = self.peek();
            return Err(self.too_deep(self.span_of(token)));
        }
        self.nesting += 1;
        let result = read(self);
        self.nesting -= 1;
        result
    }

    /// Keeps track of what is open.
    fn passed(&mut self, token: Token) {
        use TokenKind as K;
        self.behind = token.end;
        match token.kind {
            K::OpenBrace
            | K::OpenBracket
            | K::OpenParen
            | K::OpenQuote
            | K::HeredocBegin
            | K::OpenValue
            | K::OpenDirective => {
                let inner = !matches!(token.kind, K::OpenBracket | K::OpenParen);
                let depth = self.lexer.depth().saturating_sub(usize::from(inner));
                let outer = self.open.last().is_some_and(|open| open.heredoc);
                let heredoc = outer || token.kind == K::HeredocBegin;
                self.open.push(Open { token, depth, line: self.line, heredoc });
            }
            K::CloseBrace
            | K::CloseBracket
            | K::CloseParen
            | K::CloseQuote
            | K::HeredocEnd
            | K::CloseTemplate => {
                let opens = |open: &Open| closes(token.kind, open.token.kind);
                // Where brackets do not match, a few are looked through for the right one.
                if let Some(back) = self.open.iter().rev().take(8).position(opens) {
                    self.open.truncate(self.open.len() - back);
                    if let Some(open) = self.open.pop() {
                        self.suspect(open, token);
                    }
                }
            }
            // The scanner has closed the template.
            K::Newline if self.open.last().is_some_and(|it| it.token.kind == K::OpenQuote) => {
                self.open.pop();
            }
            _ => {}
        }
    }

    /// Takes note of a `}` further left than the line with its `{`.
    fn suspect(&mut self, open: Open, close: Token) {
        if self.suspect.is_none()
            && open.token.kind == TokenKind::OpenBrace
            && open.line < self.line
            && self.line + self.indent(self.line) == close.start as usize
            && self.indent(self.line) < self.indent(open.line)
        {
            self.suspect = Some((open.token, close));
        }
    }

    // Lines.

    /// How far the line is indented.
    fn indent(&self, line: usize) -> usize {
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
    fn begins_item(&self, line: usize, indent: usize) -> bool {
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

    /// Whether this token is the first of a line that is no part of the current item.
    fn belongs_elsewhere(&self, token: Token) -> bool {
        self.line > self.item_line
            && self.line + self.indent(self.line) == token.start as usize
            && self.begins_item(self.line, self.indent(self.item_line))
    }

    // Items.

    pub(super) fn base(&self) -> Base {
        Base { open: self.open.len(), depth: self.lexer.depth() }
    }

    /// Reads one attribute or block, faults of which are told anew.
    pub(super) fn item<T>(&mut self, base: Base, read: impl FnOnce(&mut Self) -> T) -> T {
        let before = (self.base, self.item_line);
        self.base = base;
        self.item_line = self.line;
        self.quiet = false;
        let result = read(self);
        (self.base, self.item_line) = before;
        result
    }

    /// Tells faults anew: what was told of one entry says nothing of the next.
    pub(super) fn speak(&mut self) {
        self.quiet = false;
    }

    /// What is open within the current item, the innermost last.
    fn open_here(&self) -> &[Open] {
        self.open.get(self.base.open..).unwrap_or(&[])
    }

    // Faults.

    /// How many faults have been told.
    pub(super) fn count(&self) -> usize {
        self.faults.len()
    }

    /// Whether there may be faults that have not been told, being too many.
    pub(super) fn gave_up(&self) -> bool {
        self.faults.len() >= MAX_FAULTS
    }

    /// Tells a fault that would be repeated by each item of a line.
    pub(super) fn once_a_line(&mut self, summary: &'static str, detail: &str, token: Token) {
        if self.told_line.replace(self.line) != Some(self.line) {
            self.error(summary, detail, self.span_of(token));
        }
    }

    /// Tells a fault, unless one of the same item has been told.
    pub(super) fn fault(&mut self, fault: Diagnostic) -> Failed {
        if !std::mem::replace(&mut self.quiet, true) && self.faults.len() < MAX_FAULTS {
            self.faults.push(fault);
        }
        Failed
    }

    pub(super) fn error(
        &mut self,
        summary: &'static str,
        detail: impl Into<String>,
        span: Span,
    ) -> Failed {
        self.fault(Diagnostic::error(summary, detail).at(span))
    }

    pub(super) fn too_deep(&mut self, span: Span) -> Failed {
        let detail = format!(
            "Expressions and blocks nest at most {MAX_NESTING} levels deep, and at most \
             {MAX_HEIGHT} operators or indexes stand in a row. Name a part of it in `locals` and \
             use the name."
        );
        self.error("Too deep nesting", detail, span)
    }

    /// Refuses a tree with too many levels.
    pub(super) fn grown(&mut self, kind: ExprKind, span: Span, height: usize) -> Parsed<Tree> {
        if height > MAX_HEIGHT {
            return Err(self.too_deep(span));
        }
        Ok(Tree { expr: Expr { kind, span }, height })
    }

    /// Tells that the next token is not what is `wanted`, such as "A comma".
    pub(super) fn unexpected(&mut self, wanted: &str) -> Failed {
        let token = self.peek();
        if self.quiet || self.faults.len() >= MAX_FAULTS {
            return Failed;
        }
        if let Some(fault) = self.odd_token(token) {
            return self.fault(fault);
        }
        if let Some(fault) = self.unclosed(token) {
            return self.fault(fault);
        }
        let hint = self.hint(token);
        let found = self.describe(token);
        let detail = format!("{wanted} is expected here, not {found}.{hint}");
        self.error("Invalid syntax", detail, self.span_of(token))
    }

    /// What is missing where this token stands, if a bracket is.
    pub(super) fn unclosed(&self, token: Token) -> Option<Diagnostic> {
        let open = self.open_here().last()?.token;
        let sign = self.text_of(open).trim_end();
        let closer = match open.kind {
            TokenKind::OpenBracket => "]",
            TokenKind::OpenParen => ")",
            TokenKind::OpenBrace => "}",
            TokenKind::OpenValue | TokenKind::OpenDirective => "}",
            _ => return None,
        };
        let template = matches!(open.kind, TokenKind::OpenValue | TokenKind::OpenDirective);
        let summary = if template { "Unclosed template" } else { "Unclosed bracket" };
        if matches!(token.kind, TokenKind::OpenQuote | TokenKind::CloseQuote) && template {
            let detail =
                format!("`{closer}` is missing: `{sign}` is still open where the quote ends.");
            return Some(Diagnostic::error(summary, detail).at(self.span_of(open)));
        }
        if token.kind == TokenKind::End || self.belongs_elsewhere(token) {
            let detail =
                format!("The `{sign}` that stands here is never closed. Close it with `{closer}`.");
            return Some(Diagnostic::error(summary, detail).at(self.span_of(open)));
        }
        let closes = matches!(
            token.kind,
            TokenKind::CloseBrace
                | TokenKind::CloseBracket
                | TokenKind::CloseParen
                | TokenKind::CloseTemplate
        );
        if closes && !template && self.text_of(token) != closer {
            let detail = format!(
                "`{sign}` is open here, and `{}` stands where `{closer}` is expected.",
                self.text_of(token)
            );
            let fault = Diagnostic::error("Mismatched brackets", detail).at(self.span_of(open));
            return Some(fault.related(self.span_of(token), "closed by this"));
        }
        None
    }

    /// Tells of a block that is not closed at the end of the text.
    pub(super) fn unclosed_block(&mut self, open: Token) {
        let suspect = self.suspect.filter(|(inner, _)| inner.start > open.start);
        let fault = match suspect {
            Some((inner, close)) => Diagnostic::error(
                "Unclosed bracket",
                "The `{` that stands here is never closed: going by how the lines are indented, \
                 the `}` that closes it belongs to another one.",
            )
            .at(self.span_of(inner))
            .related(self.span_of(close), "closed by this, further left"),
            None => Diagnostic::error(
                "Unclosed bracket",
                "The `{` that stands here is never closed. Close the block with `}`.",
            )
            .at(self.span_of(open)),
        };
        if !std::mem::replace(&mut self.ended, true) {
            self.quiet = false;
            self.fault(fault);
        }
    }

    // Recovery.

    /// Goes on behind a fault: at the line behind the item, at the next one that looks like an
    /// item of the same body, or at the `}` that closes the body.
    pub(super) fn recover(&mut self) {
        let indent = self.indent(self.item_line);
        let mut fault_line = Some(self.line);
        loop {
            let token = self.scan();
            if token.kind == TokenKind::End {
                if !self.rewind(indent) {
                    self.ahead = Some(token);
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
            if self.open_here().is_empty() {
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
                if here && lines_separate {
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
        let Some(mut line) = unclosed.filter(|_| self.faults.len() < MAX_FAULTS) else {
            return false;
        };
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

/// Whether `closer` closes what `opener` opens.
fn closes(closer: TokenKind, opener: TokenKind) -> bool {
    use TokenKind as K;
    match opener {
        K::OpenBrace => closer == K::CloseBrace,
        K::OpenBracket => closer == K::CloseBracket,
        K::OpenParen => closer == K::CloseParen,
        K::OpenQuote => closer == K::CloseQuote,
        K::HeredocBegin => closer == K::HeredocEnd,
        _ => closer == K::CloseTemplate,
    }
}
