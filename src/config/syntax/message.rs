//! What faults say: what stands there, what it was most likely meant to be, and the mend.

use super::lex::{Token, TokenKind as K};
use super::parser::Parser;
use crate::diag::Diagnostic;

impl Parser<'_> {
    /// A token in words, as in "not the end of the line".
    pub(super) fn describe(&self, token: Token) -> String {
        match token.kind {
            K::Newline => "the end of the line".to_owned(),
            K::End => "the end of the text".to_owned(),
            K::OpenQuote => {
                let end = self.text.get(token.end as usize..).unwrap_or("");
                let text: String =
                    end.chars().take_while(|c| !"\"$%\n".contains(*c)).take(20).collect();
                let closed = end.get(text.len()..).is_some_and(|rest| rest.starts_with('"'));
                if text.is_empty() || !closed {
                    "a string".to_owned()
                } else {
                    format!("the string \"{text}\"")
                }
            }
            K::HeredocBegin => "a heredoc".to_owned(),
            K::QuotedText | K::RawText => "text".to_owned(),
            _ => {
                let text = self.text_of(token).trim_end();
                let short: String = text.chars().take(40).collect();
                if short.len() < text.len() {
                    format!("`{short}…`")
                } else {
                    format!("`{short}`")
                }
            }
        }
    }

    /// The mend for a token that another language would have here; with a space before it.
    pub(super) fn hint(&self, token: Token) -> &'static str {
        let rest = self.text.get(token.end as usize..).unwrap_or("");
        let before = self.text.get(..token.start as usize).unwrap_or("");
        match (token.kind, self.text_of(token)) {
            (K::Ident, "and") => " Write `&&` for \"and\".",
            (K::Ident, "or") => " Write `||` for \"or\".",
            (K::Ident, "not") => " Write `!` for \"not\".",
            (K::Ident, "is") => " Compare with `==`.",
            (K::Ident, "then" | "else") => " A condition is written `a ? b : c`.",
            (K::Ident, _) if before.ends_with(|c: char| c.is_ascii_digit()) => {
                " A number is written without separators and units, in decimal digits."
            }
            (K::Equal, _) if before.ends_with("==") || before.ends_with("!=") => {
                " Compare with `==` or `!=`."
            }
            (K::Equal, _) => " `=` sets an attribute; `==` compares.",
            (K::Star, _) if before.ends_with('*') => " Write `pow(a, b)` for a power.",
            (K::Greater, _) if before.ends_with('<') => " Write `!=` for \"not equal\".",
            (K::Plus, _) => {
                " A number has no sign `+`; texts are joined in a template, `\"${a}${b}\"`."
            }
            (K::Less, _) if rest.starts_with('<') || before.ends_with('<') => {
                " A heredoc begins with `<<` and a name, which ends its line: `<<EOT`."
            }
            (K::Newline, _) => " An expression goes on in the next line within brackets only.",
            (K::DoubleColon, _) => " `::` stands in the names of functions only.",
            (K::Arrow, _) => " `=>` belongs to `{for …}`; a key is set with `=`.",
            _ => "",
        }
    }

    /// What is told of a token that is wrong wherever it stands.
    pub(super) fn odd_token(&self, token: Token) -> Option<Diagnostic> {
        let span = self.span_of(token);
        if token.kind == K::UnclosedComment {
            let detail = "The comment that begins here has no `*/`. Close it.";
            let span = self.span(token.start, token.start + 2);
            return Some(Diagnostic::error("Unclosed comment", detail).at(span));
        }
        if token.kind != K::Invalid {
            return None;
        }
        let character = self.text_of(token).chars().next()?;
        let rest = self.text.get(token.end as usize..).unwrap_or("");
        let line = rest.split('\n').next().unwrap_or("");
        let detail = match character {
            '\'' => match line.split_once('\'') {
                Some((text, _)) if !text.contains('"') && text.len() < 40 => {
                    format!("A string stands in double quotes: \"{text}\".")
                }
                Some(_) | None => "A string stands in double quotes.".to_owned(),
            },
            '`' => "A string stands in double quotes.".to_owned(),
            '“' | '”' | '„' | '‘' | '’' | '«' | '»' => {
                format!("`{character}` looks like a quote and is none. Write `\"`.")
            }
            ';' => "Each attribute stands on a line of its own, without `;`.".to_owned(),
            '&' => "Write `&&` for \"and\". There are no operators on bits.".to_owned(),
            '|' => "Write `||` for \"or\". There are no operators on bits.".to_owned(),
            '^' => "There are no operators on bits; a power is `pow(a, b)`.".to_owned(),
            '~' => "`~` stands within `${~ … ~}` and `%{~ … ~}` only.".to_owned(),
            '$' if line.starts_with('{') => {
                "`${ }` stands within quotes only. Here the expression stands alone.".to_owned()
            }
            '$' => "A name has no `$` before it.".to_owned(),
            '@' => "A name has no `@` before it.".to_owned(),
            '\\' => "A line goes on in the next one within brackets, without `\\`.".to_owned(),
            '\r' => "A carriage return stands here that ends no line. Remove it.".to_owned(),
            c if c.is_whitespace() || c == '\u{feff}' || c == '\u{200b}' => format!(
                "U+{:04X} looks like a space and is none. Replace it with a space.",
                u32::from(c)
            ),
            c if c.is_control() => {
                format!("U+{:04X} has no meaning here. Remove it.", u32::from(c))
            }
            c => format!("`{c}` has no meaning here."),
        };
        Some(Diagnostic::error("Invalid character", detail).at(span))
    }
}
