//! Expressions: operators, what follows a value, and single values.

use super::lex::{Token, TokenKind as K};
use super::parser::{MAX_HEIGHT, Parsed, Parser, Tree};
use crate::config::expr::{BinaryOp, Expr, ExprKind, UnaryOp};
use crate::diag::Span;
use crate::value::{Number, Value};

/// Operators in a row that become a tree. Longer rows become a list, which nobody walks
/// recursively.
const SHORT_CHAIN: usize = 16;

/// The operator that a token is, and how tightly it binds.
fn operator(kind: K) -> Option<(BinaryOp, u8)> {
    Some(match kind {
        K::Or => (BinaryOp::Or, 0),
        K::And => (BinaryOp::And, 1),
        K::EqualEqual => (BinaryOp::Equal, 2),
        K::NotEqual => (BinaryOp::NotEqual, 2),
        K::Less => (BinaryOp::Less, 3),
        K::LessOrEqual => (BinaryOp::LessOrEqual, 3),
        K::Greater => (BinaryOp::Greater, 3),
        K::GreaterOrEqual => (BinaryOp::GreaterOrEqual, 3),
        K::Plus => (BinaryOp::Add, 4),
        K::Minus => (BinaryOp::Subtract, 4),
        K::Star => (BinaryOp::Multiply, 5),
        K::Slash => (BinaryOp::Divide, 5),
        K::Percent => (BinaryOp::Remainder, 5),
        _ => return None,
    })
}

impl Parser<'_> {
    /// Reads an expression that is the whole text.
    pub(super) fn lone_expr(&mut self) -> Parsed<Expr> {
        self.with_newlines(false, |parser| {
            let tree = parser.expr()?;
            match parser.peek().kind {
                K::End => Ok(tree.expr),
                _ => Err(parser.unexpected("The end of the expression")),
            }
        })
    }

    /// Reads an expression.
    pub(super) fn expr(&mut self) -> Parsed<Tree> {
        self.expr_from(None)
    }

    /// Reads an expression whose first word has been read.
    pub(super) fn expr_from(&mut self, word: Option<Token>) -> Parsed<Tree> {
        self.nested(|parser| parser.conditional(word))
    }

    fn conditional(&mut self, word: Option<Token>) -> Parsed<Tree> {
        let condition = self.binary(0, word)?;
        if self.take(K::Question).is_none() {
            return Ok(condition);
        }
        let then = self.expr()?;
        if self.take(K::Colon).is_none() {
            return Err(self.unexpected("`:` with the other value of the condition (`a ? b : c`)"));
        }
        let otherwise = self.expr()?;
        let span = condition.expr.span.to(otherwise.expr.span);
        let height = 1 + condition.height.max(then.height).max(otherwise.height);
        let three = Box::new([condition.expr, then.expr, otherwise.expr]);
        self.grown(ExprKind::Conditional(three), span, height)
    }

    /// Reads operands and the operators between them that bind at least this tightly.
    fn binary(&mut self, least: u8, word: Option<Token>) -> Parsed<Tree> {
        let first = self.unary(word)?;
        let mut rest: Vec<(BinaryOp, Expr)> = Vec::new();
        let (mut as_tree, mut highest) = (first.height, first.height);
        loop {
            let token = self.peek();
            let Some((found, level)) = operator(token.kind).filter(|(_, level)| *level >= least)
            else {
                break;
            };
            self.bump();
            let right = self.binary(level + 1, None)?;
            as_tree = 1 + as_tree.max(right.height);
            highest = highest.max(right.height);
            rest.push((found, right.expr));
        }
        if rest.len() > SHORT_CHAIN {
            let span =
                rest.last().map_or(first.expr.span, |(_, last)| first.expr.span.to(last.span));
            let chain = ExprKind::Chain(Box::new(first.expr), rest.into());
            return self.grown(chain, span, 1 + highest);
        }
        let expr = rest.into_iter().fold(first.expr, |left, (found, right)| {
            let span = left.span.to(right.span);
            Expr { kind: ExprKind::Binary(found, Box::new([left, right])), span }
        });
        let span = expr.span;
        self.grown(expr.kind, span, as_tree)
    }

    fn unary(&mut self, word: Option<Token>) -> Parsed<Tree> {
        let mut signs = Vec::new();
        if word.is_none() {
            loop {
                let token = self.peek();
                let sign = match token.kind {
                    K::Not => UnaryOp::Not,
                    K::Minus => UnaryOp::Negate,
                    _ => break,
                };
                signs.push((sign, self.bump().start));
            }
        }
        let operand = self.postfix(word)?;
        let height = operand.height + signs.len();
        if signs.is_empty() {
            return Ok(operand);
        }
        let end = operand.expr.span.end;
        let span = self.span(signs.first().map_or(end, |(_, start)| *start), end);
        // Also keeps the fold below from building what is too deep to be dropped.
        self.grown(ExprKind::SplatItem, span, height)?;
        let expr = signs.into_iter().rev().fold(operand.expr, |operand, (sign, start)| {
            let span = Span { start, ..operand.span };
            let kind = match (sign, &operand.kind) {
                (UnaryOp::Negate, ExprKind::Literal(Value::Number(number))) => {
                    ExprKind::Literal(Value::Number(number.negate()))
                }
                _ => ExprKind::Unary(sign, Box::new(operand)),
            };
            Expr { kind, span }
        });
        Ok(Tree { expr, height })
    }

    fn postfix(&mut self, word: Option<Token>) -> Parsed<Tree> {
        let term = match word {
            Some(word) => self.word(word)?,
            None => self.term()?,
        };
        self.steps(term)
    }

    /// Reads `.name`, `[key]`, `.*` and `[*]` behind a value.
    fn steps(&mut self, mut source: Tree) -> Parsed<Tree> {
        // All that is behind `[*]` is of each element: these wait for what their elements make.
        let mut splats: Vec<Tree> = Vec::new();
        loop {
            let start = source.expr.span.start;
            let token = self.peek();
            source = match token.kind {
                K::Dot => {
                    self.bump();
                    match self.take(K::Star) {
                        Some(_) => self.attribute_splat(source, token)?,
                        None => self.dot_step(source, token)?,
                    }
                }
                K::OpenBracket => {
                    self.bump();
                    if self.take(K::Star).is_some() {
                        if self.take(K::CloseBracket).is_none() {
                            return Err(self.unexpected("`]` behind `[*`"));
                        }
                        splats.push(source);
                        Tree::leaf(ExprKind::SplatItem, self.span_from(token.start))
                    } else {
                        let key = self.with_newlines(false, Self::index)?;
                        let height = 1 + source.height.max(key.height);
                        let kind = ExprKind::Index(Box::new([source.expr, key.expr]));
                        let span = self.span_from(start);
                        self.grown(kind, span, height)?
                    }
                }
                _ => break,
            };
            if source.height + splats.len() > MAX_HEIGHT {
                return Err(self.too_deep(source.expr.span));
            }
        }
        while let Some(outer) = splats.pop() {
            let height = 1 + outer.height.max(source.height);
            let span = outer.expr.span.to(source.expr.span);
            source =
                self.grown(ExprKind::Splat(Box::new([outer.expr, source.expr])), span, height)?;
        }
        Ok(source)
    }

    /// A key and the bracket behind it.
    fn index(&mut self) -> Parsed<Tree> {
        let key = self.expr()?;
        match self.take(K::CloseBracket) {
            Some(_) => Ok(key),
            None => Err(self.unexpected("`]` behind the index")),
        }
    }

    /// `source.name`, or `source.0`, which older configurations write for `source[0]`.
    fn dot_step(&mut self, source: Tree, dot: Token) -> Parsed<Tree> {
        let token = self.peek();
        let start = source.expr.span.start;
        let height = source.height + 1;
        match token.kind {
            K::Ident => {
                self.bump();
                let name = self.name(token);
                let span = self.span_from(start);
                self.grown(ExprKind::Attr(Box::new(source.expr), name), span, height)
            }
            K::Number => {
                self.bump();
                let text = self.text_of(token);
                if text.contains('.') {
                    let brackets = text.replace('.', "][");
                    let detail = format!("Write indexes in brackets: `[{brackets}]`.");
                    return Err(self.error(
                        "Invalid syntax",
                        detail,
                        self.span(dot.start, token.end),
                    ));
                }
                let mut key = self.number(token)?.expr;
                key.span = self.span(dot.start, token.end);
                let span = self.span_from(start);
                self.grown(ExprKind::Index(Box::new([source.expr, key])), span, height)
            }
            _ => Err(self.unexpected("The name of an attribute")),
        }
    }

    /// `source.*` with the names and numbers behind it, which are of each element.
    fn attribute_splat(&mut self, source: Tree, dot: Token) -> Parsed<Tree> {
        let start = source.expr.span.start;
        let mut each = Tree::leaf(ExprKind::SplatItem, self.span_from(dot.start));
        while let Some(dot) = self.take(K::Dot) {
            if self.at(K::Star) {
                let end = self.peek().end;
                let span = self.span(dot.start, end);
                let detail = "Within `.*` there cannot be another. Use `[*]` for both.";
                return Err(self.error("Invalid syntax", detail, span));
            }
            each = self.dot_step(each, dot)?;
        }
        let height = 1 + source.height.max(each.height);
        let span = self.span_from(start);
        self.grown(ExprKind::Splat(Box::new([source.expr, each.expr])), span, height)
    }

    fn term(&mut self) -> Parsed<Tree> {
        let token = self.peek();
        match token.kind {
            K::Ident => {
                self.bump();
                self.word(token)
            }
            K::Number => {
                self.bump();
                self.number(token)
            }
            K::OpenQuote | K::HeredocBegin => {
                self.bump();
                self.quoted_or_heredoc(token)
            }
            K::OpenParen => {
                self.bump();
                let mut inner = self.with_newlines(false, |parser| {
                    let inner = parser.expr()?;
                    match parser.take(K::CloseParen) {
                        Some(_) => Ok(inner),
                        None => Err(parser.unexpected("`)`")),
                    }
                })?;
                inner.expr.span = self.span_from(token.start);
                Ok(inner)
            }
            K::OpenBracket => {
                self.bump();
                self.with_newlines(false, |parser| parser.tuple(token))
            }
            K::OpenBrace => {
                self.bump();
                self.object(token)
            }
            _ => Err(self.unexpected("A value")),
        }
    }

    /// A reference, a function call or one of the values that are words.
    fn word(&mut self, token: Token) -> Parsed<Tree> {
        let next = self.peek().kind;
        if next == K::OpenParen || next == K::DoubleColon {
            return self.call(token);
        }
        let kind = match self.text_of(token) {
            "true" => ExprKind::Literal(Value::Bool(true)),
            "false" => ExprKind::Literal(Value::Bool(false)),
            "null" => ExprKind::Literal(Value::NULL),
            name => ExprKind::Root(self.pool.share(name)),
        };
        Ok(Tree::leaf(kind, self.span_of(token)))
    }

    fn number(&mut self, token: Token) -> Parsed<Tree> {
        let text = self.text_of(token);
        match text.parse::<Number>() {
            Ok(number) => {
                Ok(Tree::leaf(ExprKind::Literal(Value::Number(number)), self.span_of(token)))
            }
            Err(error) => {
                let span = self.span_of(token);
                Err(self.error("Invalid number", format!("This is {error}."), span))
            }
        }
    }
}
