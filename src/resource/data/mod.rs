//! The pure half of each data source: schema, validation, what its answers are made of; and the
//! one list of them.
//!
//! A data source is asked with *arguments*, the attributes that a configuration may set, and
//! answers with an object of all its attributes. Asking is `provider`'s half.

mod account;
mod bucket;
mod buckets;
mod kms;
mod region;
mod regions;

pub use self::account::CallerIdentity;
pub use self::bucket::Bucket;
pub use self::buckets::{Buckets, Listed, Selection};
pub use self::kms::{KmsAlias, KmsKey};
pub use self::region::{Region, has_form_of_region, is_known_region, region_hint};

pub(super) use self::region::region_fault;

use super::Finding;
use crate::addr::AttrPath;
use crate::diag::Severity;
use crate::schema::{Attribute, Schema, Usage};
use crate::value::{Fields, Value};
use std::sync::Arc;

/// Every data source there is.
pub static SOURCES: &[&dyn DataSource] =
    &[&CallerIdentity, &KmsAlias, &KmsKey, &Region, &Bucket, &Buckets];

/// The data source of this name.
pub fn find(name: &str) -> Option<&'static dyn DataSource> {
    SOURCES.iter().copied().find(|source| source.name() == name)
}

/// The pure half of a data source.
pub trait DataSource: Sync {
    /// Its name in the configuration.
    fn name(&self) -> &'static str;

    /// Its arguments and what it answers.
    fn schema(&self) -> &'static Schema;

    /// What it is for: a few sentences.
    fn description(&self) -> &'static str;

    /// A configuration that uses it.
    fn example(&self) -> &'static str;

    /// What is wrong with the arguments, as far as they alone tell: an object of every attribute
    /// that a configuration may set, null where it is not given. What is unknown is passed over.
    fn validate(&self, arguments: &Value) -> Vec<Finding>;

    /// The live object that the arguments name, if they name one.
    fn named(&self, arguments: &Value) -> Option<Named> {
        let _ = arguments;
        None
    }
}

/// A live object that a configuration names to read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// A bucket, by its name.
    Bucket(Arc<str>),
    /// A key of KMS, by its id, its ARN, an alias, or the ARN of an alias.
    Key(Arc<str>),
}

/// The answer that is made of what was `found`: the arguments as they were given, the rest as
/// found, and null for what was not. If any argument must not be shown, nothing that was found may.
pub fn answer<K: AsRef<str>>(
    source: &dyn DataSource,
    arguments: &Value,
    found: impl IntoIterator<Item = (K, Value)>,
) -> Value {
    let secret = arguments.any(&Value::is_sensitive);
    let found: Fields =
        found.into_iter().map(|(name, it)| (Arc::from(name.as_ref()), it)).collect();
    build(source, arguments, |attribute| {
        let value = found.get(attribute.name).cloned();
        value.unwrap_or_else(|| Value::Null(attribute.ty.ty())).sensitive_if(secret)
    })
}

/// The answer that is still to come: the arguments as they were given, and the rest unknown.
pub fn pending(source: &dyn DataSource, arguments: &Value) -> Value {
    build(source, arguments, |attribute| Value::unknown(attribute.ty.ty()))
}

fn build(source: &dyn DataSource, arguments: &Value, rest: impl Fn(&Attribute) -> Value) -> Value {
    Value::object(source.schema().attributes.iter().map(|attribute| {
        let given = arguments.get(attribute.name);
        let given = given.filter(|value| attribute.is_settable() && !value.is_null());
        // Nothing stands in for an optional argument, so that null is what it is.
        let value = match given {
            Some(given) => given.clone(),
            None if attribute.usage == Usage::Optional => Value::Null(attribute.ty.ty()),
            None => rest(attribute),
        };
        (attribute.name, value)
    }))
}

/// The text of an argument, where it is known and given.
fn text<'a>(arguments: &'a Value, name: &str) -> Option<&'a str> {
    arguments.get(name)?.as_str().map(|text| &**text)
}

/// A text as a message may show it.
fn shown(value: &Value) -> String {
    match value.as_str() {
        Some(text) if !value.is_sensitive() => format!("{text:?}"),
        Some(_) | None => "(sensitive)".to_owned(),
    }
}

/// An error at an argument.
fn wrong(name: &str, summary: &'static str, detail: String) -> Finding {
    Finding { severity: Severity::Error, path: AttrPath::from_iter([name]), summary, detail }
}

#[cfg(test)]
mod tests;
