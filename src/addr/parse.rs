//! Reading addresses.

use super::{Address, InstanceKey, Mode, ModuleStep, ResourceAddr, Target};
use std::str::FromStr;
use std::sync::Arc;

/// Why a text is not an address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not an address: {reason}; an address looks like {EXAMPLE}")]
pub struct ParseAddressError {
    text: String,
    reason: &'static str,
}

const EXAMPLE: &str = r#"aws_s3_bucket_server_side_encryption_configuration.logs["eu"]"#;

/// One dotted part of an address: a name with the key behind it.
type Part<'a> = (&'a str, InstanceKey);

fn parts(text: &str) -> Result<Vec<Part<'_>>, &'static str> {
    let mut parts = Vec::new();
    let mut rest = text;
    loop {
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        let starts_well = name.starts_with(|c: char| c.is_alphabetic() || c == '_');
        if !starts_well || !name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-') {
            return Err("a name of letters, digits, underscores and dashes is missing");
        }
        let (key, after) = key(after)?;
        parts.push((name, key));
        match after.strip_prefix('.') {
            Some(more) => rest = more,
            None if after.is_empty() => return Ok(parts),
            None => return Err("there is text behind the closing bracket"),
        }
    }
}

fn key(text: &str) -> Result<(InstanceKey, &str), &'static str> {
    let Some(inside) = text.strip_prefix('[') else {
        return Ok((InstanceKey::None, text));
    };
    if let Some(quoted) = inside.strip_prefix('"') {
        let (name, rest) = unquote(quoted)?;
        let rest = rest.strip_prefix(']').ok_or("a bracket is not closed")?;
        return Ok((InstanceKey::Name(name.into()), rest));
    }
    let (digits, rest) = inside.split_once(']').ok_or("a bracket is not closed")?;
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    let index = plain.then(|| digits.parse().ok()).flatten();
    let index = index.ok_or("the key in brackets is neither a number nor in double quotes")?;
    Ok((InstanceKey::Index(index), rest))
}

/// Reads up to the closing quote; gives the text and what is behind the quote.
fn unquote(text: &str) -> Result<(String, &str), &'static str> {
    let mut out = String::new();
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Ok((out, text.get(at + 1..).unwrap_or_default())),
            '\\' => match chars.next().map(|(_, c)| c) {
                Some('n') => out.push('\n'),
                Some('r') => out.push('\r'),
                Some('t') => out.push('\t'),
                Some(c @ ('"' | '\\')) => out.push(c),
                Some('u') => {
                    let digits: String = chars.by_ref().take(4).map(|(_, c)| c).collect();
                    let code = u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32);
                    out.push(code.ok_or("an escape in the key is not one of a character")?);
                }
                _ => return Err("an escape in the key is unknown"),
            },
            '$' | '%' if text.get(at + 1..).is_some_and(|rest| rest.starts_with([c])) => {
                out.push(c);
                // `$${` stands for `${`; a doubled sign before anything else stands for itself.
                if text.get(at + 2..).is_some_and(|rest| rest.starts_with('{')) {
                    chars.next();
                }
            }
            c => out.push(c),
        }
    }
    Err("a quote is not closed")
}

impl FromStr for Target {
    type Err = ParseAddressError;

    fn from_str(text: &str) -> Result<Self, ParseAddressError> {
        let fail = |reason| ParseAddressError { text: text.to_owned(), reason };
        let parts = parts(text).map_err(fail)?;
        let mut module = Vec::new();
        let mut rest = parts.as_slice();
        while let [("module", InstanceKey::None), (name, key), more @ ..] = rest {
            module.push(ModuleStep { name: Arc::from(*name), key: key.clone() });
            rest = more;
        }
        let module: Arc<[ModuleStep]> = module.into();
        let mode = match rest {
            [("data", InstanceKey::None), more @ ..] => {
                rest = more;
                Mode::Data
            }
            _ => Mode::Managed,
        };
        match rest {
            [] if mode == Mode::Managed && !module.is_empty() => Ok(Self::Module(module)),
            [(ty, InstanceKey::None), (name, key)] => {
                let resource =
                    ResourceAddr { module, mode, ty: Arc::from(*ty), name: Arc::from(*name) };
                Ok(match key {
                    InstanceKey::None => Self::Resource(resource),
                    key => Self::Instance(resource.instance(key.clone())),
                })
            }
            _ => Err(fail("it needs a resource type and a name")),
        }
    }
}

impl FromStr for Address {
    type Err = ParseAddressError;

    fn from_str(text: &str) -> Result<Self, ParseAddressError> {
        match text.parse()? {
            Target::Resource(resource) => Ok(resource.instance(InstanceKey::None)),
            Target::Instance(address) => Ok(address),
            Target::Module(_) => Err(ParseAddressError {
                text: text.to_owned(),
                reason: "it names a module, not a resource",
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_key_survives_writing_and_reading(key in "\\PC*|[\\x00-\\x7f$%{\"\\\\]*") {
            let address = ResourceAddr::managed("t", "n").instance(InstanceKey::Name(key.into()));
            prop_assert_eq!(address.to_string().parse::<Address>(), Ok(address));
        }

        #[test]
        fn no_text_panics(text in "\\PC*|[a-z.\\[\\]\"0-9$%{\\\\]*") {
            let _either = text.parse::<Target>();
        }
    }

    #[test]
    fn a_target_covers_what_it_names() {
        let address: Address = r#"module.m["a"].t.n["k"]"#.parse().unwrap();
        for (target, covered) in [
            ("module.m", true),
            (r#"module.m["a"]"#, true),
            (r#"module.m["b"]"#, false),
            (r#"module.m["a"].t.n"#, true),
            (r#"module.m["a"].t.n["k"]"#, true),
            ("t.n", false),
        ] {
            assert_eq!(target.parse::<Target>().unwrap().covers(&address), covered, "{target}");
        }
    }

    #[test]
    fn what_is_no_address_says_why() {
        for text in ["", "t", "t.", "t.n[", "t.n[x]", r#"t.n["x]"#, "t.n[0]x", "t.n.x", "t[0].n"] {
            assert!(text.parse::<Target>().is_err(), "{text}");
        }
    }
}
