//! Regular expressions as Terraform writes them: the syntax of RE2, for the engine that we have.
//!
//! The two engines match alike, in linear time. Their syntax differs in details: here `\d`, `\s`,
//! `\w` and `\b` know ASCII only, classes have no operators, and some escapes and repetitions are
//! refused. So an expression is read by RE2's rules and written anew.

use regex::{Regex, RegexBuilder};
use std::sync::Arc;

/// The most repetitions that `{n,m}` may ask for, all those around it taken together.
const MAX_REPEAT: u32 = 1000;
/// Bytes that a compiled expression may take.
const MAX_SIZE: usize = 32 << 20;
/// Groups within groups.
const MAX_DEPTH: usize = 200;
/// Bytes of an expression.
const MAX_LENGTH: usize = 1 << 20;

/// An expression, ready to match.
pub(super) struct Expression {
    pub(super) regex: Regex,
    /// The name of each group, from the second one on; the first is the whole match.
    pub(super) names: Vec<Option<Arc<str>>>,
}

impl Expression {
    /// Reads an expression; an error says what is wrong with it.
    pub(super) fn new(source: &str) -> Result<Self, String> {
        if source.len() > MAX_LENGTH {
            return Err("it is longer than 1 MiB".into());
        }
        let mut reader = Reader {
            rest: source,
            out: String::with_capacity(source.len()),
            names: Vec::new(),
            groups: Vec::new(),
            lazy: false,
            last: Last::Nothing,
            most: 1,
        };
        reader.read()?;
        let regex = RegexBuilder::new(&reader.out)
            .size_limit(MAX_SIZE)
            .dfa_size_limit(MAX_SIZE)
            .nest_limit(1000)
            .build()
            .map_err(|error| match error {
                regex::Error::CompiledTooBig(_) => "it would take more than 32 MiB".to_owned(),
                _ => "it does not follow the syntax of RE2".to_owned(),
            })?;
        Ok(Self { regex, names: reader.names })
    }
}

/// What a repetition would repeat.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    /// Nothing: the expression, a group or an alternative has just begun.
    Nothing,
    /// Something that holds so many repetitions within each other.
    Atom(u32),
    /// Something that is repeated already.
    Repeated(u32),
    /// The same before flags, which are nothing to repeat and do not part what is beside them.
    Flagged {
        /// How many repetitions it holds within each other.
        within: u32,
        /// Where in the new expression the flags begin.
        at: usize,
        /// Whether repetitions were lazy there of themselves.
        lazy: bool,
    },
}

struct Reader<'a> {
    rest: &'a str,
    out: String,
    names: Vec<Option<Arc<str>>>,
    /// For each open group, the most repetitions beside it, and whether they are lazy there.
    groups: Vec<(u32, bool)>,
    /// Whether repetitions are lazy of themselves, as the flag `U` says.
    lazy: bool,
    last: Last,
    /// The most repetitions within each other in the group that is open.
    most: u32,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let next = chars.next();
        self.rest = chars.as_str();
        next
    }

    fn take(&mut self, prefix: &str) -> bool {
        match self.rest.strip_prefix(prefix) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// The text from `start` up to where the reader is.
    fn since(&self, start: &'a str) -> &'a str {
        start.get(..start.len() - self.rest.len()).unwrap_or_default()
    }

    /// Notes that something has been written that can be repeated.
    fn atom(&mut self, repetitions: u32) {
        self.last = Last::Atom(repetitions);
        self.most = self.most.max(repetitions);
    }

    fn literal(&mut self, c: char) {
        push_char(c, &mut self.out);
        self.atom(1);
    }

    fn read(&mut self) -> Result<(), String> {
        loop {
            let start = self.rest;
            let Some(c) = self.next() else { break };
            match c {
                '(' => self.open(start)?,
                ')' => {
                    let (outside, lazy) =
                        self.groups.pop().ok_or("a closing parenthesis has no opening one")?;
                    self.out.push(')');
                    let within = self.most;
                    self.most = outside;
                    self.lazy = lazy;
                    self.atom(within);
                }
                '|' => {
                    self.out.push('|');
                    self.last = Last::Nothing;
                }
                '[' => self.class()?,
                '.' | '^' | '$' => {
                    self.out.push(c);
                    self.atom(1);
                }
                '*' | '+' | '?' => self.repeat(start, &c.to_string(), 1)?,
                '{' => match self.counts() {
                    Some((least, most)) => {
                        let over = least > MAX_REPEAT
                            || most.is_some_and(|most| most > MAX_REPEAT || most < least);
                        if over {
                            let shown = self.since(start);
                            return Err(format!(
                                "{shown} repeats more than {MAX_REPEAT} times, or its first number \
                                 is greater than its second"
                            ));
                        }
                        let written = match most {
                            Some(most) => format!("{{{least},{most}}}"),
                            None => format!("{{{least},}}"),
                        };
                        self.repeat(start, &written, most.unwrap_or(least).max(1))?;
                    }
                    None => self.literal('{'),
                },
                '\\' => self.escape(start)?,
                other => self.literal(other),
            }
        }
        if self.groups.is_empty() { Ok(()) } else { Err("a parenthesis is not closed".into()) }
    }

    /// What follows an opening parenthesis.
    fn open(&mut self, start: &'a str) -> Result<(), String> {
        if self.groups.len() >= MAX_DEPTH {
            return Err(format!("it has more than {MAX_DEPTH} groups within each other"));
        }
        let outside = self.lazy;
        if self.take("?P<") || self.take("?<") {
            let refused = || "a group's name is made of letters, digits and underscores".to_owned();
            let (name, rest) = self.rest.split_once('>').ok_or_else(refused)?;
            let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
            if name.is_empty() || !name.chars().all(word) {
                return Err(refused());
            }
            self.rest = rest;
            self.names.push(Some(Arc::from(name)));
            self.out.push('(');
        } else if self.take("?") {
            let flags = self.rest.find(|c: char| !"imsU-".contains(c)).unwrap_or(self.rest.len());
            let (flags, rest) = self.rest.split_at_checked(flags).unwrap_or_default();
            self.rest = rest;
            let end = self.next();
            let sound = !flags.ends_with('-') && flags.matches('-').count() <= 1;
            if !sound || !matches!(end, Some(':' | ')')) {
                let shown = self.since(start);
                return Err(format!(
                    "{shown:?} is nothing that may follow a parenthesis; look-around, comments and \
                     back-references do not exist"
                ));
            }
            let kept = distinct(flags);
            let (on, off) = flags.split_once('-').unwrap_or((flags, ""));
            self.lazy = (outside || on.contains('U')) && !off.contains('U');
            if end == Some(')') {
                let at = self.out.len();
                if !kept.is_empty() {
                    self.out.push_str(&format!("(?{kept})"));
                }
                if let Last::Atom(within) | Last::Repeated(within) = self.last {
                    self.last = Last::Flagged { within, at, lazy: outside };
                }
                return Ok(());
            }
            self.out.push_str(&format!("(?{kept}:"));
        } else {
            self.names.push(None);
            self.out.push('(');
        }
        self.groups.push((self.most, outside));
        self.most = 1;
        self.last = Last::Nothing;
        Ok(())
    }

    /// The numbers of `{n}`, `{n,}` or `{n,m}`; nothing, and nothing read, if it is none of them.
    fn counts(&mut self) -> Option<(u32, Option<u32>)> {
        let (body, rest) = self.rest.split_once('}')?;
        // Numbers too large for any use are too large here as well.
        let number = |digits: &str| {
            let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
            let led = digits.len() > 1 && digits.starts_with('0');
            (plain && !led).then(|| digits.parse().unwrap_or(u32::MAX))
        };
        let counts = match body.split_once(',') {
            None => {
                let count = number(body)?;
                (count, Some(count))
            }
            Some((least, "")) => (number(least)?, None),
            Some((least, most)) => (number(least)?, Some(number(most)?)),
        };
        self.rest = rest;
        Some(counts)
    }

    fn repeat(&mut self, start: &'a str, written: &str, times: u32) -> Result<(), String> {
        let mut lazy = self.take("?");
        let mut at = self.out.len();
        let within = match self.last {
            Last::Atom(within) => within,
            Last::Flagged { within, at: before, lazy: was } => {
                at = before;
                lazy ^= was != self.lazy;
                within
            }
            Last::Nothing => {
                return Err(format!("there is nothing to repeat before {:?}", self.since(start)));
            }
            Last::Repeated(_) => {
                return Err(format!(
                    "{:?} repeats what is repeated already; put parentheses between",
                    self.since(start)
                ));
            }
        };
        let total = within.saturating_mul(times);
        if total > MAX_REPEAT {
            return Err(format!("it repeats more than {MAX_REPEAT} times, groups taken together"));
        }
        self.out.insert_str(at, &format!("{written}{}", if lazy { "?" } else { "" }));
        self.most = self.most.max(total);
        self.last = Last::Repeated(total);
        Ok(())
    }

    /// What follows a backslash outside of brackets.
    fn escape(&mut self, start: &'a str) -> Result<(), String> {
        let next = self.rest.chars().next();
        match next {
            Some(border @ ('A' | 'z')) => {
                self.next();
                self.out.push('\\');
                self.out.push(border);
                self.atom(1);
            }
            // At the borders of ASCII words.
            Some('b') => {
                self.next();
                self.out.push_str("(?-u:\\b)");
                self.atom(1);
            }
            Some('B') => {
                self.next();
                self.out.push_str("(?-u:\\B)");
                self.atom(1);
            }
            Some('Q') => {
                self.next();
                let (text, rest) = self.rest.split_once("\\E").unwrap_or((self.rest, ""));
                self.rest = rest;
                text.chars().for_each(|c| self.literal(c));
            }
            // What was quoted may end without having begun.
            Some('E') => {
                return Err("\\E ends a quotation that \\Q did not begin".into());
            }
            _ => match self.set(start)? {
                Some(set) => {
                    self.out.push_str(&set);
                    self.atom(1);
                }
                None => {
                    let c = self.character(start)?;
                    self.literal(c);
                }
            },
        }
        Ok(())
    }

    /// `\d`, `\pL` and their like, behind the backslash.
    fn set(&mut self, start: &'a str) -> Result<Option<String>, String> {
        let set = match self.rest.chars().next() {
            Some('d') => "[0-9]",
            Some('D') => "[^0-9]",
            Some('s') => "[\\t\\n\\x{c}\\r ]",
            Some('S') => "[^\\t\\n\\x{c}\\r ]",
            Some('w') => "[0-9A-Za-z_]",
            Some('W') => "[^0-9A-Za-z_]",
            Some('p' | 'P') => {
                let mut negated = self.next() == Some('P');
                let name = if self.take("{") {
                    let (name, rest) =
                        self.rest.split_once('}').ok_or("a brace behind \\p is not closed")?;
                    self.rest = rest;
                    name
                } else {
                    let first = self.rest;
                    self.next();
                    self.since(first)
                };
                let bare = name.strip_prefix('^').unwrap_or(name);
                negated ^= bare.len() < name.len();
                let sign = if negated { 'P' } else { 'p' };
                let class = match bare.len() {
                    _ if bare == "Any" => format!("\\{sign}{{Any}}"),
                    1 | 2 => format!("\\{sign}{{gc={bare}}}"),
                    _ => format!("\\{sign}{{sc={bare}}}"),
                };
                let named = bare.starts_with(|c: char| c.is_ascii_uppercase());
                if !named || Regex::new(&class).is_err() {
                    return Err(format!("{:?} is no class of characters", self.since(start)));
                }
                return Ok(Some(class));
            }
            _ => return Ok(None),
        };
        self.next();
        Ok(Some(set.to_owned()))
    }

    /// A single character behind the backslash.
    fn character(&mut self, start: &'a str) -> Result<char, String> {
        let refused = |reader: &Self| Err(format!("{:?} is no escape", reader.since(start)));
        let Some(c) = self.next() else { return Err("it ends in a backslash".into()) };
        Ok(match c {
            'a' => '\u{7}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\u{b}',
            'x' => {
                let digits = if self.take("{") {
                    let Some((digits, rest)) = self.rest.split_once('}') else {
                        return refused(self);
                    };
                    self.rest = rest;
                    digits
                } else {
                    let Some((digits, rest)) = self.rest.split_at_checked(2) else {
                        return refused(self);
                    };
                    self.rest = rest;
                    digits
                };
                let hex = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit());
                let code = u32::from_str_radix(digits, 16).ok().filter(|_| hex);
                match code.and_then(char::from_u32) {
                    Some(c) => c,
                    None => return refused(self),
                }
            }
            // Up to three octal digits; a lone one that is not 0 would be a reference to a group.
            '0'..='7' => {
                let follows = self.rest.starts_with(|c: char| ('0'..='7').contains(&c));
                if c != '0' && !follows {
                    return Err(format!(
                        "{:?} refers to a group, which expressions cannot do here",
                        self.since(start)
                    ));
                }
                let mut code = c.to_digit(8).unwrap_or(0);
                for _ in 0..2 {
                    let Some(digit) = self.rest.chars().next().and_then(|c| c.to_digit(8)) else {
                        break;
                    };
                    self.next();
                    code = code * 8 + digit;
                }
                char::from_u32(code).unwrap_or_default()
            }
            c if c.is_ascii() && !c.is_ascii_alphanumeric() => c,
            _ => return refused(self),
        })
    }

    /// What follows an opening bracket.
    fn class(&mut self) -> Result<(), String> {
        let mut out = String::from(if self.take("^") { "[^" } else { "[" });
        let mut first = true;
        loop {
            let start = self.rest;
            if self.rest.is_empty() {
                return Err("a bracket is not closed".into());
            }
            if !first && self.take("]") {
                break;
            }
            first = false;
            if self.rest.starts_with("[:")
                && let Some((name, rest)) =
                    self.rest.get(2..).and_then(|rest| rest.split_once(":]"))
            {
                const NAMES: [&str; 14] = [
                    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower",
                    "print", "punct", "space", "upper", "word", "xdigit",
                ];
                let bare = name.strip_prefix('^').unwrap_or(name);
                if !NAMES.contains(&bare) {
                    return Err(format!("[:{name}:] is no class of characters"));
                }
                out.push_str(&format!("[:{name}:]"));
                self.rest = rest;
                continue;
            }
            if self.rest.starts_with('\\') {
                let escape = self.rest;
                self.next();
                if let Some(set) = self.set(start)? {
                    out.push_str(&set);
                    continue;
                }
                self.rest = escape;
            }
            let low = self.class_character()?;
            let ranged =
                self.rest.starts_with('-') && !self.rest.starts_with("-]") && self.rest.len() > 1;
            let high = if ranged {
                self.next();
                self.class_character()?
            } else {
                low
            };
            if high < low {
                return Err(format!("the range {:?} ends before it begins", self.since(start)));
            }
            push_char(low, &mut out);
            if ranged {
                out.push('-');
                push_char(high, &mut out);
            }
        }
        out.push(']');
        self.out.push_str(&out);
        self.atom(1);
        Ok(())
    }

    fn class_character(&mut self) -> Result<char, String> {
        let start = self.rest;
        match self.next() {
            Some('\\') => self.character(start),
            Some(c) => Ok(c),
            None => Err("a bracket is not closed".into()),
        }
    }
}

/// A character that stands for itself, inside of brackets and outside.
fn push_char(c: char, out: &mut String) {
    if c.is_ascii_alphanumeric() {
        out.push(c);
    } else {
        out.push_str(&format!("\\x{{{:x}}}", u32::from(c)));
    }
}

/// The flags, each once; what is said last holds.
fn distinct(flags: &str) -> String {
    let (on, off) = flags.split_once('-').unwrap_or((flags, ""));
    let pick = |from: &str, but: &str| {
        "imsU".chars().filter(|c| from.contains(*c) && !but.contains(*c)).collect::<String>()
    };
    let (on, off) = (pick(on, off), pick(off, ""));
    if off.is_empty() { on } else { format!("{on}-{off}") }
}
