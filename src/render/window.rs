//! The few lines of a source text that a diagnostic shows, however long the text or a line is.

use crate::diag::{Sources, Span};
use std::ops::Range;

/// Lines longer than this are cut to what is around the span.
const LINE: usize = 400;
/// What is kept of a cut line on either side of the span.
const AROUND: usize = 120;
/// A span over more lines than this is shown by its first line alone.
const LINES: usize = 12;
/// Two spans of one text no further apart than this are shown together.
const TOGETHER: usize = 2_000;

/// A piece of a source text, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) range: Range<usize>,
    /// The span itself, cut to the window.
    pub(super) span: Range<usize>,
    /// Whether the window begins and ends with lines.
    pub(super) whole_lines: bool,
}

/// The nearest end of a character at or below `at`.
pub(super) fn floor(text: &str, at: usize) -> usize {
    text.floor_char_boundary(at)
}

impl Window {
    /// The lines of a span.
    pub(super) fn of(sources: &Sources, span: Span) -> Self {
        let text = sources.text(span.file);
        let start = floor(text, span.start as usize);
        let mut end = floor(text, span.end as usize).max(start);
        // A line's end belongs to nothing that is underlined.
        while end > start && text.get(..end).is_some_and(|it| it.ends_with(['\n', '\r'])) {
            end -= 1;
        }
        let inside = text.get(start..end).unwrap_or("");
        // Of a line that is cut it does not matter where it ends: all of a fleet may stand on one.
        let line_end = |from: usize, within: usize| {
            let rest = text.get(from..floor(text, from + within)).unwrap_or("");
            rest.find('\n').map_or(from + rest.len(), |at| from + at)
        };
        if inside.len() > LINE * LINES || inside.bytes().filter(|b| *b == b'\n').count() >= LINES {
            end = line_end(start, LINE * LINES + 1).min(end);
        }
        let before = floor(text, start.saturating_sub(LINE + 4));
        let first = text.get(before..start).and_then(|it| it.rfind('\n'));
        let first = first.map_or(before, |at| before + at + 1);
        let last = line_end(end, LINE + 4);
        let range = first..last;
        let cut = start - first > LINE || last - end > LINE || end - start > LINE * LINES;
        if !cut {
            return Self { range, span: start..end, whole_lines: true };
        }
        let end = floor(text, end.min(start + LINE));
        let range = floor(text, start.saturating_sub(AROUND)).max(first)
            ..floor(text, end + AROUND).min(last);
        Self { range, span: start..end, whole_lines: false }
    }

    /// Takes in another window of the same text, if it is near.
    pub(super) fn join(&mut self, other: &Self) -> bool {
        let near = self.whole_lines
            && other.whole_lines
            && other.range.start <= self.range.end + TOGETHER
            && self.range.start <= other.range.end + TOGETHER;
        if near {
            self.range =
                self.range.start.min(other.range.start)..self.range.end.max(other.range.end);
        }
        near
    }
}
