//! `required_version`: constraints as Terraform writes them.

use semver::Version;

/// One constraint: an operator and a version of which later parts may be missing.
struct Constraint {
    operator: Operator,
    version: Version,
    /// How many parts were given: 1 to 3.
    parts: usize,
}

#[derive(Clone, Copy)]
enum Operator {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    /// `~>`: only the last part that is given may grow.
    Pessimistic,
}

const OPERATORS: [(&str, Operator); 7] = [
    ("~>", Operator::Pessimistic),
    (">=", Operator::GreaterOrEqual),
    ("<=", Operator::LessOrEqual),
    ("!=", Operator::NotEqual),
    ("=", Operator::Equal),
    (">", Operator::Greater),
    ("<", Operator::Less),
];

/// Whether `version` meets all of the comma-separated constraints.
///
/// # Errors
/// The part of the text that is no constraint.
pub(super) fn meets(version: &str, constraints: &str) -> Result<bool, String> {
    let version = Version::parse(version).map_err(|_| version.to_owned())?;
    let mut all = true;
    for text in constraints.split(',') {
        all &= parse(text.trim()).ok_or_else(|| text.trim().to_owned())?.allows(&version);
    }
    Ok(all)
}

fn parse(text: &str) -> Option<Constraint> {
    let (operator, rest) = OPERATORS
        .iter()
        .find_map(|(sign, operator)| Some((*operator, text.strip_prefix(sign)?)))
        .unwrap_or((Operator::Equal, text));
    let rest = rest.trim();
    let (core, pre) = rest.split_once('-').map_or((rest, None), |(core, pre)| (core, Some(pre)));
    let parts = core.split('.').count();
    let full = format!("{core}{}", ".0".repeat(3_usize.checked_sub(parts)?));
    let full = pre.map_or(full.clone(), |pre| format!("{full}-{pre}"));
    Some(Constraint { operator, version: Version::parse(&full).ok()?, parts })
}

impl Constraint {
    fn allows(&self, version: &Version) -> bool {
        match self.operator {
            Operator::Equal => *version == self.version,
            Operator::NotEqual => *version != self.version,
            Operator::Greater => *version > self.version,
            Operator::GreaterOrEqual => *version >= self.version,
            Operator::Less => *version < self.version,
            Operator::LessOrEqual => *version <= self.version,
            Operator::Pessimistic => {
                let same = match self.parts {
                    3 => (version.major, version.minor) == (self.version.major, self.version.minor),
                    2 => version.major == self.version.major,
                    _ => true,
                };
                same && *version >= self.version
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constraints_mean_what_they_mean_in_terraform() {
        for (constraint, allowed) in [
            (">= 1.2", true),
            (">= 1.2, < 2.0", true),
            ("~> 1.2", true),
            ("~> 1.3.0", false),
            ("~> 1.2.3", true),
            ("~> 1.2.5", false),
            ("1.2.4", true),
            ("= 1.2", false),
            ("!= 1.2.4", false),
            ("< 1.2.4", false),
            ("<= 1.2.4", true),
        ] {
            assert_eq!(meets("1.2.4", constraint), Ok(allowed), "{constraint}");
        }
    }

    #[test]
    fn what_is_no_constraint_is_named() {
        for text in ["", "x", ">=", "1.2.3.4", "=> 1"] {
            assert_eq!(meets("1.2.4", text), Err(text.to_owned()));
        }
    }
}
