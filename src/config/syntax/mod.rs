//! HCL's native syntax: text to tokens, and tokens to the tree that the evaluator walks.
//!
//! Owns the grammar and what is told where a text does not follow it. It never evaluates, and does
//! not know any block or attribute by name. Whatever a text holds, reading it takes linear time and
//! a bounded stack; a fault never hides the items behind it.

mod body;
mod collection;
mod expression;
mod lex;
mod message;
mod parser;
mod recovery;
mod template;
mod text;

pub use self::lex::{Lexer, Stand, Token, TokenKind};

pub(super) use self::parser::MAX_HEIGHT;
pub(super) use self::text::composed;

use self::parser::Parser;
use super::expr::{Body, Expr};
use crate::diag::{Diagnostics, FileId, Span};

/// What a text of attributes and blocks comes to.
pub(super) struct File {
    /// Its attributes and blocks. Where a value could not be read, it is unknown.
    pub(super) body: Body,
    /// What faults have been told of: what is wrong there for other reasons most likely follows.
    pub(super) damaged: Vec<Span>,
}

/// Reads a whole text of attributes and blocks.
pub(super) fn parse_file(text: &str, file: FileId, diagnostics: &mut Diagnostics) -> File {
    let mut parser = Parser::new(text, file, Lexer::new(text));
    let (body, damaged) = parser.file();
    diagnostics.append(&mut parser.finish());
    File { body, damaged }
}

/// Reads a text that is one expression. Ends of lines mean nothing in it.
pub(super) fn parse_expr(text: &str, file: FileId, diagnostics: &mut Diagnostics) -> Option<Expr> {
    let mut parser = Parser::new(text, file, Lexer::new(text));
    let result = parser.lone_expr();
    diagnostics.append(&mut parser.finish());
    result.ok()
}

/// Reads a text that is one template.
pub(super) fn parse_template(
    text: &str,
    file: FileId,
    diagnostics: &mut Diagnostics,
) -> Option<Expr> {
    let mut parser = Parser::new(text, file, Lexer::template(text));
    let result = parser.lone_template();
    diagnostics.append(&mut parser.finish());
    result.ok()
}

#[cfg(test)]
mod tests;
