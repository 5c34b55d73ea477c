//! What the strings of JSON say: their escapes undone, and where each piece of the result stands in
//! the source.

use std::borrow::Cow;

/// Something wrong with a string, at a range of its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) summary: &'static str,
    pub(super) detail: String,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// Where the pieces of a text stand in the source that it was read from: for each escape, an offset
/// behind it in the text and in the source. Between two of them the bytes are the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Places(Vec<(usize, usize)>);

impl Places {
    /// Where in the source the byte of the text stands.
    pub(super) fn source(&self, byte: usize) -> usize {
        let at = self.0.partition_point(|(text, _)| *text <= byte);
        match at.checked_sub(1).and_then(|at| self.0.get(at)) {
            Some((text, source)) => source + (byte - text),
            None => byte,
        }
    }
}

/// Undoes the escapes of what stands between two quotes. What is wrong is told to `report` and
/// left out.
pub(super) fn unescape<'t>(raw: &'t str, report: &mut dyn FnMut(Fault)) -> Cow<'t, str> {
    if !raw.bytes().any(|b| b == b'\\' || b < 0x20) {
        return Cow::Borrowed(raw);
    }
    walk(raw, report).0.into()
}

/// Where the pieces of the text stand that [`unescape`] makes of `raw`.
pub(super) fn places(raw: &str) -> Places {
    walk(raw, &mut |_| {}).1
}

fn walk(raw: &str, report: &mut dyn FnMut(Fault)) -> (String, Places) {
    let mut text = String::with_capacity(raw.len());
    let mut places = Places::default();
    let mut at = 0;
    while let Some(rest) = raw.get(at..) {
        let plain = rest.bytes().position(|b| b == b'\\' || b < 0x20);
        let plain = plain.unwrap_or(rest.len());
        text.push_str(rest.get(..plain).unwrap_or(""));
        at += plain;
        let Some(escape) = raw.get(at..).filter(|rest| !rest.is_empty()) else { break };
        let (found, length) = one(escape);
        match found {
            Ok(c) => text.push(c),
            // The reader has told of a string over several lines.
            Err(_) if escape.starts_with('\n') || escape.starts_with("\r\n") => text.push('\n'),
            Err((summary, detail)) => {
                report(Fault { summary, detail, start: at, end: at + length });
            }
        }
        at += length;
        places.0.push((text.len(), at));
    }
    (text, places)
}

/// The character that the escape or control character at the beginning of `rest` stands for, and
/// how many bytes it takes.
fn one(rest: &str) -> (Result<char, (&'static str, String)>, usize) {
    let invalid = |detail: &str| Err(("Invalid escape", detail.to_owned()));
    let mut chars = rest.chars();
    let first = chars.next().unwrap_or('\\');
    if first != '\\' {
        let escape = match first {
            '\t' => "\\t".to_owned(),
            '\r' => "\\r".to_owned(),
            other => format!("\\u{:04x}", u32::from(other)),
        };
        let detail = format!(
            "The control character U+{:04X} cannot stand in a JSON string. Write {escape}.",
            u32::from(first)
        );
        return (Err(("Invalid character", detail)), first.len_utf8());
    }
    let Some(kind) = chars.next() else {
        return (invalid("The backslash escapes nothing. Write \\\\ for a backslash."), 1);
    };
    let c = match kind {
        '"' | '\\' | '/' => kind,
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'u' => return code(rest),
        other => {
            let detail = format!(
                "JSON has no escape \\{other}. There are \\\", \\\\, \\/, \\b, \\f, \\n, \\r, \\t, \
                 and \\u with four hexadecimal digits; a backslash itself is written \\\\."
            );
            return (Err(("Invalid escape", detail)), 1 + other.len_utf8());
        }
    };
    (Ok(c), 2)
}

/// The character that `\uXXXX` or a pair of them stands for.
fn code(rest: &str) -> (Result<char, (&'static str, String)>, usize) {
    let invalid = |detail: &str| Err(("Invalid escape", detail.to_owned()));
    let Some(first) = unit(rest) else {
        let digits = rest.bytes().skip(2).take(4).take_while(u8::is_ascii_hexdigit).count();
        return (invalid("\\u is followed by four hexadecimal digits, as in \\u00e9."), 2 + digits);
    };
    if let Some(c) = char::from_u32(first) {
        return (Ok(c), 6);
    }
    let half = "This is half of a character: \\u from d800 to dbff and \\u from dc00 to dfff stand \
                for one character together, as in \\ud83d\\ude00.";
    let second = rest.get(6..).and_then(unit).filter(|second| (0xdc00..0xe000).contains(second));
    match second {
        Some(second) if first < 0xdc00 => {
            let c = char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00));
            (c.map_or_else(|| invalid(half), Ok), 12)
        }
        Some(_) | None => (invalid(half), 6),
    }
}

/// The number of `\uXXXX` at the beginning of `rest`.
fn unit(rest: &str) -> Option<u32> {
    let digits = rest.strip_prefix("\\u")?.get(..4)?;
    if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    u32::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(raw: &str) -> (String, Vec<(&'static str, usize, usize)>) {
        let mut faults = Vec::new();
        let text = unescape(raw, &mut |fault| {
            faults.push((fault.summary, fault.start, fault.end));
        });
        (text.into_owned(), faults)
    }

    #[test]
    fn escapes_are_undone() {
        assert_eq!(
            all(r#"a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00z"#),
            ("a\"\\/\u{8}\u{c}\n\r\té😀z".to_owned(), vec![])
        );
    }

    #[test]
    fn what_is_no_escape_is_told_with_its_place() {
        let rows: [(&str, &str, (&str, usize, usize)); 9] = [
            (r"a\qb", "ab", ("Invalid escape", 1, 3)),
            (r"a\é", "a", ("Invalid escape", 1, 4)),
            (r"a\u12", "a", ("Invalid escape", 1, 5)),
            (r"\u+123x", "+123x", ("Invalid escape", 0, 2)),
            (r"\ud83dx", "x", ("Invalid escape", 0, 6)),
            (r"\ude00\ud83d", "", ("Invalid escape", 0, 6)),
            (r"\ud83d\u0041", "A", ("Invalid escape", 0, 6)),
            ("a\tb", "ab", ("Invalid character", 1, 2)),
            ("\\", "", ("Invalid escape", 0, 1)),
        ];
        for (raw, text, fault) in rows {
            let (read, faults) = all(raw);
            assert_eq!(read, text, "{raw}");
            assert_eq!(faults.first(), Some(&fault), "{raw}");
        }
    }

    proptest! {
        #[test]
        fn every_character_knows_where_it_stands(pieces in prop::collection::vec(
            prop_oneof![
                "[ -!#-\\[\\]-~é😀]{0,4}".prop_map(|text| (text.clone(), text)),
                Just(("\n".to_owned(), "\\n".to_owned())),
                Just(("é".to_owned(), "\\u00e9".to_owned())),
                Just(("😀".to_owned(), "\\ud83d\\ude00".to_owned())),
            ], 0..12,
        )) {
            let raw: String = pieces.iter().map(|(_, raw)| raw.as_str()).collect();
            let (text, faults) = all(&raw);
            prop_assert_eq!(&text, &pieces.iter().map(|(text, _)| text.as_str()).collect::<String>());
            prop_assert_eq!(faults, vec![]);
            let places = places(&raw);
            let (mut in_text, mut in_raw) = (0, 0);
            for (text, raw) in &pieces {
                prop_assert_eq!(places.source(in_text), in_raw);
                in_text += text.len();
                in_raw += raw.len();
            }
            prop_assert_eq!(places.source(in_text), in_raw);
        }

        #[test]
        fn no_text_panics(raw in r#"(\\[bfnrtu"/\\dDeE0-9]|[a-f0-9]|\PC|[\x00-\x1f])*"#) {
            drop(unescape(&raw, &mut |_| {}));
            let _last = places(&raw).source(raw.len());
        }
    }
}
