//! Patterns of file names, one step of a path at a time.

use regex::Regex;
use std::iter::Peekable;
use std::str::Chars;

/// How deep braces may stand within braces.
const MAX_DEPTH: usize = 16;

/// A pattern of one step: `*`, `?`, `[a-z]`, `[^a-z]`, `{a,b}` and `\` before what is to stand for
/// itself.
pub(super) struct Glob(Regex);

impl Glob {
    /// Whether nothing in the step has a meaning beyond itself.
    pub(super) fn is_plain(step: &str) -> bool {
        !step.contains(['*', '?', '[', '{', '\\'])
    }

    /// Reads a pattern; nothing if something is left open.
    pub(super) fn parse(step: &str) -> Option<Self> {
        let mut expression = String::from("(?s)^");
        sequence(&mut step.chars().peekable(), &mut expression, 0)?;
        expression.push('$');
        Regex::new(&expression).ok().map(Self)
    }

    pub(super) fn matches(&self, name: &str) -> bool {
        self.0.is_match(name)
    }
}

fn push_literal(c: char, out: &mut String) {
    out.push_str(&regex::escape(c.encode_utf8(&mut [0; 4])));
}

/// Writes what stands up to the end, or within braces up to `,` or `}`, which is left.
fn sequence(chars: &mut Peekable<Chars<'_>>, out: &mut String, depth: usize) -> Option<()> {
    while let Some(c) = chars.next_if(|c| depth == 0 || !matches!(c, ',' | '}')) {
        match c {
            '*' => out.push_str(".*"),
            '?' => out.push('.'),
            '\\' => push_literal(chars.next()?, out),
            '[' => class(chars, out)?,
            '{' if depth >= MAX_DEPTH => return None,
            '{' => {
                out.push_str("(?:");
                loop {
                    sequence(chars, out, depth + 1)?;
                    match chars.next()? {
                        ',' => out.push('|'),
                        _ => break,
                    }
                }
                out.push(')');
            }
            other => push_literal(other, out),
        }
    }
    Some(())
}

fn class(chars: &mut Peekable<Chars<'_>>, out: &mut String) -> Option<()> {
    let negated = chars.next_if_eq(&'^').is_some();
    let mut ranges = String::new();
    loop {
        let first = match chars.next()? {
            ']' if ranges.is_empty() && !negated => return None,
            ']' => break,
            '\\' => chars.next()?,
            '-' => return None,
            other => other,
        };
        let last = if chars.next_if_eq(&'-').is_some() {
            match chars.next()? {
                '\\' => chars.next()?,
                '-' | ']' => return None,
                other => other,
            }
        } else {
            first
        };
        // A range that ends before it begins holds nothing.
        if first <= last {
            ranges.push_str(&format!("\\x{{{:x}}}-\\x{{{:x}}}", u32::from(first), u32::from(last)));
        } else {
            ranges.push_str("&&[^\\x{0}-\\x{10ffff}]");
        }
    }
    match (negated, ranges.is_empty()) {
        (true, true) => out.push_str("[^\\x{0}-\\x{10ffff}]"),
        (true, false) => out.push_str(&format!("[^{ranges}]")),
        (false, _) => out.push_str(&format!("[{ranges}]")),
    }
    Some(())
}
