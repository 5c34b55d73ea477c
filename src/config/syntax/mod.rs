//! HCL's native syntax: text to tokens, and tokens to the tree that the evaluator walks.

mod lex;

pub use self::lex::{Lexer, Token, TokenKind};
