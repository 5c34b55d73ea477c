//! Text in quotes, as Go writes it, and what of a text cannot be seen.

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

/// Whether a character could steer a terminal, or hides, or reorders or hides what is around it.
pub fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c,
            // Directions, joiners, fillers, separators of lines, and what has no width.
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// A JSON document with such characters as escapes. Outside of its texts it has none but the ends of
/// its lines.
pub fn visible_json(json: String) -> String {
    let hides = |c: char| is_harmful(c) && c != '\n';
    if !json.contains(hides) {
        return json;
    }
    let mut out = String::with_capacity(json.len() + 64);
    for c in json.chars() {
        if hides(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a string cannot fail.
                let _infallible = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    out
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

    #[test]
    fn json_is_the_same_with_all_of_it_visible() {
        let text = "a\u{202e}b\u{2028}c\u{85}d\u{7f}e\u{e0041}f\u{3164}g\nh\t\u{0}é🎉";
        let json = serde_json::json!({ text: [text] });
        let shown = visible_json(format!("{json:#}"));
        assert!(!shown.contains(|c| is_harmful(c) && c != '\n'), "{shown}");
        assert!(shown.contains("\\u202e") && shown.contains("\\udb40\\udc41"), "{shown}");
        assert!(shown.contains("é🎉"), "{shown}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), json);
    }
}
