//! Tuples, objects, `for` expressions and function calls: what stands between brackets.

use super::lex::{Token, TokenKind as K};
use super::parser::{Failed, Parsed, Parser, Tree};
use crate::config::expr::{Call, Expr, ExprKind, For, Name};
use crate::value::Value;
use std::sync::Arc;

impl Parser<'_> {
    /// A tuple whose `[` has been read.
    pub(super) fn tuple(&mut self, open: Token) -> Parsed<Tree> {
        if self.at_word("for") {
            return self.for_expr(open);
        }
        let base = self.base();
        let mut items = Vec::new();
        let (mut height, mut whole) = (0, true);
        while self.take(K::CloseBracket).is_none() {
            match self.element(K::CloseBracket) {
                Ok(item) => {
                    height = height.max(item.height);
                    items.push(item.expr);
                }
                Err(Failed) => {
                    whole = false;
                    self.recover_entry(base, K::CloseBracket)?;
                }
            }
        }
        if !whole {
            return Err(Failed);
        }
        let span = self.span_from(open.start);
        self.grown(ExprKind::Tuple(items.into()), span, 1 + height)
    }

    /// An element and the comma behind it, if it is not the last.
    fn element(&mut self, closer: K) -> Parsed<Tree> {
        let item = self.expr()?;
        if self.take(K::Comma).is_none() && !self.at(closer) {
            return Err(self.missing_comma());
        }
        Ok(item)
    }

    fn missing_comma(&mut self) -> Failed {
        let token = self.peek();
        let begins_value = matches!(
            token.kind,
            K::Ident
                | K::Number
                | K::OpenQuote
                | K::HeredocBegin
                | K::OpenBrace
                | K::OpenBracket
                | K::OpenParen
                | K::Not
        );
        if begins_value && self.unclosed(token).is_none() {
            let hint = self.hint(token);
            let before = self.describe(token);
            let detail = format!("A comma is missing before {before}.{hint}");
            return self.error("Missing comma", detail, self.span_of(token));
        }
        self.unexpected("A comma or the closing bracket")
    }

    /// An object whose `{` has been read.
    pub(super) fn object(&mut self, open: Token) -> Parsed<Tree> {
        if self.with_newlines(false, |parser| parser.at_word("for")) {
            return self.with_newlines(false, |parser| parser.for_expr(open));
        }
        self.with_newlines(true, |parser| parser.entries(open))
    }

    fn entries(&mut self, open: Token) -> Parsed<Tree> {
        let base = self.base();
        let mut entries = Vec::new();
        let (mut height, mut whole) = (0, true);
        loop {
            if self.take(K::Newline).is_some() {
                continue;
            }
            if self.take(K::CloseBrace).is_some() {
                break;
            }
            match self.entry() {
                Ok((key, value)) => {
                    height = height.max(key.height).max(value.height);
                    entries.push((key.expr, value.expr));
                }
                Err(Failed) => {
                    whole = false;
                    self.recover_entry(base, K::CloseBrace)?;
                }
            }
        }
        if !whole {
            return Err(Failed);
        }
        let span = self.span_from(open.start);
        self.grown(ExprKind::Object(entries.into()), span, 1 + height)
    }

    /// A key, its value, and what separates them from the next.
    fn entry(&mut self) -> Parsed<(Tree, Tree)> {
        let mut key = self.key()?;
        if self.at(K::Newline) && self.sets_below() {
            let detail = "The `=` stands on the line of its key.";
            let span = self.span(key.expr.span.start, key.expr.span.end);
            self.error("Invalid syntax", detail, span);
            while self.take(K::Newline).is_some() {}
            if let ExprKind::Root(name) = key.expr.kind {
                key.expr.kind = ExprKind::Literal(Value::String(name));
            }
        }
        if self.take(K::Equal).is_none() && self.take(K::Colon).is_none() {
            return Err(self.unexpected("`=` behind the key"));
        }
        let value = self.expr()?;
        if self.take(K::Comma).is_none()
            && self.take(K::Newline).is_none()
            && !self.at(K::CloseBrace)
        {
            let token = self.peek();
            if matches!(token.kind, K::Ident | K::OpenQuote | K::Number | K::OpenParen)
                && self.unclosed(token).is_none()
            {
                let hint = self.hint(token);
                let before = self.describe(token);
                let detail = format!("A comma or a new line is missing before {before}.{hint}");
                return Err(self.error("Missing comma", detail, self.span_of(token)));
            }
            return Err(self.unexpected("A comma, a new line or `}`"));
        }
        Ok((key, value))
    }

    /// Whether the next line that is not empty begins with what separates a key from its value.
    fn sets_below(&mut self) -> bool {
        let from = self.peek().end as usize;
        let rest = self.text.get(from..).unwrap_or("").trim_start();
        rest.starts_with(['=', ':'])
    }

    fn key(&mut self) -> Parsed<Tree> {
        let first = self.peek();
        if first.kind == K::Ident {
            self.bump();
            if self.at(K::Equal) || self.at(K::Colon) {
                let text = self.pool.share(self.text_of(first));
                let literal = ExprKind::Literal(Value::String(text));
                return Ok(Tree::leaf(literal, self.span_of(first)));
            }
            let key = self.expr_from(Some(first))?;
            if is_reference(&key.expr)
                && !is_provider(&key.expr)
                && (self.at(K::Equal) || self.at(K::Colon))
            {
                let detail = "A key that refers to a value stands in parentheses, `(var.x) = …`; \
                              one that is text stands in quotes.";
                self.error("Ambiguous key", detail, key.expr.span);
                self.speak();
            }
            return Ok(key);
        }
        if matches!(first.kind, K::Comma | K::CloseBracket | K::CloseParen | K::Equal | K::Colon) {
            return Err(self.unexpected("A key"));
        }
        self.expr()
    }

    /// A `for` expression, the bracket before it read.
    fn for_expr(&mut self, open: Token) -> Parsed<Tree> {
        let object = open.kind == K::OpenBrace;
        let word = self.bump();
        if self.at(K::Equal) || (object && self.at(K::Colon)) {
            let detail = "`for` begins a `for` expression here. As a key it stands in quotes.";
            return Err(self.error("Invalid syntax", detail, self.span_of(word)));
        }
        let (key_var, value_var) = self.for_names()?;
        let collection = self.expr()?;
        if self.take(K::Colon).is_none() {
            return Err(self.unexpected("`:` with what is made of each element"));
        }
        let first = self.expr()?;
        let mut height = 1 + collection.height.max(first.height);
        let arrow = self.take(K::Arrow);
        let (key, value) = if let Some(arrow) = arrow {
            if !object {
                let detail = "A tuple has no keys. Make an object with `{for …}`, or leave out \
                              the key and `=>`.";
                return Err(self.error("Invalid syntax", detail, self.span_of(arrow)));
            }
            let value = self.expr()?;
            height = height.max(1 + value.height);
            (Some(first.expr), value.expr)
        } else if object {
            if self.at(K::CloseBrace) || self.at(K::Ellipsis) || self.at_word("if") {
                let detail = "An object needs a key for each value: `{for x in y : key => value}`. \
                              Make a tuple with `[for …]`.";
                return Err(self.error("Invalid syntax", detail, first.expr.span));
            }
            return Err(self.unexpected("`=>` with the value of the key"));
        } else {
            (None, first.expr)
        };
        let ellipsis = self.take(K::Ellipsis);
        if let Some(ellipsis) = ellipsis.filter(|_| !object) {
            let detail = "`...` collects the values of one key, and a tuple has no keys.";
            return Err(self.error("Invalid syntax", detail, self.span_of(ellipsis)));
        }
        let mut condition = None;
        if self.at_word("if") {
            self.bump();
            let tree = self.expr()?;
            height = height.max(1 + tree.height);
            condition = Some(tree.expr);
        }
        let closer = if object { K::CloseBrace } else { K::CloseBracket };
        if self.take(closer).is_none() {
            return Err(self.unexpected("The end of the `for` expression"));
        }
        let it = For {
            key_var,
            value_var,
            collection: collection.expr,
            key,
            value,
            condition,
            group: ellipsis.is_some(),
        };
        let span = self.span_from(open.start);
        self.grown(ExprKind::For(Box::new(it)), span, height)
    }

    /// The variables of a `for`, up to behind `in`.
    pub(super) fn for_names(&mut self) -> Parsed<(Option<Arc<str>>, Arc<str>)> {
        let first = self.for_name()?;
        let (key, value) = match self.take(K::Comma) {
            Some(_) => (Some(first), self.for_name()?),
            None => (None, first),
        };
        if !self.at_word("in") {
            return Err(self.unexpected("`in` with a collection"));
        }
        self.bump();
        Ok((key, value))
    }

    fn for_name(&mut self) -> Parsed<Arc<str>> {
        let token = self.peek();
        if token.kind != K::Ident {
            return Err(self.unexpected("The name of a variable (`for x in y`)"));
        }
        self.bump();
        Ok(self.pool.share(self.text_of(token)))
    }

    /// A call, the first word of the function's name read.
    pub(super) fn call(&mut self, word: Token) -> Parsed<Tree> {
        let mut name = self.name(word);
        while self.take(K::DoubleColon).is_some() {
            let token = self.peek();
            if token.kind != K::Ident {
                return Err(self.unexpected("The name of a function"));
            }
            self.bump();
            let text = format!("{}::{}", name.text, self.pool.share(self.text_of(token)));
            name = Name { text: text.into(), span: self.span_from(word.start) };
        }
        if self.take(K::OpenParen).is_none() {
            return Err(self.unexpected("`(` with the arguments of the function"));
        }
        let (arguments, expand, height) = self.with_newlines(false, Self::arguments)?;
        let span = self.span_from(word.start);
        self.grown(ExprKind::Call(Box::new(Call { name, arguments, expand })), span, 1 + height)
    }

    fn arguments(&mut self) -> Parsed<(Vec<Expr>, bool, usize)> {
        let mut arguments = Vec::new();
        let mut height = 0;
        while self.take(K::CloseParen).is_none() {
            let argument = self.expr()?;
            height = height.max(argument.height);
            arguments.push(argument.expr);
            if self.take(K::Ellipsis).is_some() {
                if self.take(K::CloseParen).is_none() {
                    return Err(self.unexpected("`)` behind `...`"));
                }
                return Ok((arguments, true, height));
            }
            if self.take(K::Comma).is_none() && !self.at(K::CloseParen) {
                return Err(self.missing_comma());
            }
        }
        Ok((arguments, false, height))
    }
}

/// Whether this names a provider with an alias, as the keys of `providers` do: no value has such a
/// name.
fn is_provider(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Attr(root, _) => matches!(&root.kind, ExprKind::Root(name) if &**name == "aws"),
        _ => false,
    }
}

/// Whether it is a name with at least one step behind it, all written out.
fn is_reference(key: &Expr) -> bool {
    let mut at = key;
    let mut steps = 0;
    loop {
        steps += 1;
        at = match &at.kind {
            ExprKind::Attr(source, _) => source,
            ExprKind::Index(both) => match both.as_ref() {
                [source, Expr { kind: ExprKind::Literal(_), .. }] => source,
                _ => return false,
            },
            ExprKind::Root(_) => return steps > 1,
            _ => return false,
        };
    }
}
