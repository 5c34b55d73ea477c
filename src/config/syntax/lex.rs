//! Text to tokens, without loss: every byte belongs to exactly one token, in order.
//!
//! Owns where tokens begin and end, and how templates nest. It finds nothing wrong: what it does
//! not know is a token as well ([`TokenKind::Invalid`]), and what the tokens mean is the parser's.
//! It never recurses and never goes back, so that any text takes linear time.

/// A token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Its first byte.
    pub start: u32,
    /// The byte behind its last.
    pub end: u32,
}

impl Token {
    /// What stands there, in the text that the token is of.
    pub fn text(self, text: &str) -> &str {
        text.get(self.start as usize..self.end as usize).unwrap_or("")
    }
}

/// The kinds of tokens. Most of them mean nothing in most places, so that who matches on them has
/// one arm for the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// Spaces and tabs; a byte order mark at the beginning.
    Space,
    /// The end of a line.
    Newline,
    /// `# …`, `// …` without the end of the line; `/* … */`.
    Comment,
    /// `/* …` to the end of the text.
    UnclosedComment,
    /// A name or a word of the language.
    Ident,
    /// A number without its sign. It may be none: `1.2.3`.
    Number,
    /// The `"` before a quoted template.
    OpenQuote,
    /// The `"` behind a quoted template. It is missing where the line ends before it: then
    /// [`TokenKind::Newline`] closes the template.
    CloseQuote,
    /// Text of a quoted template, as it is written.
    QuotedText,
    /// `<<EOT` or `<<-EOT`, with the end of its line.
    HeredocBegin,
    /// The line that closes a heredoc, without its end.
    HeredocEnd,
    /// Text of a heredoc or of a template in a file: at most a line, with its end.
    RawText,
    /// `${` or `${~`.
    OpenValue,
    /// `%{` or `%{~`.
    OpenDirective,
    /// The `}` or `~}` that closes either.
    CloseTemplate,
    /// `{`
    OpenBrace,
    /// `}`
    CloseBrace,
    /// `[`
    OpenBracket,
    /// `]`
    CloseBracket,
    /// `(`
    OpenParen,
    /// `)`
    CloseParen,
    /// `.`
    Dot,
    /// `...`
    Ellipsis,
    /// `,`
    Comma,
    /// `:`
    Colon,
    /// `::`
    DoubleColon,
    /// `?`
    Question,
    /// `=`
    Equal,
    /// `=>`
    Arrow,
    /// `==`
    EqualEqual,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `&&`
    And,
    /// `||`
    Or,
    /// `!`
    Not,
    /// `+`
    Plus,
    /// `-`
    Minus,
    /// `*`
    Star,
    /// `/`
    Slash,
    /// `%`
    Percent,
    /// One character that no token begins with.
    Invalid,
    /// Behind the last byte. The scanner never gives it; the parser reads it there.
    End,
}

impl TokenKind {
    /// Whether it means nothing to the parser.
    pub fn is_trivia(self) -> bool {
        matches!(self, Self::Space | Self::Comment)
    }
}

/// What the scanner is within. Round and square brackets do not matter to where tokens end.
#[derive(Clone, Copy, Debug)]
enum Mode {
    /// `{ … }`
    Brace,
    /// `${ … }` or `%{ … }`
    Inserted,
    /// `" … "`
    Quote,
    /// `<<EOT …`: where its marker stands, and whether a line begins here.
    Heredoc { marker: (usize, usize), line_begins: bool },
    /// A whole text that is a template.
    Bare,
}

/// Scans a text.
///
/// ```
/// use sealform::config::syntax::{Lexer, TokenKind};
/// let kinds: Vec<TokenKind> = Lexer::new("a = 1").map(|token| token.kind).collect();
/// let (space, equal) = (TokenKind::Space, TokenKind::Equal);
/// assert_eq!(kinds, [TokenKind::Ident, space, equal, space, TokenKind::Number]);
/// ```
#[derive(Clone, Debug)]
pub struct Lexer<'a> {
    text: &'a str,
    at: usize,
    modes: Vec<Mode>,
}

/// Where a scanner stands, to go on there once the text has grown.
#[derive(Clone, Debug, Default)]
pub struct Stand {
    at: usize,
    modes: Vec<Mode>,
}

impl<'a> Lexer<'a> {
    /// Goes on in a text that has grown at its end since. What stood there was the end of a line.
    pub fn at(text: &'a str, stand: Stand) -> Self {
        Self { text, at: stand.at, modes: stand.modes }
    }

    /// Where the scanner stands.
    pub fn stand(self) -> Stand {
        Stand { at: self.at, modes: self.modes }
    }

    /// Where it stood before a comment that is not closed yet.
    pub fn stand_before(self, comment: &Token) -> Stand {
        Stand { at: comment.start as usize, modes: self.modes }
    }

    /// Scans a text of attributes and blocks, or an expression.
    pub fn new(text: &'a str) -> Self {
        Self { text, at: 0, modes: Vec::new() }
    }

    /// Scans a text that is a template.
    pub fn template(text: &'a str) -> Self {
        Self { text, at: 0, modes: vec![Mode::Bare] }
    }

    /// How many braces and templates are open.
    pub(super) fn depth(&self) -> usize {
        self.modes.len()
    }

    /// Goes on at another place, as if only the outermost `depth` braces and templates were open.
    pub(super) fn resume(&mut self, at: usize, depth: usize) {
        self.at = at;
        self.modes.truncate(depth);
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    fn rest(&self, at: usize) -> &'a str {
        self.text.get(at..).unwrap_or("")
    }

    /// The first place at or behind `from` where a byte is `stop`, or the end.
    fn seek(&self, from: usize, stop: impl Fn(u8) -> bool) -> usize {
        let bytes = self.text.as_bytes().get(from..).unwrap_or(&[]);
        from + bytes.iter().position(|byte| stop(*byte)).unwrap_or(bytes.len())
    }

    /// How long the end of a line at `at` is; 0 where there is none.
    fn newline(&self, at: usize) -> usize {
        match self.byte(at) {
            Some(b'\n') => 1,
            Some(b'\r') if self.byte(at + 1) == Some(b'\n') => 2,
            _ => 0,
        }
    }

    /// Where the line's content ends, its end not counted.
    fn line_end(&self, from: usize) -> usize {
        let end = self.seek(from, |byte| byte == b'\n');
        let carriage = end > from && end < self.text.len() && self.byte(end - 1) == Some(b'\r');
        if carriage { end - 1 } else { end }
    }

    /// Whether `${` or `%{` stands here, and how long it is.
    fn insertion(&self, at: usize) -> Option<(TokenKind, usize)> {
        let kind = match self.byte(at)? {
            b'$' => TokenKind::OpenValue,
            b'%' => TokenKind::OpenDirective,
            _ => return None,
        };
        let strip = usize::from(self.byte(at + 2) == Some(b'~'));
        (self.byte(at + 1) == Some(b'{')).then_some((kind, 2 + strip))
    }

    /// Behind a run of `$` or `%`, unless it is one that opens something: `$${` stands for `${`.
    fn behind_signs(&self, at: usize, sign: u8) -> Option<usize> {
        let end = self.seek(at, |byte| byte != sign);
        match self.byte(end) {
            Some(b'{') if end == at + 1 => None,
            Some(b'{') => Some(end + 1),
            _ => Some(end),
        }
    }

    fn next_token(&mut self) -> Option<(TokenKind, usize)> {
        let first = self.byte(self.at)?;
        if self.at == 0 && self.text.starts_with('\u{feff}') {
            return Some((TokenKind::Space, '\u{feff}'.len_utf8()));
        }
        Some(match self.modes.last().copied() {
            None | Some(Mode::Brace | Mode::Inserted) => self.plain(first),
            Some(Mode::Quote) => self.quoted(first),
            Some(Mode::Heredoc { marker, line_begins }) => self.heredoc(marker, line_begins),
            Some(Mode::Bare) => self.raw(true),
        })
    }

    /// A token outside of texts, and where it ends.
    fn plain(&mut self, first: u8) -> (TokenKind, usize) {
        let at = self.at;
        let second = self.byte(at + 1);
        let two = |kind| (kind, at + 2);
        let one = |kind| (kind, at + 1);
        match (first, second) {
            (b' ' | b'\t', _) => {
                (TokenKind::Space, self.seek(at, |byte| byte != b' ' && byte != b'\t'))
            }
            (b'\n', _) => one(TokenKind::Newline),
            (b'\r', Some(b'\n')) => two(TokenKind::Newline),
            (b'#', _) | (b'/', Some(b'/')) => (TokenKind::Comment, self.line_end(at)),
            (b'/', Some(b'*')) => match self.rest(at + 2).find("*/") {
                Some(length) => (TokenKind::Comment, at + 2 + length + 2),
                None => (TokenKind::UnclosedComment, self.text.len()),
            },
            (b'0'..=b'9', _) => (TokenKind::Number, self.number_end()),
            (b'"', _) => {
                self.modes.push(Mode::Quote);
                one(TokenKind::OpenQuote)
            }
            (b'<', Some(b'<')) => self.heredoc_begin().unwrap_or(one(TokenKind::Less)),
            (b'{', _) => {
                self.modes.push(Mode::Brace);
                one(TokenKind::OpenBrace)
            }
            (b'}', _) => match self.modes.pop() {
                Some(Mode::Inserted) => one(TokenKind::CloseTemplate),
                Some(Mode::Brace | Mode::Quote | Mode::Heredoc { .. } | Mode::Bare) | None => {
                    one(TokenKind::CloseBrace)
                }
            },
            (b'~', Some(b'}')) if matches!(self.modes.last(), Some(Mode::Inserted)) => {
                self.modes.pop();
                two(TokenKind::CloseTemplate)
            }
            (b'.', Some(b'.')) if self.byte(at + 2) == Some(b'.') => (TokenKind::Ellipsis, at + 3),
            (b'=', Some(b'=')) => two(TokenKind::EqualEqual),
            (b'=', Some(b'>')) => two(TokenKind::Arrow),
            (b'!', Some(b'=')) => two(TokenKind::NotEqual),
            (b'<', Some(b'=')) => two(TokenKind::LessOrEqual),
            (b'>', Some(b'=')) => two(TokenKind::GreaterOrEqual),
            (b'&', Some(b'&')) => two(TokenKind::And),
            (b'|', Some(b'|')) => two(TokenKind::Or),
            (b':', Some(b':')) => two(TokenKind::DoubleColon),
            (b'[', _) => one(TokenKind::OpenBracket),
            (b']', _) => one(TokenKind::CloseBracket),
            (b'(', _) => one(TokenKind::OpenParen),
            (b')', _) => one(TokenKind::CloseParen),
            (b'.', _) => one(TokenKind::Dot),
            (b',', _) => one(TokenKind::Comma),
            (b':', _) => one(TokenKind::Colon),
            (b'?', _) => one(TokenKind::Question),
            (b'=', _) => one(TokenKind::Equal),
            (b'<', _) => one(TokenKind::Less),
            (b'>', _) => one(TokenKind::Greater),
            (b'!', _) => one(TokenKind::Not),
            (b'+', _) => one(TokenKind::Plus),
            (b'-', _) => one(TokenKind::Minus),
            (b'*', _) => one(TokenKind::Star),
            (b'/', _) => one(TokenKind::Slash),
            (b'%', _) => one(TokenKind::Percent),
            _ => self.word_or_invalid(),
        }
    }

    fn word_or_invalid(&self) -> (TokenKind, usize) {
        let at = self.at;
        let end = self.ident_end(at);
        if end > at {
            return (TokenKind::Ident, end);
        }
        (TokenKind::Invalid, at + self.rest(at).chars().next().map_or(1, char::len_utf8))
    }

    /// Where the name that begins at `at` ends; `at` where none begins.
    fn ident_end(&self, at: usize) -> usize {
        let starts = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
        let goes_on = |byte: u8| starts(byte) || byte.is_ascii_digit() || byte == b'-';
        let mut end = at;
        loop {
            end = match self.byte(end) {
                Some(byte) if byte.is_ascii() => {
                    if end == at && !starts(byte) {
                        return at;
                    }
                    self.seek(end, |byte| !goes_on(byte))
                }
                Some(_) | None => end,
            };
            let Some(next) = self.rest(end).chars().next().filter(|c| !c.is_ascii()) else {
                return end;
            };
            let belongs = if end == at {
                unicode_ident::is_xid_start(next)
            } else {
                unicode_ident::is_xid_continue(next)
            };
            if !belongs {
                return end;
            }
            end += next.len_utf8();
        }
    }

    /// Digits, points and exponents, as far as they end in a digit.
    fn number_end(&self) -> usize {
        let digit = |at: usize| self.byte(at).is_some_and(|byte| byte.is_ascii_digit());
        let mut at = self.at + 1;
        let mut end = at;
        loop {
            match self.byte(at) {
                Some(b'0'..=b'9') => at += 1,
                Some(b'.') => {
                    at += 1;
                    continue;
                }
                Some(b'e' | b'E') if digit(at + 1) => at += 2,
                Some(b'e' | b'E')
                    if matches!(self.byte(at + 1), Some(b'+' | b'-')) && digit(at + 2) =>
                {
                    at += 3;
                }
                Some(_) | None => return end,
            }
            end = at;
        }
    }

    fn heredoc_begin(&mut self) -> Option<(TokenKind, usize)> {
        let dash = usize::from(self.byte(self.at + 2) == Some(b'-'));
        let start = self.at + 2 + dash;
        let end = self.ident_end(start);
        let newline = self.newline(end);
        if end == start || newline == 0 {
            return None;
        }
        self.modes.push(Mode::Heredoc { marker: (start, end), line_begins: true });
        Some((TokenKind::HeredocBegin, end + newline))
    }

    fn quoted(&mut self, first: u8) -> (TokenKind, usize) {
        let at = self.at;
        if first == b'"' {
            self.modes.pop();
            return (TokenKind::CloseQuote, at + 1);
        }
        let newline = self.newline(at);
        if newline > 0 {
            // No quoted template goes over the end of a line.
            self.modes.pop();
            return (TokenKind::Newline, at + newline);
        }
        if let Some((kind, length)) = self.insertion(at) {
            self.modes.push(Mode::Inserted);
            return (kind, at + length);
        }
        let mut end = at;
        loop {
            end = self.seek(end, |byte| matches!(byte, b'"' | b'\n' | b'\r' | b'\\' | b'$' | b'%'));
            match self.byte(end) {
                Some(b'\r') if end == at => return (TokenKind::Invalid, at + 1),
                Some(b'\\') => {
                    end += 1;
                    if self.newline(end) == 0 {
                        end += self.rest(end).chars().next().map_or(0, char::len_utf8);
                    }
                }
                Some(sign @ (b'$' | b'%')) => match self.behind_signs(end, sign) {
                    Some(behind) => end = behind,
                    None => return (TokenKind::QuotedText, end),
                },
                Some(_) | None => return (TokenKind::QuotedText, end),
            }
        }
    }

    fn heredoc(&mut self, marker: (usize, usize), line_begins: bool) -> (TokenKind, usize) {
        if line_begins {
            let end = self.line_end(self.at);
            let line = self.text.get(self.at..end).unwrap_or("");
            if Some(line.trim()) == self.text.get(marker.0..marker.1) && !line.contains('\r') {
                self.modes.pop();
                return (TokenKind::HeredocEnd, end);
            }
        }
        let (kind, end) = self.raw(false);
        let line_ends = kind == TokenKind::RawText && self.byte(end - 1) == Some(b'\n');
        let own = self.modes.iter_mut().rev().find(|mode| !matches!(mode, Mode::Inserted));
        if let Some(Mode::Heredoc { line_begins, .. }) = own {
            *line_begins = line_ends;
        }
        (kind, end)
    }

    /// Text up to the end of its line. A carriage return that ends no line is text in files only.
    fn raw(&mut self, carriage_is_text: bool) -> (TokenKind, usize) {
        let at = self.at;
        if let Some((kind, length)) = self.insertion(at) {
            self.modes.push(Mode::Inserted);
            return (kind, at + length);
        }
        let mut end = at;
        loop {
            end = self.seek(end, |byte| matches!(byte, b'\n' | b'\r' | b'$' | b'%'));
            match self.byte(end) {
                Some(b'\n' | b'\r') if self.newline(end) > 0 => {
                    return (TokenKind::RawText, end + self.newline(end));
                }
                Some(b'\r') if carriage_is_text => end += 1,
                Some(b'\r') if end == at => return (TokenKind::Invalid, at + 1),
                Some(sign @ (b'$' | b'%')) => match self.behind_signs(end, sign) {
                    Some(behind) if self.holds_next(end, behind) => {
                        return (TokenKind::RawText, behind + 1);
                    }
                    Some(behind) => end = behind,
                    None => return (TokenKind::RawText, end),
                },
                Some(_) | None => return (TokenKind::RawText, end),
            }
        }
    }

    /// Whether the `$` or `%` from `signs` to `behind` keep the next byte, because the line ends
    /// after it: `~` then takes the end of the line only. The first half of `\r\n` is such a byte
    /// as well, but of a sign that stands alone only.
    fn holds_next(&self, signs: usize, behind: usize) -> bool {
        let held = match self.byte(behind) {
            Some(b'\n') | None => false,
            Some(b'\r') => behind == signs + 1,
            Some(byte) => byte.is_ascii() && self.byte(behind - 1) != Some(b'{'),
        };
        held && self.newline(behind + 1) > 0
    }
}

impl Iterator for Lexer<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        let start = self.at;
        let (kind, end) = self.next_token()?;
        self.at = end;
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Some(Token { kind, start: offset(start), end: offset(end) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::fmt::Write as _;

    /// The tokens that are no white space, as kind and text.
    fn scan(lexer: Lexer<'_>) -> String {
        let text = lexer.text;
        let mut out = String::new();
        for token in lexer.filter(|token| token.kind != TokenKind::Space) {
            let kind = format!("{:?}", token.kind);
            write!(out, "{kind}:{} ", token.text(text).escape_debug()).unwrap();
        }
        out.trim_end().to_owned()
    }

    #[test]
    fn words_numbers_and_signs() {
        let rows = [
            ("é-1_x a--b", "Ident:é-1_x Ident:a--b"),
            ("1.5e-3 1. 1...", "Number:1.5e-3 Number:1 Dot:. Number:1 Ellipsis:..."),
            (
                "1.2.3 0x1 1e 1ee5",
                "Number:1.2.3 Number:0 Ident:x1 Number:1 Ident:e Number:1 Ident:ee5",
            ),
            ("a::b:c", "Ident:a DoubleColon::: Ident:b Colon:: Ident:c"),
            ("=>== = != !", "Arrow:=> EqualEqual:== Equal:= NotEqual:!= Not:!"),
            (
                "<= < >= > && & ||",
                "LessOrEqual:<= Less:< GreaterOrEqual:>= Greater:> And:&& Invalid:& Or:||",
            ),
            (
                "a # b\r\nc // d\n/* e\n */f",
                "Ident:a Comment:# b Newline:\\r\\n Ident:c Comment:// d Newline:\\n Comment:/* e\\n */ Ident:f",
            ),
            ("/*", "UnclosedComment:/*"),
            ("\u{feff}a\u{a0}\r", "Ident:a Invalid:\\u{a0} Invalid:\\r"),
            ("<< EOT", "Less:< Less:< Ident:EOT"),
            ("} {~}", "CloseBrace:} OpenBrace:{ Invalid:~ CloseBrace:}"),
        ];
        for (text, expected) in rows {
            assert_eq!(scan(Lexer::new(text)), expected, "{text}");
        }
    }

    #[test]
    fn templates_nest() {
        let rows = [
            (r#""a\"b""#, r#"OpenQuote:\" QuotedText:a\\\"b CloseQuote:\""#),
            (r#""$${a}$""#, r#"OpenQuote:\" QuotedText:$${a}$ CloseQuote:\""#),
            (r#""$$${a}%%{""#, r#"OpenQuote:\" QuotedText:$$${a}%%{ CloseQuote:\""#),
            (
                r#""a${~ {b="}"} ~}c""#,
                "OpenQuote:\\\" QuotedText:a OpenValue:${~ OpenBrace:{ Ident:b Equal:= OpenQuote:\\\" \
                 QuotedText:} CloseQuote:\\\" CloseBrace:} CloseTemplate:~} QuotedText:c CloseQuote:\\\"",
            ),
            ("\"a\nb", r#"OpenQuote:\" QuotedText:a Newline:\n Ident:b"#),
            ("\"a\\\nb", r#"OpenQuote:\" QuotedText:a\\ Newline:\n Ident:b"#),
            ("\"a\rb", r#"OpenQuote:\" QuotedText:a Invalid:\r QuotedText:b"#),
            ("<<E\na\rb\r\n", r"HeredocBegin:<<E\n RawText:a Invalid:\r RawText:b\r\n"),
            (
                "<<E\na$ \n%\r\n",
                r"HeredocBegin:<<E\n RawText:a$  RawText:\n RawText:%\r RawText:\n",
            ),
            ("<<E\n$$\r\n$  \n", r"HeredocBegin:<<E\n RawText:$$\r\n RawText:$  \n"),
            (
                "<<-E\n x ${1}E\n E \nE",
                "HeredocBegin:<<-E\\n RawText: x  OpenValue:${ Number:1 CloseTemplate:} RawText:E\\n \
                 HeredocEnd: E  Newline:\\n Ident:E",
            ),
            ("<<E\nE\n", "HeredocBegin:<<E\\n HeredocEnd:E Newline:\\n"),
            (
                "<<A\r\n${<<B\nA\nB\n}\r\nA",
                "HeredocBegin:<<A\\r\\n OpenValue:${ HeredocBegin:<<B\\n RawText:A\\n HeredocEnd:B \
                 Newline:\\n CloseTemplate:} RawText:\\r\\n HeredocEnd:A",
            ),
        ];
        for (text, expected) in rows {
            assert_eq!(scan(Lexer::new(text)), expected, "{text}");
        }
        assert_eq!(
            scan(Lexer::template("a\"\\\n%{if b}\n}")),
            "RawText:a\\\"\\\\\\n OpenDirective:%{ Ident:if Ident:b CloseTemplate:} RawText:\\n \
             RawText:}"
        );
    }

    fn whole(lexer: Lexer<'_>) -> bool {
        let text = lexer.text;
        let mut at = 0;
        for token in lexer {
            if token.start != at || token.end <= at || token.text(text).is_empty() {
                return false;
            }
            at = token.end;
        }
        at as usize == text.len()
    }

    #[test]
    fn what_is_never_closed_takes_linear_time() {
        for piece in
            ["\"", "\"${", "{", "(", "<<E\n", "<<E\n${", "/*", "1.", "$$", "\\", "%{", "~}"]
        {
            let text = piece.repeat(300_000);
            assert!(whole(Lexer::new(&text)), "{piece}");
            assert!(whole(Lexer::template(&text)), "{piece}");
        }
    }

    proptest! {
        #[test]
        fn every_byte_is_of_one_token(text in "([a-z0-9.={}\\[\\]()\"$%~<\\-#/*\r\n\\\\ ]|EOT|<<EOT\n|\\$\\{|\\PC)*") {
            prop_assert!(whole(Lexer::new(&text)));
            prop_assert!(whole(Lexer::template(&text)));
        }
    }
}
