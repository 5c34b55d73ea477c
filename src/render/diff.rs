//! How a file changes, as `diff -u` and `patch` have it.

use super::Style;
use super::canvas::{Canvas, Tint, clean, clean_lines};
use similar::{ChangeTag, TextDiff};
use std::time::Duration;

/// How many lines that are the same are shown around those that differ.
const CONTEXT: usize = 3;
/// Looking for the shortest way from one text to the other ends after this; what has been found by
/// then is right, but may be longer than it had to be.
const PATIENCE: Duration = Duration::from_millis(500);

/// The lines of a file that differ; nothing where none does.
pub fn unified(name: &str, before: &str, after: &str, style: &Style) -> String {
    let mut canvas = Canvas::new(style.color);
    let diff = TextDiff::configure().timeout(PATIENCE).diff_lines(before, after);
    let name = clean(name);
    for (index, hunk) in diff.unified_diff().context_radius(CONTEXT).iter_hunks().enumerate() {
        if index == 0 {
            canvas.tinted(Tint::Strong, format_args!("--- old/{name}")).line();
            canvas.tinted(Tint::Strong, format_args!("+++ new/{name}")).line();
        }
        canvas.tinted(Tint::Noted, hunk.header()).line();
        for change in hunk.iter_changes() {
            let (sign, tint) = match change.tag() {
                ChangeTag::Equal => (' ', None),
                ChangeTag::Delete => ('-', Some(Tint::Bad)),
                ChangeTag::Insert => ('+', Some(Tint::Good)),
            };
            // A carriage return at the end of its line does no harm, and the line is not the same
            // without.
            let line = change.value().strip_suffix('\n').unwrap_or(change.value());
            let (line, end) = line.strip_suffix('\r').map_or((line, ""), |line| (line, "\r"));
            let line = format!("{sign}{}{end}", clean_lines(line));
            match tint {
                Some(tint) => canvas.tinted_clean(tint, &line),
                None => canvas.push(&line),
            };
            canvas.line();
            if change.missing_newline() {
                canvas.push("\\ No newline at end of file\n");
            }
        }
    }
    canvas.finish()
}
