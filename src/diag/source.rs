//! Source texts, and places in them.

use std::collections::BTreeMap;
use std::sync::Arc;

/// Names a source text of a [`Sources`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileId(u32);

/// A piece of a source text, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// Which text.
    pub file: FileId,
    /// The first byte.
    pub start: u32,
    /// The byte behind the last.
    pub end: u32,
}

impl Span {
    /// The smallest piece that holds both; both must be of one text.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self { file: self.file, start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// How many bytes it has.
    pub fn size(self) -> usize {
        self.end.saturating_sub(self.start) as usize
    }

    /// The empty piece at the beginning of this one.
    #[must_use]
    pub fn head(self) -> Self {
        Self { end: self.start, ..self }
    }
}

/// A place in a source text as people count: from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The offset in bytes, from 0.
    pub byte: usize,
}

/// The source texts of a run.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<Source>,
    /// What some pieces stand in.
    contexts: BTreeMap<Span, Arc<str>>,
}

#[derive(Clone, Debug)]
struct Source {
    name: Arc<str>,
    text: Arc<str>,
}

impl Sources {
    /// Adds a text under the name that the user knows it by. Texts are below 4 GiB.
    pub fn add(&mut self, name: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> FileId {
        // `load` refuses files far smaller, and nobody has four billion of them.
        let id = FileId(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        self.files.push(Source { name: name.into(), text: text.into() });
        id
    }

    fn get(&self, file: FileId) -> Option<&Source> {
        self.files.get(file.0 as usize)
    }

    /// The name of a text.
    pub fn name(&self, file: FileId) -> &str {
        self.get(file).map_or("", |source| &source.name)
    }

    /// The whole text.
    pub fn text(&self, file: FileId) -> &str {
        self.get(file).map_or("", |source| &source.text)
    }

    /// All texts, each with its name.
    pub fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|source| (&*source.name, &*source.text))
    }

    /// The whole text, shared.
    pub fn shared_text(&self, file: FileId) -> Arc<str> {
        self.get(file).map(|source| Arc::clone(&source.text)).unwrap_or_default()
    }

    /// The text of a piece.
    pub fn slice(&self, span: Span) -> &str {
        self.text(span.file).get(span.start as usize..span.end as usize).unwrap_or("")
    }

    /// Makes pieces illegible that nobody may be shown: each becomes a text in quotes of the same
    /// length.
    pub fn hide(&mut self, pieces: impl IntoIterator<Item = Span>) {
        let mut by_file: BTreeMap<FileId, Vec<u8>> = BTreeMap::new();
        for Span { file, start, end } in pieces {
            let text = by_file.entry(file).or_insert_with(|| self.text(file).as_bytes().to_vec());
            let Some(piece) = text.get_mut(start as usize..end as usize) else { continue };
            // Where the lines end stays as it is: places are counted by them.
            let inner = piece.iter_mut().filter(|byte| **byte != b'\n');
            inner.for_each(|byte| *byte = b'*');
            if let [first, .., last] = piece
                && *first != b'\n'
                && *last != b'\n'
            {
                (*first, *last) = (b'"', b'"');
            }
        }
        for (file, text) in by_file {
            // Whole expressions are replaced, so that no character is cut.
            if let Some(source) = self.files.get_mut(file.0 as usize)
                && let Ok(text) = String::from_utf8(text)
            {
                source.text = text.into();
            }
        }
    }

    /// Notes what a piece stands in, such as `resource "type" "name"`.
    pub fn set_context(&mut self, span: Span, context: impl Into<Arc<str>>) {
        self.contexts.insert(span, context.into());
    }

    /// What a piece stands in, if that has been noted.
    pub fn context(&self, span: Span) -> Option<&str> {
        self.contexts.get(&span).map(|context| &**context)
    }

    /// Where a piece begins. Costs a walk from the beginning of the text.
    pub fn position(&self, span: Span) -> Position {
        let text = self.text(span.file);
        let mut byte = (span.start as usize).min(text.len());
        while !text.is_char_boundary(byte) {
            byte -= 1;
        }
        let before = text.get(..byte).unwrap_or("");
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Position {
            line: before.bytes().filter(|b| *b == b'\n').count() + 1,
            column: before.get(line_start..).unwrap_or("").chars().count() + 1,
            byte,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hidden_keeps_its_place_and_nothing_else() {
        let mut sources = Sources::default();
        let file = sources.add("f", "a = \"schl\u{fc}ssel\" # \u{fc}\nb = <<E\ngeheim\nE\nc = 1\n");
        let piece = |text: &str, sources: &Sources| {
            let start = sources.text(file).find(text).unwrap();
            let end = u32::try_from(start + text.len()).unwrap();
            Span { file, start: u32::try_from(start).unwrap(), end }
        };
        let pieces = ["\"schl\u{fc}ssel\"", "<<E\ngeheim\nE\n"].map(|it| piece(it, &sources));
        let last = piece("c = 1", &sources);
        let before = sources.position(last);
        sources.hide(pieces);
        assert_eq!(sources.text(file), "a = \"**********\" # \u{fc}\nb = ***\n******\n*\nc = 1\n");
        assert_eq!(sources.position(last), before);
        // What is not there hides nothing.
        sources.hide([Span { file, start: 3, end: 4_000 }]);
        assert_eq!(sources.slice(last), "c = 1");
    }
}
