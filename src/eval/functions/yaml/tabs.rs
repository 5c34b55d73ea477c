//! What tabs mean in YAML as Terraform reads it: where they separate as spaces do, and where they are
//! refused because they look like an indentation.
//!
//! The parser behind follows a later version of YAML, which has other rules. So the text is looked
//! through first, by the rules of version 1.1. Nothing but tabs is of interest here: other faults are
//! left to the parser.

use std::borrow::Cow;

/// A tab where there must be none: the line and column, from 1, and what is wrong.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Misplaced {
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) what: &'static str,
}

const NO_TOKEN: &str = "nothing may begin behind a tab here; indent and separate with spaces";
const PLAIN: &str = "a tab stands where a text goes on that is indented with spaces";
const BLOCK: &str = "a tab stands where a space of the indentation is expected";

/// The text with spaces for the tabs that separate.
pub(super) fn settle(text: &str) -> Result<Cow<'_, str>, Misplaced> {
    if !text.contains('\t') {
        return Ok(Cow::Borrowed(text));
    }
    let mut scan = Scan {
        text: text.as_bytes(),
        out: text.as_bytes().to_vec(),
        at: 0,
        line: 0,
        line_start: 0,
        // The indentations of the blocks that are open, the innermost last.
        indents: Vec::new(),
        keys: vec![None],
        key_allowed: true,
    };
    while scan.token()? {}
    Ok(String::from_utf8(scan.out).map_or(Cow::Borrowed(text), Cow::Owned))
}

struct Scan<'a> {
    text: &'a [u8],
    /// The same text with some tabs replaced.
    out: Vec<u8>,
    at: usize,
    line: usize,
    line_start: usize,
    indents: Vec<usize>,
    /// The line and column of what may turn out to be a key: in blocks, then in each bracket.
    keys: Vec<Option<(usize, usize)>>,
    /// Whether a key may begin here without `?` before it.
    key_allowed: bool,
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

    fn misplaced(&self, what: &'static str) -> Misplaced {
        Misplaced { line: self.line + 1, column: self.column() + 1, what }
    }

    /// Passes one byte; the two of a line's end as one.
    fn bump(&mut self) {
        let byte = self.peek(0);
        self.at += 1;
        if byte == Some(b'\n') || (byte == Some(b'\r') && self.peek(0) != Some(b'\n')) {
            self.line += 1;
            self.line_start = self.at;
        }
    }

    /// Passes a space, or a tab that means one.
    fn bump_blank(&mut self) {
        if let Some(byte) = self.out.get_mut(self.at) {
            *byte = b' ';
        }
        self.bump();
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
                byte if is_break(byte) => {
                    self.bump();
                    self.key_allowed |= !self.in_brackets();
                }
                _ => return,
            }
        }
    }

    /// Passes the next token; false at the end of the text.
    fn token(&mut self) -> Result<bool, Misplaced> {
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
        match byte {
            b'%' if column == 0 => self.rest_of_line(),
            _ if self.at_document() => {
                self.indents.clear();
                self.forget_key();
                self.key_allowed = false;
                self.at += 3;
            }
            b'[' | b'{' => {
                self.may_be_key();
                self.keys.push(None);
                self.key_allowed = true;
                self.bump();
            }
            b']' | b'}' => {
                if brackets {
                    self.keys.pop();
                }
                self.key_allowed = false;
                self.bump();
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
                while !ends_word(self.peek(0)) && !(brackets && self.at_flow_sign()) {
                    self.bump();
                }
            }
            b'|' | b'>' if !brackets => {
                self.forget_key();
                self.key_allowed = true;
                self.block_text()?;
            }
            b'\'' | b'"' => {
                self.may_be_key();
                self.quoted(byte);
            }
            b'\t' => return Err(self.misplaced(NO_TOKEN)),
            _ => {
                self.may_be_key();
                self.plain()?;
            }
        }
        Ok(true)
    }

    fn at_flow_sign(&self) -> bool {
        matches!(self.peek(0), Some(b',' | b'[' | b']' | b'{' | b'}'))
    }

    /// A text in quotes; what a line in it begins with is folded away.
    fn quoted(&mut self, quote: u8) {
        self.bump();
        let mut begins = false;
        loop {
            match self.peek(0) {
                None => return,
                Some(b'\\') if quote == b'"' => {
                    self.bump();
                    if self.peek(0).is_some() {
                        begins = is_break(self.peek(0));
                        self.bump();
                    }
                }
                Some(byte) if byte == quote => {
                    self.bump();
                    if quote == b'"' || self.peek(0) != Some(b'\'') {
                        return;
                    }
                    self.bump();
                }
                Some(b'\t') if begins => self.bump_blank(),
                byte => {
                    begins = is_break(byte) || (begins && is_blank(byte));
                    self.bump();
                }
            }
        }
    }

    /// A text without quotes, which may go on in lines that are indented further.
    fn plain(&mut self) -> Result<(), Misplaced> {
        let least = self.indents.last().map_or(0, |indent| indent + 1);
        let brackets = self.in_brackets();
        let mut broken = false;
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
                self.bump();
            }
            if self.at > from {
                broken = false;
            }
            if !(is_blank(self.peek(0)) || is_break(self.peek(0))) {
                break;
            }
            while is_blank(self.peek(0)) || is_break(self.peek(0)) {
                if is_break(self.peek(0)) {
                    broken = true;
                    self.bump();
                } else if broken && self.column() < least && self.peek(0) == Some(b'\t') {
                    return Err(self.misplaced(PLAIN));
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
        Ok(())
    }

    /// A text behind `|` or `>`, which is indented with spaces alone.
    fn block_text(&mut self) -> Result<(), Misplaced> {
        self.bump();
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
        let mut widest = 0;
        loop {
            while (indent == 0 || self.column() < indent) && self.peek(0) == Some(b' ') {
                self.bump();
            }
            widest = widest.max(self.column());
            if (indent == 0 || self.column() < indent) && self.peek(0) == Some(b'\t') {
                return Err(self.misplaced(BLOCK));
            }
            if is_break(self.peek(0)) {
                self.bump();
                continue;
            }
            if indent == 0 {
                indent = widest.max(outer.map_or(0, |outer| outer + 1)).max(1);
            }
            if self.column() != indent || self.peek(0).is_none() {
                return Ok(());
            }
            self.rest_of_line();
            self.bump();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tabs_separate_or_are_refused() {
        let rows: [(&str, Result<&str, (usize, usize)>); 14] = [
            ("a:\tb", Ok("a: b")),
            ("a: \"x\ty\"\t# c", Ok("a: \"x\ty\" # c")),
            ("{\ta:\t1,\tb: [\t2\t]}", Ok("{ a: 1, b: [ 2 ]}")),
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
        ];
        for (text, expected) in rows {
            let got = settle(text);
            let got = got.as_deref().map_err(|fault| (fault.line, fault.column));
            assert_eq!(got, expected, "{text:?}");
        }
    }
}
