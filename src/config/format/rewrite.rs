//! Old-fashioned ways of writing, and what is written today: `"${value}"` where the value itself
//! is meant, quoted and incomplete types, labels without quotes.
//!
//! The text has been parsed without a fault, so that its tokens are known to follow the grammar.

use super::Piece;
use crate::config::syntax::TokenKind as K;

/// Replaces what is old-fashioned. Spaces are not looked at, and those of new tokens not set.
pub(super) fn modernise<'a>(pieces: &[Piece<'a>]) -> Vec<Piece<'a>> {
    let mut out = Vec::with_capacity(pieces.len());
    // The kinds of the blocks that are open.
    let mut open: Vec<&str> = Vec::new();
    let mut rest = pieces;
    while let [first, behind @ ..] = rest {
        out.push(*first);
        rest = behind;
        match first.kind {
            K::CloseBrace => {
                open.pop();
            }
            K::Ident => {
                let next = rest.iter().find(|piece| piece.kind != K::Comment);
                if next.is_some_and(|next| next.kind == K::Equal) {
                    rest = attribute(*first, &open, rest, &mut out);
                } else {
                    rest = header(rest, &mut out);
                    open.push(first.text);
                }
            }
            _ => {}
        }
    }
    out
}

/// Takes the labels of a block and its `{`.
fn header<'a, 'b>(mut rest: &'b [Piece<'a>], out: &mut Vec<Piece<'a>>) -> &'b [Piece<'a>] {
    while let [first, behind @ ..] = rest {
        rest = behind;
        if first.kind == K::Ident {
            let quote = |kind| Piece::new(kind, "\"");
            let label = Piece::new(K::QuotedText, first.text);
            out.extend([quote(K::OpenQuote), label, quote(K::CloseQuote)]);
        } else {
            out.push(*first);
        }
        if first.kind == K::OpenBrace {
            break;
        }
    }
    rest
}

/// Takes what an attribute is set to.
fn attribute<'a, 'b>(
    name: Piece<'a>,
    open: &[&str],
    mut rest: &'b [Piece<'a>],
    out: &mut Vec<Piece<'a>>,
) -> &'b [Piece<'a>] {
    while let [first, behind @ ..] = rest
        && matches!(first.kind, K::Equal | K::Comment)
    {
        out.push(*first);
        rest = behind;
    }
    let mut depth = 0;
    let end = rest.iter().position(|piece| {
        let ends = depth == 0 && (piece.ends_line() || piece.kind == K::CloseBrace);
        depth += piece.bracket();
        ends
    });
    let (before, behind) = split(rest, end);
    let last = before.iter().rposition(|piece| piece.kind != K::Comment);
    let (expr, comments) = split(before, last.map(|last| last + 1));
    if open == ["variable"] && name.text == "type" {
        type_expr(expr, out);
    } else {
        let around = Behind {
            next: comments.first().or(behind.first()).map(|next| next.kind),
            closed: behind.first().is_some_and(|next| next.kind == K::CloseBrace),
        };
        value_expr(expr, around, out);
    }
    out.extend(comments);
    behind
}

/// Types that were written as texts or without the type of their elements.
fn type_expr<'a>(expr: &[Piece<'a>], out: &mut Vec<Piece<'a>>) {
    let (name, element) = match expr {
        [name] if matches!(name.text, "list" | "map" | "set") => (name.text, Some("any")),
        [open, name, _] if open.kind == K::OpenQuote => match name.text {
            "string" => ("string", None),
            "list" | "map" => (name.text, Some("string")),
            _ => return out.extend(expr),
        },
        _ => return out.extend(expr),
    };
    out.push(Piece::new(K::Ident, name));
    if let Some(element) = element {
        out.push(Piece::new(K::OpenParen, "("));
        out.push(Piece::new(K::Ident, element));
        out.push(Piece::new(K::CloseParen, ")"));
    }
}

/// What stands behind a value.
#[derive(Clone, Copy, Debug)]
struct Behind {
    /// The next token.
    next: Option<K>,
    /// Whether the `}` of a block follows before the end of the line.
    closed: bool,
}

/// A quoted template that is one value only is that value.
fn value_expr<'a>(expr: &[Piece<'a>], behind: Behind, out: &mut Vec<Piece<'a>>) {
    let start = out.len();
    let mut value = expr;
    // The comments behind the value, from the outside in.
    let mut comments: Vec<&[Piece<'a>]> = Vec::new();
    let mut parens = false;
    while let Some(inside) = unwrap(value)
        && !parens
    {
        parens = ends_early(inside, behind.closed);
        let (before, rest) = if parens {
            (&[][..], inside)
        } else {
            // Comments around the value stand outside of it, and it may be a template again.
            split(inside, inside.iter().position(|piece| piece.kind != K::Comment))
        };
        let last = rest.iter().rposition(|piece| parens || piece.kind != K::Comment);
        let (own, after) = split(rest, last.map(|last| last + 1));
        out.extend(before);
        comments.push(after);
        value = own;
    }
    let next = comments.iter().rev().find_map(|comments| comments.first());
    let next = next.map(|next| next.kind).or(behind.next);
    let heredoc = value.last().is_some_and(|last| last.kind == K::HeredocEnd);
    if heredoc && (parens || next.is_some_and(|next| next != K::Newline)) {
        // Nothing may stand behind a heredoc on its line.
        out.truncate(start);
        out.extend(expr);
        return;
    }
    out.extend(parens.then_some(Piece::new(K::OpenParen, "(")));
    out.extend(value);
    out.extend(parens.then_some(Piece::new(K::CloseParen, ")")));
    out.extend(comments.iter().rev().copied().flatten());
}

/// What stands before a place and what from there on; all before, where there is none.
fn split<'a, 'b>(pieces: &'b [Piece<'a>], at: Option<usize>) -> (&'b [Piece<'a>], &'b [Piece<'a>]) {
    pieces.split_at_checked(at.unwrap_or(pieces.len())).unwrap_or((pieces, &[]))
}

/// What stands between `"${` and `}"`, where that is all of it.
fn unwrap<'a, 'b>(expr: &'b [Piece<'a>]) -> Option<&'b [Piece<'a>]> {
    let [open, open_value, inside @ .., close_value, _] = expr else { return None };
    let wraps = open.kind == K::OpenQuote
        && open_value.kind == K::OpenValue
        && close_value.kind == K::CloseTemplate;
    // Within quotes of its own, a template is part of the value.
    let mut quotes = 0_usize;
    for piece in inside {
        match piece.kind {
            K::OpenQuote => quotes += 1,
            // More are closed than were opened: it is `"${a}" + "${b}"`.
            K::CloseQuote => quotes = quotes.checked_sub(1)?,
            K::OpenValue | K::CloseTemplate | K::QuotedText if quotes == 0 => return None,
            _ => {}
        }
    }
    let is_newline = |piece: &Piece<'_>| piece.kind == K::Newline;
    let first = inside.iter().position(|piece| !is_newline(piece)).unwrap_or(inside.len());
    let last = inside.iter().rposition(|piece| !is_newline(piece)).map_or(first, |last| last + 1);
    inside.get(first..last).filter(|_| wraps)
}

/// Whether the end of a line, which meant nothing within a template, would end the value.
fn ends_early(expr: &[Piece<'_>], closed: bool) -> bool {
    let mut depth = 0;
    let (mut bare, mut newline) = (false, false);
    for (place, piece) in expr.iter().enumerate() {
        newline |= piece.kind == K::Newline;
        // Behind the value, only the `}` of a block on one line minds.
        let harmless = place + 1 == expr.len() && !closed;
        bare |= depth == 0 && piece.ends_line() && !harmless;
        depth += piece.bracket();
    }
    (newline || bare) && !is_in_parens(expr)
}

/// Whether the first round bracket is closed by the last token.
fn is_in_parens(expr: &[Piece<'_>]) -> bool {
    let mut depth = 0;
    let closes = expr.iter().position(|piece| {
        depth += piece.bracket();
        depth == 0
    });
    expr.first().is_some_and(|first| first.kind == K::OpenParen) && closes == Some(expr.len() - 1)
}
