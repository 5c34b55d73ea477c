//! Texts as they are meant: escapes undone, characters composed, equal ones shared.

use std::borrow::Cow;
use std::sync::Arc;
use unicode_normalization::{UnicodeNormalization as _, is_nfc};

/// Hands out one copy of texts that come again and again: names, keys, short strings. It holds few
/// at a time, so that neither its memory nor its time grows with the text.
#[derive(Debug)]
pub(super) struct Pool(Vec<Option<Arc<str>>>);

const PLACES: usize = 1024;
const LONGEST: usize = 64;

impl Default for Pool {
    fn default() -> Self {
        Self(vec![None; PLACES])
    }
}

impl Pool {
    /// The text, composed as the language compares it.
    pub(super) fn share(&mut self, text: &str) -> Arc<str> {
        let text = &*composed(text);
        if text.len() > LONGEST {
            return Arc::from(text);
        }
        let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let place = usize::try_from(hash % PLACES as u64).unwrap_or(0);
        match self.0.get_mut(place) {
            Some(Some(found)) if **found == *text => Arc::clone(found),
            Some(place) => Arc::clone(place.insert(Arc::from(text))),
            None => Arc::from(text),
        }
    }
}

/// Unicode's normalization form C: `é` is one character, however it was typed.
pub(super) fn composed(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || is_nfc(text) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.nfc().collect())
    }
}

/// Undoes the escapes of a quoted text. An error is where the escape stands that is none.
pub(super) fn unescape(text: &str) -> Result<Cow<'_, str>, std::ops::Range<usize>> {
    if !text.contains(['\\', '$', '%']) {
        return Ok(Cow::Borrowed(text));
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (plain, escape) = rest.split_at(at);
        out.push_str(&unescape_signs(plain));
        let behind = escape.get(1..).unwrap_or("");
        let start = text.len() - escape.len();
        let character = behind.chars().next();
        let length = match character {
            Some('n') => simple(&mut out, '\n'),
            Some('r') => simple(&mut out, '\r'),
            Some('t') => simple(&mut out, '\t'),
            Some(same @ ('"' | '\\')) => simple(&mut out, same),
            Some(kind @ ('u' | 'U')) => {
                let digits = if kind == 'u' { 4 } else { 8 };
                let code = behind.get(1..).unwrap_or("");
                let given = code.bytes().take(digits).take_while(u8::is_ascii_hexdigit).count();
                let code = code.get(..given).filter(|_| given == digits).unwrap_or("");
                let found = u32::from_str_radix(code, 16).ok().and_then(char::from_u32);
                out.push(found.ok_or(start..start + 2 + given)?);
                1 + digits
            }
            Some(_) | None => {
                return Err(start..start + 1 + character.map_or(0, char::len_utf8));
            }
        };
        rest = behind.get(length..).unwrap_or("");
    }
    out.push_str(&unescape_signs(rest));
    Ok(Cow::Owned(out))
}

fn simple(out: &mut String, character: char) -> usize {
    out.push(character);
    1
}

/// Undoes `$${` and `%%{`, the only escapes of a heredoc.
pub(super) fn unescape_signs(text: &str) -> Cow<'_, str> {
    if text.contains("$${") || text.contains("%%{") {
        Cow::Owned(text.replace("$${", "${").replace("%%{", "%{"))
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escapes_are_undone_and_unknown_ones_refused() {
        let rows = [
            (r#"a\n\t\r\"\\\u00e9\U0001F600z"#, "a\n\t\r\"\\é😀z"),
            (r"$${a}$$$%%{", "${a}$$$%{"),
            (r"$$${\\$${", r"$${\${"),
        ];
        for (text, expected) in rows {
            assert_eq!(unescape(text).unwrap(), expected, "{text}");
        }
        let rows = [
            (r"ab\x", 2..4),
            (r"\", 0..1),
            (r"\u12", 0..4),
            (r"a\ud800", 1..7),
            (r"\u+123", 0..2),
            (r"\U0011", 0..6),
            (r"\é", 0..3),
        ];
        for (text, place) in rows {
            assert_eq!(unescape(text), Err(place), "{text}");
        }
    }

    #[test]
    fn equal_texts_are_one() {
        let mut pool = Pool::default();
        assert!(Arc::ptr_eq(&pool.share("bucket"), &pool.share("bucket")));
        assert_eq!(&*pool.share("e\u{301}"), "é");
        for n in 0..5_000 {
            assert_eq!(&*pool.share(&n.to_string()), n.to_string());
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in r#"(\\[nrtuU"x0-9a-f]|[$%{]|\PC)*"#) {
            drop(unescape(&text));
        }
    }
}
