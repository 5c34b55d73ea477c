//! Where pieces of the source stand, found in one walk through each text.

use super::Place;
use crate::diag::{FileId, Sources, Span};
use std::collections::{BTreeMap, BTreeSet};

/// The places of pieces that are known beforehand: of a fleet in one file there can be as many as
/// lines, or all of them on one, and a walk from the beginning for each would never end.
pub(super) struct Places(BTreeMap<Span, Place>);

impl Places {
    pub(super) fn new(sources: &Sources, spans: impl Iterator<Item = Span>) -> Self {
        let spans: BTreeSet<Span> = spans.collect();
        let ends = spans.iter().flat_map(|span| [(span.file, span.start), (span.file, span.end)]);
        let positions = positions(sources, &ends.collect());
        let place = |span: &Span| {
            let (line, column) = *positions.get(&(span.file, span.start))?;
            let (end_line, _) = *positions.get(&(span.file, span.end))?;
            let file = sources.name(span.file).to_owned();
            Some((*span, Place { file, line, column, end_line }))
        };
        Self(spans.iter().filter_map(place).collect())
    }

    pub(super) fn of(&self, span: Span) -> Option<Place> {
        self.0.get(&span).cloned()
    }
}

/// Lines and columns of bytes, both from 1.
fn positions(
    sources: &Sources,
    wanted: &BTreeSet<(FileId, u32)>,
) -> BTreeMap<(FileId, u32), (usize, usize)> {
    let mut found = BTreeMap::new();
    let mut last: Option<FileId> = None;
    let (mut at, mut line, mut column) = (0, 1, 1);
    for (file, byte) in wanted {
        if last != Some(*file) {
            (at, line, column) = (0, 1, 1);
            last = Some(*file);
        }
        let text = sources.text(*file);
        let byte_at = text.floor_char_boundary(*byte as usize);
        for c in text.get(at..byte_at).unwrap_or("").chars() {
            if c == '\n' {
                (line, column) = (line + 1, 1);
            } else {
                column += 1;
            }
        }
        at = byte_at.max(at);
        found.insert((*file, *byte), (line, column));
    }
    found
}
