//! What a place in a file stands in, as `terraform validate -json` tells it: the header of the block
//! around it, or in JSON the names and indexes that lead to it.

use super::{is_json, json, syntax};
use crate::diag::{Diagnostic, Diagnostics, FileId, Sources, Span};
use std::collections::BTreeMap;

/// The sources, with a note for each diagnostic of what its place stands in.
pub fn with_contexts(sources: &Sources, diagnostics: &[Diagnostic]) -> Sources {
    let mut by_file: BTreeMap<FileId, Vec<Span>> = BTreeMap::new();
    for span in diagnostics.iter().filter_map(|diagnostic| diagnostic.subject) {
        by_file.entry(span.file).or_default().push(span);
    }
    let mut noted = sources.clone();
    for (file, spans) in by_file {
        let text = sources.text(file);
        // What stands at the very beginning of a block is not within it.
        let places = spans.into_iter().filter_map(|span| Some((span, span.start.checked_sub(1)?)));
        if is_json(sources, file) {
            let root = json::read(text, file, &mut Diagnostics::new());
            for (span, place) in places {
                if let Some(path) = json::path(&root, place) {
                    noted.set_context(span, path);
                }
            }
        } else {
            // The blocks of a file are in its order, and none is within another.
            let blocks = syntax::parse_file(text, file, &mut Diagnostics::new()).body.blocks;
            for (span, place) in places {
                let at = blocks.partition_point(|block| block.kind.span.start <= place);
                let around = at.checked_sub(1).and_then(|at| blocks.get(at));
                if let Some(block) = around.filter(|block| place < block.body.span.end) {
                    let labels = block.labels.iter().map(|label| format!(" {:?}", label.text));
                    noted
                        .set_context(span, labels.fold(block.kind.text.to_string(), |a, b| a + &b));
                }
            }
        }
    }
    noted
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The contexts of each `?` of a text.
    fn contexts(name: &str, text: &str) -> Vec<Option<String>> {
        let mut sources = Sources::default();
        let file = sources.add(name, text);
        let at = |(at, _): (usize, &str)| {
            let start = u32::try_from(at).unwrap();
            Diagnostic::error("x", "").at(Span { file, start, end: start + 1 })
        };
        let diagnostics: Vec<Diagnostic> = text.match_indices('?').map(at).collect();
        let noted = with_contexts(&sources, &diagnostics);
        let spans = diagnostics.iter().filter_map(|it| it.subject);
        spans.map(|span| noted.context(span).map(str::to_owned)).collect()
    }

    #[test]
    fn of_a_block_it_is_the_header() {
        let text =
            "# ?\nlocals {\n a = \"?\"\n}\nresource \"a\" \"?\" {\n b {\n c = \"?\"\n }\n}\n# ?\n";
        assert_eq!(
            contexts("a.seal.hcl", text),
            [
                None,
                Some("locals".to_owned()),
                Some("resource \"a\" \"?\"".to_owned()),
                Some("resource \"a\" \"?\"".to_owned()),
                None
            ]
        );
    }

    #[test]
    fn of_json_it_is_the_path() {
        let text = r#"{"?": 1, "a": {"b": [{"c": "?"}, ["x", {"d": ["?"]}]], "?": {}}, "e": "?"}"#;
        assert_eq!(
            contexts("a.seal.hcl.json", text),
            [
                None,
                Some("a.b[0]".to_owned()),
                Some("a.b[1][1].d".to_owned()),
                Some("a".to_owned()),
                None
            ]
        );
    }
}
