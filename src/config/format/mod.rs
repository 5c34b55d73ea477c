//! The canonical form of a text: where its lines begin, what stands between its tokens, what is
//! aligned; and the few ways of writing that are old-fashioned.
//!
//! Owns what `sealform fmt` writes, which is what `terraform fmt` writes. It works on the tokens of
//! the text and never on the tree, so that comments, blank lines, numbers and texts stay as they
//! are. It reads and writes no files, and a text with a syntax error is left alone.
//!
//! ```
//! use sealform::config::format::format;
//! use sealform::diag::Sources;
//!
//! let mut sources = Sources::default();
//! let file = sources.add("main.seal.hcl", "locals {\na=1\nlong =\"${a}\" # why\n}\n");
//! let formatted = "locals {\n  a    = 1\n  long = a # why\n}\n";
//! assert_eq!(format(&sources, file).as_deref(), Ok(formatted));
//! ```

mod layout;
mod rewrite;
mod same;
#[cfg(test)]
mod tests;

use super::expr::Body;
use super::syntax::{self, Lexer, TokenKind};
use crate::diag::{Diagnostic, Diagnostics, FileId, Sources, has_errors};

/// A token as it is laid out: one that is no space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Piece<'a> {
    kind: TokenKind,
    /// A comment that ends with its line has the end of the line in it.
    text: &'a str,
    /// How many spaces stand before it.
    spaces: usize,
}

impl<'a> Piece<'a> {
    fn new(kind: TokenKind, text: &'a str) -> Self {
        Self { kind, text, spaces: 0 }
    }

    /// Whether the line ends with it.
    fn ends_line(self) -> bool {
        match self.kind {
            TokenKind::Newline => true,
            TokenKind::Comment => self.text.ends_with('\n'),
            _ => false,
        }
    }

    /// How many more brackets are open behind it than before it.
    fn bracket(self) -> isize {
        match self.kind {
            TokenKind::OpenBrace
            | TokenKind::OpenBracket
            | TokenKind::OpenParen
            | TokenKind::OpenValue
            | TokenKind::OpenDirective => 1,
            TokenKind::CloseBrace
            | TokenKind::CloseBracket
            | TokenKind::CloseParen
            | TokenKind::CloseTemplate => -1,
            _ => 0,
        }
    }
}

/// The canonical form of a text of attributes and blocks.
///
/// # Errors
/// The syntax errors of the text.
pub fn format(sources: &Sources, file: FileId) -> Result<String, Diagnostics> {
    let text = sources.text(file);
    let before = parse(text, file)?;
    let (pieces, trailing) = pieces(text);
    let mut pieces = rewrite::modernise(&pieces);
    layout::arrange(&mut pieces);
    let out = print(&pieces, trailing);
    // Whatever may be wrong here, it must not reach the file.
    let sound = parse(&out, file).is_ok_and(|after| same::bodies(&before, &after))
        && print_tokens(&self::pieces(&out).0) == print_tokens(&pieces);
    if sound {
        return Ok(out);
    }
    Err(vec![Diagnostic::error(
        "Formatting failed",
        format!(
            "The canonical form of {} would mean something else. This is a fault of Sealform, not \
             of the file, which is left as it is. Please report it.",
            sources.name(file)
        ),
    )])
}

fn parse(text: &str, file: FileId) -> Result<Body, Diagnostics> {
    let mut diagnostics = Diagnostics::new();
    let body = syntax::parse_file(text, file, &mut diagnostics).body;
    if has_errors(&diagnostics) { Err(diagnostics) } else { Ok(body) }
}

/// The tokens that are no spaces, and how many spaces stand behind the last.
fn pieces(text: &str) -> (Vec<Piece<'_>>, usize) {
    let mut pieces: Vec<Piece<'_>> = Vec::new();
    let mut spaces = 0;
    // Where the last piece begins, should it be a comment that takes in the end of its line.
    let mut comment = None;
    for token in Lexer::new(text) {
        let own = token.text(text);
        let begun = comment.take();
        match token.kind {
            TokenKind::Space => {
                // The byte order mark at the beginning is no space.
                spaces = own.bytes().filter(u8::is_ascii).count();
                continue;
            }
            TokenKind::Newline if let Some(start) = begun => {
                if let Some(last) = pieces.last_mut() {
                    last.text = text.get(start..token.end as usize).unwrap_or(last.text);
                }
            }
            TokenKind::Comment => {
                comment = (!own.starts_with("/*")).then_some(token.start as usize);
                pieces.push(Piece { spaces, ..Piece::new(token.kind, own) });
            }
            kind => pieces.push(Piece { spaces, ..Piece::new(kind, own) }),
        }
        spaces = 0;
    }
    (pieces, spaces)
}

fn print(pieces: &[Piece<'_>], trailing: usize) -> String {
    let length = pieces.iter().map(|piece| piece.spaces + piece.text.len()).sum::<usize>();
    let mut out = String::with_capacity(length + trailing);
    for piece in pieces {
        out.extend(std::iter::repeat_n(' ', piece.spaces));
        out.push_str(piece.text);
    }
    out.extend(std::iter::repeat_n(' ', trailing));
    out
}

/// The tokens without what is between them.
fn print_tokens<'a>(pieces: &[Piece<'a>]) -> Vec<(TokenKind, &'a str)> {
    pieces.iter().map(|piece| (piece.kind, piece.text)).collect()
}
