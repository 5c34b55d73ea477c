//! `aws_s3_buckets`: the buckets that exist, so that `for_each` can run over them.

use super::bucket::arn;
use super::region::region_fault;
use super::{DataSource, Finding, shown, text, wrong};
use crate::schema::{AttrType, Attribute, Schema};
use crate::value::{Fields, Type, Value};
use regex::{Regex, RegexBuilder};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The general purpose buckets of the provider's account (S3, `ListBuckets`; `GetBucketTagging` of
/// each candidate where tags are asked for; `HeadBucket` or `GetBucketLocation` where the list does
/// not tell the Region).
///
/// | attribute | element |
/// |---|---|
/// | `names`, `buckets[*].name` | `Buckets.Bucket.Name` |
/// | `buckets[*].region` | `Buckets.Bucket.BucketRegion` |
/// | `buckets[*].creation_date` | `Buckets.Bucket.CreationDate` |
#[derive(Debug)]
pub struct Buckets;

static SCHEMA: Schema = Schema {
    attributes: &[
        Attribute::optional(
            "prefix",
            AttrType::String,
            "What the names begin with. S3 itself leaves the others out, so that this is the \
             fastest choice.",
        ),
        Attribute::optional(
            "region",
            AttrType::String,
            "The Region that the buckets are in. Where nothing is said: any.",
        ),
        Attribute::optional(
            "name_regex",
            AttrType::String,
            "A regular expression that matches somewhere in the name; ^ and $ stand for its ends.",
        ),
        Attribute::optional(
            "tags",
            AttrType::MAP_OF_STRING,
            "Tags that the buckets have, each with exactly this value. One request for each \
             bucket that all else fits; needs s3:GetBucketTagging.",
        ),
        Attribute::optional(
            "exclude",
            AttrType::SET_OF_STRING,
            "Names to leave out. A * stands for any characters: \"acme-tmp-*\".",
        ),
        Attribute::computed("names", AttrType::SET_OF_STRING, "The names of the buckets."),
        Attribute::computed(
            "buckets",
            AttrType::Map(&AttrType::Object(&[
                Attribute::computed("name", AttrType::String, "The name of the bucket."),
                Attribute::computed("arn", AttrType::String, "The ARN of the bucket."),
                Attribute::computed("region", AttrType::String, "The Region of the bucket."),
                Attribute::computed(
                    "creation_date",
                    AttrType::String,
                    "When the bucket was made: 2026-04-01T12:00:00Z. Null where the store does \
                     not tell.",
                ),
            ])),
            "The buckets by name.",
        ),
    ],
    blocks: &[],
};

/// A bucket of the list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listed {
    /// Its name.
    pub name: String,
    /// Its Region.
    pub region: String,
    /// When it was made, as RFC 3339 has it.
    pub creation_date: Option<String>,
}

impl Buckets {
    /// The answer that is made of these buckets, each of them once.
    pub fn found(buckets: &[Listed]) -> [(&'static str, Value); 2] {
        let names = buckets.iter().map(|bucket| Value::from(bucket.name.as_str())).collect();
        let element = SCHEMA.attribute("buckets").map_or(Type::Any, |attribute| {
            Type::object(attribute.ty.attributes().iter().map(|it| (it.name, it.ty.ty())))
        });
        let entries: Fields = buckets.iter().map(Listed::entry).collect();
        [("names", Value::set(Type::String, names)), ("buckets", Value::map(element, entries))]
    }
}

impl Listed {
    fn entry(&self) -> (&str, Value) {
        let Self { name, region, creation_date } = self;
        let created = creation_date.as_deref();
        let object = Value::object([
            ("name", Value::from(name.as_str())),
            ("arn", Value::from(arn(name, region).as_str())),
            ("region", Value::from(region.as_str())),
            ("creation_date", created.map_or(Value::Null(Type::String), Value::from)),
        ]);
        (name, object)
    }
}

/// Which buckets are asked for.
#[derive(Clone, Debug)]
pub struct Selection {
    prefix: Option<Arc<str>>,
    region: Option<Arc<str>>,
    name: Option<Regex>,
    tags: BTreeMap<Arc<str>, Arc<str>>,
    exclude: Vec<Arc<str>>,
}

/// The most memory that a regular expression may take, in bytes.
const REGEX_LIMIT: usize = 1 << 20;

fn regex(text: &str) -> Result<Regex, String> {
    RegexBuilder::new(text).size_limit(REGEX_LIMIT).build().map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => "it takes too much memory; make it simpler".to_owned(),
        // The last line says what is wrong, those before point at it.
        error => {
            let text = error.to_string();
            let last = text.lines().last().unwrap_or_default();
            last.trim_start_matches("error:").trim().trim_end_matches('.').to_owned()
        }
    })
}

impl Selection {
    /// What the arguments ask for, which [`DataSource::validate`] found nothing wrong with.
    pub fn of(arguments: &Value) -> Self {
        let argument = |name| arguments.get(name).and_then(Value::as_str).cloned();
        let tags = arguments.get("tags").and_then(Value::as_fields).cloned().unwrap_or_default();
        let exclude = arguments.get("exclude").and_then(Value::as_items).unwrap_or_default();
        Self {
            prefix: argument("prefix").filter(|prefix| !prefix.is_empty()),
            region: argument("region"),
            name: text(arguments, "name_regex").and_then(|text| regex(text).ok()),
            tags: tags
                .iter()
                .filter_map(|(key, value)| Some((Arc::clone(key), value.as_str()?.clone())))
                .collect(),
            exclude: exclude.iter().filter_map(|item| item.as_str().cloned()).collect(),
        }
    }

    /// What the names must begin with.
    pub fn prefix(&self) -> Option<&str> {
        self.prefix.as_deref()
    }

    /// The Region that the buckets must be in.
    pub fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }

    /// Whether the answer depends on tags.
    pub fn asks_for_tags(&self) -> bool {
        !self.tags.is_empty()
    }

    /// Whether the name is one that is asked for.
    pub fn takes_name(&self, name: &str) -> bool {
        self.prefix.as_deref().is_none_or(|prefix| name.starts_with(prefix))
            && self.name.as_ref().is_none_or(|regex| regex.is_match(name))
            && !self.exclude.iter().any(|pattern| glob(pattern, name))
    }

    /// Whether the Region is one that is asked for.
    pub fn takes_region(&self, region: &str) -> bool {
        self.region.as_deref().is_none_or(|wanted| wanted == region)
    }

    /// Whether a bucket with these tags is one that is asked for.
    pub fn takes_tags<'a>(&self, tags: impl IntoIterator<Item = (&'a str, &'a str)>) -> bool {
        let wanted = |(key, value): &(&str, &str)| {
            self.tags.get(*key).is_some_and(|wanted| &**wanted == *value)
        };
        // A bucket has each key once.
        tags.into_iter().filter(wanted).count() == self.tags.len()
    }
}

/// Whether the pattern is the name, `*` being any characters. Each piece between two stars is
/// searched for once, from where the one before ended.
fn glob(pattern: &str, name: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut name) = name.strip_prefix(first) else { return false };
    let (middle, last) = rest.rsplit_once('*').unwrap_or(("", rest));
    for piece in middle.split('*') {
        let Some(at) = name.find(piece) else { return false };
        name = name.get(at + piece.len()..).unwrap_or_default();
    }
    name.ends_with(last)
}

impl DataSource for Buckets {
    fn name(&self) -> &'static str {
        "aws_s3_buckets"
    }

    fn schema(&self) -> &'static Schema {
        &SCHEMA
    }

    fn description(&self) -> &'static str {
        "The general purpose buckets of the provider's account, in all Regions, so that \
         `for_each` can run over what exists. Arguments that are not given leave nothing out. \
         Directory buckets are not listed: S3 keeps them in a list of their own. Needs \
         s3:ListAllMyBuckets."
    }

    fn example(&self) -> &'static str {
        r#"
data "aws_s3_buckets" "logs" {
  prefix  = "acme-"
  tags    = { purpose = "logs" }
  exclude = ["acme-tmp-*"]
}

resource "aws_s3_bucket_server_side_encryption_configuration" "logs" {
  for_each = data.aws_s3_buckets.logs.names
  bucket   = each.key

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "aws:kms"
    }
  }
}
"#
    }

    fn validate(&self, arguments: &Value) -> Vec<Finding> {
        let mut findings = Vec::new();
        let given = |name| arguments.get(name).filter(|value| value.as_str().is_some());
        if let Some(prefix) = given("prefix")
            && let Some(reason) = prefix.as_str().and_then(|text| prefix_fault(text))
        {
            let detail = format!("{} cannot begin the name of a bucket: {reason}.", shown(prefix));
            findings.push(wrong("prefix", "Invalid prefix", detail));
        }
        findings.extend(given("region").and_then(|value| region_fault("region", value)));
        if let Some(value) = given("name_regex")
            && let Some(Err(reason)) = value.as_str().map(|text| regex(text))
        {
            let detail = if value.is_sensitive() {
                "(sensitive) is not a regular expression.".to_owned()
            } else {
                format!("{} is not a regular expression: {reason}.", shown(value))
            };
            findings.push(wrong("name_regex", "Invalid regular expression", detail));
        }
        for (key, value) in
            arguments.get("tags").and_then(Value::as_fields).iter().flat_map(|it| it.iter())
        {
            let secret = arguments.get("tags").is_some_and(Value::is_sensitive);
            let key_shown = if secret { "(sensitive)".to_owned() } else { format!("{key:?}") };
            // S3, PutBucketTagging, Tag: a key of 1 to 128 characters, a value of up to 256.
            if !(1..=128).contains(&key.chars().count()) {
                let detail = format!("{key_shown} is no key of a tag: it has 1 to 128 characters.");
                findings.push(wrong("tags", "Invalid tag", detail));
            } else if value.is_null() {
                let detail = format!(
                    "The tag {key_shown} has no value. Give the one that the buckets must have."
                );
                findings.push(wrong("tags", "Invalid tag", detail));
            } else if value.as_str().is_some_and(|text| text.chars().count() > 256) {
                let detail =
                    format!("The value of the tag {key_shown} has more than 256 characters.");
                findings.push(wrong("tags", "Invalid tag", detail));
            }
        }
        let exclude = arguments.get("exclude").and_then(Value::as_items).unwrap_or_default();
        let is_empty = |it: &Value| it.is_null() || it.as_str().is_some_and(|text| text.is_empty());
        if exclude.iter().any(is_empty) {
            let detail = "No bucket has an empty name: write the names to leave out, or remove it.";
            findings.push(wrong("exclude", "Invalid name", detail.to_owned()));
        }
        findings
    }
}

fn prefix_fault(prefix: &str) -> Option<&'static str> {
    if prefix.ends_with('*') {
        Some("it is the beginning itself, without a star")
    } else if prefix.len() > 255
        || prefix.bytes().any(|b| !b.is_ascii_alphanumeric() && !b".-_".contains(&b))
    {
        Some("names are made of lower-case letters, digits, dots and dashes")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_star_stands_for_any_characters(
            pattern in "[ab.*]{0,8}",
            name in "[ab.]{0,10}",
        ) {
            let same = format!("^{}$", regex::escape(&pattern).replace(r"\*", ".*"));
            let expected = Regex::new(&same).unwrap().is_match(&name);
            prop_assert_eq!(glob(&pattern, &name), expected);
        }

        #[test]
        fn nothing_that_is_asked_breaks_it(
            prefix in ".{0,20}",
            pattern in ".{0,20}",
            regex in ".{0,30}",
            name in ".{0,20}",
        ) {
            let arguments = Value::object([
                ("prefix", Value::from(prefix.as_str())),
                ("name_regex", Value::from(regex.as_str())),
                ("exclude", Value::set(Type::String, vec![Value::from(pattern.as_str())])),
            ]);
            Buckets.validate(&arguments);
            Selection::of(&arguments).takes_name(&name);
        }
    }

    #[test]
    fn a_regular_expression_is_bounded_in_memory() {
        let (small, large) = ("^[a-z]{1,63}$", "(((a{100}){100}){100}){100}");
        assert!(regex(small).is_ok());
        assert_eq!(regex(large).unwrap_err(), "it takes too much memory; make it simpler");
    }

    #[test]
    fn all_tags_must_be_there_with_their_values() {
        let tags = [("a", Value::from("1")), ("b", Value::from("2"))];
        let tags = Value::map(Type::String, tags.into_iter().collect());
        let selection = Selection::of(&Value::object([("tags", tags)]));
        assert!(selection.asks_for_tags());
        assert!(selection.takes_tags([("b", "2"), ("c", "3"), ("a", "1")]));
        for tags in [&[][..], &[("a", "1")], &[("a", "1"), ("b", "1")], &[("A", "1"), ("b", "2")]] {
            assert!(!selection.takes_tags(tags.iter().copied()), "{tags:?}");
        }
        assert!(!Selection::of(&Value::NULL).asks_for_tags());
    }
}
