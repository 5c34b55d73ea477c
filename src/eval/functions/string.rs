//! Functions of text.
//!
//! What a user takes for one character, such as a flag or a letter with its accents, counts as one.

use super::{CallError, Context, check_text, clusters, items, strings, text, whole};
use crate::value::{Type, Value};
use std::collections::BTreeSet;

fn two(args: &[Value]) -> Result<(&str, &str), CallError> {
    let [a, b] = args else { return Err(CallError::misfit()) };
    Ok((text(a)?, text(b)?))
}

fn one(args: &[Value]) -> Result<&str, CallError> {
    text(args.first().ok_or_else(CallError::misfit)?)
}

pub(super) fn chomp(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    Ok(Value::from(one(args)?.trim_end_matches(['\r', '\n'])))
}

pub(super) fn endswith(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    two(args).map(|(text, suffix)| Value::from(text.ends_with(suffix)))
}

pub(super) fn startswith(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let [given, prefix] = args else { return Err(CallError::misfit()) };
    if prefix.is_unknown() {
        return Ok(Value::unknown(Type::Bool));
    }
    let prefix = text(prefix)?;
    if !given.is_unknown() {
        return Ok(Value::from(text(given)?.starts_with(prefix)));
    }
    // Of a text that is not known yet, its beginning may be. As in Terraform, one that is shorter
    // than what is asked for decides nothing.
    let known = given.bounds().prefix;
    Ok(if known.len() >= prefix.len() {
        Value::from(known.starts_with(prefix))
    } else {
        Value::unknown(Type::Bool)
    })
}

pub(super) fn strcontains(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    two(args).map(|(text, part)| Value::from(text.contains(part)))
}

pub(super) fn indent(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let [_, given] = args else { return Err(CallError::misfit()) };
    let given = text(given)?;
    let spaces = usize::try_from(whole(args, 0)?)
        .ok()
        .filter(|spaces| *spaces <= super::format::MAX_WIDTH)
        .ok_or_else(|| CallError::at(0, "must be between 0 and 10,000"))?;
    let lines = given.matches('\n').count();
    check_text(lines.checked_mul(spaces).and_then(|more| more.checked_add(given.len())))?;
    Ok(Value::from(given.replace('\n', &format!("\n{}", " ".repeat(spaces)))))
}

pub(super) fn join(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let [separator, lists @ ..] = args else { return Err(CallError::misfit()) };
    let separator = text(separator)?;
    let mut joined = String::new();
    let mut first = true;
    for (n, list) in lists.iter().enumerate() {
        for (m, item) in items(list)?.iter().enumerate() {
            let Value::String(item) = item else {
                return Err(CallError::at(n + 1, format!("[{m}]: must not be null")));
            };
            if !first {
                joined.push_str(separator);
            }
            first = false;
            joined.push_str(item);
            check_text(Some(joined.len()))?;
        }
    }
    Ok(Value::from(joined))
}

pub(super) fn split(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let (separator, text) = two(args)?;
    Ok(if separator.is_empty() {
        strings(text.chars().map(String::from))
    } else {
        strings(text.split(separator))
    })
}

/// One character for one, as Go maps them: final sigma is a sigma, dotted I is an i.
pub(super) fn lower(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let lowered: String = one(args)?.chars().filter_map(|c| c.to_lowercase().next()).collect();
    Ok(Value::from(lowered))
}

pub(super) fn upper(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let raised: String = one(args)?.chars().map(upper_char).collect();
    Ok(Value::from(raised))
}

/// One character for one, as Go maps them: the sharp s, which has no single capital, stays.
fn upper_char(c: char) -> char {
    match c {
        // Greek letters with iota below, whose full capitals are two letters.
        '\u{1f80}'..='\u{1faf}' => char::from_u32(u32::from(c) | 8).unwrap_or(c),
        '\u{1fb3}' | '\u{1fc3}' | '\u{1ff3}' => char::from_u32(u32::from(c) + 9).unwrap_or(c),
        _ => {
            let mut capitals = c.to_uppercase();
            match (capitals.next(), capitals.next()) {
                (Some(capital), None) => capital,
                _ => c,
            }
        }
    }
}

pub(super) fn title(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let mut starts = true;
    let titled: String = one(args)?
        .chars()
        .map(|c| {
            let titled = if starts { title_char(c) } else { c };
            starts = if c.is_ascii() {
                !(c.is_ascii_alphanumeric() || c == '_')
            } else {
                c.is_whitespace()
            };
            titled
        })
        .collect();
    Ok(Value::from(titled))
}

fn title_char(c: char) -> char {
    match c {
        '\u{1c4}'..='\u{1c6}' => '\u{1c5}',
        '\u{1c7}'..='\u{1c9}' => '\u{1c8}',
        '\u{1ca}'..='\u{1cc}' => '\u{1cb}',
        '\u{1f1}'..='\u{1f3}' => '\u{1f2}',
        // Georgian has capitals, but none in titles.
        '\u{10d0}'..='\u{10ff}' => c,
        _ => upper_char(c),
    }
}

pub(super) fn replace(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let [given, part, by] = args else { return Err(CallError::misfit()) };
    let (given, part, by) = (text(given)?, text(part)?, text(by)?);
    if part.len() > 1 && part.starts_with('/') && part.ends_with('/') {
        let pattern = part.get(1..part.len() - 1).unwrap_or_default();
        return super::regexp::replace(given, pattern, by);
    }
    let times = given.matches(part).count();
    check_text(times.checked_mul(by.len()).and_then(|more| more.checked_add(given.len())))?;
    Ok(Value::from(given.replace(part, by)))
}

pub(super) fn strrev(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let mut all: Vec<&str> = clusters(one(args)?).collect();
    all.reverse();
    Ok(Value::from(all.concat()))
}

pub(super) fn substr(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let given = one(args)?;
    let (offset, length) = (whole(args, 1)?, whole(args, 2)?);
    let skip = if offset < 0 {
        let back = usize::try_from(offset.unsigned_abs()).unwrap_or(usize::MAX);
        clusters(given).count().saturating_sub(back)
    } else {
        usize::try_from(offset).unwrap_or(usize::MAX)
    };
    // Any negative length means all the rest, and counted from the end none does, too.
    let take = match usize::try_from(length) {
        Ok(0) if offset < 0 => usize::MAX,
        Ok(length) => length,
        Err(_) => usize::MAX,
    };
    Ok(Value::from(clusters(given).skip(skip).take(take).collect::<String>()))
}

pub(super) fn trim(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let (text, cut) = two(args)?;
    let cut: BTreeSet<char> = cut.chars().collect();
    Ok(Value::from(text.trim_matches(|c| cut.contains(&c))))
}

pub(super) fn trimprefix(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    two(args).map(|(text, prefix)| Value::from(text.strip_prefix(prefix).unwrap_or(text)))
}

pub(super) fn trimsuffix(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    two(args).map(|(text, suffix)| Value::from(text.strip_suffix(suffix).unwrap_or(text)))
}

pub(super) fn trimspace(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    Ok(Value::from(one(args)?.trim()))
}

pub(super) fn sort(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let mut sorted = items(args.first().ok_or_else(CallError::misfit)?)?.to_vec();
    // Where one that is not known will stand is not known of any.
    if sorted.iter().any(Value::is_unknown) {
        let unknown = vec![Value::unknown(Type::String); sorted.len()];
        return Ok(Value::list(Type::String, unknown));
    }
    if let Some(n) = sorted.iter().position(Value::is_null) {
        return Err(CallError::at(0, format!("[{n}]: a null cannot be sorted")));
    }
    sorted.sort();
    Ok(Value::list(Type::String, sorted))
}

pub(super) fn compact(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let full = items(args.first().ok_or_else(CallError::misfit)?)?
        .iter()
        .filter(|item| item.as_str().is_some_and(|text| !text.is_empty()))
        .cloned()
        .collect();
    Ok(Value::list(Type::String, full))
}
