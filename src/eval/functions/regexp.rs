//! Functions of regular expressions.

use super::re2::Expression;
use super::{CallError, Context, check_text, nfc, text};
use crate::value::{Fields, Type, Value};
use regex::Captures;
use std::sync::Arc;

/// Bytes that all the searches of one call may look at. One search is linear in the text; an
/// expression that looks to the end of the text for each of many matches is refused.
const MAX_LOOKED_AT: usize = 1 << 33;
/// Texts that one call may find, all groups counted.
const MAX_FOUND: usize = 1_000_000;

/// What a match is worth.
enum Shape {
    /// The text itself: there are no groups.
    Text,
    /// A tuple of the groups.
    Tuple(usize),
    /// An object of the named groups.
    Object(Vec<Arc<str>>),
}

fn expression(pattern: &str, n: usize) -> Result<Expression, CallError> {
    Expression::new(pattern).map_err(|reason| {
        CallError::at(n, format!("{pattern:?} is no regular expression: {reason}"))
            .hiding("is no regular expression")
    })
}

impl Shape {
    fn of(expression: &Expression) -> Result<Self, CallError> {
        let names = &expression.names;
        let named: Vec<Arc<str>> = names.iter().flatten().cloned().collect();
        if names.is_empty() {
            Ok(Self::Text)
        } else if named.is_empty() {
            Ok(Self::Tuple(names.len()))
        } else if named.len() == names.len() {
            Ok(Self::Object(named))
        } else {
            Err(CallError::at(0, "must have names for all of its groups or for none of them"))
        }
    }

    fn ty(&self) -> Type {
        match self {
            Self::Text => Type::String,
            Self::Tuple(count) => Type::Tuple(Arc::new(vec![Type::String; *count])),
            Self::Object(names) => {
                Type::object(names.iter().map(|name| (Arc::clone(name), Type::String)))
            }
        }
    }

    fn value(&self, found: &Captures<'_>) -> Value {
        // A group that took no part in the match is null.
        let group = |n: usize| match found.get(n) {
            Some(part) => nfc(part.as_str().to_owned()),
            None => Value::Null(Type::String),
        };
        match self {
            Self::Text => group(0),
            Self::Tuple(count) => Value::tuple((1..=*count).map(group).collect()),
            Self::Object(names) => {
                let fields = names.iter().enumerate();
                Value::Object(
                    fields.map(|(n, name)| (Arc::clone(name), group(n + 1))).collect::<Fields>(),
                )
            }
        }
    }
}

/// The expression and the text; nothing for one that is not known.
fn arguments(args: &[Value]) -> Result<(Option<Expression>, Option<&str>), CallError> {
    let [pattern, given] = args else { return Err(CallError::misfit()) };
    let known = |value: &Value| !value.is_unknown();
    let expression = if known(pattern) { Some(expression(text(pattern)?, 0)?) } else { None };
    let given = if known(given) { Some(text(given)?) } else { None };
    Ok((expression, given))
}

/// The first match. The expression alone tells the type.
pub(super) fn regex(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let (Some(expression), given) = arguments(args)? else {
        return Ok(Value::unknown(Type::Any));
    };
    let shape = Shape::of(&expression)?;
    let Some(given) = given else { return Ok(Value::unknown(shape.ty())) };
    let found = expression.regex.captures(given);
    found.map(|found| shape.value(&found)).ok_or_else(|| {
        CallError::at(1, "has nothing that the expression matches; `can(regex(…))` asks whether")
    })
}

/// All matches.
pub(super) fn regexall(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let (Some(expression), given) = arguments(args)? else {
        return Ok(Value::unknown(Type::list(Type::Any)));
    };
    let shape = Shape::of(&expression)?;
    let Some(given) = given else { return Ok(Value::unknown(Type::list(shape.ty()))) };
    let mut matches = Vec::new();
    for found in expression.regex.captures_iter(given) {
        check_matches(matches.len(), found.len(), given)?;
        matches.push(shape.value(&found));
    }
    Ok(Value::list(shape.ty(), matches))
}

fn check_matches(count: usize, groups: usize, given: &str) -> Result<(), CallError> {
    if count.saturating_mul(given.len()) > MAX_LOOKED_AT || count.saturating_mul(groups) > MAX_FOUND
    {
        return Err(CallError::new(
            "would find more matches than one call may in a text this long",
        ));
    }
    Ok(())
}

/// Replaces what an expression matches.
pub(super) fn replace(given: &str, pattern: &str, by: &str) -> Result<Value, CallError> {
    let expression = expression(pattern, 1)?;
    let parts = parts(by);
    let mut out = String::new();
    let mut end = 0;
    for (count, found) in expression.regex.captures_iter(given).enumerate() {
        check_matches(count, 1, given)?;
        let Some(whole) = found.get(0) else { continue };
        out.push_str(given.get(end..whole.start()).unwrap_or_default());
        end = whole.end();
        for part in &parts {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Group(n) => out.push_str(found.get(*n).map_or("", |group| group.as_str())),
                Part::Name(name) => {
                    let group = expression.names.iter().enumerate().find_map(|(n, known)| {
                        let same = known.as_deref() == Some(*name);
                        found.get(n + 1).filter(|_| same)
                    });
                    out.push_str(group.map_or("", |group| group.as_str()));
                }
            }
        }
        check_text(Some(out.len()))?;
    }
    out.push_str(given.get(end..).unwrap_or_default());
    check_text(Some(out.len()))?;
    Ok(nfc(out))
}

/// A part of a replacement.
enum Part<'a> {
    Text(&'a str),
    Group(usize),
    Name(&'a str),
}

/// Takes a replacement apart: `$1`, `${1}`, `$name`, `${name}`, and `$$` for a dollar sign. A
/// dollar sign before anything else stands for itself.
fn parts(by: &str) -> Vec<Part<'_>> {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let mut parts = Vec::new();
    let mut rest = by;
    while let Some((text, behind)) = rest.split_once('$') {
        parts.push(Part::Text(text));
        let (name, left) = if let Some(left) = behind.strip_prefix('$') {
            parts.push(Part::Text("$"));
            rest = left;
            continue;
        } else if let Some(braced) = behind.strip_prefix('{') {
            let end = braced.find(|c| !word(c)).unwrap_or(braced.len());
            let (name, left) = braced.split_at_checked(end).unwrap_or_default();
            (name, left.strip_prefix('}'))
        } else {
            let end = behind.find(|c| !word(c)).unwrap_or(behind.len());
            let (name, left) = behind.split_at_checked(end).unwrap_or_default();
            (name, Some(left))
        };
        let Some(left) = left.filter(|_| !name.is_empty()) else {
            parts.push(Part::Text("$"));
            rest = behind;
            continue;
        };
        rest = left;
        let plain =
            name.bytes().all(|b| b.is_ascii_digit()) && (name.len() == 1 || !name.starts_with('0'));
        parts.push(match name.parse() {
            Ok(n) if plain => Part::Group(n),
            _ => Part::Name(name),
        });
    }
    parts.push(Part::Text(rest));
    parts
}
