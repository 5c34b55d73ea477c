//! YAML as Terraform reads it, put into the words of the parser behind, which follows a later version
//! of the language.
//!
//! The text is looked through by the rules of version 1.1, as far as the versions differ: tabs separate
//! or are refused where they look like an indentation; in brackets and quotes a line may begin anywhere;
//! a text in a block that nothing ends has no line break at its end; and there are other escapes and
//! directives. Other faults are left to the parser, and the lines keep their numbers.

/// What must not be: the line and column, from 1, and what is wrong.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) what: &'static str,
}

const NO_TOKEN: &str = "nothing may begin behind a tab here; indent and separate with spaces";
const PLAIN: &str = "a tab stands where a text goes on that is indented with spaces";
const BLOCK: &str = "a tab stands where a space of the indentation is expected";
const ESCAPE: &str = "`\\/` is no escape; a slash stands for itself";
const VERSION: &str = "only version 1.1 of YAML is read";
const FLOW: &str = "a text in brackets cannot begin so; write it in quotes";
const ANCHOR: &str = "the name of an anchor is made of letters from a to z, digits, _ and -";
const OUTSIDE: &str = "a text behind `|` or `>` is indented, and nothing may stand behind it";
const END: &str = "`...` ends a document, and none has begun";
const LONG_KEY: &str = "a key in braces stands on one line, with its colon behind it";
const DIRECTIVE: &str = "there are no directives but `%YAML` and `%TAG`";

/// How many spaces are added beside one for each byte of the text.
const MAX_PADDING: usize = 1 << 16;

/// The text as the parser is to see it.
pub(super) fn settle(text: &str) -> Result<String, Refused> {
    let mut scan = Scan {
        text: text.as_bytes(),
        out: Vec::with_capacity(text.len()),
        at: 0,
        padding: MAX_PADDING + text.len(),
        line: 0,
        line_start: 0,
        // The indentations of the blocks that are open, the innermost last.
        indents: Vec::new(),
        keys: vec![None],
        braces: Vec::new(),
        key_allowed: true,
        begun: false,
    };
    while scan.token()? {}
    Ok(String::from_utf8(scan.out).unwrap_or_else(|_| text.to_owned()))
}

struct Scan<'a> {
    text: &'a [u8],
    /// The text that it becomes.
    out: Vec<u8>,
    at: usize,
    /// How many spaces may still be added.
    padding: usize,
    line: usize,
    line_start: usize,
    indents: Vec<usize>,
    /// The line and column of what may turn out to be a key: in blocks, then in each bracket.
    keys: Vec<Option<(usize, usize)>>,
    /// Of each bracket that is open, whether it is a brace.
    braces: Vec<bool>,
    /// Whether a key may begin here without `?` before it.
    key_allowed: bool,
    /// Whether there was anything but comments.
    begun: bool,
}

fn is_blank(byte: Option<u8>) -> bool {
    matches!(byte, Some(b' ' | b'\t'))
}

fn is_break(byte: Option<u8>) -> bool {
    matches!(byte, Some(b'\n' | b'\r'))
}

fn ends_word(byte: Option<u8>) -> bool {
    byte.is_none() || is_blank(byte) || is_break(byte)
}

impl Scan<'_> {
    fn peek(&self, ahead: usize) -> Option<u8> {
        self.text.get(self.at + ahead).copied()
    }

    fn column(&self) -> usize {
        self.at - self.line_start
    }

    fn in_brackets(&self) -> bool {
        self.keys.len() > 1
    }

    fn refused(&self, what: &'static str) -> Refused {
        Refused { line: self.line + 1, column: self.column() + 1, what }
    }

    /// Passes one byte, as it is.
    fn bump(&mut self) {
        if let Some(byte) = self.peek(0) {
            self.out.push(byte);
            self.skip();
        }
    }

    /// Passes one byte that is left out.
    fn skip(&mut self) {
        let byte = self.peek(0);
        self.at += 1;
        if byte == Some(b'\n') || (byte == Some(b'\r') && self.peek(0) != Some(b'\n')) {
            self.line += 1;
            self.line_start = self.at;
        }
    }

    /// Passes a space, or a tab that means one.
    fn bump_blank(&mut self) {
        self.out.push(b' ');
        self.skip();
    }

    /// The column that what goes on in a block must reach.
    fn least(&self) -> usize {
        self.indents.last().map_or(0, |indent| indent + 1)
    }

    /// Passes the end of a line in brackets or quotes, where the next may begin further left than
    /// its block.
    fn bump_break(&mut self) {
        self.bump();
        if self.column() == 0 {
            let blanks = (0..self.least()).take_while(|n| is_blank(self.peek(*n))).count();
            let missing = self.least() - blanks;
            // Many lines that are far from where they belong do not make the text much longer.
            if let Some(left) = self.padding.checked_sub(missing) {
                self.padding = left;
                self.out.extend(std::iter::repeat_n(b' ', missing));
            }
        }
    }

    fn rest_of_line(&mut self) {
        while self.peek(0).is_some() && !is_break(self.peek(0)) {
            self.bump();
        }
    }

    /// Whether `---` or `...` stands here alone.
    fn at_document(&self) -> bool {
        let sign = self.text.get(self.at..self.at + 3);
        self.column() == 0 && matches!(sign, Some(b"---" | b"...")) && ends_word(self.peek(3))
    }

    /// Opens a block that is indented further.
    fn indent(&mut self, column: usize) {
        if !self.in_brackets() && self.indents.last().is_none_or(|last| *last < column) {
            self.indents.push(column);
        }
    }

    fn forget_key(&mut self) {
        if let Some(key) = self.keys.last_mut() {
            *key = None;
        }
    }

    /// Notes that what begins here may be a key; behind it, none begins.
    fn may_be_key(&mut self) {
        let here = (self.line, self.column());
        if self.key_allowed
            && let Some(key) = self.keys.last_mut()
        {
            *key = Some(here);
        }
        self.key_allowed = false;
    }

    /// Passes what separates tokens.
    fn separation(&mut self) {
        loop {
            match self.peek(0) {
                Some(b' ') => self.bump(),
                Some(b'\t') if self.in_brackets() || !self.key_allowed => self.bump_blank(),
                Some(b'#') => self.rest_of_line(),
                byte if is_break(byte) && self.in_brackets() => self.bump_break(),
                byte if is_break(byte) => {
                    self.bump();
                    self.key_allowed = true;
                }
                _ => return,
            }
        }
    }

    /// Passes the next token; false at the end of the text.
    fn token(&mut self) -> Result<bool, Refused> {
        self.separation();
        let Some(byte) = self.peek(0) else { return Ok(false) };
        let column = self.column();
        let brackets = self.in_brackets();
        if !brackets {
            while self.indents.last().is_some_and(|indent| *indent > column) {
                self.indents.pop();
            }
        }
        let word = ends_word(self.peek(1));
        if byte == b'.' && !self.begun && self.at_document() {
            return Err(self.refused(END));
        }
        self.begun = true;
        match byte {
            b'%' if column == 0 => self.directive()?,
            _ if self.at_document() => {
                self.indents.clear();
                self.forget_key();
                self.key_allowed = false;
                (0..3).for_each(|_| self.bump());
            }
            b'[' | b'{' => {
                self.may_be_key();
                self.keys.push(None);
                self.braces.push(byte == b'{');
                self.key_allowed = true;
                self.bump();
            }
            b']' | b'}' => {
                if brackets {
                    self.keys.pop();
                    self.braces.pop();
                }
                self.key_allowed = false;
                self.bump();
                self.set_apart();
            }
            b',' if brackets => {
                self.forget_key();
                self.key_allowed = true;
                self.bump();
            }
            b'-' if word => {
                self.indent(column);
                self.forget_key();
                self.key_allowed = true;
                self.bump();
            }
            b'?' if brackets || word => {
                self.indent(column);
                self.forget_key();
                self.key_allowed = !brackets;
                self.bump();
            }
            b':' if brackets || word => {
                let line = self.line;
                let key = self.keys.last_mut().and_then(Option::take);
                if self.braces.last() == Some(&true) && key.is_some_and(|(at, _)| at != line) {
                    return Err(self.refused(LONG_KEY));
                }
                match key.filter(|(at, _)| *at == line) {
                    Some((_, column)) => {
                        self.indent(column);
                        self.key_allowed = false;
                    }
                    None => {
                        self.indent(column);
                        self.key_allowed = !brackets;
                    }
                }
                self.bump();
            }
            b'*' | b'&' | b'!' => {
                self.may_be_key();
                if byte != b'!' {
                    self.name()?;
                }
                while !(ends_word(self.peek(0)) || brackets && self.at_flow_sign()) {
                    self.bump();
                }
            }
            b'|' | b'>' if !brackets => {
                self.forget_key();
                self.key_allowed = true;
                self.block_text()?;
            }
            b'|' | b'>' => return Err(self.refused(FLOW)),
            b'\'' | b'"' => {
                self.may_be_key();
                self.quoted(byte)?;
                self.set_apart();
            }
            b'\t' => return Err(self.refused(NO_TOKEN)),
            _ => {
                self.may_be_key();
                self.plain()?;
            }
        }
        Ok(true)
    }

    /// Passes `&` or `*` and the name behind it.
    fn name(&mut self) -> Result<(), Refused> {
        self.bump();
        let from = self.at;
        while self.peek(0).is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-')) {
            self.bump();
        }
        let ends = ends_word(self.peek(0)) || self.in_brackets() && self.at_flow_sign();
        if self.at > from && ends { Ok(()) } else { Err(self.refused(ANCHOR)) }
    }

    /// Sets a comment apart from what it stands behind.
    fn set_apart(&mut self) {
        if self.peek(0) == Some(b'#') {
            self.out.push(b' ');
        }
    }

    fn at_flow_sign(&self) -> bool {
        matches!(self.peek(0), Some(b',' | b'[' | b']' | b'{' | b'}'))
    }

    /// A line that begins with `%`.
    fn directive(&mut self) -> Result<(), Refused> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let line = rest.split(|byte| is_break(Some(*byte))).next().unwrap_or_default();
        let mut words = line.split(|byte| is_blank(Some(*byte))).filter(|word| !word.is_empty());
        match (words.next(), words.next()) {
            (Some(b"%YAML"), Some(version)) if version != b"1.1" => {
                return Err(self.refused(VERSION));
            }
            (Some(b"%YAML" | b"%TAG"), _) => {}
            _ => return Err(self.refused(DIRECTIVE)),
        }
        self.rest_of_line();
        Ok(())
    }

    /// A text in quotes; the blanks that a line in it begins with are folded away.
    fn quoted(&mut self, quote: u8) -> Result<(), Refused> {
        self.bump();
        let mut begins = false;
        loop {
            match self.peek(0) {
                None => return Ok(()),
                Some(b'\\') if quote == b'"' => {
                    match self.peek(1) {
                        Some(b'/') => return Err(self.refused(ESCAPE)),
                        Some(b'\'') => self.skip(),
                        _ => self.bump(),
                    }
                    begins = is_break(self.peek(0));
                    if begins { self.bump_break() } else { self.bump() }
                }
                Some(byte) if byte == quote => {
                    self.bump();
                    if quote == b'"' || self.peek(0) != Some(b'\'') {
                        return Ok(());
                    }
                    self.bump();
                }
                Some(b'\t') if begins => self.bump_blank(),
                byte if is_break(byte) => {
                    begins = true;
                    self.bump_break();
                }
                byte => {
                    begins &= is_blank(byte);
                    self.bump();
                }
            }
        }
    }

    /// A text without quotes, which may go on in lines that are indented further.
    fn plain(&mut self) -> Result<(), Refused> {
        let least = self.least();
        let brackets = self.in_brackets();
        let mut broken = false;
        let start = self.out.len();
        let mut end = start;
        // A colon before a bracket or comma is a part of the text.
        let mut quote = false;
        loop {
            if self.at_document() || self.peek(0) == Some(b'#') {
                break;
            }
            let from = self.at;
            while !ends_word(self.peek(0)) {
                let ends = self.peek(0) == Some(b':') && ends_word(self.peek(1));
                if ends || (brackets && self.at_flow_sign()) {
                    break;
                }
                quote |= brackets
                    && self.peek(0) == Some(b':')
                    && matches!(self.peek(1), Some(b',' | b'[' | b']' | b'{' | b'}'));
                self.bump();
            }
            if self.at > from {
                broken = false;
                end = self.out.len();
            }
            if !(is_blank(self.peek(0)) || is_break(self.peek(0))) {
                break;
            }
            while is_blank(self.peek(0)) || is_break(self.peek(0)) {
                if is_break(self.peek(0)) {
                    broken = true;
                    if brackets { self.bump_break() } else { self.bump() }
                } else if broken && self.column() < least && self.peek(0) == Some(b'\t') {
                    return Err(self.refused(PLAIN));
                } else if broken {
                    self.bump_blank();
                } else {
                    self.bump();
                }
            }
            if !brackets && self.column() < least {
                break;
            }
        }
        self.key_allowed |= broken;
        if quote {
            let blanks = self.out.split_off(end);
            let text = self.out.split_off(start);
            self.out.push(b'\'');
            for byte in text {
                self.out.extend(std::iter::repeat_n(byte, if byte == b'\'' { 2 } else { 1 }));
            }
            self.out.push(b'\'');
            self.out.extend(blanks);
        }
        Ok(())
    }

    /// A text behind `|` or `>`, which is indented with spaces alone.
    fn block_text(&mut self) -> Result<(), Refused> {
        self.bump();
        let header = self.out.len();
        let outer = self.indents.last().copied();
        let mut indent = 0;
        while let Some(sign @ (b'+' | b'-' | b'1'..=b'9')) = self.peek(0) {
            if sign.is_ascii_digit() {
                indent = outer.unwrap_or(0) + usize::from(sign - b'0');
            }
            self.bump();
        }
        while is_blank(self.peek(0)) {
            self.bump_blank();
        }
        self.rest_of_line();
        self.bump();
        if outer.is_none() && indent == 0 {
            self.check_indented()?;
        }
        let mut widest = 0;
        loop {
            while (indent == 0 || self.column() < indent) && self.peek(0) == Some(b' ') {
                self.bump();
            }
            widest = widest.max(self.column());
            if (indent == 0 || self.column() < indent) && self.peek(0) == Some(b'\t') {
                return Err(self.refused(BLOCK));
            }
            if is_break(self.peek(0)) {
                self.bump();
                continue;
            }
            if indent == 0 {
                indent = widest.max(outer.map_or(0, |outer| outer + 1)).max(1);
            }
            if self.peek(0).is_none() {
                // A line of nothing but indentation, and nothing to end it, is none.
                self.out.truncate(self.out.trim_ascii_end().len().max(self.line_end()));
                return Ok(());
            }
            if self.column() != indent {
                return Ok(());
            }
            self.rest_of_line();
            if self.peek(0).is_none() {
                self.chomp(header);
                self.out.push(b'\n');
            }
            self.bump();
        }
    }

    /// Passes the comments in the place of a text that nothing contains. The parser behind would take
    /// what is not indented for the text.
    fn check_indented(&mut self) -> Result<(), Refused> {
        let mut ahead = self.text.get(self.at..).unwrap_or_default();
        while let Some(rest) = ahead.split_first().filter(|(b, _)| is_break(Some(**b))) {
            ahead = rest.1;
        }
        match ahead.first() {
            Some(b'#') => {}
            None | Some(b' ' | b'\t') => return Ok(()),
            Some(_) if ahead.starts_with(b"...") => return Ok(()),
            Some(_) => return Err(self.refused(OUTSIDE)),
        }
        while self.peek(0) == Some(b'#') || is_break(self.peek(0)) {
            while self.peek(0).is_some() && !is_break(self.peek(0)) {
                self.skip();
            }
            self.bump();
        }
        if self.peek(0).is_none() { Ok(()) } else { Err(self.refused(OUTSIDE)) }
    }

    /// How long the text is that it has become up to the last end of a line.
    fn line_end(&self) -> usize {
        self.out.iter().rposition(|byte| is_break(Some(*byte))).map_or(0, |at| at + 1)
    }

    /// Leaves a text in a block without a line break at its end, by what its header says.
    fn chomp(&mut self, header: usize) {
        let signs = self.out.get_mut(header..).unwrap_or_default();
        let mut signs =
            signs.iter_mut().take_while(|sign| matches!(sign, b'+' | b'-' | b'1'..=b'9'));
        match signs.find(|sign| !sign.is_ascii_digit()) {
            Some(sign) => *sign = b'-',
            None => self.out.insert(header, b'-'),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_put_into_the_words_of_the_parser() {
        /// The text that comes of it, or where it is refused.
        type Outcome = Result<&'static str, (usize, usize)>;
        let rows: [(&str, Outcome); 34] = [
            ("a:\tb", Ok("a: b")),
            ("a: \"x\ty\"\t# c", Ok("a: \"x\ty\" # c")),
            ("{\ta:\t1,\tb: [\t2,\t3]}", Ok("{ a: 1, b: [ 2, 3]}")),
            ("a: \"x\n\ty\"", Ok("a: \"x\n y\"")),
            ("a: b\tc", Ok("a: b\tc")),
            ("a: |\n  b\n  \tc\n", Ok("a: |\n  b\n  \tc\n")),
            ("a: |\n  \tb\n", Err((2, 3))),
            ("\ta: 1", Err((1, 1))),
            ("-\ta", Err((1, 2))),
            ("?\ta", Err((1, 2))),
            ("a: 1\n\t", Err((2, 1))),
            ("a:\n\tb: 1", Err((2, 1))),
            ("\n\t\na: 1", Err((2, 1))),
            ("a: x\n  \ty", Ok("a: x\n   y")),
            ("a: {\nb: 1\n}", Ok("a: {\n b: 1\n }")),
            ("a:\n  b: [1, # c\n2,\n     3]\nc: 4", Ok("a:\n  b: [1, # c\n   2,\n     3]\nc: 4")),
            ("a: \"x\ny\"", Ok("a: \"x\n y\"")),
            ("a: \"\\'\\\"\"", Ok("a: \"'\\\"\"")),
            ("a: \"\\/\"", Err((1, 5))),
            ("a: |\n  x", Ok("a: |-\n  x\n")),
            ("a: |\n  x ", Ok("a: |-\n  x \n")),
            ("|\nx", Err((2, 1))),
            ("--- >\n\nx", Err((2, 1))),
            ("|\n# x", Ok("|\n")),
            ("...\na", Err((1, 1))),
            ("{a:, it's: b}", Ok("{'a:', it's: b}")),
            ("[it's:]", Ok("['it''s:']")),
            ("&&a b", Err((1, 2))),
            ("[a]#b", Ok("[a] #b")),
            ("[>-]", Err((1, 2))),
            ("a: |2+ # c\n  x", Ok("a: |2- # c\n  x\n")),
            ("a: |\n  x\n  ", Ok("a: |\n  x\n")),
            ("%YAML 1.2\n---\na", Err((1, 1))),
            ("%FOO\n---\na", Err((1, 1))),
        ];
        for (text, expected) in rows {
            let got = settle(text);
            let got = got.as_deref().map_err(|fault| (fault.line, fault.column));
            assert_eq!(got, expected, "{text:?}");
        }
    }
}
