//! The pure half of each resource type: schema, validation, normal form, comparison, weakening;
//! and the one list of them.
//!
//! A type has *settings*, the part of the declared object that lives in the service and is
//! compared, and the rest, which identifies the object (`bucket`) or goes along with requests
//! (`expected_bucket_owner`). Settings are an object in the shape of the type's schema: a block is
//! a list of one object. It never calls a service: that is `provider`'s half.

pub mod data;
mod encryption;
mod key_names;
mod keys;
mod kms_key;
mod leaf;
mod observed;

use self::encryption::bucket_name_fault;
pub use self::encryption::{BucketEncryption, is_directory_bucket, region_of_zone};
pub use self::key_names::{KeyMeaning, KeyNames};
pub use self::keys::{Key, KeyAnswer, KeyName, Keys};
pub use self::kms_key::{KeyRef, KeyScope, account_hint, is_account};
pub use self::leaf::{leaf, leaves, with_leaf};
pub use self::observed::{Observed, UnknownElement};

use crate::addr::{AttrPath, Mode};
use crate::diag::Severity;
use crate::schema::Schema;
use crate::value::Value;
use std::sync::Arc;

/// Every resource type there is.
pub static TYPES: &[&dyn ResourceType] = &[&BucketEncryption];

/// The resource type of this name.
pub fn find(name: &str) -> Option<&'static dyn ResourceType> {
    TYPES.iter().copied().find(|ty| ty.name() == name)
}

/// The schema of the resource type or data source of this name.
pub fn schema(mode: Mode, name: &str) -> Option<&'static Schema> {
    match mode {
        Mode::Managed => find(name).map(ResourceType::schema),
        Mode::Data => data::find(name).map(data::DataSource::schema),
    }
}

/// The names of the resource types or data sources.
pub fn names(mode: Mode) -> Vec<&'static str> {
    match mode {
        Mode::Managed => TYPES.iter().map(|ty| ty.name()).collect(),
        Mode::Data => data::SOURCES.iter().map(|source| source.name()).collect(),
    }
}

/// The pure half of a resource type.
pub trait ResourceType: Sync {
    /// Its name in the configuration.
    fn name(&self) -> &'static str;

    /// What its block may hold.
    fn schema(&self) -> &'static Schema;

    /// What it is: a few sentences.
    fn description(&self) -> &'static str;

    /// A configuration that uses it.
    fn example(&self) -> &'static str;

    /// What names the live object, such as the bucket's name; nothing while it is unknown.
    fn identity(&self, declared: &Value) -> Option<Arc<str>>;

    /// What goes along with every request for the object, as an object of attributes.
    fn request(&self, declared: &Value) -> Value;

    /// What is wrong with what is declared, as far as that alone tells.
    fn validate(&self, declared: &Value) -> Vec<Finding>;

    /// What is wrong with what is declared, as the live world tells.
    fn look_over(&self, facts: &Facts<'_>) -> Vec<Finding>;

    /// The settings that are wanted: as declared, the rest as S3 sets it or, where S3 would keep
    /// it, as it is live.
    fn desired(&self, declared: &Value, live: &Value) -> Value;

    /// What references see: what is declared, completed by what is live. What nobody knows yet is
    /// unknown.
    fn resolved(&self, declared: &Value, live: Option<&Value>) -> Value;

    /// The wanted settings with what is to be ignored as it is live, and what hangs on that.
    fn keeping(&self, desired: Value, live: &Value, ignored: &dyn Fn(&AttrPath) -> bool) -> Value;

    /// The attributes whose meaning differs between two settings, in the order of [`leaves`].
    fn differences(&self, before: &Value, after: &Value, keys: &KeyNames) -> Vec<AttrPath>;

    /// Whether KMS could say that two settings that differ do not.
    fn is_doubtful(&self, before: &Value, after: &Value, keys: &KeyNames) -> bool;

    /// The KMS keys that settings name, each once.
    fn keys(&self, settings: &Value) -> Vec<Arc<str>>;

    /// What the object of this identity is left with when it is no longer managed and reset. An
    /// object that is so already is left as it is.
    fn reset(&self, identity: &str, live: &Value) -> Value;

    /// Why new data is protected less by `after` than by `before`, if it is: such as
    /// `customer managed key → AWS managed key`.
    fn weakening(&self, before: &Value, after: &Value, keys: &KeyNames) -> Option<String>;

    /// What a step from `before` to `after` comes to, beyond what changes: sentences without a
    /// capital and a stop. `reset` says that the service puts the settings back by itself.
    fn notes(&self, before: &Value, after: &Value, reset: bool, keys: &KeyNames) -> Vec<String>;
}

/// What is known of one object when its plan is made.
#[derive(Clone, Copy)]
pub struct Facts<'a> {
    /// What is declared.
    pub declared: &'a Value,
    /// The settings that are wanted.
    pub desired: &'a Value,
    /// The live settings.
    pub live: &'a Value,
    /// The settings that the last apply left.
    pub recorded: Option<&'a Value>,
    /// The Region that the object is in, where that is known.
    pub region: Option<&'a str>,
    /// The account that the object is expected to belong to where nothing is declared: that of the
    /// credentials.
    pub account: Option<&'a str>,
    /// What the names of keys mean.
    pub names: &'a KeyNames,
    /// What KMS says of a name, as far as it was asked.
    pub key: &'a dyn Fn(&str) -> Option<&'a KeyAnswer>,
}

/// Something wrong with what is declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// What it is about.
    pub path: AttrPath,
    /// What kind of thing is wrong, in a few constant words.
    pub summary: &'static str,
    /// What, why and how to mend it.
    pub detail: String,
}
