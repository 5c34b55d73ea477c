//! `format` and `formatlist`.

use super::decimal::{Decimal, radix};
use super::{CallError, Context, MAX_TEXT, clusters, encoding, text};
use crate::value::{Bounds, Number, Type, Value};
use std::iter::Peekable;
use std::str::CharIndices;

/// The largest width and precision.
pub(super) const MAX_WIDTH: usize = 10_000;

/// A part of a format.
enum Part<'a> {
    Literal(&'a str),
    Verb(Verb<'a>),
}

/// One verb: `%-8.3[2]f`.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that the user writes by itself")]
struct Verb<'a> {
    /// As it is written.
    source: &'a str,
    letter: char,
    /// The argument that is asked for, counted from 1.
    index: Option<usize>,
    width: usize,
    /// What follows a point; nothing there is 0.
    precision: Option<usize>,
    space: bool,
    sharp: bool,
    plus: bool,
    minus: bool,
    zero: bool,
}

type Chars<'a> = Peekable<CharIndices<'a>>;

/// The number that stands next, if one does.
fn digits(chars: &mut Chars<'_>) -> Result<Option<usize>, CallError> {
    let mut number = None;
    while let Some((_, c)) = chars.peek() {
        let Some(digit) = c.to_digit(10) else { break };
        let sum = number.unwrap_or(0) * 10 + usize::try_from(digit).unwrap_or(0);
        if sum > MAX_WIDTH {
            return Err(CallError::at(0, "asks for a width, precision or index above 10,000"));
        }
        number = Some(sum);
        chars.next();
    }
    Ok(number)
}

/// Takes a format apart.
fn parse(format: &str) -> Result<Vec<Part<'_>>, CallError> {
    let mut parts = Vec::new();
    let mut chars = format.char_indices().peekable();
    let mut literal = 0;
    while let Some((start, c)) = chars.next() {
        if c != '%' {
            continue;
        }
        parts.push(Part::Literal(&format[literal..start]));
        if let Some((at, _)) = chars.next_if(|(_, c)| *c == '%') {
            literal = at;
            continue;
        }
        let (verb, end) = parse_verb(format, start, &mut chars)?;
        parts.push(Part::Verb(verb));
        literal = end;
    }
    parts.push(Part::Literal(&format[literal..]));
    Ok(parts)
}

fn parse_verb<'a>(
    format: &'a str,
    start: usize,
    chars: &mut Chars<'a>,
) -> Result<(Verb<'a>, usize), CallError> {
    let unrecognized = |at: usize, c: char| {
        CallError::at(0, format!("unrecognized format character {c:?} at offset {at}"))
            .hiding("holds an unrecognized format character")
    };
    let mut verb = Verb {
        source: "",
        letter: ' ',
        index: None,
        width: 0,
        precision: None,
        space: false,
        sharp: false,
        plus: false,
        minus: false,
        zero: false,
    };
    while let Some((_, flag)) = chars.next_if(|(_, c)| " #+-0".contains(*c)) {
        match flag {
            ' ' => verb.space = true,
            '#' => verb.sharp = true,
            '+' => verb.plus = true,
            '-' => verb.minus = true,
            _ => verb.zero = true,
        }
    }
    verb.width = digits(chars)?.unwrap_or(0);
    if chars.next_if(|(_, c)| *c == '.').is_some() {
        verb.precision = Some(digits(chars)?.unwrap_or(0));
    }
    if chars.next_if(|(_, c)| *c == '[').is_some() {
        let first = chars.peek().copied();
        let index = digits(chars)?;
        verb.index = match (index, chars.peek().copied()) {
            (_, None) => return Err(unfinished(format)),
            (Some(1..), Some((_, ']'))) => index,
            (Some(1..), Some((at, c))) => return Err(unrecognized(at, c)),
            (Some(0) | None, Some(next)) => {
                let (at, c) = first.unwrap_or(next);
                return Err(unrecognized(at, c));
            }
        };
        chars.next();
    }
    let Some((at, letter)) = chars.next() else { return Err(unfinished(format)) };
    if !letter.is_ascii_alphabetic() {
        return Err(unrecognized(at, letter));
    }
    verb.letter = letter;
    let end = at + letter.len_utf8();
    verb.source = &format[start..end];
    Ok((verb, end))
}

fn unfinished(format: &str) -> CallError {
    CallError::at(0, format!("ends within a verb, at offset {}", format.len()))
}

/// Carries out a format that was taken apart.
fn render(parts: &[Part<'_>], args: &[Value]) -> Result<String, CallError> {
    let mut out = String::new();
    let (mut next, mut highest) = (1, 0);
    for part in parts {
        match part {
            Part::Literal(literal) => out.push_str(literal),
            Part::Verb(verb) => {
                let index = verb.index.unwrap_or(next);
                next = index + 1;
                highest = highest.max(index);
                let Some(arg) = args.get(index - 1) else {
                    return Err(CallError::at(
                        0,
                        format!(
                            "not enough arguments for {:?}: it wants number {index}, but there are {}",
                            verb.source,
                            args.len()
                        ),
                    )
                    .hiding("not enough arguments for the verbs"));
                };
                verb.render(arg, &mut out).map_err(|reason| {
                    CallError::at(
                        index,
                        format!("unsupported value for {:?}: {reason}", verb.source),
                    )
                    .hiding(format!("unsupported value for the verb: {reason}"))
                })?;
            }
        }
        if out.len() > MAX_TEXT {
            super::check_text(None)?;
        }
    }
    if highest < args.len() {
        return Err(CallError::at(
            highest + 1,
            match highest {
                0 => "is too many: there is no verb in the format".to_owned(),
                _ => format!("is too many: the format uses only {highest}"),
            },
        ));
    }
    Ok(out)
}

impl Verb<'_> {
    /// Writes `arg`; an error says what is required instead.
    fn render(&self, arg: &Value, out: &mut String) -> Result<(), String> {
        let converted = |ty: &Type| {
            if arg.is_null() {
                return Err("null value cannot be formatted".to_owned());
            }
            arg.convert(ty).map_err(|error| error.reason)
        };
        match self.letter {
            'v' => {
                let unwritable = |part: &Value| part.as_number().is_some_and(Number::is_infinite);
                if (self.sharp || arg.as_number().is_none()) && arg.any(&unwritable) {
                    return Err("JSON cannot write infinity".to_owned());
                }
                self.pad(&self.value(arg), out);
            }
            't' => {
                let truth = converted(&Type::Bool)?.as_bool().unwrap_or_default();
                out.push_str(if truth { "true" } else { "false" });
            }
            's' | 'q' => {
                let text = converted(&Type::String)?;
                let text = text.as_str().map_or("", |text| &**text);
                let text: String = match self.precision {
                    // No characters at all is no limit.
                    Some(precision) if precision > 0 => clusters(text).take(precision).collect(),
                    Some(_) | None => text.to_owned(),
                };
                if self.letter == 's' {
                    self.pad(&text, out);
                } else {
                    self.pad(&encoding::json(&Value::from(text)), out);
                }
            }
            'd' | 'b' | 'o' | 'x' | 'X' | 'e' | 'E' | 'f' | 'g' | 'G' => {
                match converted(&Type::Number)? {
                    Value::Number(number) => self.number(&number, out)?,
                    _ => return Err("a number is required".into()),
                }
            }
            _ => return Err("there is no such verb".into()),
        }
        Ok(())
    }

    /// `%v`: what suits the value best.
    fn value(&self, arg: &Value) -> String {
        match arg {
            _ if self.sharp => encoding::json(arg),
            Value::String(text) => text.to_string(),
            Value::Number(number) => {
                let decimal = Decimal::new(number);
                let sign = if decimal.negative { "-" } else { "" };
                format!("{sign}{}", decimal.general(None))
            }
            other => encoding::json(other),
        }
    }

    fn number(&self, number: &Number, out: &mut String) -> Result<(), String> {
        let whole = |digits: &dyn Fn() -> String| {
            if number.is_integer() {
                Ok(digits())
            } else {
                Err("an integer is required".to_owned())
            }
        };
        let integral = matches!(self.letter, 'd' | 'b' | 'o' | 'x' | 'X');
        if number.is_infinite() && !integral {
            let positive = if self.space { " Inf" } else { "+Inf" };
            let text = if number.is_negative() { "-Inf" } else { positive };
            Self { zero: false, ..*self }.pad(text, out);
            return Ok(());
        }
        let decimal = Decimal::new(number);
        let negative = decimal.negative;
        let precision = self.precision.unwrap_or(6);
        let (prefix, digits) = match self.letter {
            'd' => ("", whole(&|| number.abs().to_string())?),
            'b' => ("0b", whole(&|| radix(number, 1))?),
            'o' => ("0", whole(&|| radix(number, 3))?),
            'x' => ("0x", whole(&|| radix(number, 4))?),
            'X' => ("0X", whole(&|| radix(number, 4).to_ascii_uppercase())?),
            'e' => ("", decimal.scientific(precision)),
            'E' => ("", decimal.scientific(precision).to_ascii_uppercase()),
            'g' => ("", decimal.general(self.precision)),
            'G' => ("", decimal.general(self.precision).to_ascii_uppercase()),
            _ => ("", decimal.fixed(precision)),
        };
        let least = if integral { self.precision } else { None };
        let negative = negative && !(integral && number.is_zero());
        let digits = match least {
            // A zero of no digits is nothing at all, however wide.
            Some(0) if number.is_zero() => return Ok(()),
            Some(least) => format!("{}{digits}", "0".repeat(least.saturating_sub(digits.len()))),
            None => digits,
        };
        let sign = match (negative, self.plus, self.space) {
            (true, _, _) => "-",
            (false, true, _) => "+",
            (false, false, true) => " ",
            (false, false, false) => "",
        };
        let prefix = if self.sharp { prefix } else { "" };
        let missing = self.width.saturating_sub(sign.len() + prefix.len() + digits.len());
        let (before, zeros, after) = match (self.minus, self.zero && least.is_none()) {
            // Zeros before a number that may have a fraction win over spaces behind it.
            (true, true) if !integral => (0, missing, 0),
            (true, _) => (0, 0, missing),
            (false, true) => (0, missing, 0),
            (false, false) => (missing, 0, 0),
        };
        out.push_str(&" ".repeat(before));
        out.push_str(sign);
        out.push_str(prefix);
        out.push_str(&"0".repeat(zeros));
        out.push_str(&digits);
        out.push_str(&" ".repeat(after));
        Ok(())
    }

    /// Writes a text; unlike a number it is padded with zeros on either side.
    fn pad(&self, text: &str, out: &mut String) {
        let missing = self.width.saturating_sub(clusters(text).count());
        let padding = if self.zero { "0" } else { " " }.repeat(missing);
        if self.minus {
            out.push_str(text);
            out.push_str(&padding);
        } else {
            out.push_str(&padding);
            out.push_str(text);
        }
    }
}

pub(super) fn format(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let [format, args @ ..] = args else { return Err(CallError::misfit()) };
    render(&parse(text(format)?)?, args).map(Value::from)
}

/// What a text begins with of which not all arguments are known: what stands before the first verb.
pub(super) fn format_bounds(args: &[Value]) -> Bounds {
    let format = args.first().and_then(Value::as_str);
    let plain = format.and_then(|format| format.split_once('%'));
    plain.map(|(plain, _)| Bounds::beginning(plain)).unwrap_or_default()
}

pub(super) fn formatlist(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let [format, args @ ..] = args else { return Err(CallError::misfit()) };
    // Of what type an argument is that nobody knows may decide everything.
    let open = args.iter().any(|arg| matches!(arg.ty(), Type::Any));
    let unknown = || Ok(Value::unknown(if open { Type::Any } else { Type::list(Type::String) }));
    if format.is_unknown() || args.iter().any(|arg| matches!(arg, Value::Unknown(Type::Any, _))) {
        return unknown();
    }
    let mut count = None;
    let lengths = args.iter().enumerate().filter_map(|(n, arg)| Some((n, length(arg)?)));
    for (n, length) in lengths {
        match count {
            None => count = Some((n, length)),
            Some((first, other)) if other != length => {
                let message =
                    format!("has length {length}, but argument {} has length {other}", first + 2);
                return Err(CallError::at(n + 1, message));
            }
            Some(_) => {}
        }
    }
    // How many texts there will be hangs on what has elements.
    let counts = |arg: &Value| match arg {
        Value::Unknown(ty, _) => {
            matches!(ty, Type::List(_) | Type::Set(_) | Type::Tuple(_))
        }
        Value::Set(set) => set.may_shrink(),
        _ => false,
    };
    if args.iter().any(counts) {
        return unknown();
    }
    // What is made for nothing is not looked at.
    if count.is_some_and(|(_, length)| length == 0) {
        return Ok(Value::list(Type::String, Vec::new()));
    }
    let format = text(format)?;
    let mut parts = None;
    let mut size = 0_usize;
    let mut lines = Vec::new();
    for n in 0..count.map_or(1, |(_, length)| length) {
        let row: Option<Vec<Value>> = args
            .iter()
            .map(|arg| arg.as_items().map_or(Some(arg), |items| items.get(n)).cloned())
            .collect();
        let row = row.ok_or_else(CallError::misfit)?;
        if !row.iter().all(Value::is_wholly_known) {
            lines.push(Value::unknown(Type::String).never_null());
            continue;
        }
        // Nor is the format where no row is known.
        let parts = match &mut parts {
            Some(parts) => parts,
            none => none.insert(parse(format)?),
        };
        let line = render(parts, &row).map_err(|mut error| {
            error.message = format!("element {n}: {}", error.message);
            error.discreet = error.discreet.map(|discreet| format!("element {n}: {discreet}"));
            error
        })?;
        size = size.saturating_add(line.len());
        super::check_text(Some(size))?;
        lines.push(super::nfc(line));
    }
    Ok(Value::list(Type::String, lines))
}

/// How many elements a list, set or tuple has, as far as that is known.
fn length(arg: &Value) -> Option<usize> {
    match arg {
        Value::Unknown(Type::Tuple(types), _) => Some(types.len()),
        other => other.as_items().map(<[Value]>::len),
    }
}
