//! Text from outside within Markdown and HTML, as GitHub and GitLab read them.
//!
//! Nothing that a name can contain ends the markup around it, and no `@name`, `#123` or address of a
//! page in it becomes a link: it stands in code, where neither of the two looks for any.

use super::canvas::{clean, clean_lines, escape_html, number, wrap};

/// More characters of a name are not shown.
const NAME: usize = 400;
/// More characters of a text are not shown.
const TEXT: usize = 2_000;
/// The column at which texts are broken.
const WIDTH: usize = 100;

/// The text, cut after so many characters, which is said.
pub(super) fn capped(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some((at, _)) => {
            let (shown, rest) = text.split_at(at);
            format!("{shown}… ({} more characters)", number(rest.chars().count()))
        }
    }
}

/// The longest run of backticks.
fn ticks(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// A text from outside as code within a line.
pub(super) fn code(text: &str) -> String {
    span(&clean(capped(text, NAME)))
}

/// A text from outside as code within a cell of a table, where a pipe ends the cell even in code. A
/// backslash in front of it takes that from it; whether there are two is read in different ways, so
/// that a pipe behind a backslash is shown as an escape.
pub(super) fn code_cell(text: &str) -> String {
    let text = clean(capped(text, NAME));
    if !text.contains('|') {
        return span(&text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '|' if safe.ends_with('\\') => safe.push_str("\\u007c"),
            '|' => safe.push_str("\\|"),
            c => safe.push(c),
        }
    }
    span(&safe)
}

/// Harmless text between fences that are longer than any in it.
fn span(text: &str) -> String {
    let fence = "`".repeat(ticks(text) + 1);
    let edge = |c: char| c == '`' || c == ' ';
    if text.is_empty() {
        "`\"\"`".to_owned()
    } else if text.starts_with(edge) || text.ends_with(edge) {
        // One space on each side belongs to the fence.
        format!("{fence} {text} {fence}")
    } else {
        format!("{fence}{text}{fence}")
    }
}

/// A text from outside as code within HTML.
pub(super) fn code_html(text: &str) -> String {
    format!("<code>{}</code>", html(text))
}

/// A few words within HTML.
pub(super) fn words_html(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { code_html(text) }
}

/// A text from outside within HTML.
fn html(text: &str) -> String {
    escape_html(&clean(capped(text, NAME)))
}

/// A few words: as they are where they are nothing but words, as code otherwise.
pub(super) fn words(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { code(text) }
}

/// A few words in a cell of a table.
pub(super) fn words_cell(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { code_cell(text) }
}

/// Whether a text is words and ends of sentences only: nothing that is markup, that a page makes a
/// link of (such as `www.x.y`, `GH-1` and the beginning of a commit's digest), or that hides.
fn is_plain(text: &str) -> bool {
    let word = |word: &str| {
        let bare = word.trim_start_matches('(').trim_end_matches([',', ';', '.', ')']);
        let mut before = ' ';
        for c in bare.chars() {
            let fits = match c {
                '-' | '\'' => before.is_alphanumeric(),
                '→' => before == ' ',
                c => c.is_ascii_alphabetic() || (c.is_ascii_digit() && before != '-'),
            };
            if !fits {
                return false;
            }
            before = c;
        }
        let digest = bare.len() >= 7
            && bare.bytes().all(|b| b.is_ascii_hexdigit())
            && bare.bytes().any(|b| b.is_ascii_digit());
        !bare.is_empty() && !digest
    };
    text.len() <= NAME && !text.is_empty() && text.split(' ').all(word)
}

/// Lines of code, between fences that are longer than any in it. The text ends with its line.
pub(super) fn block(language: &str, text: &str) -> String {
    let fence = "`".repeat(ticks(text).max(2) + 1);
    let end = if text.ends_with('\n') { "" } else { "\n" };
    format!("{fence}{language}\n{text}{end}{fence}\n")
}

/// Sentences from outside as a block of their own.
pub(super) fn sentences(text: &str) -> String {
    let lines = wrap(&clean_lines(&capped(text, TEXT)), WIDTH);
    block("text", &lines.join("\n"))
}
