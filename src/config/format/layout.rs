//! Where lines begin, what stands between tokens, and what is aligned with the lines around it.
//!
//! A line has up to three cells: what leads, what is assigned, and the comment behind. Lines one
//! after the other that assign have their `=` in one column, and those with a comment theirs.

use super::Piece;
use crate::config::syntax::TokenKind as K;
use std::ops::Range;
use unicode_segmentation::UnicodeSegmentation as _;

/// How far a line is further in than the one that it is within.
const STEP: usize = 2;

/// Lines are not aligned where that takes more spaces than this, and more than so many for each
/// column of what they hold: else a text of a megabyte could come to gigabytes.
const PADDING: usize = 1 << 16;
const PADDING_A_COLUMN: usize = 32;

/// A line: the places of its cells among the pieces, one behind the other.
#[derive(Debug)]
struct Line {
    lead: Range<usize>,
    assign: Range<usize>,
    comment: Range<usize>,
}

/// Sets the spaces before each piece.
pub(super) fn arrange(pieces: &mut [Piece<'_>]) {
    let lines = lines(pieces);
    indent(pieces, &lines);
    space(pieces, &lines);
    align(pieces, &lines, |line| line.lead.clone(), |line| line.assign.clone());
    align(pieces, &lines, |line| line.lead.start..line.assign.end, |line| line.comment.clone());
}

fn at<'a, 'b>(pieces: &'b [Piece<'a>], range: &Range<usize>) -> &'b [Piece<'a>] {
    pieces.get(range.clone()).unwrap_or(&[])
}

fn brackets(pieces: &[Piece<'_>]) -> isize {
    pieces.iter().map(|piece| piece.bracket()).sum()
}

fn lines(pieces: &[Piece<'_>]) -> Vec<Line> {
    let mut start = 0;
    pieces
        .split_inclusive(|piece| piece.ends_line())
        .map(|own| {
            let end = start + own.len();
            let comment = match own {
                [_, .., last] if last.kind == K::Comment => end - 1,
                _ => end,
            };
            let before = own.get(..comment - start).unwrap_or(own);
            let equal = before.iter().skip(1).position(|piece| piece.kind == K::Equal);
            // What is assigned stands on this line as a whole, or it leads to others.
            let assign = equal
                .map(|found| found + 1)
                .filter(|found| brackets(before.get(*found..).unwrap_or(&[])) == 0)
                .map_or(comment, |found| start + found);
            let line = Line { lead: start..assign, assign: assign..comment, comment: comment..end };
            start = end;
            line
        })
        .collect()
}

/// Sets the spaces that lines begin with. A line that opens several brackets leads in by one step.
fn indent(pieces: &mut [Piece<'_>], lines: &[Line]) {
    // How many brackets each step stands for.
    let mut steps: Vec<usize> = Vec::new();
    for line in lines {
        // What is assigned closes as many as it opens. Behind a heredoc, what opens or closes
        // brackets is within its text, or on the next line.
        let lead = at(pieces, &line.lead);
        let heredoc = lead.iter().position(|piece| piece.kind == K::HeredocBegin);
        let change = brackets(lead.get(..heredoc.unwrap_or(lead.len())).unwrap_or(lead));
        let blank = lead.first().is_none_or(|first| first.kind == K::Newline);
        if blank {
            set(pieces, line.lead.start, 0);
            continue;
        }
        let mut closed = change.min(0).unsigned_abs();
        while closed > 0
            && let Some(step) = steps.last_mut()
        {
            let taken = closed.min(*step);
            closed -= taken;
            *step -= taken;
            if *step == 0 {
                steps.pop();
            }
        }
        set(pieces, line.lead.start, STEP * steps.len());
        if change > 0 {
            steps.push(change.unsigned_abs());
        }
    }
}

fn set(pieces: &mut [Piece<'_>], place: usize, spaces: usize) {
    if let Some(piece) = pieces.get_mut(place) {
        piece.spaces = spaces;
    }
}

/// Sets the spaces within cells: one or none.
fn space(pieces: &mut [Piece<'_>], lines: &[Line]) {
    for cell in lines.iter().flat_map(|line| [&line.lead, &line.assign]) {
        let Some(cell) = pieces.get_mut(cell.clone()) else { continue };
        let mut before = None;
        for place in 1..cell.len() {
            let Some([subject, after]) = cell.get_mut(place - 1..=place) else { break };
            after.spaces = usize::from(is_space_behind(before, *subject, *after));
            before = Some(subject.kind);
        }
    }
}

/// Whether a space stands between two tokens, given the one before them in the cell.
fn is_space_behind(before: Option<K>, subject: Piece<'_>, after: Piece<'_>) -> bool {
    let text = |kind: K| matches!(kind, K::QuotedText | K::RawText);
    match (subject.kind, after.kind) {
        // `4 . 4` is an index, and `4.4` another number.
        (K::Dot, K::Number) if before == Some(K::Number) => true,
        // A name stands together with the `(` of its call and with its namespace; `.` with both
        // sides; a comma and `...` with what is before them.
        (_, K::Newline | K::Dot | K::Comma | K::Ellipsis)
        | (K::Ident, K::OpenParen | K::DoubleColon)
        | (K::DoubleColon, K::Ident)
        | (K::Dot, _) => false,
        (K::Comma, _) => true,
        (K::OpenQuote | K::HeredocBegin, _) | (_, K::CloseQuote | K::HeredocEnd) => false,
        (subject, after) if text(subject) || text(after) => false,
        // `for x in [1]` is no index.
        (K::Ident, _) if subject.text == "in" && before == Some(K::Ident) => true,
        (_, K::OpenBracket) if subject.bracket() < 0 => false,
        (K::Ident | K::Number, K::OpenBracket)
        | (K::Not, _)
        | (K::OpenBrace, K::CloseBrace)
        | (K::CloseTemplate, K::OpenValue | K::OpenDirective) => false,
        (K::Minus, _) => before.is_some_and(ends_operand),
        // `${ {` and `} }` are told apart from what they would look like.
        (K::OpenBrace, _)
        | (_, K::CloseBrace)
        | (K::OpenValue | K::OpenDirective, K::OpenBrace)
        | (K::CloseBrace, K::CloseTemplate) => true,
        _ => subject.bracket() <= 0 && after.bracket() >= 0,
    }
}

/// Whether `-` behind this takes away from it, and is not the sign of a number.
fn ends_operand(kind: K) -> bool {
    !matches!(
        kind,
        K::OpenParen
            | K::OpenBrace
            | K::OpenBracket
            | K::Equal
            | K::Colon
            | K::Comma
            | K::Question
            | K::Plus
            | K::Star
            | K::Slash
            | K::Percent
            | K::Minus
            | K::EqualEqual
            | K::NotEqual
            | K::Greater
            | K::GreaterOrEqual
            | K::Less
            | K::LessOrEqual
            | K::And
            | K::Or
            | K::Not
    )
}

/// Puts one cell of neighbouring lines that have it into one column, behind what is before it.
fn align(
    pieces: &mut [Piece<'_>],
    lines: &[Line],
    before: impl Fn(&Line) -> Range<usize>,
    cell: impl Fn(&Line) -> Range<usize>,
) {
    for chain in lines.chunk_by(|a, b| cell(a).is_empty() == cell(b).is_empty()) {
        if chain.first().is_none_or(|line| cell(line).is_empty()) {
            continue;
        }
        let widths: Vec<usize> =
            chain.iter().map(|line| columns(at(pieces, &before(line)))).collect();
        let widest = widths.iter().copied().max().unwrap_or(0);
        let held: usize = widths.iter().sum();
        let padding = (widest * widths.len()).saturating_sub(held);
        let aligned = padding <= PADDING.max(held * PADDING_A_COLUMN);
        for (line, width) in chain.iter().zip(widths) {
            let spaces = if aligned { widest - width } else { 0 };
            set(pieces, cell(line).start, spaces + 1);
        }
    }
}

/// How many columns pieces take. What goes over several lines counts as if it did not.
fn columns(pieces: &[Piece<'_>]) -> usize {
    pieces
        .iter()
        .map(|piece| {
            let text = piece.text;
            let plain = text.is_ascii() && !text.contains('\r');
            piece.spaces + if plain { text.len() } else { text.graphemes(true).count() }
        })
        .sum()
}
