//! Patterns of file names, one step of a path at a time.

use regex::Regex;
use std::iter::Peekable;
use std::str::Chars;

/// How deep braces may stand within braces.
const MAX_DEPTH: usize = 16;

/// A pattern of one step: `*`, `?`, `[a-z]`, `[^a-z]`, `{a,b}` and `\` before what is to stand for
/// itself.
pub(super) struct Glob {
    /// What names are of the form; nothing where the pattern is too long to be read.
    regex: Option<Regex>,
    /// Something in the pattern is left open; the names are those that lead up to it.
    broken: bool,
}

/// Something in a pattern is left open, and a name has led up to it.
pub(super) struct Broken;

impl Glob {
    /// Whether nothing in the step has a meaning beyond itself.
    pub(super) fn is_plain(step: &str) -> bool {
        !step.contains(['*', '?', '[', '{', '\\'])
    }

    /// Reads a pattern. What is left open in it is nobody's fault before a name leads up to it:
    /// as in Terraform, where nothing is looked at, nothing is wrong.
    pub(super) fn parse(step: &str) -> Self {
        let mut expression = String::from("(?s)^");
        let mut chars = step.chars().peekable();
        let mut sound = expression.len();
        let mut broken = false;
        while chars.peek().is_some() && !broken {
            broken = one(&mut chars, &mut expression, 0).is_none();
            if !broken {
                sound = expression.len();
            }
        }
        expression.truncate(sound);
        // Behind a star, a name is tried at each place, and what is wrong there is no match.
        let starred = expression.contains(".*");
        expression.push_str(match (broken, starred) {
            (false, _) => "$",
            (true, false) => ".",
            (true, true) => "[^\\x{0}-\\x{10ffff}]",
        });
        Self { regex: Regex::new(&expression).ok(), broken }
    }

    /// Whether a name is of the form.
    pub(super) fn matches(&self, name: &str) -> Result<bool, Broken> {
        match self.regex.as_ref().map(|regex| regex.is_match(name)) {
            Some(false) => Ok(false),
            Some(true) if !self.broken => Ok(true),
            Some(true) | None => Err(Broken),
        }
    }
}

fn push_literal(c: char, out: &mut String) {
    out.push_str(&regex::escape(c.encode_utf8(&mut [0; 4])));
}

/// Writes what stands within braces up to `,` or `}`, which is left.
fn sequence(chars: &mut Peekable<Chars<'_>>, out: &mut String, depth: usize) -> Option<()> {
    while chars.peek().is_some_and(|c| !matches!(c, ',' | '}')) {
        one(chars, out, depth)?;
    }
    Some(())
}

/// Writes the next character, or what stands for one or several.
fn one(chars: &mut Peekable<Chars<'_>>, out: &mut String, depth: usize) -> Option<()> {
    match chars.next()? {
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
