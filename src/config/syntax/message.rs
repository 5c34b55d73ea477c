//! Telling faults: what stands there, what it was most likely meant to be, and the mend; each once,
//! and none that only follows from another.

use super::lex::{Lexer, Token, TokenKind as K};
use super::parser::{Failed, MAX_HEIGHT, MAX_NESTING, Parser};
use crate::diag::{Diagnostic, Span};

/// Faults of one text that are told; what follows is passed over in silence.
const MAX_FAULTS: usize = 50;

impl Parser<'_> {
    /// How many faults have been told.
    pub(super) fn count(&self) -> usize {
        self.faults.len()
    }

    /// Whether there may be faults that have not been told, being too many.
    pub(super) fn gave_up(&self) -> bool {
        self.faults.len() >= MAX_FAULTS
    }

    /// Tells a fault that would be repeated by each item of a line.
    pub(super) fn once_a_line(&mut self, summary: &'static str, detail: &str, token: Token) {
        if self.told_line.replace(self.line) != Some(self.line) {
            self.error(summary, detail, self.span_of(token));
        }
    }

    /// Tells a fault, unless one of the same item has been told.
    pub(super) fn fault(&mut self, fault: Diagnostic) -> Failed {
        if !std::mem::replace(&mut self.quiet, true) && self.faults.len() < MAX_FAULTS {
            self.faults.push(fault);
        }
        Failed
    }

    pub(super) fn error(
        &mut self,
        summary: &'static str,
        detail: impl Into<String>,
        span: Span,
    ) -> Failed {
        self.fault(Diagnostic::error(summary, detail).at(span))
    }

    pub(super) fn too_deep(&mut self, span: Span) -> Failed {
        let detail = format!(
            "Expressions and blocks nest at most {MAX_NESTING} levels deep, and at most \
             {MAX_HEIGHT} operators or indexes stand in a row. Name a part of it in `locals` and \
             use the name."
        );
        self.error("Too deep nesting", detail, span)
    }

    /// Tells that the next token is not what is `wanted`, such as "A comma".
    pub(super) fn unexpected(&mut self, wanted: &str) -> Failed {
        let token = self.peek();
        if self.quiet || self.faults.len() >= MAX_FAULTS {
            return Failed;
        }
        if let Some(fault) = self.odd_token(token) {
            return self.fault(fault);
        }
        if let Some(fault) = self.unclosed(token) {
            return self.fault(fault);
        }
        let hint = match token.kind {
            // Elsewhere an end of the line has other reasons.
            K::Newline if !wanted.contains("value") => "",
            _ => self.hint(token),
        };
        let found = self.describe(token);
        let detail = format!("{wanted} is expected here, not {found}.{hint}");
        self.error("Invalid syntax", detail, self.span_of(token))
    }

    /// What is missing where this token stands, if a bracket is.
    pub(super) fn unclosed(&self, token: Token) -> Option<Diagnostic> {
        let open = self.open_here().last()?.token;
        let sign = self.text_of(open).trim_end();
        let closer = match open.kind {
            K::OpenBracket => "]",
            K::OpenParen => ")",
            K::OpenBrace | K::OpenValue | K::OpenDirective => "}",
            _ => return None,
        };
        let template = matches!(open.kind, K::OpenValue | K::OpenDirective);
        let summary = if template { "Unclosed template" } else { "Unclosed bracket" };
        if matches!(token.kind, K::OpenQuote | K::CloseQuote) && template {
            let detail =
                format!("`{closer}` is missing: `{sign}` is still open where the quote ends.");
            return Some(Diagnostic::error(summary, detail).at(self.span_of(open)));
        }
        if token.kind == K::End || self.belongs_elsewhere(token) {
            let detail =
                format!("The `{sign}` that stands here is never closed. Close it with `{closer}`.");
            let fault = Diagnostic::error(summary, detail).at(self.span_of(open));
            return Some(match token.kind {
                K::End => fault,
                _ => fault.related(self.span_of(token), "missing before this"),
            });
        }
        let closes = matches!(
            token.kind,
            K::CloseBrace | K::CloseBracket | K::CloseParen | K::CloseTemplate
        );
        if closes && !template && self.text_of(token) != closer {
            let detail = format!(
                "`{sign}` is open here, and `{}` stands where `{closer}` is expected.",
                self.text_of(token)
            );
            let fault = Diagnostic::error("Mismatched brackets", detail).at(self.span_of(open));
            return Some(fault.related(self.span_of(token), "closed by this"));
        }
        None
    }

    /// The word that begins here.
    fn word_at(&self, start: u32) -> Span {
        let rest = self.text.get(start as usize..).unwrap_or("");
        let end = Lexer::new(rest).next().map_or(start, |token| start + token.end);
        self.span(start, end)
    }

    /// Tells of a block that is not closed at the end of the text.
    pub(super) fn unclosed_block(&mut self, open: Token, next: Option<u32>) {
        let suspect = self.suspect.filter(|(inner, _)| inner.start > open.start);
        let fault = match suspect {
            Some((inner, close)) => Diagnostic::error(
                "Unclosed bracket",
                "The `{` that stands here is never closed: going by how the lines are indented, \
                 the `}` that closes it belongs to another one.",
            )
            .at(self.span_of(inner))
            .related(self.span_of(close), "closed by this, further left"),
            None => {
                let detail = "The `{` that stands here is never closed. Close the block with `}`.";
                let fault = Diagnostic::error("Unclosed bracket", detail).at(self.span_of(open));
                match next {
                    Some(next) => fault.related(self.word_at(next), "missing before this"),
                    None => fault,
                }
            }
        };
        if !std::mem::replace(&mut self.ended, true) {
            self.quiet = false;
            self.fault(fault);
        }
    }

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
            (K::OpenQuote, _) if before.trim_end().ends_with('.') => {
                " Texts are joined in a template: `\"${a}${b}\"`."
            }
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
