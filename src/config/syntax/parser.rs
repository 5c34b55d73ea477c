//! The cursor over the tokens: looking ahead, keeping track of what is open, telling faults, and
//! finding the place to go on behind one.

use super::lex::{Lexer, Token, TokenKind};
use super::text::Pool;
use crate::config::expr::{Expr, ExprKind, Name};
use crate::diag::{Diagnostics, FileId, Span};
use crate::value::Value;

/// How deep expressions and blocks nest. Each level takes some of the stack here.
pub(super) const MAX_NESTING: usize = 100;

/// How many levels a tree has, which the evaluator walks recursively. Operators and what follows a
/// value, as in `a.b[0]`, make a level each.
pub(in crate::config) const MAX_HEIGHT: usize = 500;

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
    pub(super) depth: usize,
    /// Where the token's line begins.
    pub(super) line: usize,
    /// Whether it is a heredoc or within one.
    pub(super) heredoc: bool,
}

/// What was open where a body or a collection began: nothing in it may close any of that.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Base {
    pub(super) open: usize,
    pub(super) depth: usize,
}

pub(super) struct Parser<'a> {
    pub(super) text: &'a str,
    pub(super) file: FileId,
    pub(super) lexer: Lexer<'a>,
    pub(super) ahead: Option<Token>,
    /// Where the last token ended that was read.
    pub(super) behind: u32,
    /// Where the line of the last token began.
    pub(super) line: usize,
    /// Whether the end of a line means something.
    pub(super) newlines: bool,
    pub(super) nesting: usize,
    pub(super) open: Vec<Open>,
    /// The attribute or block that is read: what was open before it, and its line.
    pub(super) base: Base,
    pub(super) item_line: usize,
    /// A bracket that was closed by one further left than its line; most likely its own is missing.
    pub(super) suspect: Option<(Token, Token)>,
    /// A fault of the current item has been told; what follows from it is not.
    pub(super) quiet: bool,
    /// The line of which a fault has been told that would be repeated.
    pub(super) told_line: Option<usize>,
    /// What was never closed has been told; what is around it is not closed, either.
    pub(super) ended: bool,
    pub(super) rewinds: usize,
    pub(super) faults: Diagnostics,
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
            rewinds: 0,
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
        Expr { kind: ExprKind::Literal(Value::unknown(crate::value::Type::Any)), span }
    }

    // Tokens.

    fn end(&self) -> Token {
        let end = u32::try_from(self.text.len()).unwrap_or(u32::MAX);
        Token { kind: TokenKind::End, start: end, end }
    }

    /// The next token as the scanner gives it.
    pub(super) fn scan(&mut self) -> Token {
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

    /// Refuses a tree with too many levels.
    pub(super) fn grown(&mut self, kind: ExprKind, span: Span, height: usize) -> Parsed<Tree> {
        if height > MAX_HEIGHT {
            return Err(self.too_deep(span));
        }
        Ok(Tree { expr: Expr { kind, span }, height })
    }

    /// Keeps track of what is open.
    pub(super) fn passed(&mut self, token: Token) {
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
    pub(super) fn open_here(&self) -> &[Open] {
        self.open.get(self.base.open..).unwrap_or(&[])
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
