//! What the texts of a template come to: `~` trims them, `<<-` takes their margin, and escapes are
//! undone.

/// A piece of a template, all directives laid flat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// Text; in a heredoc at most a line, its end included.
    Text(String),
    /// `${ }` or `%{ }`, and whether `~` makes it trim what stands before it and behind it.
    Marker {
        /// `${~`
        before: bool,
        /// `~}`
        behind: bool,
    },
}

/// Trims the texts that stand next to a `~`. In a heredoc that is one line, not more.
pub(super) fn trim(pieces: &mut [Piece]) {
    let mut trim_next = false;
    for n in 0..pieces.len() {
        let (done, rest) = pieces.split_at_mut(n);
        match rest.first_mut() {
            Some(Piece::Text(text)) if trim_next => {
                *text = text.trim_start().to_owned();
                trim_next = false;
            }
            Some(Piece::Marker { before, behind }) => {
                if *before && let Some(Piece::Text(text)) = done.last_mut() {
                    text.truncate(text.trim_end().len());
                }
                trim_next = *behind;
            }
            Some(Piece::Text(_)) | None => {}
        }
    }
}

/// Takes the margin that all lines share, as `<<-` asks. Blank lines have no say in it and keep
/// their spaces; a line that `~` has joined to what stands before it is no line of its own.
pub(super) fn dedent(pieces: &mut [Piece]) {
    let mut margin = usize::MAX;
    let mut beginnings = Vec::new();
    let mut new_line = true;
    for (n, piece) in pieces.iter().enumerate() {
        let begins = std::mem::take(&mut new_line);
        match piece {
            Piece::Text(text) => {
                new_line = text.ends_with('\n');
                let rest = text.trim_start();
                if begins && !(rest.is_empty() && new_line) {
                    margin = margin.min(text.chars().count() - rest.chars().count());
                    beginnings.push(n);
                }
            }
            Piece::Marker { .. } if begins => margin = 0,
            Piece::Marker { .. } => {}
        }
    }
    for n in beginnings {
        if let Some(Piece::Text(text)) = pieces.get_mut(n) {
            *text = text.chars().skip(margin).collect();
        }
    }
}

/// Undoes the escapes of a quoted text; nothing where one is not known.
pub(super) fn unescape(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(rest.get(..at)?);
        let mut behind = rest.get(at + 1..)?.chars();
        let digits = match behind.next()? {
            'n' => {
                out.push('\n');
                0
            }
            'r' => {
                out.push('\r');
                0
            }
            't' => {
                out.push('\t');
                0
            }
            same @ ('"' | '\\') => {
                out.push(same);
                0
            }
            'u' => 4,
            'U' => 8,
            _ => return None,
        };
        rest = behind.as_str();
        if digits > 0 {
            let code = rest.get(..digits)?;
            if !code.bytes().all(|b| b.is_ascii_hexdigit()) {
                return None;
            }
            out.push(char::from_u32(u32::from_str_radix(code, 16).ok()?)?);
            rest = rest.get(digits..)?;
        }
    }
    out.push_str(rest);
    Some(out)
}

/// Undoes `$${` and `%%{`, the only escapes of a heredoc.
pub(super) fn unescape_markers(text: &str) -> String {
    text.replace("$${", "${").replace("%%{", "%{")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escapes_are_undone_and_unknown_ones_refused() {
        assert_eq!(unescape(r#"a\n\t\r\"\\\u00e9\U0001F600z"#).unwrap(), "a\n\t\r\"\\é😀z");
        for text in [r"\x", r"\", r"\u12", r"\ud800", r"\u+123", r"\U0011"] {
            assert_eq!(unescape(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in r#"(\\[nrtuU"x0-9a-f]|\PC)*"#) {
            drop(unescape(&text));
        }
    }
}
