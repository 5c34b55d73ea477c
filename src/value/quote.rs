//! Text in quotes, as Go writes it.

use std::fmt::{self, Write};

/// The text in quotes, with what cannot be seen as escapes.
pub fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    // Writing to a string cannot fail.
    let _infallible = write_quote(&mut out, text);
    out
}

/// Writes the text in quotes, with what cannot be seen as escapes.
pub fn write_quote(out: &mut impl Write, text: &str) -> fmt::Result {
    out.write_char('"')?;
    for character in text.chars() {
        match character {
            '"' => out.write_str("\\\"")?,
            '\\' => out.write_str("\\\\")?,
            '\u{7}' => out.write_str("\\a")?,
            '\u{8}' => out.write_str("\\b")?,
            '\u{c}' => out.write_str("\\f")?,
            '\n' => out.write_str("\\n")?,
            '\r' => out.write_str("\\r")?,
            '\t' => out.write_str("\\t")?,
            '\u{b}' => out.write_str("\\v")?,
            visible if is_printable(visible) => out.write_char(visible)?,
            other => {
                let code = u32::from(other);
                match code {
                    ..=0x1f | 0x7f => write!(out, "\\x{code:02x}")?,
                    ..=0xffff => write!(out, "\\u{code:04x}")?,
                    _ => write!(out, "\\U{code:08x}")?,
                }
            }
        }
    }
    out.write_char('"')
}

fn is_printable(character: char) -> bool {
    if character.is_ascii() {
        return !character.is_ascii_control();
    }
    // Behind another one, so that a character that combines is not escaped for that alone.
    let mut buffer = [b'a'; 5];
    let (_, behind) = buffer.split_at_mut(1);
    let length = 1 + character.encode_utf8(behind).len();
    let text = buffer.get(..length).and_then(|bytes| std::str::from_utf8(bytes).ok());
    text.is_some_and(|text| text.escape_debug().count() == 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_escaped() {
        let rows = [
            ("a\"b\\c", r#""a\"b\\c""#),
            ("\u{7}\u{8}\u{b}\u{c}\r\n\t", r#""\a\b\v\f\r\n\t""#),
            ("\u{1}\u{7f}", r#""\x01\x7f""#),
            ("é e\u{301} 日本 🎉", "\"é e\u{301} 日本 🎉\""),
            ("\u{a0}\u{ad}\u{200b}\u{e0001}", r#""\u00a0\u00ad\u200b\U000e0001""#),
            ("${a} %{b}", r#""${a} %{b}""#),
        ];
        for (text, expected) in rows {
            assert_eq!(quote(text), expected);
        }
    }
}
